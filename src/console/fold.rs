//! JSON from a page as a terminal shows it: long texts and lists cut, with what was left out (pure).

use serde_json::Value;

use super::paint::Paint;
use super::text::{grouped, shown};

/// Characters of one text.
const TEXT: usize = 160;
/// Entries of one array or object.
const ENTRIES: usize = 20;
/// Levels below the first.
const DEPTH: usize = 6;
/// Characters up to which a value stands on one line.
const LINE: usize = 120;
/// Lines of one value.
const ROWS: usize = 60;

/// A value in one line, if it is short, else in several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Folded {
    /// It stands behind what is said of it.
    Line(String),
    /// It stands below.
    Rows(Vec<String>),
}

/// Folds a value.
pub(super) fn fold(value: &Value, paint: Paint) -> Folded {
    let plain = line(value, 0, Paint::new(false));
    if plain.chars().count() <= LINE {
        return Folded::Line(line(value, 0, paint));
    }
    let mut rows = Vec::new();
    add_rows(value, 0, "", "", paint, &mut rows);
    if rows.len() > ROWS {
        let more = rows.len() - ROWS;
        rows.truncate(ROWS);
        rows.push(paint.dim(&format!("… and {} lines", grouped(more))));
    }
    Folded::Rows(rows)
}

/// A value on one line.
fn line(value: &Value, depth: usize, paint: Paint) -> String {
    match value {
        Value::Array(items) if depth < DEPTH => {
            let shown = items.iter().take(ENTRIES);
            let mut parts: Vec<_> = shown.map(|item| line(item, depth + 1, paint)).collect();
            parts.extend(left_out(items.len(), paint));
            format!("[{}]", parts.join(", "))
        }
        Value::Object(fields) if depth < DEPTH => {
            let shown = fields.iter().take(ENTRIES);
            let mut parts: Vec<_> = shown
                .map(|(key, value)| format!("{}: {}", name(key), line(value, depth + 1, paint)))
                .collect();
            parts.extend(left_out(fields.len(), paint));
            format!("{{{}}}", parts.join(", "))
        }
        value => scalar(value, paint),
    }
}

/// A value on as many lines as it takes. `before` stands on its first line, `after` on its last.
fn add_rows(
    value: &Value,
    depth: usize,
    before: &str,
    after: &str,
    paint: Paint,
    rows: &mut Vec<String>,
) {
    let indent = "  ".repeat(depth);
    let short = line(value, depth, Paint::new(false)).chars().count() <= LINE;
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
            let text = line(value, depth, paint);
            rows.push(format!("{indent}{before}{text}{after}"));
            return;
        }
    };
    rows.push(format!("{indent}{before}{open}"));
    for (name, entry) in entries {
        add_rows(entry, depth + 1, &name, ",", paint, rows);
    }
    let count = value.as_array().map(Vec::len);
    let count = count.or(value.as_object().map(serde_json::Map::len));
    if let Some(rest) = left_out(count.unwrap_or_default(), paint) {
        rows.push(format!("{indent}  {rest}"));
    }
    rows.push(format!("{indent}{close}{after}"));
}

fn left_out(count: usize, paint: Paint) -> Option<String> {
    let more = count.checked_sub(ENTRIES).filter(|more| *more > 0)?;
    Some(paint.dim(&format!("… and {} more", grouped(more))))
}

/// A key as it may be read without its quotes.
fn name(key: &str) -> String {
    shown(key, TEXT)
}

fn scalar(value: &Value, paint: Paint) -> String {
    match value {
        Value::String(text) => quoted(text, paint),
        Value::Array(items) => paint.dim(&format!("[… {}]", grouped(items.len()))),
        Value::Object(fields) => paint.dim(&format!("{{… {}}}", grouped(fields.len()))),
        Value::Null => paint.dim("null"),
        other => paint.value(&other.to_string()),
    }
}

/// A text in quotes, and how long it is where not all of it is shown.
fn quoted(text: &str, paint: Paint) -> String {
    let length = text.chars().count();
    let start = shown(text, TEXT).replace('"', "\\\"");
    let quoted = paint.good(&format!("\"{start}\""));
    if length <= TEXT {
        return quoted;
    }
    let length = paint.dim(&format!("({} characters)", grouped(length)));
    format!("{quoted} {length}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn folded(value: &Value) -> String {
        match fold(value, Paint::new(false)) {
            Folded::Line(line) => line,
            Folded::Rows(rows) => rows.join("\n"),
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
        let Folded::Line(line) = fold(&json!({"a": "x", "b": 1}), Paint::new(true)) else {
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
