//! The fields of a request from a query string. No I/O.
//!
//! A field gets the JSON type that the request has; its rules are checked by the request's own deserializer.

use serde_json::{Map, Number, Value};
use url::form_urlencoded;

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldType {
    /// A string.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Flag,
    /// Several strings, each under the same name.
    Texts,
    /// `x,y,width,height`.
    Clip,
    /// `top,right,bottom,left`.
    Margin,
}

/// A field that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub(crate) struct BadQueryField {
    pub(crate) field: String,
    problem: String,
}

/// The longest name of a field that an error repeats, in characters.
const NAME_CHARS: usize = 64;

/// Reads a query string with these fields and no others.
pub(crate) fn read(
    query: &str,
    known: &[(&'static str, FieldType)],
) -> Result<Map<String, Value>, BadQueryField> {
    let mut fields = Map::new();
    for (name, text) in form_urlencoded::parse(query.as_bytes()) {
        let bad = |problem: String| BadQueryField {
            field: name.chars().take(NAME_CHARS).collect(),
            problem,
        };
        let Some((name, kind)) = known.iter().find(|(known, _)| *known == name) else {
            let names: Vec<_> = known.iter().map(|(known, _)| *known).collect();
            let names = names.join(", ");
            return Err(bad(format!("unknown field, expected one of {names}")));
        };
        let value = value(*kind, &text).map_err(|problem| bad(problem.to_owned()))?;
        match (fields.get_mut(*name), value) {
            (Some(Value::Array(all)), Value::Array(more)) => all.extend(more),
            (Some(_), _) => return Err(bad("given twice".to_owned())),
            (None, value) => {
                fields.insert((*name).to_owned(), value);
            }
        }
    }
    Ok(fields)
}

fn value(kind: FieldType, text: &str) -> Result<Value, &'static str> {
    Ok(match kind {
        FieldType::Text => Value::from(text),
        FieldType::Texts => Value::Array(vec![text.into()]),
        FieldType::Number => number(text).ok_or("expected a number")?.into(),
        FieldType::Flag => match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return Err("expected true or false"),
        },
        FieldType::Clip => numbers(text, ["x", "y", "width", "height"])
            .ok_or("expected four numbers: x,y,width,height")?,
        FieldType::Margin => numbers(text, ["top", "right", "bottom", "left"])
            .ok_or("expected four numbers of inches: top,right,bottom,left")?,
    })
}

fn numbers(text: &str, names: [&str; 4]) -> Option<Value> {
    let mut fields = Map::new();
    let mut parts = text.split(',');
    for name in names {
        fields.insert(name.to_owned(), number(parts.next()?.trim())?.into());
    }
    parts.next().is_none().then_some(Value::Object(fields))
}

/// A number, as JSON writes it.
fn number(text: &str) -> Option<Number> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const KNOWN: &[(&str, FieldType)] = &[
        ("format", FieldType::Text),
        ("quality", FieldType::Number),
        ("fullPage", FieldType::Flag),
        ("mask", FieldType::Texts),
        ("clip", FieldType::Clip),
    ];

    #[test]
    fn a_field_gets_the_type_that_its_request_has() {
        let query = "format=png&quality=80&fullPage=true&mask=%23a+b&mask=c&clip=0,1.5,%202,3";
        assert_eq!(
            Value::Object(read(query, KNOWN).unwrap()),
            json!({
                "format": "png",
                "quality": 80,
                "fullPage": true,
                "mask": ["#a b", "c"],
                "clip": {"x": 0, "y": 1.5, "width": 2, "height": 3},
            })
        );
        assert_eq!(read("", KNOWN), Ok(Map::new()));
    }

    #[test]
    fn what_is_not_as_it_should_be_is_named() {
        for (query, field) in [
            ("other=1", "other"),
            ("quality=x", "quality"),
            ("quality=", "quality"),
            ("fullPage=1", "fullPage"),
            ("clip=1,2,3", "clip"),
            ("clip=1,2,3,4,5", "clip"),
            ("clip=1,2,3,NaN", "clip"),
            ("format=png&format=jpeg", "format"),
        ] {
            let error = read(query, KNOWN).unwrap_err();
            assert_eq!(error.field, field, "{query}: {error}");
        }
        let long = read(&"x".repeat(9999), KNOWN).unwrap_err();
        assert_eq!(long.field.len(), NAME_CHARS);
    }
}
