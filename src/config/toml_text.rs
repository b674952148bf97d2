//! Renders values as TOML on one line.

use serde_json::Value;

/// A value on one line. Nulls are omitted from tables, because TOML has no null.
pub(super) fn toml_text(value: &Value) -> String {
    match value {
        Value::Array(entries) => {
            let entries: Vec<String> = entries.iter().map(toml_text).collect();
            format!("[{}]", entries.join(", "))
        }
        Value::Object(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| format!("{} = {}", key_text(key), toml_text(value)))
                .collect();
            match entries.join(", ").as_str() {
                "" => "{}".to_owned(),
                entries => format!("{{ {entries} }}"),
            }
        }
        // JSON's strings, numbers and booleans are valid TOML.
        other => other.to_string(),
    }
}

/// A key, in quotes where TOML requires them.
fn key_text(key: &str) -> String {
    let is_bare = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == '-';
    if !key.is_empty() && key.chars().all(is_bare) {
        key.to_owned()
    } else {
        Value::from(key).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_read_again_as_they_were() {
        let value = json!({
            "a": [1, 2.5, true, "x \"y\" ä"],
            "b.test": "1",
            "c": { "d": {}, "": [] },
        });
        let text = format!("value = {}", toml_text(&value));
        let read: toml::Table = text.parse().unwrap();
        assert_eq!(serde_json::to_value(&read["value"]).unwrap(), value);
    }

    #[test]
    fn nulls_are_omitted() {
        assert_eq!(toml_text(&json!({ "a": null, "b": 1 })), "{ b = 1 }");
        assert_eq!(toml_text(&json!({ "a": null })), "{}");
    }
}
