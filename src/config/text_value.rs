//! Parses the texts of environment variables and flags into TOML values.

use toml::Value;

use super::catalogue::ValueKind;

/// The text of a table or list of tables is not inline TOML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not an inline TOML value ({0}); expected such as [{{ name = \"a\" }}] or {{ a = \"b\" }}"
)]
pub(crate) struct NotInlineToml(String);

/// Parses a text as a value of a kind. A text that does not look like its kind stays a text, so that the
/// type check refuses it with the same error as in a file.
pub(crate) fn read(kind: ValueKind, text: &str) -> Result<Value, NotInlineToml> {
    let trimmed = text.trim();
    let as_text = || Value::from(text);
    Ok(match kind {
        ValueKind::Text => as_text(),
        ValueKind::Bool => match trimmed.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Value::from(true),
            "false" | "0" | "no" | "off" => Value::from(false),
            _ => as_text(),
        },
        ValueKind::Integer => trimmed
            .parse::<i64>()
            .map_or_else(|_| as_text(), Value::from),
        ValueKind::Number => trimmed
            .parse::<f64>()
            .map_or_else(|_| as_text(), Value::from),
        ValueKind::WordOrList if matches!(trimmed, "deny" | "allow") => Value::from(trimmed),
        ValueKind::List | ValueKind::WordOrList => list(trimmed)?,
        ValueKind::Structured => inline(trimmed)?,
    })
}

/// A list is comma separated, or a TOML array if entries contain commas. An IPv6 host starts with a
/// bracket too, but contains no quotes.
fn list(text: &str) -> Result<Value, NotInlineToml> {
    let is_array = text.starts_with('[') && (text.contains(['"', '\'']) || text == "[]");
    if is_array {
        return inline(text);
    }
    let entries = text
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty());
    Ok(Value::Array(entries.map(Value::from).collect()))
}

fn inline(text: &str) -> Result<Value, NotInlineToml> {
    text.parse()
        .map_err(|error: toml::de::Error| NotInlineToml(one_line(error.message())))
}

/// A parser's message as one line.
pub(crate) fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toml(text: &str) -> Value {
        text.parse().unwrap()
    }

    #[test]
    fn texts_become_what_their_kind_says() {
        assert_eq!(read(ValueKind::Text, "12").unwrap(), Value::from("12"));
        assert_eq!(read(ValueKind::Bool, "Yes").unwrap(), Value::from(true));
        assert_eq!(read(ValueKind::Bool, "0").unwrap(), Value::from(false));
        assert_eq!(
            read(ValueKind::Integer, " 9222 ").unwrap(),
            Value::from(9222)
        );
        assert_eq!(read(ValueKind::Number, "1.5").unwrap(), Value::from(1.5));
    }

    #[test]
    fn what_does_not_look_like_its_kind_stays_a_text() {
        assert_eq!(
            read(ValueKind::Bool, "maybe").unwrap(),
            Value::from("maybe")
        );
        assert_eq!(
            read(ValueKind::Integer, "many").unwrap(),
            Value::from("many")
        );
    }

    #[test]
    fn lists_are_comma_separated_or_toml() {
        assert_eq!(
            read(ValueKind::List, "a, b,,c ").unwrap(),
            toml(r#"["a", "b", "c"]"#)
        );
        assert_eq!(
            read(ValueKind::List, r#"["--a=1,2"]"#).unwrap(),
            toml(r#"["--a=1,2"]"#)
        );
        assert_eq!(read(ValueKind::List, "[]").unwrap(), toml("[]"));
        assert_eq!(
            read(ValueKind::List, "[::1]:80,[::2]").unwrap(),
            toml(r#"["[::1]:80", "[::2]"]"#)
        );
        assert_eq!(
            read(ValueKind::WordOrList, "allow").unwrap(),
            Value::from("allow")
        );
        assert_eq!(
            read(ValueKind::WordOrList, "10.0.0.0/8").unwrap(),
            toml(r#"["10.0.0.0/8"]"#)
        );
    }

    #[test]
    fn tables_are_inline_toml() {
        let table = r#"{ "a.test" = "127.0.0.1" }"#;
        assert_eq!(read(ValueKind::Structured, table).unwrap(), toml(table));
        let error = read(ValueKind::Structured, "a=1").unwrap_err();
        assert!(
            error.to_string().starts_with("is not an inline TOML value"),
            "{error}"
        );
    }
}
