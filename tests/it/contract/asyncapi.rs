//! `schemas/asyncapi.yaml` describes every message, and what it refers to is there.

use std::collections::{BTreeMap, BTreeSet};

use cdp_bridge::schema;
use cdp_bridge_protocol::handshake::{CloseCode, SUBPROTOCOL_BINARY, SUBPROTOCOL_TEXT};
use cdp_bridge_protocol::{Event, RequestKind};
use serde_json::{Map, Value};

use super::schemas::repository;

const UPDATE: &str = "UPDATE_EXPECT=1 cargo test --test it -- contract::asyncapi";

fn document() -> Value {
    let path = repository("schemas/asyncapi.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    if std::env::var_os("UPDATE_EXPECT").is_none() {
        return serde_saphyr::from_str(&text).unwrap();
    }
    let text = with_missing_messages(text);
    // Tests run side by side and all write the same text.
    std::fs::write(path, &text).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

/// The document with an entry for each message and operation that it does not have yet. Entries that are there stay as
/// they were written by hand; the schema's description is the title of a new one until somebody writes a better one.
fn with_missing_messages(mut text: String) -> String {
    let root: Value = serde_saphyr::from_str(&text).unwrap();
    let (requests, events) = (
        schema::documents()[0].1.clone(),
        schema::documents()[1].1.clone(),
    );
    let is_there = |name: &str| root["components"]["messages"].get(name).is_some();
    let kinds = RequestKind::ALL.iter().map(|kind| kind.as_str());
    let mut missing = Vec::new();
    for (file, names, schema) in [
        ("request", kinds.collect::<Vec<_>>(), &requests),
        ("event", Event::NAMES.to_vec(), &events),
    ] {
        for name in names {
            let description = schema["$defs"][name]["description"]
                .as_str()
                .unwrap_or(name);
            let title = description.split_whitespace().collect::<Vec<_>>().join(" ");
            missing.push((name.to_owned(), file, name.to_owned(), title));
            let (first, rest) = name.split_at(1);
            let head = format!("{}{rest}Head", first.to_uppercase());
            if schema["$defs"].get(&head).is_some() {
                let title = format!("`{name}` under cdp-bridge.v1.binary");
                missing.push((format!("{name}Binary"), file, head, title));
            }
        }
    }
    missing.retain(|(name, ..)| !is_there(name));
    for (name, file, definition, title) in missing {
        let title = serde_json::to_string(&title).unwrap();
        let channel = format!("      {name}:\n        $ref: '#/components/messages/{name}'\n");
        let at = text.find("\noperations:\n").unwrap() + 1;
        text.insert_str(at, &channel);
        let entry = format!(
            "    {name}:\n      name: {name}\n      title: {title}\n      correlationId:\n        \
             $ref: '#/components/correlationIds/requestId'\n      payload:\n        \
             $ref: './{file}.schema.json#/$defs/{definition}'\n"
        );
        text.push_str(&entry);
        let Some(kind) = RequestKind::from_name(&name) else {
            continue;
        };
        let message = |name: &str| format!("- $ref: '#/channels/coordinator/messages/{name}'\n");
        let answer = kind.answered_by();
        let binary = format!("{answer}Binary");
        let answers = [
            Some(answer),
            is_payload(answer).then_some(&*binary),
            Some("error"),
        ];
        let answers = answers.iter().flatten();
        let answers: Vec<_> = answers
            .map(|name| format!("        {}", message(name)))
            .collect();
        let answers = answers.concat();
        let operation = format!(
            "  {name}:\n    action: receive\n    title: {title}\n    channel:\n      $ref: '#/channels/coordinator'\n    \
             messages:\n      {}    reply:\n      channel:\n        $ref: '#/channels/coordinator'\n      messages:\n{answers}",
            message(&name)
        );
        let at = text.find("\n  tell:\n").unwrap() + 1;
        text.insert_str(at, &operation);
    }
    text
}

fn is_payload(event: &str) -> bool {
    schema::documents()[1].1["$defs"][event]["properties"]
        .get("seq")
        .is_some()
}

/// Every `$ref` below a value.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(reference) if name == "$ref" => found.push(reference.clone()),
                    _ => references(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// The value a reference leads to, in this document or in a schema file beside it.
fn resolve<'a>(
    root: &'a Value,
    files: &'a BTreeMap<String, Value>,
    reference: &str,
) -> Option<&'a Value> {
    let (file, pointer) = reference.split_once('#')?;
    let document = if file.is_empty() {
        root
    } else {
        files.get(file)?
    };
    document.pointer(pointer)
}

