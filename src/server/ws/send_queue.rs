//! The messages that wait to be sent on one link.
//!
//! Answers and events share one queue, so that their order is kept. Payloads of several parts have a queue of
//! their own: after each part, all queued messages go first, and payloads are served round robin, so that a
//! large page does not delay a `pong`.
//!
//! Where the link can be resumed, each message gets a sequence number when it is sent, and the history keeps it
//! for a while. While there is no connection, history and queues share one bound.

use std::collections::VecDeque;

use bytes::Bytes;
use cdp_bridge_protocol::event::{Gap, numbered};
use cdp_bridge_protocol::payload::{Part, Parts};
use cdp_bridge_protocol::{RequestId, TabId};
use tokio::time::Instant;

use crate::operations::FrameSlot;
use crate::server::ws::client_send_budget::QueuedBytes;
use crate::server::ws::closing::{ConnectionClose, TOO_SLOW};
use crate::server::ws::history::{
    AnsweredIds, HistoryLimits, MessageHistory, NeverWritten, OVERHEAD,
};

/// What to send next.
#[derive(Debug, Clone)]
pub enum Outgoing {
    /// A WebSocket ping.
    Ping,
    /// A message.
    Part(Part),
    /// The last part of a screencast frame, and its slot, which must be told when the part was sent.
    Frame(Part, FrameSlot),
    /// The close frame; nothing follows.
    Close(ConnectionClose),
}

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the send queue of this connection is full (server.outbound_bytes, server.outbound_bytes_of_client)"
)]
pub struct Overflow;

/// A payload that is too large to keep while there is no connection.
#[derive(Debug)]
pub struct DiscardedPayload {
    /// Its tab.
    pub tab: TabId,
    /// The requests that it answered.
    pub answers: AnsweredIds,
}

/// A queued message or payload.
#[derive(Debug)]
struct Queued {
    body: Body,
    answers: AnsweredIds,
    /// The slot of a screencast frame.
    slot: Option<FrameSlot>,
}

#[derive(Debug)]
enum Body {
    /// A message, without its sequence number.
    Text(Bytes),
    /// A payload, which is encoded part by part.
    Payload(Box<Parts>),
}

impl Body {
    /// Bytes that are still to be sent.
    fn remaining(&self) -> usize {
        match self {
            Self::Text(json) => json.len(),
            Self::Payload(parts) => parts.remaining_bytes(),
        }
    }

    /// Bytes that it holds in memory.
    fn held(&self) -> usize {
        match self {
            Self::Text(json) => json.len(),
            Self::Payload(parts) => parts.held_bytes(),
        }
    }
}

/// The state of the queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Messages are accepted and sent.
    Open,
    /// Queued messages are sent, then the close frame. Nothing more is accepted.
    Closing(ConnectionClose),
    /// Messages are accepted, but there is no connection, or it must be closed at once.
    Away(Option<ConnectionClose>),
    /// The link has ended.
    Ended,
}

/// The queues of one link.
#[derive(Debug)]
pub struct SendQueue {
    /// Messages about the connection itself, sent first and without sequence numbers.
    greeting: VecDeque<Bytes>,
    messages: VecDeque<Queued>,
    payloads: VecDeque<Queued>,
    /// None where links cannot be resumed.
    history: Option<MessageHistory>,
    ping: bool,
    state: State,
    bytes: QueuedBytes,
    limit: usize,
    /// Extra budget while one oversized payload is queued.
    overcommit: usize,
}

impl SendQueue {
    /// Empty queues that hold `limit` bytes while there is a connection; `keep` bounds the history, where the link
    /// can be resumed. `bytes` counts them for the client.
    pub fn new(limit: usize, bytes: QueuedBytes, keep: Option<HistoryLimits>) -> Self {
        Self {
            greeting: VecDeque::new(),
            messages: VecDeque::new(),
            payloads: VecDeque::new(),
            history: keep.map(MessageHistory::new),
            ping: false,
            state: State::Open,
            bytes,
            limit,
            overcommit: 0,
        }
    }

