//! Values of environment variables and flags: from a text to what TOML would have held.

use toml::Value;

use super::catalogue::Kind;

/// A text that is no inline TOML, where only that can be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not an inline TOML value ({0}); expected such as [{{ name = \"a\" }}] or {{ a = \"b\" }}"
)]
pub(crate) struct NotInlineToml(String);

/// Reads a text as a value of a kind. What does not look like its kind stays a text, so that it is
/// refused where types are checked, with the same words as in a file.
pub(crate) fn read(kind: Kind, text: &str) -> Result<Value, NotInlineToml> {
    let trimmed = text.trim();
    let as_text = || Value::from(text);
    Ok(match kind {
        Kind::Text => as_text(),
        Kind::Bool => match trimmed.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Value::from(true),
            "false" | "0" | "no" | "off" => Value::from(false),
            _ => as_text(),
        },
        Kind::Integer => trimmed
            .parse::<i64>()
            .map_or_else(|_| as_text(), Value::from),
        Kind::Number => trimmed
            .parse::<f64>()
            .map_or_else(|_| as_text(), Value::from),
        Kind::WordOrList if matches!(trimmed, "deny" | "allow") => Value::from(trimmed),
        Kind::List | Kind::WordOrList => list(trimmed)?,
        Kind::Structured => inline(trimmed)?,
    })
}

/// A list is comma separated, or a TOML array where entries hold commas themselves. An IPv6 host
/// starts with a bracket too, but holds no quotes.
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
        assert_eq!(read(Kind::Text, "12").unwrap(), Value::from("12"));
        assert_eq!(read(Kind::Bool, "Yes").unwrap(), Value::from(true));
        assert_eq!(read(Kind::Bool, "0").unwrap(), Value::from(false));
        assert_eq!(read(Kind::Integer, " 9222 ").unwrap(), Value::from(9222));
        assert_eq!(read(Kind::Number, "1.5").unwrap(), Value::from(1.5));
    }

    #[test]
    fn what_does_not_look_like_its_kind_stays_a_text() {
        assert_eq!(read(Kind::Bool, "maybe").unwrap(), Value::from("maybe"));
        assert_eq!(read(Kind::Integer, "many").unwrap(), Value::from("many"));
    }

    #[test]
    fn lists_are_comma_separated_or_toml() {
        assert_eq!(
            read(Kind::List, "a, b,,c ").unwrap(),
            toml(r#"["a", "b", "c"]"#)
        );
        assert_eq!(
            read(Kind::List, r#"["--a=1,2"]"#).unwrap(),
            toml(r#"["--a=1,2"]"#)
        );
        assert_eq!(read(Kind::List, "[]").unwrap(), toml("[]"));
        assert_eq!(
            read(Kind::List, "[::1]:80,[::2]").unwrap(),
            toml(r#"["[::1]:80", "[::2]"]"#)
        );
        assert_eq!(
            read(Kind::WordOrList, "allow").unwrap(),
            Value::from("allow")
        );
        assert_eq!(
            read(Kind::WordOrList, "10.0.0.0/8").unwrap(),
            toml(r#"["10.0.0.0/8"]"#)
        );
    }

    #[test]
    fn tables_are_inline_toml() {
        let table = r#"{ "a.test" = "127.0.0.1" }"#;
        assert_eq!(read(Kind::Structured, table).unwrap(), toml(table));
        let error = read(Kind::Structured, "a=1").unwrap_err();
        assert!(
            error.to_string().starts_with("is not an inline TOML value"),
            "{error}"
        );
    }
}
