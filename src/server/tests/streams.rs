//! What a client hears over any number of cuts is what was said, or a gap says what is missing.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::ScreenshotHead;
use cdp_bridge_protocol::payload::{Encoding, Part, Parts, Payload, PayloadHead};
use proptest::prelude::*;
use serde_json::Value;
use tokio::time::Instant;

use crate::server::ws::client_send_budget::QueuedBytes;
use crate::server::ws::history::{AnsweredIds, HistoryLimits, OVERHEAD};
use crate::server::ws::send_queue::{Outgoing, SendQueue};

const WINDOW: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
enum Action {
    Say,
    Show { parts: usize },
    Write { messages: usize },
    Arrive { messages: usize },
    Wait { seconds: u64 },
    Cut { said: usize, shown: usize },
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => Just(Action::Say),
        2 => (1_usize..6).prop_map(|parts| Action::Show { parts }),
        5 => (1_usize..6).prop_map(|messages| Action::Write { messages }),
        5 => (1_usize..6).prop_map(|messages| Action::Arrive { messages }),
        1 => (0_u64..8).prop_map(|seconds| Action::Wait { seconds }),
        2 => (0_usize..6, 0_usize..3).prop_map(|(said, shown)| Action::Cut { said, shown }),
    ]
}

/// A session, its wire, and its client.
struct Run {
    queue: SendQueue,
    now: Instant,
    /// Written, but not received.
    wire: VecDeque<Value>,
    /// The client's cursor.
    seen: u64,
    /// The messages that it received, by name: `m3`, or `t2.0` for the first part of picture 2.
    heard: Vec<String>,
    lost: u64,
    messages: u64,
    pictures: Vec<usize>,
    /// Parts that will never be written, because their payload could not be kept.
    unkept: u64,
}

impl Run {
    fn new(limit: usize, bytes: usize) -> Self {
        let keep = HistoryLimits {
            bytes,
            window: WINDOW,
        };
        Self {
            queue: SendQueue::new(limit, QueuedBytes::alone(), Some(keep)),
            now: Instant::now(),
            wire: VecDeque::new(),
            seen: 0,
            heard: Vec::new(),
            lost: 0,
            messages: 0,
            pictures: Vec::new(),
            unkept: 0,
        }
    }

