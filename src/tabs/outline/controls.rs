//! Only what can be used, with the landmarks, named groups and headings around it. What has the same name as
//! another control is inside a line with the text of its item.

use std::collections::HashMap;

use super::compact::compacted;
use super::node::{Node, quoted, unquoted};
use super::tree::{Branch, listed, nested};

/// The maximum length of a text that says what a control belongs to, in characters.
const MAX_CONTEXT: usize = 60;

/// The maximum length of the text of a control without a name.
const MAX_TEXT: usize = 100;

/// Roles that are listed where there is a control inside, also without a name.
const LANDMARKS: [&str; 9] = [
    "alertdialog",
    "banner",
    "complementary",
    "contentinfo",
    "dialog",
    "iframe",
    "menu",
    "navigation",
    "search",
];

/// Roles of what is repeated for each thing in a list or a table.
const ITEMS: [&str; 5] = ["article", "listitem", "row", "group", "figure"];

/// Roles whose name is made of their contents, so that it says nothing further about what is inside.
const NAMED_BY_CONTENT: [&str; 6] = [
    "cell",
    "columnheader",
    "heading",
    "row",
    "rowheader",
    "tooltip",
];

/// How often a control of this role and name occurs.
type Counts = HashMap<(String, String), usize>;

/// Selects what can be used. Only such elements may have a ref.
pub fn controls(nodes: Vec<Node>) -> Vec<Node> {
    let branches = nested(nodes);
    let mut counts = Counts::new();
    count(&branches, &mut counts);
    let selected = branches.into_iter().flat_map(|it| select(it, &counts));
    let selected = without_repeated_links(with_useful_headings(selected.collect()));
    let mut nodes = listed(selected);
    for node in &mut nodes {
        node.url.clear();
    }
    compacted(nodes)
}

fn key(node: &Node) -> (String, String) {
    (node.role.clone(), node.words().to_owned())
}

fn count(branches: &[Branch], counts: &mut Counts) {
    for branch in branches {
        if branch.node.is_usable() {
            *counts.entry(key(&branch.node)).or_default() += 1;
        }
        count(&branch.children, counts);
    }
}

fn select(branch: Branch, counts: &Counts) -> Vec<Branch> {
    let Branch { node, children } = &branch;
    if node.is_usable() {
        return vec![control(branch, counts)];
    }
    // Options of a list that opens are chosen by their names.
    if node.role == "note" || node.role == "option" {
        return vec![branch];
    }
    if node.role == "heading" && !branch.has_usable() {
        return vec![branch];
    }
    if !branch.has_usable() {
        return Vec::new();
    }
    let needs_context = ITEMS.contains(&node.role.as_str()) && has_ambiguous(&branch, counts);
    let context = needs_context
        .then(|| text_of(children))
        .filter(|text| !text.is_empty());
    let is_named = !node.name.is_empty() && !NAMED_BY_CONTENT.contains(&node.role.as_str());
    let is_listed = is_named || LANDMARKS.contains(&node.role.as_str()) || context.is_some();
    let Branch { mut node, children } = branch;
    let inside = children.into_iter().flat_map(|it| select(it, counts));
    let inside: Vec<_> = inside.collect();
    if !is_listed {
        return inside;
    }
    if let Some(context) = context {
        node.name = quoted(&shortened(&context, MAX_CONTEXT));
    }
    node.value.clear();
    let children = without_repeated_links(with_useful_headings(inside));
    vec![Branch { node, children }]
}

/// A control with those inside it.
fn control(Branch { mut node, children }: Branch, counts: &Counts) -> Branch {
    let has_others = children.iter().any(Branch::has_usable);
    if node.words().is_empty() && !has_others {
        let text = text_of(&children);
        if !text.is_empty() {
            node.value = quoted(&text);
        }
    }
    if node.states.contains("[clickable]") && !node.value.is_empty() {
        node.value = quoted(&shortened(&unquoted(&node.value), MAX_TEXT));
    }
    let inside = children.into_iter().flat_map(|it| select(it, counts));
    let children = with_useful_headings(inside.collect());
    Branch { node, children }
}

/// Whether there is a control inside whose name is elsewhere, too, and nothing before it that tells them apart.
fn has_ambiguous(item: &Branch, counts: &Counts) -> bool {
    let mut own = Counts::new();
    count(&item.children, &mut own);
    let is_elsewhere = |key| counts.get(key) > own.get(key);
    own.keys().any(is_elsewhere) && own.keys().all(is_elsewhere) && !has_heading(&item.children)
}

fn has_heading(branches: &[Branch]) -> bool {
    branches
        .iter()
        .any(|it| it.node.role == "heading" || has_heading(&it.children))
}

