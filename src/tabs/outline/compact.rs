//! The compact form: the same content on fewer lines. Elements that only wrap another one are joined with
//! it, rows of tables are one line, and what repeats the name around it is left out.

use super::node::{Node, unquoted};
use super::tree::{Branch, listed, nested};

/// The maximum number of elements in a cell of a row that is one line.
const MAX_IN_CELL: usize = 4;

/// The maximum length of such a row, in bytes.
const MAX_ROW: usize = 600;

/// The maximum number of options of a list that opens.
const MAX_OPTIONS: usize = 60;

/// Roles that are named by what they contain.
const NAMED_BY_CONTENT: [&str; 15] = [
    "button",
    "cell",
    "checkbox",
    "columnheader",
    "gridcell",
    "heading",
    "link",
    "menuitem",
    "option",
    "radio",
    "rowheader",
    "switch",
    "tab",
    "tooltip",
    "treeitem",
];

/// Roles that say nothing that the elements in them do not say by their place.
const TRANSPARENT: [&str; 4] = ["rowgroup", "listitem", "cell", "gridcell"];

const CELLS: [&str; 4] = ["cell", "columnheader", "gridcell", "rowheader"];

/// Makes an outline compact. Only what can be used may have a ref.
pub fn compacted(nodes: Vec<Node>) -> Vec<Node> {
    let folded = nested(nodes).into_iter().map(fold);
    let mut nodes = listed(folded.flat_map(unwrapped).collect());
    clear_repeated_addresses(&mut nodes);
    nodes
}

/// Clears the address of a link that has the name and the address of the one before it.
fn clear_repeated_addresses(nodes: &mut [Node]) {
    let mut last = (String::new(), String::new());
    for node in nodes.iter_mut().filter(|node| !node.url.is_empty()) {
        let link = (node.name.clone(), node.url.clone());
        if link == last {
            node.url.clear();
        }
        last = link;
    }
}

fn fold(Branch { mut node, children }: Branch) -> Branch {
    let folded = children.into_iter().map(fold);
    let mut children: Vec<_> = folded.flat_map(unwrapped).collect();
    // Of a row its cells are shown, and not its name.
    if !node.name.is_empty() && node.role != "row" {
        children.retain(|child| !repeats_name(&node, child));
    }
    if node.role == "row"
        && let Some(cells) = cells_of(&children)
    {
        if repeats(&node.name, &children) {
            node.name.clear();
        }
        node.value = cells;
        children.clear();
    }
    if is_list_that_opens(&children) {
        node.value = options_of(&node.value, &children);
        children.clear();
    }
    // Plain text needs no role.
    if node.role == "text" || (node.role == "paragraph" && !node.is_usable()) {
        node.role.clear();
    }
    join_sole_child(Branch { node, children })
}

/// What is left of an element that only groups others: they themselves.
fn unwrapped(branch: Branch) -> Vec<Branch> {
    let Branch { node, children } = &branch;
    let is_plain = node.states.is_empty() && node.value.is_empty() && !node.is_usable();
    let groups_rows = node.role == "rowgroup";
    let wraps = children.len() == 1 && TRANSPARENT.contains(&node.role.as_str());
    let is_named = !node.name.is_empty() && !repeats(&node.name, children);
    if is_plain && !is_named && (groups_rows || wraps) {
        branch.children
    } else {
        vec![branch]
    }
}

/// Writes an element and the only one in it on one line, if there is nothing to do with the outer one.
fn join_sole_child(Branch { node, mut children }: Branch) -> Branch {
    let joins = children.len() == 1
        && !node.is_usable()
        && node.value.is_empty()
        && !TRANSPARENT.contains(&node.role.as_str());
    let Some(child) = children.pop_if(|child| joins && !child.node.role.is_empty()) else {
        return Branch { node, children };
    };
    let mut outer = node;
    if repeats(&outer.name, std::slice::from_ref(&child)) {
        outer.name.clear();
    }
    let Branch { mut node, children } = child;
    node.role = format!("{} > {}", outer.head(), node.role);
    Branch { node, children }
}

