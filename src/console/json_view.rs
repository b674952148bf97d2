//! JSON from a page, abbreviated for a terminal: long strings, arrays and objects are truncated, with a count (pure).

use serde_json::Value;

use super::style::Style;
use super::text::{grouped, shown};

/// Longest string, in characters.
const TEXT: usize = 160;
/// Most entries of one array or object.
const ENTRIES: usize = 20;
/// Deepest nesting.
const DEPTH: usize = 6;
/// Longest value on one line, in characters.
const LINE: usize = 120;
/// Most lines of one value.
const ROWS: usize = 60;

/// The abbreviated text of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum JsonView {
    /// Short enough to be appended to the event's line.
    Line(String),
    /// Lines below the event's line.
    Rows(Vec<String>),
}

pub(super) fn fold(value: &Value, style: Style) -> JsonView {
    let plain = line(value, 0, Style::new(false));
    if plain.chars().count() <= LINE {
        return JsonView::Line(line(value, 0, style));
    }
    let mut rows = Vec::new();
    add_rows(value, 0, "", "", style, &mut rows);
    if rows.len() > ROWS {
        let more = rows.len() - ROWS;
        rows.truncate(ROWS);
        rows.push(style.dim(&format!("… and {} lines", grouped(more))));
    }
    JsonView::Rows(rows)
}

fn line(value: &Value, depth: usize, style: Style) -> String {
    match value {
        Value::Array(items) if depth < DEPTH => {
            let shown = items.iter().take(ENTRIES);
            let mut parts: Vec<_> = shown.map(|item| line(item, depth + 1, style)).collect();
            parts.extend(left_out(items.len(), style));
            format!("[{}]", parts.join(", "))
        }
        Value::Object(fields) if depth < DEPTH => {
            let shown = fields.iter().take(ENTRIES);
            let mut parts: Vec<_> = shown
                .map(|(key, value)| format!("{}: {}", name(key), line(value, depth + 1, style)))
                .collect();
            parts.extend(left_out(fields.len(), style));
            format!("{{{}}}", parts.join(", "))
        }
        value => scalar(value, style),
    }
}

/// Writes a value over several lines; `before` goes on the first, `after` on the last.
fn add_rows(
    value: &Value,
    depth: usize,
    before: &str,
    after: &str,
    style: Style,
    rows: &mut Vec<String>,
) {
    let indent = "  ".repeat(depth);
    let short = line(value, depth, Style::new(false)).chars().count() <= LINE;
    let (open, close, entries): (_, _, Vec<(String, &Value)>) = match value {
        Value::Array(items) if !short && depth < DEPTH => {
            let items = items.iter().take(ENTRIES);
            ('[', ']', items.map(|item| (String::new(), item)).collect())
        }
        Value::Object(fields) if !short && depth < DEPTH => {
            let fields = fields.iter().take(ENTRIES);
            let named = fields.map(|(key, value)| (format!("{}: ", name(key)), value));
            ('{', '}', named.collect())
        }
        value => {
            let text = line(value, depth, style);
            rows.push(format!("{indent}{before}{text}{after}"));
            return;
        }
    };
    rows.push(format!("{indent}{before}{open}"));
    for (name, entry) in entries {
        add_rows(entry, depth + 1, &name, ",", style, rows);
    }
    let count = value.as_array().map(Vec::len);
    let count = count.or(value.as_object().map(serde_json::Map::len));
    if let Some(rest) = left_out(count.unwrap_or_default(), style) {
        rows.push(format!("{indent}  {rest}"));
    }
    rows.push(format!("{indent}{close}{after}"));
}

fn left_out(count: usize, style: Style) -> Option<String> {
    let more = count.checked_sub(ENTRIES).filter(|more| *more > 0)?;
    Some(style.dim(&format!("… and {} more", grouped(more))))
}

/// A key, in quotes only if it is ambiguous without.
fn name(key: &str) -> String {
    shown(key, TEXT)
}

fn scalar(value: &Value, style: Style) -> String {
    match value {
        Value::String(text) => quoted(text, style),
        Value::Array(items) => style.dim(&format!("[… {}]", grouped(items.len()))),
        Value::Object(fields) => style.dim(&format!("{{… {}}}", grouped(fields.len()))),
        Value::Null => style.dim("null"),
        other => style.value(&other.to_string()),
    }
}

/// A string in quotes, with its full length if it is truncated.
fn quoted(text: &str, style: Style) -> String {
    let length = text.chars().count();
    let start = shown(text, TEXT).replace('"', "\\\"");
    let quoted = style.good(&format!("\"{start}\""));
    if length <= TEXT {
        return quoted;
    }
    let length = style.dim(&format!("({} characters)", grouped(length)));
    format!("{quoted} {length}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn folded(value: &Value) -> String {
        match fold(value, Style::new(false)) {
            JsonView::Line(line) => line,
            JsonView::Rows(rows) => rows.join("\n"),
        }
    }

    #[test]
    fn a_short_value_stands_on_one_line() {
        let value = json!({"a": [1, true, null], "b": "say \"x\"\n"});
        assert_eq!(folded(&value), r#"{a: [1, true, null], b: "say \"x\"\n"}"#);
    }

    #[test]
    fn a_long_text_is_cut_and_its_length_is_shown() {
        let text = folded(&json!({"html": "x".repeat(5234), "n": 1}));
        assert!(text.contains("xxx…\" (5,234 characters)"), "{text}");
        assert!(
            text.starts_with("{\n  html: \"xxx") && text.ends_with(",\n  n: 1,\n}"),
            "{text}"
        );
    }

    #[test]
    fn a_long_list_says_how_much_is_left_out() {
        let text = folded(&json!((0..116).collect::<Vec<_>>()));
        assert!(text.ends_with("18, 19, … and 96 more]"), "{text}");
        let wide = vec!["a text of some length"; 116];
        assert!(folded(&json!(wide)).ends_with("\n  … and 96 more\n]"));
    }

    #[test]
    fn what_is_deep_is_only_counted() {
        let deep = (0..50).fold(json!([1, 2, 3]), |inner, _| json!([inner]));
        assert_eq!(folded(&deep), "[[[[[[[… 1]]]]]]]");
    }

    #[test]
    fn values_are_coloured_where_colours_are_wanted() {
        let JsonView::Line(line) = fold(&json!({"a": "x", "b": 1}), Style::new(true)) else {
            panic!("it is short");
        };
        assert_eq!(
            line,
            "{a: \u{1b}[32m\"x\"\u{1b}[0m, b: \u{1b}[33m1\u{1b}[0m}"
        );
    }

    proptest! {
        #[test]
        fn a_page_cannot_write_to_the_terminal(key in any::<String>(), text in any::<String>()) {
            let mut fields = serde_json::Map::new();
            fields.insert(key, text.into());
            for line in folded(&Value::Object(fields)).lines() {
                prop_assert!(!line.chars().any(char::is_control), "{line:?}");
            }
        }

        #[test]
        fn a_value_is_never_longer_than_a_screen_or_two(size in 0_usize..400, inner in 0_usize..50) {
            let value = json!(vec![vec!["a text of some length"; inner]; size]);
            let rows = folded(&value).lines().count();
            prop_assert!(rows <= ROWS + 1, "{rows}");
        }
    }
}
