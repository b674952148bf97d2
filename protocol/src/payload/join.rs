//! Joins the parts of payloads, for clients.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::binary::{BinaryFrame, NotABinaryFrame};
use crate::event::{Event, Message, NotAMessage, PayloadHead, Split};
use crate::ids::{RequestId, TabId};

/// A whole payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The request it answers.
    pub request_id: Option<RequestId>,
    /// The fields around it, as in the last part.
    pub head: PayloadHead,
    /// UTF-8 text, or the bytes of a picture or file.
    pub payload: Vec<u8>,
}

/// A message or a joined payload.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// A message without a payload.
    Message(Box<Message>),
    /// A payload whose last part was received.
    Payload(Joined),
    /// A part that is not the last one.
    Part,
}

/// A frame that is invalid, or parts that do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// A text frame is not a message.
    #[error(transparent)]
    Message(#[from] NotAMessage),
    /// A binary frame is malformed.
    #[error(transparent)]
    Binary(#[from] NotABinaryFrame),
    /// The head of a binary frame is an event without a payload.
    #[error("a `{0}` came as a binary frame")]
    UnexpectedBinary(String),
    /// A part is missing or duplicated.
    #[error("expected part {expected}, found part {found}")]
    OutOfOrder {
        /// The `seq` of the next part.
        expected: u32,
        /// The `seq` that was received.
        found: u32,
    },
    /// The payload of a part is not valid base64.
    #[error("part {0} is not base64")]
    NotBase64(u32),
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    name: &'static str,
    tab: TabId,
    request_id: Option<RequestId>,
    frame: u64,
}

/// Collects parts. Parts of different payloads may be interleaved; those of one payload are in order.
#[derive(Debug, Default)]
pub struct Joiner {
    open: HashMap<Key, (u32, Vec<u8>)>,
    cursor: u64,
}

impl Joiner {
    /// The `cursor` of the last message that had one; 0 before the first. A later connection resumes after it, with the same
    /// joiner, which keeps the parts of incomplete payloads.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Reads a text frame.
    pub fn text(&mut self, text: &str) -> Result<Incoming, JoinError> {
        let Message {
            request_id,
            cursor,
            event,
        } = Message::parse(text)?;
        self.passed(cursor);
        match event.split() {
            Split::Payload(head, text) if head.is_text() => {
                self.add(request_id, head, text.as_bytes())
            }
            Split::Payload(head, base64) => {
                let part = decode(&base64, head.part().0)?;
                self.add(request_id, head, &part)
            }
            Split::Plain(event) => {
                self.give_up(request_id.as_ref(), &event);
                Ok(Incoming::Message(Box::new(Message {
                    request_id,
                    cursor,
                    event,
                })))
            }
        }
    }

    /// Reads a binary frame.
    pub fn binary(&mut self, frame: &Bytes) -> Result<Incoming, JoinError> {
        let BinaryFrame { head, payload } = BinaryFrame::decode(frame)?;
        let (request_id, cursor, head) = read_head(&head)?;
        self.passed(cursor);
        self.add(request_id, head, &payload)
    }

    fn passed(&mut self, cursor: Option<u64>) {
        self.cursor = cursor.unwrap_or(self.cursor);
    }

    /// Drops incomplete payloads that will not be completed: their request was answered by an error, a reconnect
    /// interrupted a screencast frame, or messages were lost.
    fn give_up(&mut self, request_id: Option<&RequestId>, event: &Event) {
        match event {
            Event::Error(_) if request_id.is_some() => {
                self.open
                    .retain(|key, _| key.request_id.as_ref() != request_id);
            }
            Event::Resumed(_) => self.open.retain(|key, _| key.name != "frame"),
            Event::Gap(_) => self.open.clear(),
            _ => {}
        }
    }

    fn add(
        &mut self,
        request_id: Option<RequestId>,
        head: PayloadHead,
        part: &[u8],
    ) -> Result<Incoming, JoinError> {
        let (seq, total) = head.part();
        // Screencast frames have no request; their number tells them apart.
        let frame = match &head {
            PayloadHead::Frame(head) => head.frame_no,
            _ => 0,
        };
        let key = Key {
            name: head.name(),
            tab: head.tab(),
            request_id,
            frame,
        };
        let (expected, mut payload) = self.open.remove(&key).unwrap_or_default();
        if seq != expected {
            return Err(JoinError::OutOfOrder {
                expected,
                found: seq,
            });
        }
        payload.extend_from_slice(part);
        if seq + 1 < total {
            self.open.insert(key, (seq + 1, payload));
            return Ok(Incoming::Part);
        }
        Ok(Incoming::Payload(Joined {
            request_id: key.request_id,
            head,
            payload,
        }))
    }
}

fn decode(data: &str, seq: u32) -> Result<Vec<u8>, JoinError> {
    STANDARD.decode(data).map_err(|_| JoinError::NotBase64(seq))
}

/// The head of a binary frame: the same object as in a text message, without the payload.
fn read_head(json: &str) -> Result<(Option<RequestId>, Option<u64>, PayloadHead), JoinError> {
    let mut fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(json).map_err(|error| NotAMessage::Malformed(error.to_string()))?;
    // With an empty payload added, it can be parsed like a text message.
    let name = fields
        .get("type")
        .and_then(|name| name.as_str())
        .unwrap_or_default()
        .to_owned();
    let field = PayloadHead::field_of(&name).unwrap_or("data");
    fields.insert(field.to_owned(), "".into());
    let text = serde_json::Value::Object(fields).to_string();
    let Message {
        request_id,
        cursor,
        event,
    } = Message::parse(&text)?;
    match event.split() {
        Split::Payload(head, _) => Ok((request_id, cursor, head)),
        Split::Plain(_) => Err(JoinError::UnexpectedBinary(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{DomSnapshotHead, ScreenshotHead};
    use crate::payload::{Encoding, EscapedText, Part, Parts, Payload};
    use crate::request::SnapshotFormat;
    use proptest::prelude::*;

    fn snapshot() -> PayloadHead {
        PayloadHead::DomSnapshot(DomSnapshotHead {
            id: TabId::new(4),
            url: "https://example.com/".to_owned(),
            format: SnapshotFormat::Html,
            seq: 0,
            total: 0,
            coalesced: Some(vec![1.into(), "b".into()]),
        })
    }

    fn picture() -> PayloadHead {
        PayloadHead::Screenshot(ScreenshotHead {
            id: TabId::new(4),
            mime: "image/png".to_owned(),
            width: 1,
            height: 2,
            seq: 0,
            total: 0,
        })
    }

    fn through(
        head: PayloadHead,
        payload: &Payload,
        encoding: Encoding,
        chunk: usize,
    ) -> (usize, Joined) {
        let parts = Parts::new(head, Some(9.into()), payload, encoding, chunk).unwrap();
        let total = parts.total();
        let mut joiner = Joiner::default();
        let mut whole = None;
        for (seq, part) in parts.enumerate() {
            let incoming = match part {
                Part::Text(text) => joiner.text(std::str::from_utf8(&text).unwrap()).unwrap(),
                Part::Binary(frame) => joiner.binary(&frame).unwrap(),
            };
            match incoming {
                Incoming::Part => assert!(seq + 1 < total),
                Incoming::Payload(payload) => {
                    assert_eq!(seq + 1, total);
                    whole = Some(payload);
                }
                Incoming::Message(_) => panic!("a payload is no plain message"),
            }
        }
        (total, whole.expect("the last part completes the payload"))
    }

    #[test]
    fn a_payload_in_one_part_has_seq_0_and_total_1() {
        let payload = Payload::Text(EscapedText::from_text("<html></html>"));
        for encoding in [Encoding::Text, Encoding::Binary] {
            let (total, joined) = through(snapshot(), &payload, encoding, 13);
            assert_eq!(total, 1);
            assert_eq!(joined.payload, b"<html></html>");
            assert_eq!(joined.request_id, Some(9.into()));
            let PayloadHead::DomSnapshot(head) = joined.head else {
                panic!("it is a snapshot")
            };
            assert_eq!((head.seq, head.total), (0, 1));
        }
    }

    #[test]
    fn an_empty_payload_is_one_part() {
        for payload in [
            Payload::Text(EscapedText::from_text("")),
            Payload::Base64(Bytes::new()),
        ] {
            let (total, joined) = through(snapshot(), &payload, Encoding::Binary, 10);
            assert_eq!((total, joined.payload.len()), (1, 0));
        }
    }

    #[test]
    fn a_part_that_is_missing_is_noticed() {
        let payload = Payload::Text(EscapedText::from_text(&"x".repeat(30)));
        let parts = Parts::new(snapshot(), None, &payload, Encoding::Binary, 10).unwrap();
        let parts: Vec<_> = parts.collect();
        let mut joiner = Joiner::default();
        let Part::Binary(last) = &parts[2] else {
            panic!("parts are binary")
        };
        let error = joiner.binary(last).unwrap_err();
        assert!(matches!(
            error,
            JoinError::OutOfOrder {
                expected: 0,
                found: 2
            }
        ));
    }

    fn numbered_parts(encoding: Encoding) -> Vec<Part> {
        let payload = Payload::Text(EscapedText::from_text(&"x".repeat(30)));
        let mut parts = Parts::new(snapshot(), Some(9.into()), &payload, encoding, 10).unwrap();
        (5..8)
            .map(|cursor| parts.next_numbered(Some(cursor)).unwrap())
            .collect()
    }

    #[test]
    fn the_cursor_is_that_of_the_last_message_in_both_encodings() {
        for encoding in [Encoding::Text, Encoding::Binary] {
            let mut joiner = Joiner::default();
            for (part, cursor) in numbered_parts(encoding).iter().zip(5..) {
                match part {
                    Part::Text(text) => joiner.text(std::str::from_utf8(text).unwrap()),
                    Part::Binary(frame) => joiner.binary(frame),
                }
                .unwrap();
                assert_eq!(joiner.cursor(), cursor);
            }
            // What has no number leaves it as it is.
            joiner.text(r#"{"type":"gap","from":1,"to":2}"#).unwrap();
            assert_eq!(joiner.cursor(), 7);
        }
    }

    #[test]
    fn parts_whose_rest_does_not_come_are_let_go_of() {
        let parts = numbered_parts(Encoding::Text);
        let Part::Text(first) = &parts[0] else {
            panic!("parts are text")
        };
        let first = std::str::from_utf8(first).unwrap();
        for end in [
            r#"{"type":"error","requestId":9,"code":"DROPPED","message":"","retryable":true}"#,
            r#"{"type":"gap","from":6,"to":7}"#,
        ] {
            let mut joiner = Joiner::default();
            joiner.text(first).unwrap();
            joiner.text(end).unwrap();
            assert!(joiner.open.is_empty(), "{end}");
            joiner.text(first).unwrap();
        }
    }

    proptest! {
        #[test]
        fn any_text_joins_to_itself_in_both_encodings(text in any::<String>(), chunk in 4_usize..50) {
            let payload = Payload::Text(EscapedText::from_text(&text));
            for encoding in [Encoding::Text, Encoding::Binary] {
                let (_, joined) = through(snapshot(), &payload, encoding, chunk);
                prop_assert_eq!(&joined.payload, text.as_bytes());
            }
        }

        #[test]
        fn any_picture_joins_to_itself_in_both_encodings(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            chunk in 1_usize..50,
        ) {
            let payload = Payload::Base64(STANDARD.encode(&bytes).into());
            for encoding in [Encoding::Text, Encoding::Binary] {
                let (_, joined) = through(picture(), &payload, encoding, chunk);
                prop_assert_eq!(&joined.payload, &bytes);
            }
        }
    }
}