/// Whether an element says only what the name around it says already.
fn repeats_name(around: &Node, inside: &Branch) -> bool {
    if inside.has_usable() {
        return false;
    }
    let name = letters(&unquoted(&around.name));
    let said = letters(&said_in(inside));
    if NAMED_BY_CONTENT.contains(&around.role.as_str()) {
        name.contains(&said)
    } else {
        name == said
    }
}

/// Whether a name is made of what these elements say.
fn repeats(name: &str, inside: &[Branch]) -> bool {
    let name = letters(&unquoted(name));
    let said: String = inside.iter().map(said_in).collect();
    let said = letters(&said);
    // A long name is cut.
    name == said
        || name
            .strip_suffix('…')
            .is_some_and(|start| said.starts_with(start))
}

/// What an element says: its name or text, or else what the elements in it say.
fn said_in(branch: &Branch) -> String {
    let words = branch.node.words();
    if words.is_empty() {
        branch.children.iter().map(said_in).collect()
    } else {
        unquoted(words)
    }
}

fn letters(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Whether these are options that have no refs: `select` chooses one by its name.
fn is_list_that_opens(children: &[Branch]) -> bool {
    let is_option = |child: &Branch| child.node.role == "option" && !child.node.is_usable();
    !children.is_empty() && children.iter().all(is_option)
}

/// The chosen option, and the names of all.
fn options_of(chosen: &str, options: &[Branch]) -> String {
    let shown = options.iter().take(MAX_OPTIONS);
    let mut names: Vec<_> = shown.map(|option| option.node.name.clone()).collect();
    if options.len() > MAX_OPTIONS {
        names.push(format!("… {} more", options.len() - MAX_OPTIONS));
    }
    format!("{chosen} of {}", names.join(", "))
        .trim_start()
        .to_owned()
}

/// The cells of a row as one text, if they are simple enough.
fn cells_of(cells: &[Branch]) -> Option<String> {
    if cells.is_empty() {
        return None;
    }
    let cells: Option<Vec<_>> = cells.iter().map(cell).collect();
    let line = cells?.join(" | ");
    (line.len() <= MAX_ROW).then_some(line)
}

fn cell(Branch { node, children }: &Branch) -> Option<String> {
    let is_simple =
        children.len() <= MAX_IN_CELL && children.iter().all(|child| child.children.is_empty());
    if !is_simple {
        return None;
    }
    let inside = children.iter().map(|child| child.node.line());
    let inside = inside.collect::<Vec<_>>().join(" ");
    let is_plain = !node.is_usable() && node.states.is_empty();
    if !is_plain || !CELLS.contains(&node.role.as_str()) {
        // Also what is left of a cell that only wraps another element.
        let line = node.line();
        return Some(if inside.is_empty() {
            line
        } else {
            format!("{line} {inside}")
        });
    }
    let words = node.words();
    Some(match (inside.is_empty(), words.is_empty()) {
        (false, _) => inside,
        (true, false) if node.role == "columnheader" => format!("{} {words}", node.role),
        (true, false) => words.to_owned(),
        (true, true) => "\"\"".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(records: &[(usize, &str, &str, &str, &str)]) -> Vec<String> {
        let nodes = records
            .iter()
            .map(|(depth, role, name, reference, value)| Node {
                depth: *depth,
                role: (*role).to_owned(),
                name: (*name).to_owned(),
                reference: (*reference).to_owned(),
                value: (*value).to_owned(),
                ..Node::default()
            });
        let nodes = compacted(nodes.collect());
        let indented = |node: &Node| format!("{}{}", "  ".repeat(node.depth), node.line());
        nodes.iter().map(indented).collect()
    }

    #[test]
    fn an_element_that_only_wraps_another_is_joined_with_it() {
        let page = [
            (0, "main", "", "", ""),
            (1, "region", "\"Fruit\"", "", ""),
            (2, "list", "", "", ""),
            (3, "listitem", "", "", ""),
            (4, "link", "\"Pear\"", "e1", ""),
            (3, "listitem", "", "", "\"plum\""),
            (3, "listitem", "", "", ""),
            (4, "text", "", "", "\"no\""),
            (4, "button", "\"Add\"", "e2", ""),
            (2, "heading", "\"More\"", "", ""),
            (3, "link", "\"More\"", "e3", ""),
        ];
        assert_eq!(
            lines(&page),
            [
                "main > region \"Fruit\"",
                "  list",
                "    link \"Pear\" [ref=e1]",
                "    listitem: \"plum\"",
                "    listitem",
                "      \"no\"",
                "      button \"Add\" [ref=e2]",
                "  heading > link \"More\" [ref=e3]",
            ]
        );
    }

    #[test]
    fn rows_are_one_line_and_their_names_are_not_repeated() {
        let page = [
            (0, "table", "\"People\"", "", ""),
            (1, "rowgroup", "", "", ""),
            (2, "row", "\"Name City\"", "", ""),
            (3, "columnheader", "\"Name\"", "", ""),
            (3, "columnheader", "\"City\"", "", ""),
            (1, "rowgroup", "", "", ""),
            (2, "row", "\"Ann Oslo Edit\"", "", ""),
            (3, "cell", "\"Ann\"", "", ""),
            (3, "cell", "\"Oslo\"", "", ""),
            (3, "cell", "\"Edit\"", "", ""),
            (4, "button", "\"Edit\"", "e1", ""),
            (2, "row", "\"Bob\"", "e2", ""),
            (3, "cell", "\"Bob\"", "", ""),
            (3, "cell", "", "", ""),
        ];
        assert_eq!(
            lines(&page),
            [
                "table \"People\"",
                "  row: columnheader \"Name\" | columnheader \"City\"",
                "  row: \"Ann\" | \"Oslo\" | button \"Edit\" [ref=e1]",
                "  row [ref=e2]: \"Bob\" | \"\"",
            ]
        );
    }

    #[test]
    fn the_options_of_a_list_that_opens_are_on_its_line() {
        let mut page = vec![
            (0, "combobox", "\"Size\"", "e1", "\"L\""),
            (1, "option", "\"S\"", "", ""),
            (1, "option", "\"L\"", "", ""),
            (0, "listbox", "\"Many\"", "e2", ""),
            (1, "option", "\"A\"", "e3", ""),
            (0, "combobox", "\"Year\"", "e4", ""),
        ];
        page.extend(vec![(1, "option", "\"Y\"", "", ""); MAX_OPTIONS + 3]);
        let lines = lines(&page);
        assert_eq!(
            lines[..3],
            [
                "combobox \"Size\" [ref=e1]: \"L\" of \"S\", \"L\"",
                "listbox \"Many\" [ref=e2]",
                "  option \"A\" [ref=e3]",
            ]
        );
        assert!(lines[3].starts_with("combobox \"Year\" [ref=e4]: of \"Y\", \"Y\""));
        assert!(lines[3].ends_with("\"Y\", … 3 more"), "{}", lines[3]);
    }

    #[test]
    fn what_a_name_says_is_not_said_again() {
        let page = [
            (0, "link", "\"Pear green 3 €\"", "e1", ""),
            (1, "img", "\"Pear\"", "", ""),
            (1, "text", "", "", "\"green\""),
            (1, "strong", "", "", "\"3 €\""),
            (0, "region", "\"Part 1\"", "", ""),
            (1, "text", "", "", "\"1\""),
            (1, "button", "\"Part 1\"", "e2", ""),
        ];
        assert_eq!(
            lines(&page),
            [
                "link \"Pear green 3 €\" [ref=e1]",
                "region \"Part 1\"",
                "  \"1\"",
                "  button \"Part 1\" [ref=e2]",
            ]
        );
    }
}
