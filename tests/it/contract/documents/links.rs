//! Every relative link in a document leads to a file, and to a heading where it names one.

use std::path::PathBuf;

use super::blocks;
use super::markdown::{headings, prose};
use crate::contract::schemas::repository;

/// The targets of the links in a line: what stands in `](…)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// The anchor that a heading has, as GitHub makes it.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|char| char.is_alphanumeric() || [' ', '-', '_'].contains(char))
        .map(|char| if char == ' ' { '-' } else { char })
        .collect()
}

#[test]
fn every_relative_link_leads_somewhere() {
    let found: Vec<PathBuf> = blocks::documents()
        .iter()
        .map(|path| repository(path))
        .collect();
    let (mut count, mut broken) = (0, Vec::new());
    for document in &found {
        let text = std::fs::read_to_string(document).unwrap();
        for (line, target) in
            prose(&text).flat_map(|(line, text)| targets(text).map(move |to| (line, to)))
        {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let (path, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() {
                document.clone()
            } else {
                document.parent().unwrap().join(path)
            };
            let leads = file.exists()
                && (heading.is_empty()
                    || std::fs::read_to_string(&file)
                        .is_ok_and(|text| headings(&text).any(|it| anchor(it) == heading)));
            if !leads {
                broken.push(format!("{}:{line}: {target}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(count > 40, "links are found at all: {count}");
}

#[test]
fn links_and_anchors_are_found() {
    let found: Vec<&str> = targets("a [b](c.md#d) and [`e`](f) ![](g)").collect();
    assert_eq!(found, ["c.md#d", "f", "g"]);
    assert_eq!(
        anchor("Exit codes, and `what` they say"),
        "exit-codes-and-what-they-say"
    );
}
