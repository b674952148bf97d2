//! The examples in the documents are messages of this protocol.

use std::collections::BTreeSet;

use cdp_bridge_protocol::{Message, Request};
use serde_json::Value;

use super::blocks;
use crate::contract::schemas;

/// The messages of one block: JSON values one after the other, on one line or on several. Arrows
/// at the start of a line, which say who speaks, are passed over.
fn messages(block: &str) -> Result<Vec<Value>, serde_json::Error> {
    let arrows = ['→', '←', '>', '<', ' '];
    let plain: Vec<&str> = block
        .lines()
        .map(|line| line.trim_start_matches(arrows))
        .collect();
    serde_json::Deserializer::from_str(&plain.join("\n"))
        .into_iter()
        .collect()
}

#[test]
fn every_message_in_the_documents_is_valid() {
    let (request, event) = (schemas::request(), schemas::closed_event());
    let mut documents = BTreeSet::new();
    for block in blocks::with("json", "") {
        let place = block.place();
        let found = messages(&block.text);
        let found = found.unwrap_or_else(|error| panic!("{place}: not JSON: {error}"));
        assert!(!found.is_empty(), "{place} is empty");
        for message in found {
            let text = message.to_string();
            let as_request = schemas::faults(&request, &text);
            let as_event = schemas::faults(&event, &text);
            assert!(
                as_request.is_empty() || as_event.is_empty(),
                "{place}: {text}\nis no request: {as_request:#?}\nand no event: {as_event:#?}"
            );
            let reads = Request::parse(&text).is_ok() || Message::parse(&text).is_ok();
            assert!(reads, "{place}: {text} is a message to no parser");
        }
        documents.insert(block.document);
    }
    for path in ["README.md", "docs/protocol.md", "docs/resume.md"] {
        assert!(
            documents.contains(path),
            "{path} shows no message in a ```json block"
        );
    }
}

#[test]
fn messages_are_found_with_and_without_arrows() {
    let block = "→ {\"type\": \"ping\"}\n← {\"type\": \"pong\",\n\"ts\": 1}\n";
    assert_eq!(messages(block).unwrap().len(), 2);
}
