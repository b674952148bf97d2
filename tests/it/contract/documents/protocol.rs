//! The tables of the protocol, out of its schemas.

use std::collections::BTreeMap;

use cdp_bridge_protocol::error::ErrorCode;
use cdp_bridge_protocol::{Event, RequestKind, schema};
use serde_json::{Map, Value};

use super::generated::check;
use super::markdown::table;

const DOCUMENT: &str = "docs/protocol.md";
/// What stands on every message of its kind and is described once.
const ENVELOPE: [&str; 5] = ["type", "requestId", "timeoutMs", "idempotencyKey", "cursor"];

/// The definitions of a schema.
struct Definitions(Map<String, Value>);

impl Definitions {
    fn of(document: &Value) -> Self {
        Self(document["$defs"].as_object().unwrap().clone())
    }

    fn description(&self, name: &str) -> String {
        described(&self.0[name])
    }

    /// The type of a value, as short as a cell wants it.
    fn kind(&self, value: &Value) -> String {
        if let Some(reference) = value["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap();
            let target = &self.0[name];
            if name == "ErrorCode" {
                return "[code](#errors)".to_owned();
            }
            return if target.get("properties").is_some() {
                format!("[{name}](#objects)")
            } else {
                self.kind(target)
            };
        }
        if let Some(constant) = value.get("const") {
            return format!("`{constant}`");
        }
        if let Some(values) = value["enum"].as_array() {
            let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
            return values.join(" | ");
        }
        let choices = value["oneOf"].as_array().or(value["anyOf"].as_array());
        if let Some(choices) = choices {
            let mut kinds: Vec<String> = choices
                .iter()
                .filter(|choice| choice["type"] != "null")
                .map(|choice| self.kind(choice))
                .collect();
            kinds.dedup();
            return kinds.join(" | ");
        }
        let kind = match &value["type"] {
            Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null"),
            kind => Some(kind),
        };
        match kind.and_then(Value::as_str) {
            Some("array") => format!("list of {}", self.kind(&value["items"])),
            Some(kind @ ("integer" | "number")) => {
                let bounds = (value.get("minimum"), value.get("maximum"));
                match bounds {
                    (Some(least), Some(most)) => format!("{kind}, {least} to {most}"),
                    _ => kind.to_owned(),
                }
            }
            Some(kind) => kind.to_owned(),
            None => "any JSON".to_owned(),
        }
    }

    /// The fields of an object beside those of the envelope: name, type and what it means.
    fn fields(&self, schema: &Value) -> Vec<(String, String, String)> {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let mut objects = vec![schema];
        // Objects of which one of several sets of fields is given.
        objects.extend(schema["oneOf"].as_array().into_iter().flatten());
        objects.extend(schema["anyOf"].as_array().into_iter().flatten());
        let mut found = BTreeMap::new();
        for object in objects {
            for (name, value) in object["properties"].as_object().into_iter().flatten() {
                if ENVELOPE.contains(&name.as_str()) || value["type"] == "null" {
                    continue;
                }
                let is_required = required.iter().any(|it| it == name);
                let mark = if is_required { "" } else { "?" };
                let kind = self.kind(value);
                // Required fields come first. A set only restricts what the object's own properties describe.
                found.entry((!is_required, name.clone())).or_insert((
                    format!("`{name}{mark}`"),
                    kind,
                    described(value),
                ));
            }
        }
        found.into_values().collect()
    }

    fn list(&self, schema: &Value) -> String {
        let fields = self.fields(schema);
        let fields = fields
            .iter()
            .map(|(name, kind, _)| format!("{name} {kind}"));
        fields.collect::<Vec<_>>().join("; ")
    }
}

fn described(value: &Value) -> String {
    value["description"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_requests_in_the_document_are_those_of_the_schema() {
    let defs = Definitions::of(&schema::requests());
    let rows = RequestKind::ALL.iter().map(|kind| {
        let name = kind.as_str();
        let key = if kind.takes_idempotency_key() {
            "yes"
        } else {
            ""
        };
        vec![
            format!("`{name}`"),
            defs.list(&defs.0[name]),
            format!("`{}`", kind.answered_by()),
            key.to_owned(),
            defs.description(name),
        ]
    });
    let text = table(
        &[
            "request",
            "fields",
            "answered by",
            "takes a key",
            "what it does",
        ],
        rows,
    );
    check(DOCUMENT, "requests", &text);
}

#[test]
fn the_events_in_the_document_are_those_of_the_schema() {
    let defs = Definitions::of(&schema::events());
    let rows = Event::NAMES.iter().map(|name| {
        vec![
            format!("`{name}`"),
            defs.list(&defs.0[*name]),
            defs.description(name),
        ]
    });
    check(
        DOCUMENT,
        "events",
        &table(&["event", "fields", "when"], rows),
    );
}

#[test]
fn the_error_codes_in_the_document_are_those_of_the_code() {
    let defs = Definitions::of(&schema::events());
    let meanings = defs.0["ErrorCode"]["oneOf"].as_array().unwrap();
    let rows = ErrorCode::ALL.iter().map(|code| {
        let name = code.as_str();
        let meaning = meanings.iter().find(|meaning| meaning["const"] == name);
        vec![
            format!("[`{name}`](runbook.md#{})", name.to_lowercase()),
            described(meaning.unwrap()),
            if code.retryable() { "yes" } else { "no" }.to_owned(),
        ]
    });
    check(
        DOCUMENT,
        "errors",
        &table(&["code", "meaning", "retryable"], rows),
    );
}

#[test]
fn the_objects_in_the_document_are_those_of_the_schemas() {
    let mut text = String::new();
    let mut objects = BTreeMap::new();
    for document in [schema::requests(), schema::events()] {
        let defs = Definitions::of(&document);
        let is_object = |name: &str, schema: &Value| {
            let is_message = schema["properties"].get("type").is_some();
            schema.get("properties").is_some() && !is_message && !name.ends_with("Head")
        };
        for (name, schema) in defs
            .0
            .iter()
            .filter(|(name, schema)| is_object(name, schema))
        {
            let rows = defs.fields(schema).into_iter();
            let rows = rows.map(|(name, kind, meaning)| vec![name, kind, meaning]);
            let fields = table(&["field", "type", "what it says"], rows);
            objects.insert(
                name.clone(),
                format!("**{name}**: {}\n\n{fields}\n", described(schema)),
            );
        }
    }
    for object in objects.values() {
        text.push_str(object);
    }
    check(DOCUMENT, "objects", &text);
}
