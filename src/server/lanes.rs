//! What waits to be written on one connection.
//!
//! Answers and events stand in one queue, so that a tab's story is told in its order. Payloads
//! of several parts stand beside it: after each of their parts everything in the queue goes
//! first, and several payloads take turns, so that a large page holds up no `pong`.

use std::collections::VecDeque;

use cdp_bridge_protocol::handshake::CloseCode;
use cdp_bridge_protocol::payload::{Part, Parts};

use crate::tabs::FrameSlot;

/// How a connection ends, told to the client in the close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// The close code.
    pub code: u16,
    /// A few words for a person.
    pub reason: &'static str,
}

impl Ending {
    /// An end with one of the protocol's codes.
    pub const fn new(code: CloseCode, reason: &'static str) -> Self {
        Self {
            code: code as u16,
            reason,
        }
    }
}

/// What is written next.
#[derive(Debug, Clone)]
pub enum Next {
    /// A WebSocket ping.
    Ping,
    /// A message.
    Part(Part),
    /// The last message of a screencast frame; its slot is told when it has left.
    Frame(Part, FrameSlot),
    /// Nothing more: the close frame.
    Close(Ending),
}

/// More waits than may wait; everything was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more bytes wait for this connection than its queue holds")]
pub struct Overflow;

/// How a connection ends whose peer reads too slowly.
pub const TOO_SLOW: Ending = Ending::new(
    CloseCode::TooSlow,
    "too slow: more waits to be read than server.outbound_bytes allows",
);

/// A payload that waits, in parts.
#[derive(Debug)]
struct Waiting {
    parts: Parts,
    /// Where it came from, if it is a screencast frame.
    slot: Option<FrameSlot>,
}

/// The queues of one connection.
#[derive(Debug)]
pub struct Lanes {
    messages: VecDeque<Part>,
    payloads: VecDeque<Waiting>,
    ping: bool,
    closing: Option<Ending>,
    bytes: usize,
    limit: usize,
    /// What may wait beside a payload that is over the limit by itself, as long as that waits.
    beside: usize,
}

impl Lanes {
    /// Empty queues that hold this many bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            messages: VecDeque::new(),
            payloads: VecDeque::new(),
            ping: false,
            closing: None,
            bytes: 0,
            limit,
            beside: 0,
        }
    }

    /// Bytes that wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Puts a message at the end of the queue.
    pub fn push(&mut self, message: Part) -> Result<(), Overflow> {
        if self.closing.is_none() {
            self.make_room(len(&message))?;
            self.messages.push_back(message);
        }
        Ok(())
    }

    /// Puts a message in front of all others: `welcome`, which is built when events may already
    /// wait.
    pub fn push_first(&mut self, message: Part) {
        if self.closing.is_none() {
            self.bytes += len(&message);
            self.messages.push_front(message);
        }
    }

    /// Adds a payload. One that is a single message stands in the queue like any other.
    pub fn push_parts(&mut self, mut parts: Parts) -> Result<(), Overflow> {
        if parts.total() == 1 {
            return parts.next().map_or(Ok(()), |message| self.push(message));
        }
        if self.closing.is_none() {
            self.make_room(parts.remaining_bytes())?;
            self.payloads.push_back(Waiting { parts, slot: None });
        }
        Ok(())
    }

    /// Whether a screencast frame may go now: only when nothing else waits, because frames come
    /// after everything that was asked for.
    pub fn has_time_for_frames(&self) -> bool {
        self.messages.is_empty() && self.payloads.is_empty() && self.closing.is_none()
    }

    /// Adds a screencast frame.
    pub fn push_frame(&mut self, parts: Parts, slot: FrameSlot) {
        self.bytes += parts.remaining_bytes();
        self.payloads.push_back(Waiting {
            parts,
            slot: Some(slot),
        });
    }

    /// Wants a ping to be sent, before anything else.
    pub fn ping(&mut self) {
        self.ping = self.closing.is_none();
    }

    /// Ends the connection once everything that waits is written; takes nothing more.
    pub fn close(&mut self, ending: Ending) {
        self.closing.get_or_insert(ending);
    }

    /// What is written next; none as long as nothing waits.
    pub fn take(&mut self) -> Option<Next> {
        if std::mem::take(&mut self.ping) {
            return Some(Next::Ping);
        }
        if let Some(message) = self.messages.pop_front() {
            self.bytes -= len(&message);
            return Some(Next::Part(message));
        }
        while let Some(mut waiting) = self.payloads.pop_front() {
            let before = waiting.parts.remaining_bytes();
            let Some(part) = waiting.parts.next() else {
                continue;
            };
            let after = waiting.parts.remaining_bytes();
            self.bytes -= before - after;
            if after > 0 {
                self.payloads.push_back(waiting);
                return Some(Next::Part(part));
            }
            return Some(match waiting.slot {
                Some(slot) => Next::Frame(part, slot),
                None => Next::Part(part),
            });
        }
        self.closing.map(Next::Close)
    }

    /// A queue in which nothing waits takes anything: what is larger than the bound on its own
    /// says nothing about how fast the client reads, and its size is bounded where it is made.
    /// Until it is written, as much as ever may wait beside it.
    fn make_room(&mut self, bytes: usize) -> Result<(), Overflow> {
        if self.bytes == 0 {
            self.beside = if bytes > self.limit { bytes } else { 0 };
        }
        let wanted = self.bytes + bytes;
        if wanted > self.limit + self.beside {
            self.messages.clear();
            self.payloads.clear();
            self.bytes = 0;
            self.close(TOO_SLOW);
            return Err(Overflow);
        }
        self.bytes = wanted;
        Ok(())
    }
}

