//! The query of a URL as the fields of a type: texts become what the schema of the field says (pure).

use serde_json::{Map, Value};

use crate::server::problem::Problem;

/// The prefix of parameters whose names the client chooses, such as `metadata.team=a`.
const OPEN: &str = "metadata.";

/// Reads a query by the schema of its type. Unknown names are left to the parser of the type.
pub(crate) fn read(query: &str, schema: &Value) -> Result<Map<String, Value>, Problem> {
    let mut fields = Map::new();
    for (name, text) in url::form_urlencoded::parse(query.as_bytes()) {
        if let Some(key) = name.strip_prefix(OPEN) {
            let open = fields
                .entry("metadata")
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(open) = open {
                open.insert(key.to_owned(), Value::String(text.into_owned()));
            }
            continue;
        }
        let value = typed(&name, &text, schema.pointer(&format!("/properties/{name}")))?;
        let name: String = name.chars().take(64).collect();
        if fields.insert(name.clone(), value).is_some() {
            let detail = format!("{name}: the query has it twice; expected it once");
            return Err(Problem::bad_field(&name, detail));
        }
    }
    Ok(fields)
}

fn typed(name: &str, text: &str, schema: Option<&Value>) -> Result<Value, Problem> {
    let is_of = |kind: &str| {
        schema.is_some_and(|schema| match &schema["type"] {
            Value::String(one) => one == kind,
            Value::Array(several) => several.iter().any(|it| it == kind),
            _ => false,
        })
    };
    let shown: String = text.chars().take(64).collect();
    let bad = |expected: &str| {
        let detail = format!("{name}: {shown:?} in the query, expected {expected}");
        Problem::bad_field(name, detail)
    };
    if is_of("boolean") {
        return match text {
            "true" | "1" => Ok(Value::Bool(true)),
            "false" | "0" => Ok(Value::Bool(false)),
            _ => Err(bad("true or false")),
        };
    }
    if is_of("integer") {
        let number: i64 = text.parse().map_err(|_| bad("a whole number"))?;
        return Ok(number.into());
    }
    if is_of("number") {
        let number: f64 = text.parse().map_err(|_| bad("a number"))?;
        let number = serde_json::Number::from_f64(number);
        return number.map(Value::Number).ok_or_else(|| bad("a number"));
    }
    Ok(Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({"properties": {
            "limit": {"type": ["integer", "null"]},
            "wait": {"type": "boolean"},
            "scale": {"type": "number"},
            "name": {"type": "string"},
        }})
    }

    fn fields(query: &str) -> Result<Value, String> {
        let read = read(query, &schema());
        read.map(Value::Object).map_err(|problem| {
            serde_json::to_value(problem.document("", ""))
                .unwrap()
                .to_string()
        })
    }

    #[test]
    fn texts_become_what_the_schema_says() {
        assert_eq!(
            fields("limit=5&wait=true&scale=1.5&name=5&metadata.team=a%20b&other=1"),
            Ok(json!({
                "limit": 5, "wait": true, "scale": 1.5, "name": "5",
                "metadata": {"team": "a b"}, "other": "1",
            }))
        );
        assert_eq!(fields(""), Ok(json!({})));
    }

    #[test]
    fn a_text_that_is_no_such_value_is_named() {
        for (query, field, rule) in [
            ("limit=many", "limit", "a whole number"),
            ("wait=perhaps", "wait", "true or false"),
            ("scale=NaN", "scale", "a number"),
            ("name=a&name=b", "name", "twice"),
        ] {
            let problem = fields(query).unwrap_err();
            assert!(
                problem.contains(&format!(r#""field":"{field}""#)),
                "{problem}"
            );
            assert!(problem.contains(rule), "{problem}");
        }
    }
}