    fn say(&mut self) {
        self.messages += 1;
        let json = Bytes::from(format!(r#"{{"name":"m{}"}}"#, self.messages));
        if self.queue.push(json, AnsweredIds::default()).is_err() {
            // Read too slowly, which ends the connection.
            self.come_back();
        }
    }

    fn show(&mut self, parts: usize) {
        self.pictures.push(parts);
        let head = PayloadHead::Screenshot(ScreenshotHead {
            id: TabId::new(self.pictures.len() as u64),
            mime: "image/png".to_owned(),
            width: 1,
            height: 1,
            seq: 0,
            total: 0,
        });
        let payload = Payload::Base64("AAAA".repeat(parts).into());
        let parts = Parts::new(head, None, &payload, Encoding::Text, 4).unwrap();
        if self
            .queue
            .push_parts(parts, AnsweredIds::default())
            .is_err()
        {
            self.come_back();
        }
    }

    /// The connection writes; what it cannot keep of what waits it gives up.
    fn write(&mut self, messages: usize) {
        for _ in 0..messages {
            match self.queue.take(self.now) {
                Some(Outgoing::Part(Part::Text(json))) => {
                    self.wire.push_back(serde_json::from_slice(&json).unwrap());
                }
                None => return,
                other => panic!("only messages wait: {other:?}"),
            }
        }
    }

    fn arrive(&mut self, messages: usize) {
        for message in self.wire.drain(..messages.min(self.wire.len())) {
            let cursor = message["cursor"].as_u64().unwrap();
            assert_eq!(cursor, self.seen + 1, "no number is left out: {message}");
            self.seen = cursor;
            self.heard.push(match message["name"].as_str() {
                Some(name) => name.to_owned(),
                None => format!("{}.{}", message["id"].as_str().unwrap(), message["seq"]),
            });
        }
    }

    fn shed(&mut self) {
        while let Some(unkept) = self.queue.shed() {
            let picture = unkept.tab.number();
            let whole = self.pictures[usize::try_from(picture).unwrap() - 1];
            // Every part that was written has its number; the others have none.
            self.unkept |= 1 << (picture - 1);
            assert!(whole > 1, "one message is not given up but lost");
        }
    }

    fn come_back(&mut self) {
        self.queue.go_away();
        self.wire.clear();
        self.shed();
        if let Some(gap) = self.queue.rewind(self.seen).unwrap() {
            assert_eq!(gap.from, self.seen + 1);
            assert!(gap.to >= gap.from);
            self.lost += gap.to - self.seen;
            self.seen = gap.to;
        }
        self.queue.come_back();
    }

    fn act(&mut self, action: &Action) {
        match *action {
            Action::Say => self.say(),
            Action::Show { parts } => self.show(parts),
            Action::Write { messages } => self.write(messages),
            Action::Arrive { messages } => self.arrive(messages),
            Action::Wait { seconds } => {
                self.now += Duration::from_secs(seconds);
                self.queue.forget(self.now);
            }
            Action::Cut { said, shown } => {
                self.queue.go_away();
                self.wire.clear();
                self.shed();
                for _ in 0..said {
                    self.say();
                    self.shed();
                }
                for _ in 0..shown {
                    self.show(2);
                    self.shed();
                }
                self.come_back();
            }
        }
    }

    /// The parts of this picture that it received, in order.
    fn heard_of(&self, picture: usize) -> Vec<usize> {
        let prefix = format!("t{picture}.");
        let parts = self
            .heard
            .iter()
            .filter_map(|name| name.strip_prefix(&prefix));
        parts.map(|seq| seq.parse().unwrap()).collect()
    }

    fn finish(mut self) -> Result<(), TestCaseError> {
        self.write(usize::MAX);
        self.arrive(usize::MAX);
        let heard = self.heard.len() as u64;
        prop_assert_eq!(
            heard + self.lost,
            self.seen,
            "every number is heard or lost"
        );
        prop_assert_eq!(Some(self.seen + 1), self.queue.next_number());
        let is_increasing = |numbers: &[u64]| numbers.windows(2).all(|pair| pair[0] < pair[1]);
        let said: Vec<u64> = self
            .heard
            .iter()
            .filter_map(|name| name.strip_prefix('m')?.parse().ok())
            .collect();
        prop_assert!(is_increasing(&said), "{said:?}");
        let mut missing = self.messages - said.len() as u64;
        for (index, whole) in self.pictures.iter().enumerate() {
            let seqs = self.heard_of(index + 1);
            prop_assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
            if self.unkept & (1 << index) == 0 {
                missing += (whole - seqs.len()) as u64;
            } else if let Some(last) = seqs.last() {
                // Of what was given up, some may have been written and lost.
                missing += (last + 1 - seqs.len()) as u64;
            }
        }
        if self.unkept == 0 {
            prop_assert_eq!(missing, self.lost, "a gap says exactly what is missing");
        } else {
            prop_assert!(missing <= self.lost, "nothing is missing that no gap tells");
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn over_any_cuts_everything_is_heard_once_and_in_order_or_a_gap_says_what_is_not(
        actions in prop::collection::vec(action(), 1..60),
        kept in 0_usize..24,
        waiting in prop_oneof![Just(1 << 20), 20_usize..200],
    ) {
        let mut run = Run::new(waiting, kept * (OVERHEAD + 20));
        // A bit for each picture.
        let pictures = actions.iter().map(|action| match action {
            Action::Show { .. } => 1,
            Action::Cut { shown, .. } => *shown,
            _ => 0,
        });
        prop_assume!(pictures.sum::<usize>() <= 64);
        for action in &actions {
            run.act(action);
        }
        run.finish()?;
    }

    #[test]
    fn with_room_for_all_of_it_nothing_is_lost_however_often_the_connection_is_cut(
        actions in prop::collection::vec(action(), 1..60),
    ) {
        let mut run = Run::new(1 << 20, 1 << 20);
        for action in actions.iter().filter(|action| !matches!(action, Action::Wait { .. })) {
            run.act(action);
        }
        prop_assert_eq!((run.lost, run.unkept), (0, 0));
        run.finish()?;
    }
}
