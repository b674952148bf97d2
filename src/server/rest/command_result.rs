//! Carries out one request of the protocol, and writes its answer as the JSON of a result: the event without its
//! envelope, with its payload in one piece.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cdp_bridge_protocol::payload::{Payload, PayloadHead};
use cdp_bridge_protocol::{ErrorCode, ErrorDetails, Event, Message, Request};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::operations::{Arrival, Call, Caller, OperationOutcome, Operations};
use crate::server::problem::{Effect, Problem};
use crate::server::wire::{self, WireAnswer};

/// The largest payload that is answered as JSON.
pub(crate) const MAX_PAYLOAD: usize = 16 << 20;

/// Carries out a request. It goes on if the returned future is dropped.
pub(crate) async fn run(
    operations: &Arc<Operations>,
    caller: &Caller,
    arrival: Arrival,
    request: Request,
) -> Result<WireAnswer, Problem> {
    let (sender, answer) = oneshot::channel();
    operations.begin(caller, arrival, request, move |call, outcome| {
        // The receiver is gone where the caller's future was dropped.
        let _ = sender.send(of_outcome(call, outcome));
    });
    answer.await.unwrap_or_else(|_| Err(lost()))
}

fn of_outcome(call: &Call, outcome: OperationOutcome) -> Result<WireAnswer, Problem> {
    if let Err(error) = &outcome {
        return Err(Problem::of_operation(call.kind, error, call.tab));
    }
    match wire::outcome(call, outcome, Vec::new()) {
        Some(WireAnswer::Event(event)) => match *event {
            Event::Error(error) => Err(Problem::of_event(error, Effect::Possible)),
            event => Ok(WireAnswer::Event(Box::new(event))),
        },
        Some(payload) => Ok(payload),
        // Callers of this door ask for each answer by itself.
        None => Err(lost()),
    }
}

fn lost() -> Problem {
    let detail = "internal error of the bridge; its log has the details";
    Problem::protocol(ErrorCode::Internal, detail).with_effect(Effect::Possible)
}

/// The answer as a JSON object. `elsewhere` says where a larger payload can be had.
pub(crate) fn json(answer: WireAnswer, elsewhere: &str) -> Result<String, Problem> {
    match answer {
        WireAnswer::Event(event) => Ok(fields_of(*event)),
        WireAnswer::Payload(head, payload) => with_payload(&head, &payload, elsewhere),
    }
}

/// The fields of an event. Its text begins with its `type`, which is left out.
fn fields_of(event: Event) -> String {
    let begin = format!(r#"{{"type":"{}""#, event.name());
    let text = Message::unasked(event).to_json();
    match text.strip_prefix(&begin) {
        Some(rest) => format!("{{{}", rest.strip_prefix(',').unwrap_or(rest)),
        None => text,
    }
}

/// Put together as text: the payload is escaped already, and may have megabytes.
fn with_payload(head: &PayloadHead, payload: &Payload, elsewhere: &str) -> Result<String, Problem> {
    let encoded;
    let payload: &Bytes = match payload {
        Payload::Text(text) => text.as_bytes(),
        Payload::Base64(data) => data,
        Payload::Raw(data) => {
            encoded = Bytes::from(STANDARD.encode(data));
            &encoded
        }
    };
    if payload.len() > MAX_PAYLOAD {
        return Err(too_large(payload.len(), elsewhere));
    }
    let payload = std::str::from_utf8(payload).map_err(|_| lost())?;
    // Strings and numbers always serialize.
    let mut fields = serde_json::to_value(head).unwrap_or_default();
    if let Value::Object(fields) = &mut fields {
        // There are no parts.
        fields.remove("seq");
        fields.remove("total");
    }
    let mut text = fields.to_string();
    text.reserve(payload.len() + 32);
    // The closing brace; there is always the `id` in front of it.
    text.pop();
    text.push_str(",\"");
    text.push_str(head.field());
    text.push_str("\":\"");
    text.push_str(payload);
    text.push_str("\"}");
    Ok(text)
}

fn too_large(bytes: usize, elsewhere: &str) -> Problem {
    let detail = format!(
        "the result has {bytes} bytes, more than the {MAX_PAYLOAD} that are answered as JSON; {elsewhere}"
    );
    Problem::protocol(ErrorCode::TooLarge, detail)
        .with_details(ErrorDetails {
            bytes: Some(bytes as u64),
            max_bytes: Some(MAX_PAYLOAD as u64),
            ..ErrorDetails::default()
        })
        .with_effect(Effect::ReadsOnly)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::TabId;
    use cdp_bridge_protocol::event::{Navigated, Pong};
    use cdp_bridge_protocol::payload::{EscapedText, PayloadFields};
    use serde_json::json;

    fn value(answer: WireAnswer) -> Value {
        serde_json::from_str(&json(answer, "").unwrap()).unwrap()
    }

    fn content(text: &str) -> WireAnswer {
        let fields = PayloadFields::Content {
            url: "https://a.test/".to_owned(),
            format: cdp_bridge_protocol::request::ContentFormat::Text,
            truncated: None,
        };
        let payload = Payload::Text(EscapedText::from_text(text));
        WireAnswer::Payload(fields.head(TabId::new(3)), payload)
    }

    #[test]
    fn a_result_is_the_event_without_its_envelope() {
        let navigated = Navigated {
            id: TabId::new(3),
            url: "https://a.test/\"".to_owned(),
            status: Some(200),
            same_document: None,
        };
        assert_eq!(
            value(WireAnswer::Event(Box::new(navigated.into()))),
            json!({"id": "t3", "url": "https://a.test/\"", "status": 200})
        );
        let pong = WireAnswer::Event(Box::new(Pong { ts: 5 }.into()));
        assert_eq!(value(pong), json!({"ts": 5}));
    }

    #[test]
    fn a_payload_is_in_one_piece_and_without_numbers_of_parts() {
        assert_eq!(
            value(content("a \"b\"\n\u{1F600}")),
            json!({
                "id": "t3", "url": "https://a.test/", "format": "text", "content": "a \"b\"\n\u{1F600}",
            })
        );
    }

    #[test]
    fn a_payload_over_the_limit_says_where_else_it_can_be_had() {
        let problem = json(content(&"x".repeat(MAX_PAYLOAD + 1)), "GET it").unwrap_err();
        assert_eq!(problem.status(), 413);
        let document = serde_json::to_value(problem.document("", "")).unwrap();
        assert!(document["detail"].as_str().unwrap().contains("GET it"));
    }
}
