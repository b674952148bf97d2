//! What is read out of Markdown, and tables that are written into it.

/// Lines outside of code blocks, with their numbers from 1.
pub(super) fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    })
}

/// The headings, without their marks.
pub(super) fn headings(text: &str) -> impl Iterator<Item = &str> {
    prose(text).filter_map(|(_, line)| {
        let rest = line.trim_start_matches('#');
        (rest.len() < line.len() && rest.starts_with(' ')).then(|| rest.trim())
    })
}

/// A table.
pub(super) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    let mut text = line(&head);
    text.push_str(&line(&vec!["---".to_owned(); head.len()]));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
        text.push_str(&line(&cells));
    }
    text
}

/// A text as it may stand in a cell.
fn escaped(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

#[test]
fn headings_in_code_are_none() {
    let text = "# One\n```sh\n# no\n```\n## Two `x`\n#no\n";
    assert_eq!(headings(text).collect::<Vec<_>>(), ["One", "Two `x`"]);
}

#[test]
fn a_table_keeps_its_columns_whatever_is_in_the_cells() {
    let text = table(
        &["a", "b"],
        [vec!["x | y".to_owned(), "two\nlines".to_owned()]],
    );
    assert_eq!(text, "| a | b |\n| --- | --- |\n| x \\| y | two lines |\n");
}