    /// Queued bytes.
    pub fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// Bytes in the history.
    pub fn kept_bytes(&self) -> usize {
        self.history.as_ref().map_or(0, MessageHistory::cost)
    }

    /// Whether the connection is closed because its peer reads too slowly.
    pub fn is_too_slow(&self) -> bool {
        matches!(self.state, State::Closing(close) | State::Away(Some(close)) if close == TOO_SLOW)
    }

    /// The sequence number of the next new message.
    pub fn next_number(&self) -> Option<u64> {
        self.history.as_ref().map(MessageHistory::next)
    }

    /// Appends a message.
    pub fn push(&mut self, json: Bytes, answers: AnsweredIds) -> Result<(), Overflow> {
        self.add(Queued {
            body: Body::Text(json),
            answers,
            slot: None,
        })
    }

    /// Appends a payload. One of a single part is queued like a message.
    pub fn push_parts(&mut self, parts: Parts, answers: AnsweredIds) -> Result<(), Overflow> {
        self.add(Queued {
            body: Body::Payload(Box::new(parts)),
            answers,
            slot: None,
        })
    }

    /// Queues a message about the connection itself, such as `welcome`, in front of everything else.
    pub fn greet(&mut self, json: Bytes) {
        self.greeting.push_back(json);
    }

    /// Whether a screencast frame may be sent now: frames have the lowest priority.
    pub fn has_time_for_frames(&self) -> bool {
        self.state == State::Open
            && self.greeting.is_empty()
            && self.messages.is_empty()
            && self.payloads.is_empty()
            && !self
                .history
                .as_ref()
                .is_some_and(MessageHistory::has_unsent)
    }

    /// Appends a screencast frame.
    pub fn push_frame(&mut self, parts: Parts, slot: FrameSlot) {
        self.bytes.add(parts.remaining_bytes());
        self.payloads.push_back(Queued {
            body: Body::Payload(Box::new(parts)),
            answers: AnsweredIds::default(),
            slot: Some(slot),
        });
    }

    /// Queues a ping, in front of everything else.
    pub fn ping(&mut self) {
        self.ping = self.state == State::Open;
    }

    /// Drops expired messages from the history.
    pub fn forget(&mut self, now: Instant) {
        if let Some(history) = &mut self.history {
            history.forget(now);
        }
    }

    /// Closes the connection behind everything that is queued; accepts nothing more.
    pub fn close(&mut self, close: ConnectionClose) {
        match self.state {
            State::Open => self.state = State::Closing(close),
            State::Away(_) => {
                self.clear();
                self.state = State::Closing(close);
            }
            State::Closing(_) | State::Ended => {}
        }
    }

    /// The connection is gone: what is pushed is kept for the next one. Messages about the connection itself and
    /// frames are dropped.
    pub fn go_away(&mut self) {
        self.leave(None);
    }

    /// The link has a connection again.
    pub fn come_back(&mut self) {
        if let State::Away(_) = self.state {
            self.state = State::Open;
        }
    }

    /// The link has ended: drops everything.
    pub fn end(&mut self) {
        self.clear();
        self.history = None;
        self.state = State::Ended;
    }

    /// Rewinds to the sequence number that the client acknowledged; returns the gap that is no longer in the
    /// history.
    pub fn rewind(&mut self, seen: u64) -> Result<Option<Gap>, NeverWritten> {
        match &mut self.history {
            Some(history) => history.rewind(seen),
            None => Err(NeverWritten { seen, written: 0 }),
        }
    }

    /// The requests whose answers are still to be sent.
    pub fn answers(&self) -> impl Iterator<Item = &RequestId> {
        let again = self.history.iter().flat_map(MessageHistory::answers);
        let waiting = self.messages.iter().chain(&self.payloads);
        let first = waiting.flat_map(|waiting| waiting.answers.iter());
        again.chain(first)
    }

