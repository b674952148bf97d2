//! Every message the bridge can send is valid under `event.schema.json`.

use std::collections::BTreeSet;

use bytes::Bytes;
use cdp_bridge_protocol::payload::{
    BinaryFrame, Encoding, EscapedText, Part, Parts, Payload, PayloadHead,
};
use cdp_bridge_protocol::{Event, Message, RequestId};
use serde_json::{Map, Value};

use super::{instances, schemas};

fn request_ids() -> [Option<RequestId>; 4] {
    [
        None,
        Some("r9".into()),
        Some(u64::MAX.into()),
        Some(RequestId::Negative(i64::MIN)),
    ]
}

#[test]
fn there_is_an_instance_of_every_event() {
    let expected: BTreeSet<&str> = Event::NAMES.iter().copied().collect();
    for full in [true, false] {
        let events = instances::events(full);
        let found: BTreeSet<&str> = events.iter().map(Event::name).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn every_event_is_valid_with_everything_and_with_nothing_optional() {
    let (published, closed) = (schemas::event(), schemas::closed_event());
    for event in [instances::events(true), instances::events(false)].concat() {
        // What is about a connection and not part of a session has no number.
        let unnumbered = ["welcome", "resumed", "gap", "frame"].contains(&event.name());
        for request_id in request_ids() {
            let cursor = request_id.as_ref().map(|_| u64::MAX);
            let message = Message {
                request_id,
                cursor: cursor.filter(|_| !unnumbered),
                event: event.clone(),
            };
            let text = message.to_json();
            assert_eq!(schemas::faults(&published, &text), [""; 0], "{text}");
            assert_eq!(schemas::faults(&closed, &text), [""; 0], "{text}");
            assert_eq!(Message::parse(&text).unwrap(), message, "{text}");
        }
    }
}

#[test]
fn an_event_without_a_field_it_must_have_is_not_valid() {
    let published = schemas::event();
    for event in instances::events(false) {
        let text = Message::unasked(event).to_json();
        let message: Value = serde_json::from_str(&text).unwrap();
        for field in message.as_object().unwrap().keys() {
            let mut without = message.clone();
            without.as_object_mut().unwrap().remove(field);
            assert!(
                !published.is_valid(&without),
                "{without} is valid without `{field}`, which the bridge always sends"
            );
        }
    }
}

/// The heads of everything that carries a payload.
fn heads() -> [(PayloadHead, &'static str); 8] {
    [
        (
            PayloadHead::DomSnapshot(instances::dom_snapshot_head(true)),
            "DomSnapshotHead",
        ),
        (
            PayloadHead::DomSnapshot(instances::dom_snapshot_head(false)),
            "DomSnapshotHead",
        ),
        (
            PayloadHead::Screenshot(instances::screenshot_head()),
            "ScreenshotHead",
        ),
        (PayloadHead::Frame(instances::frame_head()), "FrameHead"),
        (
            PayloadHead::AxSnapshot(instances::ax_snapshot_head(true)),
            "AxSnapshotHead",
        ),
        (
            PayloadHead::Download(instances::download_head()),
            "DownloadHead",
        ),
        (PayloadHead::Pdf(instances::pdf_head()), "PdfHead"),
        (
            PayloadHead::Content(instances::content_head(false)),
            "ContentHead",
        ),
    ]
}

fn parts(head: &PayloadHead, encoding: Encoding) -> Vec<Part> {
    let payload = match head {
        PayloadHead::DomSnapshot(_) | PayloadHead::AxSnapshot(_) | PayloadHead::Content(_) => {
            let html = "<p>one \"two\" \u{1f600}</p>".repeat(20);
            Payload::Text(EscapedText::from_text(&html))
        }
        PayloadHead::Download(_) | PayloadHead::Pdf(_) => {
            Payload::Raw(Bytes::from("QUJD".repeat(100)))
        }
        _ => Payload::Base64(Bytes::from("QUJD".repeat(100))),
    };
    let id = Some("r1".into());
    let parts = Parts::new(head.clone(), id, &payload, encoding, 64).unwrap();
    assert!(parts.total() > 2, "the payload is long enough to be split");
    parts.collect()
}

#[test]
fn every_part_of_a_payload_is_a_valid_message() {
    let closed = schemas::closed_event();
    for (head, _) in heads() {
        for part in parts(&head, Encoding::Text) {
            let Part::Text(text) = part else {
                panic!("a text connection is sent text")
            };
            let text = std::str::from_utf8(&text).unwrap();
            assert_eq!(schemas::faults(&closed, text), [""; 0], "{text}");
        }
    }
}

#[test]
fn the_head_of_every_binary_frame_is_valid_under_its_definition() {
    for (head, definition) in heads() {
        let closed = schemas::closed_event_definition(definition);
        for part in parts(&head, Encoding::Binary) {
            let Part::Binary(frame) = part else {
                panic!("a binary connection is sent payloads in binary frames")
            };
            let json = BinaryFrame::decode(&frame).unwrap().head;
            let mut fields: Map<String, Value> = serde_json::from_str(&json).unwrap();
            assert_eq!(fields.remove("type"), Some(head.name().into()));
            assert_eq!(fields.remove("requestId"), Some("r1".into()));
            let body = Value::Object(fields).to_string();
            assert_eq!(schemas::faults(&closed, &body), [""; 0], "{json}");
        }
    }
}
