//! `help VERB` (pure).

use std::fmt::Write as _;

use super::shape::{self, Field};
use super::verbs::Verb;

/// Longest padded width of the column of names, in characters.
const WIDEST: usize = 40;

/// The help of one verb: usage, description, answer and fields.
pub(super) fn explain(verb: &Verb) -> String {
    let mut text = format!("{}\n", verb.usage);
    let name = verb.kind.as_str();
    let others = verb.names[1..].iter().copied();
    let others: Vec<String> = others
        .chain((verb.names[0] != name).then_some(name))
        .map(|other| format!("`{other}`"))
        .collect();
    if !others.is_empty() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  also {}", others.join(" and "));
    }
    let Some(shape) = shape::of(verb.kind) else {
        return text;
    };
    let _ = writeln!(text, "  {}", shape.about);
    let _ = writeln!(
        text,
        "  Answered by `{}`, or by `error`.",
        verb.kind.answered_by()
    );
    let columns: Vec<String> = shape.fields.iter().map(column).collect();
    let widths = columns.iter().map(|column| column.chars().count());
    let width = widths.max().unwrap_or_default().min(WIDEST);
    for (column, field) in columns.iter().zip(&shape.fields) {
        let must = if field.required { "*" } else { " " };
        let _ = writeln!(text, "  {must} {column:width$}  {}", field.about);
    }
    text.push_str("  * required. Fields that the usage does not show are written key=value.\n");
    text
}

fn column(field: &Field) -> String {
    format!("{} {}", field.name, field.takes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::verbs::{VERBS, find};

    #[test]
    fn a_verb_is_explained_from_the_schema() {
        let text = explain(find("screenshot").unwrap());
        for part in [
            "shot TAB [full]",
            "also `screenshot` and `getScreenshot`",
            "Takes a picture of a page",
            "Answered by `screenshot`",
            "* tabId text",
            "  quality 1 to 100",
            "Quality of `jpeg` and `webp`",
            "timeoutMs 100 to 120000",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn every_verb_has_an_explanation_with_each_of_its_fields() {
        for verb in VERBS.iter() {
            let text = explain(verb);
            for field in &shape::of(verb.kind).unwrap().fields {
                assert!(text.contains(&field.name), "{} in {text}", field.name);
            }
        }
    }
}