    /// Without a connection, sheds one item while the bound is exceeded: payloads of several parts first, which
    /// are returned because they can be requested again, then the oldest messages.
    pub fn shed(&mut self) -> Option<DiscardedPayload> {
        if !matches!(self.state, State::Away(_)) {
            return None;
        }
        while let Some(history) = &mut self.history {
            let waiting = self.messages.len() + self.payloads.len();
            let payloads = self.payloads.iter();
            let pinned: usize = payloads
                .map(|waiting| waiting.body.held() - waiting.body.remaining())
                .sum();
            let cost = history.cost() + self.bytes.get() + pinned + waiting * OVERHEAD;
            if cost <= history.limits().bytes {
                break;
            }
            if let Some(waiting) = self.payloads.pop_front() {
                self.bytes.remove(waiting.body.remaining());
                let Body::Payload(parts) = waiting.body else {
                    continue;
                };
                let (tab, answers) = (parts.tab(), waiting.answers);
                return Some(DiscardedPayload { tab, answers });
            }
            if history.drop_first() {
                continue;
            }
            // Its sequence number is skipped.
            let Some(lost) = self.messages.pop_front() else {
                break;
            };
            self.bytes.remove(lost.body.remaining());
            history.lose(1);
        }
        None
    }

    /// What to send next; none where nothing is queued.
    pub fn take(&mut self, now: Instant) -> Option<Outgoing> {
        match self.state {
            State::Away(close) => return close.map(Outgoing::Close),
            State::Ended => return None,
            State::Open | State::Closing(_) => {}
        }
        if std::mem::take(&mut self.ping) {
            return Some(Outgoing::Ping);
        }
        if let Some(json) = self.greeting.pop_front() {
            return Some(Outgoing::Part(Part::Text(json)));
        }
        if let Some(part) = self.history.as_mut().and_then(MessageHistory::take_unsent) {
            return Some(Outgoing::Part(part));
        }
        if let Some(mut waiting) = self.messages.pop_front()
            && let Some(part) = self.encode_next(&mut waiting)
        {
            return Some(self.record(part, waiting.answers, now));
        }
        while let Some(mut waiting) = self.payloads.pop_front() {
            let Some(part) = self.encode_next(&mut waiting) else {
                continue;
            };
            let is_last = waiting.body.remaining() == 0;
            let (slot, answers) = (waiting.slot.clone(), waiting.answers.clone());
            if !is_last {
                self.payloads.push_back(waiting);
            }
            return Some(match slot {
                Some(slot) if is_last => Outgoing::Frame(part, slot),
                Some(_) => Outgoing::Part(part),
                None => self.record(part, answers, now),
            });
        }
        match self.state {
            State::Closing(close) => Some(Outgoing::Close(close)),
            _ => None,
        }
    }

    /// Encodes the next message of an item. Frames have no sequence numbers: each replaces the ones before it.
    fn encode_next(&mut self, waiting: &mut Queued) -> Option<Part> {
        let number = self.next_number().filter(|_| waiting.slot.is_none());
        let before = waiting.body.remaining();
        let part = match &mut waiting.body {
            Body::Text(json) => {
                self.bytes.remove(before);
                let json = std::mem::take(json);
                return Some(Part::Text(match number {
                    Some(number) => numbered(&json, number),
                    None => json,
                }));
            }
            Body::Payload(parts) => parts.next_numbered(number),
        };
        self.bytes.remove(before - waiting.body.remaining());
        part
    }

    fn record(&mut self, part: Part, answers: AnsweredIds, now: Instant) -> Outgoing {
        if let Some(history) = &mut self.history {
            history.push(part.clone(), answers, now);
        }
        Outgoing::Part(part)
    }

