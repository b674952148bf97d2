//! The generated schemas, compiled for validation.

use std::path::PathBuf;

use jsonschema::Validator;
use serde_json::{Value, json};

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The schema of requests.
pub(super) fn request() -> Validator {
    compile(&cdp_bridge_protocol::schema::requests())
}

/// The schema of events as it is published: fields that it does not know are allowed, for clients
/// of an older version.
pub(super) fn event() -> Validator {
    compile(&cdp_bridge_protocol::schema::events())
}

/// The schema of events in which every field must be one that the schema knows, so that a field
/// that is written under another name than the published one is found.
pub(super) fn closed_event() -> Validator {
    compile(&closed(cdp_bridge_protocol::schema::events()))
}

/// One definition of the schema of events, closed in the same way.
pub(super) fn closed_event_definition(name: &str) -> Validator {
    let mut schema = closed(cdp_bridge_protocol::schema::events());
    schema["oneOf"] = json!([{ "$ref": format!("#/$defs/{name}") }]);
    compile(&schema)
}

fn compile(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).expect("a generated schema is a JSON Schema")
}

/// Forbids further properties wherever properties are listed.
fn closed(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(fields) => {
            for (_, value) in fields.iter_mut() {
                *value = closed(value.take());
            }
            if fields.get("properties").is_some_and(Value::is_object) {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(values) => {
            for value in values {
                *value = closed(value.take());
            }
        }
        _ => {}
    }
    schema
}

/// What a schema finds wrong with a text, or nothing.
pub(super) fn faults(validator: &Validator, text: &str) -> Vec<String> {
    let value: Value = serde_json::from_str(text).expect("a message is JSON");
    validator
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}