/// Leaves out headings that no control follows before the next one of the same or a higher level.
fn with_useful_headings(branches: Vec<Branch>) -> Vec<Branch> {
    let is_heading = |branch: &Branch| branch.node.role == "heading" && !branch.has_usable();
    let mut useful: Vec<Branch> = Vec::new();
    for branch in branches {
        while is_heading(&branch)
            && useful
                .pop_if(|last| is_heading(last) && level(last) >= level(&branch))
                .is_some()
        {}
        useful.push(branch);
    }
    while useful.pop_if(|last| is_heading(last)).is_some() {}
    useful
}

fn level(heading: &Branch) -> &str {
    &heading.node.states
}

/// Leaves out a link that has the name and the address of the one before it, such as a title after a picture.
fn without_repeated_links(branches: Vec<Branch>) -> Vec<Branch> {
    let mut kept: Vec<Branch> = Vec::new();
    for branch in branches {
        let is_repeated = kept
            .last()
            .is_some_and(|last| is_same_link(&last.node, &branch.node));
        if !is_repeated {
            kept.push(branch);
        }
    }
    kept
}

fn is_same_link(one: &Node, other: &Node) -> bool {
    let leads_elsewhere = !one.url.is_empty() && !one.url.starts_with('#');
    leads_elsewhere && one.url == other.url && key(one) == key(other)
}

/// The texts inside that belong to no control.
fn text_of(branches: &[Branch]) -> String {
    let texts = branches.iter().filter(|it| !it.node.is_usable());
    let texts = texts.map(|it| {
        let words = unquoted(it.node.words());
        if words.is_empty() || it.has_usable() {
            text_of(&it.children)
        } else {
            words
        }
    });
    let texts: Vec<_> = texts.filter(|text| !text.is_empty()).collect();
    texts.join(" ")
}

fn shortened(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines such as `  button "A" e1`.
    fn lines(text: &str) -> Vec<String> {
        let nodes = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| {
                let depth = (line.len() - line.trim_start().len()) / 2;
                let (head, value) = line.trim().split_once(": ").unwrap_or((line.trim(), ""));
                let (head, reference) = head.rsplit_once(" e").unwrap_or((head, ""));
                let (head, url) = head.split_once(" /").unwrap_or((head, ""));
                let (role, name) = head.split_once(' ').unwrap_or((head, ""));
                Node {
                    depth,
                    role: role.to_owned(),
                    name: name.to_owned(),
                    states: if role == "generic" {
                        "[clickable]".to_owned()
                    } else {
                        String::new()
                    },
                    reference: if reference.is_empty() {
                        String::new()
                    } else {
                        format!("e{reference}")
                    },
                    url: url.to_owned(),
                    value: value.to_owned(),
                }
            });
        let nodes = controls(nodes.collect());
        let indented = |node: &Node| format!("{}{}", "  ".repeat(node.depth), node.line());
        nodes.iter().map(indented).collect()
    }

    #[test]
    fn controls_stand_in_their_landmarks_and_below_their_headings() {
        let page = r#"
banner
  heading "Shop"
  navigation "Main"
    list
      listitem
        link "Home" /home e1
      listitem
        link "Cart" /cart e2
main
  heading "Nothing to do here"
  paragraph: "Some text"
  heading "Order"
  text: "Amount"
  textbox "Amount" e3: "3"
  generic e4: "Pay"
contentinfo
  text: "©"
"#;
        assert_eq!(
            lines(page),
            [
                "banner",
                "  heading \"Shop\"",
                "  navigation \"Main\"",
                "    link \"Home\" [ref=e1]",
                "    link \"Cart\" [ref=e2]",
                "heading \"Order\"",
                "textbox \"Amount\" [ref=e3]: \"3\"",
                "generic [clickable] [ref=e4]: \"Pay\"",
            ]
        );
    }

    #[test]
    fn controls_of_the_same_name_are_told_apart_by_their_items() {
        let page = r#"
table "People"
  row "Ann Oslo Edit"
    cell "Ann"
    cell "Oslo"
    cell "Edit"
      button "Edit" e1
  row "Bob Rome Edit"
    cell "Bob"
    cell "Rome"
    cell "Edit"
      button "Edit" e2
list
  listitem
    link "Pear" /pear e3
      img "Pear"
    heading "Pear"
      link "Pear" /pear e4
    button "Add" e5
  listitem
    heading "Plum"
    button "Add" e6
"#;
        assert_eq!(
            lines(page),
            [
                "table \"People\"",
                "  row \"Ann Oslo\": button \"Edit\" [ref=e1]",
                "  row \"Bob Rome\": button \"Edit\" [ref=e2]",
                "link \"Pear\" [ref=e3]",
                "button \"Add\" [ref=e5]",
                "heading \"Plum\"",
                "button \"Add\" [ref=e6]",
            ]
        );
    }

    #[test]
    fn a_control_without_a_name_has_the_text_inside() {
        let page = r#"
generic e1
  img "Star"
  text: "four of five"
link e2
  button "Inner" e3
"#;
        assert_eq!(
            lines(page),
            [
                "generic [clickable] [ref=e1]: \"Star four of five\"",
                "link [ref=e2]",
                "  button \"Inner\" [ref=e3]",
            ]
        );
    }
}