fn files() -> BTreeMap<String, Value> {
    let documents = schema::documents().into_iter();
    documents
        .map(|(name, document)| (format!("./{name}"), document))
        .collect()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    let object: &Map<String, Value> = value.as_object().unwrap();
    object.keys().map(String::as_str).collect()
}

#[test]
fn everything_it_refers_to_is_there() {
    let (root, files) = (document(), files());
    let mut found = Vec::new();
    references(&root, &mut found);
    let broken: Vec<&String> = found
        .iter()
        .filter(|reference| resolve(&root, &files, reference).is_none())
        .collect();
    assert_eq!(broken, [""; 0]);
    assert!(found.len() > 100, "references are found at all");
}

#[test]
fn every_request_and_event_is_a_message_of_the_channel_with_its_own_schema() {
    let root = document();
    let requests = RequestKind::ALL
        .iter()
        .map(|kind| (kind.as_str(), "request"));
    let events = Event::NAMES.iter().map(|name| (*name, "event"));
    let binary = Event::NAMES.iter().filter(|name| is_payload(name));
    let binary: Vec<String> = binary.map(|name| format!("{name}Binary")).collect();
    assert!(
        binary.contains(&"domSnapshotBinary".to_owned()),
        "{binary:?}"
    );
    let mut expected: BTreeSet<&str> = binary.iter().map(String::as_str).collect();
    for (name, file) in requests.chain(events) {
        expected.insert(name);
        let message = &root["components"]["messages"][name];
        assert_eq!(message["name"], name, "add it with `{UPDATE}`");
        assert_eq!(
            message["payload"]["$ref"],
            format!("./{file}.schema.json#/$defs/{name}")
        );
    }
    assert_eq!(keys(&root["components"]["messages"]), expected);
    assert_eq!(keys(&root["channels"]["coordinator"]["messages"]), expected);
}

#[test]
fn every_request_has_an_operation_that_is_answered_by_an_event_or_an_error() {
    let operations = &document()["operations"];
    let told = |messages: &Value| -> Vec<String> {
        let mut found = Vec::new();
        references(messages, &mut found);
        let names = found
            .iter()
            .filter_map(|reference| reference.rsplit_once('/'));
        names.map(|(_, name)| name.to_owned()).collect()
    };
    let mut expected: BTreeSet<&str> = RequestKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let mut answers: BTreeSet<String> = BTreeSet::new();
    for kind in RequestKind::ALL {
        let name = &kind.as_str();
        let operation = &operations[*name];
        assert_eq!(operation["action"], "receive", "{name}");
        assert_eq!(told(&operation["messages"]), [*name]);
        let reply = told(&operation["reply"]["messages"]);
        assert!(
            reply.contains(&kind.answered_by().to_owned()) && reply.contains(&"error".to_owned()),
            "{name}: {reply:?}"
        );
        answers.extend(reply);
    }
    expected.insert("tell");
    assert_eq!(keys(operations), expected);
    answers.extend(told(&operations["tell"]["messages"]));
    let unsaid: Vec<_> = Event::NAMES
        .iter()
        .filter(|name| !answers.contains(**name))
        .collect();
    assert_eq!(unsaid, [&""; 0], "these events stand in no operation");
}

#[test]
fn subprotocols_and_close_codes_are_those_of_the_handshake() {
    let channel = &document()["channels"]["coordinator"];
    let subprotocols = BTreeSet::from([SUBPROTOCOL_TEXT, SUBPROTOCOL_BINARY]);
    assert_eq!(keys(&channel["x-subprotocols"]), subprotocols);
    let codes = [
        CloseCode::Normal,
        CloseCode::GoingAway,
        CloseCode::Unsupported,
        CloseCode::InvalidUtf8,
        CloseCode::Policy,
        CloseCode::TooBig,
        CloseCode::Internal,
        CloseCode::TryAgainLater,
        CloseCode::TooSlow,
        CloseCode::TakenOver,
    ];
    let codes = codes.map(|code| code.as_u16().to_string());
    let codes: BTreeSet<&str> = codes.iter().map(String::as_str).collect();
    assert_eq!(keys(&channel["x-close-codes"]), codes);
}
