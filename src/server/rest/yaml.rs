//! A JSON value as YAML 1.2 in block style (pure). Every text is in double quotes, as in JSON, so that no word such as
//! `yes` or `1.0` becomes something else.

use serde_json::Value;

/// The document, with a newline at the end.
pub(crate) fn text(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text.push('\n');
    text.trim_start_matches('\n').to_owned()
}

fn write(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                begin(depth, text);
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                below(value, depth, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                begin(depth, text);
                text.push('-');
                below(item, depth, text);
            }
        }
        // A scalar or an empty collection is the same in YAML.
        other => {
            text.push(' ');
            text.push_str(&other.to_string());
        }
    }
}

fn begin(depth: usize, text: &mut String) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

fn below(value: &Value, depth: usize, text: &mut String) {
    write(value, depth + 1, text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_the_same_after_it_was_read_again() {
        let value = json!({
            "openapi": "3.1.0", "yes": "no", "empty": {}, "none": [], "null": null,
            "list": [1, 2.5, {"a": "b: c\n\"d\""}, ["x", []]], "true": true,
            "4XX": {"$ref": "#/a"},
        });
        let text = text(&value);
        assert!(
            text.starts_with("\"4XX\":\n  \"$ref\": \"#/a\"\n"),
            "{text}"
        );
        let read: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(read, value);
    }
}