    fn add(&mut self, waiting: Queued) -> Result<(), Overflow> {
        let bytes = waiting.body.remaining();
        let room = match self.state {
            State::Closing(_) | State::Ended => return Ok(()),
            State::Away(_) => Ok(()),
            State::Open => self.make_room(bytes),
        };
        if room.is_err() && self.history.is_none() {
            self.clear();
            self.state = State::Closing(TOO_SLOW);
            return room;
        }
        if room.is_err() {
            self.leave(Some(TOO_SLOW));
        }
        self.bytes.add(bytes);
        let is_one_message = match &waiting.body {
            Body::Text(_) => true,
            Body::Payload(parts) => parts.total() == 1,
        };
        let queue = if is_one_message {
            &mut self.messages
        } else {
            &mut self.payloads
        };
        queue.push_back(waiting);
        room
    }

    /// An empty queue accepts anything: a payload over the limit says nothing about how fast the client reads,
    /// and its size is bounded where it is made. Until it is sent, the usual limit applies to the rest.
    fn make_room(&mut self, bytes: usize) -> Result<(), Overflow> {
        let queued = self.bytes.get();
        if queued == 0 {
            self.overcommit = if bytes > self.limit { bytes } else { 0 };
        }
        if queued + bytes > self.limit + self.overcommit || !self.bytes.has_room(bytes) {
            return Err(Overflow);
        }
        Ok(())
    }

    fn leave(&mut self, close: Option<ConnectionClose>) {
        if !matches!(self.state, State::Open | State::Away(_)) {
            return;
        }
        self.state = State::Away(close);
        self.greeting.clear();
        self.ping = false;
        let bytes = &mut self.bytes;
        self.payloads.retain(|waiting| {
            let is_frame = waiting.slot.is_some();
            if is_frame {
                bytes.remove(waiting.body.remaining());
            }
            !is_frame
        });
    }

    fn clear(&mut self) {
        self.greeting.clear();
        self.messages.clear();
        self.payloads.clear();
        self.bytes.remove(self.bytes.get());
        self.ping = false;
    }
}