fn len(part: &Part) -> usize {
    match part {
        Part::Text(bytes) | Part::Binary(bytes) => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use cdp_bridge_protocol::TabId;
    use cdp_bridge_protocol::event::ScreenshotHead;
    use cdp_bridge_protocol::payload::{Encoding, Payload, PayloadHead};
    use proptest::prelude::*;

    fn text(text: &str) -> Part {
        Part::Text(Bytes::copy_from_slice(text.as_bytes()))
    }

    /// A picture of this tab in so many parts of four bytes.
    fn picture(tab: u64, parts: usize) -> Parts {
        let head = PayloadHead::Screenshot(ScreenshotHead {
            id: TabId::new(tab),
            mime: "image/png".to_owned(),
            width: 1,
            height: 1,
            seq: 0,
            total: 0,
        });
        let payload = Payload::Base64("AAAA".repeat(parts).into());
        Parts::new(head, None, &payload, Encoding::Text, 4).unwrap()
    }

    /// `t1.0` for the first part of tab 1's picture; other messages as they are.
    fn name(next: Next) -> String {
        match next {
            Next::Ping => "ping".to_owned(),
            Next::Close(ending) => format!("close {}", ending.code),
            Next::Part(Part::Text(bytes)) | Next::Frame(Part::Text(bytes), _) => {
                let text = String::from_utf8(bytes.to_vec()).unwrap();
                match serde_json::from_str::<serde_json::Value>(&text) {
                    Ok(json) => format!("{}.{}", json["id"].as_str().unwrap(), json["seq"]),
                    Err(_) => text,
                }
            }
            Next::Part(Part::Binary(_)) | Next::Frame(Part::Binary(_), _) => "binary".to_owned(),
        }
    }

    fn rest(lanes: &mut Lanes) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(next) = lanes.take() {
            let end = matches!(next, Next::Close(_));
            names.push(name(next));
            if end {
                break;
            }
        }
        names
    }

    #[test]
    fn messages_go_between_the_parts_of_payloads_and_payloads_take_turns() {
        let mut lanes = Lanes::new(1000);
        lanes.push_parts(picture(1, 3)).unwrap();
        lanes.push_parts(picture(2, 2)).unwrap();
        let mut told = vec![name(lanes.take().unwrap())];
        lanes.push(text("a")).unwrap();
        lanes.push(text("b")).unwrap();
        told.extend(rest(&mut lanes));
        assert_eq!(told, ["t1.0", "a", "b", "t2.0", "t1.1", "t2.1", "t1.2"]);
        assert_eq!(lanes.bytes(), 0);
    }

    #[test]
    fn a_payload_of_one_part_keeps_its_place_among_the_messages() {
        let mut lanes = Lanes::new(1000);
        lanes.push(text("a")).unwrap();
        lanes.push_parts(picture(1, 1)).unwrap();
        lanes.push(text("b")).unwrap();
        assert_eq!(rest(&mut lanes), ["a", "t1.0", "b"]);
    }

    #[test]
    fn the_welcome_comes_before_events_that_already_wait_and_a_ping_before_all() {
        let mut lanes = Lanes::new(1000);
        lanes.push(text("event")).unwrap();
        lanes.push_first(text("welcome"));
        lanes.ping();
        assert_eq!(rest(&mut lanes), ["ping", "welcome", "event"]);
    }

    #[test]
    fn what_waits_is_written_before_the_close_and_nothing_is_taken_after_it() {
        let mut lanes = Lanes::new(1000);
        lanes.push(text("answer")).unwrap();
        lanes.close(Ending::new(CloseCode::GoingAway, ""));
        lanes.push(text("late")).unwrap();
        lanes.push_parts(picture(1, 2)).unwrap();
        assert_eq!(rest(&mut lanes), ["answer", "close 1001"]);
    }

    #[test]
    fn too_much_drops_everything_and_closes() {
        let mut lanes = Lanes::new(10);
        lanes.push_parts(picture(1, 2)).unwrap();
        assert_eq!(lanes.bytes(), 8);
        lanes.push(text("ab")).unwrap();
        assert_eq!(lanes.push(text("c")), Err(Overflow));
        assert_eq!(
            (rest(&mut lanes), lanes.bytes()),
            (vec!["close 4008".to_owned()], 0)
        );
    }

    #[test]
    fn an_empty_queue_takes_one_payload_that_is_larger_than_the_bound_and_the_bound_beside_it() {
        let mut lanes = Lanes::new(10);
        lanes.push_parts(picture(1, 9)).unwrap();
        lanes.push(text("0123456789")).unwrap();
        assert_eq!(lanes.push(text("c")), Err(Overflow));

        let mut lanes = Lanes::new(10);
        lanes.push_parts(picture(1, 9)).unwrap();
        rest(&mut lanes);
        lanes.push(text("0123456789")).unwrap();
        assert_eq!(lanes.push(text("c")), Err(Overflow));
    }

    proptest! {
        #[test]
        fn every_payload_arrives_whole_and_in_order_and_messages_never_wait_for_more_than_a_part(
            actions in prop::collection::vec((0_u8..3, 1_usize..6), 1..60)
        ) {
            let mut lanes = Lanes::new(usize::MAX);
            let (mut payloads, mut messages) = (0_u64, 0_u64);
            let (mut wanted, mut told) = (Vec::new(), Vec::new());
            for (action, size) in actions {
                match action {
                    0 => {
                        payloads += 1;
                        wanted.extend((0..size).map(|seq| format!("t{payloads}.{seq}")));
                        lanes.push_parts(picture(payloads, size)).unwrap();
                    }
                    1 => {
                        messages += 1;
                        wanted.push(format!("m{messages}"));
                        lanes.push(text(&format!("m{messages}"))).unwrap();
                        // Only what was in the queue before it may be told before it.
                        while let Some(next) = lanes.take() {
                            let name = name(next);
                            let found = name == format!("m{messages}");
                            prop_assert!(found || !name.starts_with('t') || name.ends_with(".0"));
                            told.push(name);
                            if found { break; }
                        }
                    }
                    _ => told.extend(lanes.take().map(name)),
                }
            }
            told.extend(rest(&mut lanes));
            prop_assert_eq!(lanes.bytes(), 0);
            for payload in 1..=payloads {
                let of = |names: &[String]| -> Vec<String> {
                    let prefix = format!("t{payload}.");
                    names.iter().filter(|name| name.starts_with(&prefix)).cloned().collect()
                };
                prop_assert_eq!(of(&told), of(&wanted));
            }
            told.sort();
            wanted.sort();
            prop_assert_eq!(told, wanted);
        }
    }
}
