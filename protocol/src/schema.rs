//! The JSON Schemas (draft 2020-12) of requests and events, generated from the types.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::event::event_schemas;
use crate::idempotency::IdempotencyKey;
use crate::ids::RequestId;
use crate::request::{MAX_TIMEOUT_MS, MIN_TIMEOUT_MS, request_schemas};

/// Events without a `cursor`: they concern the connection rather than the session, or are never resent.
const UNNUMBERED: [&str; 4] = ["welcome", "resumed", "gap", "frame"];

/// The annotation of a request with the name of the event that answers it.
const ANSWERED_BY: &str = "x-answeredBy";

/// The schema of every message a Coordinator may send. `x-answeredBy` on each of them is the `type`
/// of its answer.
pub fn requests() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let request_id = generator.subschema_for::<RequestId>().to_value();
    let timeout = json!({
        "type": "integer",
        "minimum": MIN_TIMEOUT_MS,
        "maximum": MAX_TIMEOUT_MS,
        "description": "Time limit in milliseconds; the configuration says what holds if absent.",
    });
    let idempotency_key = generator.subschema_for::<IdempotencyKey>().to_value();
    let messages = request_schemas(&mut generator)
        .into_iter()
        .map(|(kind, schema)| {
            let mut extra = vec![
                ("requestId", request_id.clone()),
                ("timeoutMs", timeout.clone()),
            ];
            if kind.takes_idempotency_key() {
                extra.push(("idempotencyKey", idempotency_key.clone()));
            }
            let mut schema = message(kind.as_str(), schema, extra);
            schema[ANSWERED_BY] = json!(kind.answered_by());
            (kind.as_str(), schema)
        })
        .collect();
    document(
        "request",
        "A message from a Coordinator to cdp-bridge.",
        messages,
        generator,
    )
}

/// The schema of every text message the bridge sends. The JSON of a binary frame is the definition with `Head` at the end
/// of the event's name, such as `DomSnapshotHead`.
pub fn events() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let request_id = generator.subschema_for::<RequestId>().to_value();
    let cursor = json!({
        "type": "integer",
        "minimum": 1,
        "description": "Number of the message within its session; none is left out. The last one that \
            was received is what a later connection goes on after.",
    });
    let messages = event_schemas(&mut generator)
        .into_iter()
        .map(|(name, schema)| {
            let mut extra = vec![("requestId", request_id.clone())];
            if !UNNUMBERED.contains(&name) {
                extra.push(("cursor", cursor.clone()));
            }
            (name, message(name, schema, extra))
        })
        .collect();
    document(
        "event",
        "A message from cdp-bridge to a Coordinator.",
        messages,
        generator,
    )
}

/// The schema of any other documented type, with the same settings and header.
pub fn of<T: JsonSchema>(name: &str) -> Value {
    let schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>();
    let mut schema = schema.to_value();
    if let Value::Object(fields) = &mut schema {
        fields.insert("$id".to_owned(), id_of(name));
    }
    schema
}

/// The schema of a message: its own fields, its `type`, and the envelope's fields.
fn message(name: &str, schema: Schema, extra: Vec<(&str, Value)>) -> Value {
    let mut schema = schema.to_value();
    if let Value::Object(fields) = &mut schema {
        let properties = fields
            .entry("properties")
            .or_insert_with(|| Value::Object(Map::default()));
        if let Value::Object(properties) = properties {
            properties.insert("type".to_owned(), json!({ "const": name }));
            for (field, schema) in extra {
                properties.insert(field.to_owned(), schema);
            }
        }
        let required = fields.entry("required").or_insert_with(|| json!([]));
        if let Value::Array(required) = required {
            required.insert(0, json!("type"));
        }
        fields.insert("title".to_owned(), json!(name));
    }
    schema
}

fn document(
    name: &str,
    description: &str,
    messages: Vec<(&'static str, Value)>,
    mut generator: SchemaGenerator,
) -> Value {
    let mut defs = generator.take_definitions(true);
    let mut references = Vec::new();
    for (name, schema) in messages {
        references.push(json!({ "$ref": format!("#/$defs/{name}") }));
        defs.insert(name.to_owned(), schema);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": id_of(name),
        "title": name,
        "description": description,
        "oneOf": references,
        "$defs": defs,
    })
}

fn id_of(name: &str) -> Value {
    json!(format!("urn:cdp-bridge:v1:{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Event, RequestKind};

    #[test]
    fn every_request_and_event_has_a_schema_that_requires_its_type() {
        let (requests, events) = (requests(), events());
        let names = RequestKind::ALL
            .iter()
            .map(|kind| (&requests, kind.as_str()));
        let names = names.chain(Event::NAMES.iter().map(|name| (&events, *name)));
        for (document, name) in names {
            let schema = &document["$defs"][name];
            assert_eq!(schema["properties"]["type"]["const"], name);
            assert!(
                schema["required"]
                    .as_array()
                    .is_some_and(|names| names.contains(&json!("type"))),
                "{name}"
            );
        }
    }

    /// The generators of clients rely on it: an event in parts has exactly one field more than its head, the payload,
    /// whose `contentEncoding` says whether it is base64.
    #[test]
    fn the_payload_of_every_event_in_parts_is_told_by_its_head_and_its_encoding() {
        let events = events();
        let defs = &events["$defs"];
        let mut found = Vec::new();
        for name in Event::NAMES {
            let fields = defs[name]["properties"].as_object().unwrap();
            if !(fields.contains_key("seq") && fields.contains_key("total")) {
                continue;
            }
            let (first, rest) = name.split_at(1);
            let head = &defs[format!("{}{rest}Head", first.to_uppercase())]["properties"];
            let head = head
                .as_object()
                .unwrap_or_else(|| panic!("{name} has a head"));
            let payload: Vec<&String> = fields
                .keys()
                .filter(|field| !head.contains_key(*field))
                .filter(|field| !["type", "requestId", "cursor"].contains(&field.as_str()))
                .collect();
            assert_eq!(payload.len(), 1, "{name}: {payload:?}");
            let is_base64 = fields[payload[0]]["contentEncoding"] == "base64";
            assert_eq!(is_base64, payload[0] == "data", "{name}");
            found.push(*name);
        }
        assert!(found.contains(&"domSnapshot"), "{found:?}");
    }

    #[test]
    fn requests_allow_no_other_fields() {
        for kind in RequestKind::ALL {
            let schema = &requests()["$defs"][kind.as_str()];
            assert_eq!(schema["additionalProperties"], false, "{}", kind.as_str());
        }
    }
}