/// The size of a message in bytes.
pub(crate) fn len(part: &Part) -> usize {
    match part {
        Part::Text(bytes) | Part::Binary(bytes) => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::event::ScreenshotHead;
    use cdp_bridge_protocol::handshake::CloseCode;
    use cdp_bridge_protocol::payload::{Encoding, Payload, PayloadHead};
    use proptest::prelude::*;

    fn text(text: &str) -> Bytes {
        Bytes::copy_from_slice(text.as_bytes())
    }

    /// The queues of a link that cannot be resumed.
    fn plain(limit: usize) -> SendQueue {
        SendQueue::new(limit, QueuedBytes::alone(), None)
    }

    impl SendQueue {
        fn say(&mut self, json: Bytes) -> Result<(), Overflow> {
            self.push(json, AnsweredIds::default())
        }

        fn show(&mut self, parts: Parts) -> Result<(), Overflow> {
            self.push_parts(parts, AnsweredIds::default())
        }

        fn next(&mut self) -> Option<Outgoing> {
            self.take(Instant::now())
        }
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
    fn name(next: Outgoing) -> String {
        match next {
            Outgoing::Ping => "ping".to_owned(),
            Outgoing::Close(close) => format!("close {}", close.code),
            Outgoing::Part(Part::Text(bytes)) | Outgoing::Frame(Part::Text(bytes), _) => {
                let text = String::from_utf8(bytes.to_vec()).unwrap();
                match serde_json::from_str::<serde_json::Value>(&text) {
                    Ok(json) => format!("{}.{}", json["id"].as_str().unwrap(), json["seq"]),
                    Err(_) => text,
                }
            }
            Outgoing::Part(Part::Binary(_)) | Outgoing::Frame(Part::Binary(_), _) => {
                "binary".to_owned()
            }
        }
    }

    fn rest(queue: &mut SendQueue) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(next) = queue.next() {
            let end = matches!(next, Outgoing::Close(_));
            names.push(name(next));
            if end {
                break;
            }
        }
        names
    }

    #[test]
    fn messages_go_between_the_parts_of_payloads_and_payloads_take_turns() {
        let mut queue = plain(1000);
        queue.show(picture(1, 3)).unwrap();
        queue.show(picture(2, 2)).unwrap();
        let mut told = vec![name(queue.next().unwrap())];
        queue.say(text("a")).unwrap();
        queue.say(text("b")).unwrap();
        told.extend(rest(&mut queue));
        assert_eq!(told, ["t1.0", "a", "b", "t2.0", "t1.1", "t2.1", "t1.2"]);
        assert_eq!(queue.bytes(), 0);
    }

    #[test]
    fn a_payload_of_one_part_keeps_its_place_among_the_messages() {
        let mut queue = plain(1000);
        queue.say(text("a")).unwrap();
        queue.show(picture(1, 1)).unwrap();
        queue.say(text("b")).unwrap();
        assert_eq!(rest(&mut queue), ["a", "t1.0", "b"]);
    }

    #[test]
    fn the_welcome_comes_before_events_that_already_wait_and_a_ping_before_all() {
        let mut queue = plain(1000);
        queue.say(text("event")).unwrap();
        queue.greet(text("welcome"));
        queue.ping();
        assert_eq!(rest(&mut queue), ["ping", "welcome", "event"]);
    }

    #[test]
    fn what_waits_is_written_before_the_close_and_nothing_is_taken_after_it() {
        let mut queue = plain(1000);
        queue.say(text("answer")).unwrap();
        queue.close(ConnectionClose::new(CloseCode::GoingAway, ""));
        queue.say(text("late")).unwrap();
        queue.show(picture(1, 2)).unwrap();
        assert_eq!(rest(&mut queue), ["answer", "close 1001"]);
    }

    #[test]
    fn too_much_drops_everything_and_closes() {
        let mut queue = plain(10);
        queue.show(picture(1, 2)).unwrap();
        assert_eq!(queue.bytes(), 8);
        queue.say(text("ab")).unwrap();
        assert_eq!(queue.say(text("c")), Err(Overflow));
        assert_eq!(
            (rest(&mut queue), queue.bytes()),
            (vec!["close 4008".to_owned()], 0)
        );
    }

    #[test]
    fn an_empty_queue_takes_one_payload_that_is_larger_than_the_bound_and_the_bound_beside_it() {
        let mut queue = plain(10);
        queue.show(picture(1, 9)).unwrap();
        queue.say(text("0123456789")).unwrap();
        assert_eq!(queue.say(text("c")), Err(Overflow));

        let mut queue = plain(10);
        queue.show(picture(1, 9)).unwrap();
        rest(&mut queue);
        queue.say(text("0123456789")).unwrap();
        assert_eq!(queue.say(text("c")), Err(Overflow));
    }

    proptest! {
        #[test]
        fn every_payload_arrives_whole_and_in_order_and_messages_never_wait_for_more_than_a_part(
            actions in prop::collection::vec((0_u8..3, 1_usize..6), 1..60)
        ) {
            let mut queue = plain(usize::MAX);
            let (mut payloads, mut messages) = (0_u64, 0_u64);
            let (mut wanted, mut told) = (Vec::new(), Vec::new());
            for (action, size) in actions {
                match action {
                    0 => {
                        payloads += 1;
                        wanted.extend((0..size).map(|seq| format!("t{payloads}.{seq}")));
                        queue.show(picture(payloads, size)).unwrap();
                    }
                    1 => {
                        messages += 1;
                        wanted.push(format!("m{messages}"));
                        queue.say(text(&format!("m{messages}"))).unwrap();
                        // Only what was in the queue before it may be told before it.
                        while let Some(next) = queue.next() {
                            let name = name(next);
                            let found = name == format!("m{messages}");
                            prop_assert!(found || !name.starts_with('t') || name.ends_with(".0"));
                            told.push(name);
                            if found { break; }
                        }
                    }
                    _ => told.extend(queue.next().map(name)),
                }
            }
            told.extend(rest(&mut queue));
            prop_assert_eq!(queue.bytes(), 0);
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
