//! The recently sent messages of a link, for replay after a cut. No I/O.
//!
//! Messages are numbered as they are sent, so that numbers are consecutive on the wire and one number
//! acknowledges everything before it, in whatever order messages and parts of payloads were interleaved. Queued
//! messages have no number yet.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::RequestId;
use cdp_bridge_protocol::event::Gap;
use cdp_bridge_protocol::payload::Part;
use tokio::time::Instant;

use crate::server::ws::send_queue::len;

/// The requests that a message answers.
pub type AnsweredIds = Arc<[RequestId]>;

/// Bytes of an entry beside its message.
pub const OVERHEAD: usize = 128;

/// Limits of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryLimits {
    /// The most bytes.
    pub bytes: usize,
    /// How long after it was sent a message is kept.
    pub window: Duration,
}

/// The messages that may have to be replayed.
#[derive(Debug)]
pub struct MessageHistory {
    limits: HistoryLimits,
    /// The number of the first entry.
    first: u64,
    entries: VecDeque<SentMessage>,
    /// How many entries at the end are still to be replayed on the current connection.
    unsent: usize,
    bytes: usize,
}

#[derive(Debug)]
struct SentMessage {
    message: Part,
    answers: AnsweredIds,
    at: Instant,
}

/// The client acknowledged a message that was never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cursor {seen} was never sent; the last is {written}")]
pub struct NeverWritten {
    /// The acknowledged number.
    pub seen: u64,
    /// The last number sent.
    pub written: u64,
}

impl MessageHistory {
    /// An empty history. Allocates nothing.
    pub fn new(limits: HistoryLimits) -> Self {
        Self {
            limits,
            first: 1,
            entries: VecDeque::new(),
            unsent: 0,
            bytes: 0,
        }
    }

    /// The limits.
    pub fn limits(&self) -> HistoryLimits {
        self.limits
    }

    /// The memory of all entries, in bytes.
    pub fn cost(&self) -> usize {
        self.bytes + self.entries.len() * OVERHEAD
    }

    /// The sequence number of the next new message.
    pub fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Records a message that is sent with the number [`Self::next`].
    pub fn push(&mut self, message: Part, answers: AnsweredIds, now: Instant) {
        self.bytes += len(&message);
        self.entries.push_back(SentMessage {
            message,
            answers,
            at: now,
        });
        while self.cost() > self.limits.bytes && self.drop_first() {}
        self.forget(now);
    }

    /// The next message to replay.
    pub fn take_unsent(&mut self) -> Option<Part> {
        let at = self.entries.len().checked_sub(self.unsent)?;
        let entry = self.entries.get(at)?;
        self.unsent -= 1;
        Some(entry.message.clone())
    }

    /// Whether messages are still to be replayed.
    pub fn has_unsent(&self) -> bool {
        self.unsent > 0
    }

    /// Drops expired messages, except those still to be replayed.
    pub fn forget(&mut self, now: Instant) {
        let window = self.limits.window;
        while self.entries.len() > self.unsent
            && self
                .entries
                .front()
                .is_some_and(|entry| entry.at + window < now)
        {
            self.drop_first();
        }
        if self.entries.is_empty() {
            // Frees the memory of a burst.
            self.entries = VecDeque::new();
        }
    }

    /// Skips so many numbers, of messages that were dropped unsent; everything before them is dropped too.
    pub fn lose(&mut self, count: u64) {
        self.first = self.next() + count;
        self.entries.clear();
        (self.bytes, self.unsent) = (0, 0);
    }

    /// Rewinds to an acknowledged number: the messages after it are replayed. Returns the gap that is no longer
    /// here.
    pub fn rewind(&mut self, seen: u64) -> Result<Option<Gap>, NeverWritten> {
        let written = self.next() - 1;
        if seen > written {
            return Err(NeverWritten { seen, written });
        }
        while self.first <= seen && self.drop_first() {}
        self.unsent = self.entries.len();
        let from = seen + 1;
        let to = self.first - 1;
        Ok((from <= to).then_some(Gap { from, to }))
    }

    /// The requests whose answers are to be replayed.
    pub fn answers(&self) -> impl Iterator<Item = &RequestId> {
        let at = self.entries.len() - self.unsent;
        let unsent = self.entries.iter().skip(at);
        unsent.flat_map(|entry| entry.answers.iter())
    }

    /// Drops the oldest message; false if there is none.
    pub fn drop_first(&mut self) -> bool {
        let Some(entry) = self.entries.pop_front() else {
            return false;
        };
        self.bytes -= len(&entry.message);
        self.first += 1;
        self.unsent = self.unsent.min(self.entries.len());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    const WINDOW: Duration = Duration::from_secs(10);

    fn history(messages: usize) -> MessageHistory {
        MessageHistory::new(HistoryLimits {
            bytes: messages * (OVERHEAD + 1),
            window: WINDOW,
        })
    }

    fn write(history: &mut MessageHistory, now: Instant) -> u64 {
        let number = history.next();
        history.push(
            Part::Text(Bytes::from_static(b"x")),
            AnsweredIds::default(),
            now,
        );
        number
    }

    fn rest(history: &mut MessageHistory) -> usize {
        std::iter::from_fn(|| history.take_unsent()).count()
    }

    #[test]
    fn what_was_not_received_is_written_again_and_once() {
        let mut history = history(9);
        let now = Instant::now();
        for number in 1..=5 {
            assert_eq!(write(&mut history, now), number);
        }
        assert_eq!(rest(&mut history), 0, "all of it is queued for sending");
        assert_eq!(history.rewind(3), Ok(None));
        assert_eq!((rest(&mut history), rest(&mut history)), (2, 0));
        // Cut again before any of it arrived.
        assert_eq!((history.rewind(3), rest(&mut history)), (Ok(None), 2));
        assert_eq!(write(&mut history, now), 6);
        assert_eq!((history.rewind(6), rest(&mut history)), (Ok(None), 0));
    }

    #[test]
    fn more_than_the_bound_is_a_gap_that_says_which() {
        let mut history = history(2);
        let now = Instant::now();
        (0..5).for_each(|_| _ = write(&mut history, now));
        assert_eq!(history.rewind(1), Ok(Some(Gap { from: 2, to: 3 })));
        assert_eq!(rest(&mut history), 2);
    }

    #[test]
    fn what_is_too_old_is_let_go_of_and_the_memory_with_it() {
        let mut history = history(99);
        let now = Instant::now();
        (0..50).for_each(|_| _ = write(&mut history, now));
        history.forget(now + WINDOW);
        assert_eq!(history.cost(), 50 * (OVERHEAD + 1));
        history.forget(now + WINDOW + Duration::from_millis(1));
        assert_eq!((history.cost(), history.entries.capacity()), (0, 0));
        assert_eq!(history.rewind(49), Ok(Some(Gap { from: 50, to: 50 })));
        assert_eq!(history.next(), 51);
    }

    #[test]
    fn what_is_to_be_written_again_does_not_grow_too_old_meanwhile() {
        let mut history = history(9);
        let now = Instant::now();
        write(&mut history, now);
        history.rewind(0).unwrap();
        history.forget(now + 2 * WINDOW);
        assert_eq!(rest(&mut history), 1);
    }

    #[test]
    fn nobody_has_received_what_was_never_written() {
        let mut history = history(9);
        write(&mut history, Instant::now());
        let error = NeverWritten {
            seen: 2,
            written: 1,
        };
        assert_eq!(history.rewind(2), Err(error));
        assert_eq!(history.rewind(1), Ok(None));
    }

    #[test]
    fn a_message_that_is_larger_than_the_bound_is_not_kept() {
        let mut history = history(0);
        write(&mut history, Instant::now());
        assert_eq!(history.cost(), 0);
        assert_eq!(history.rewind(0), Ok(Some(Gap { from: 1, to: 1 })));
    }

    proptest! {
        #[test]
        fn what_is_kept_never_costs_more_than_the_bound(
            bound in 0_usize..2000, sizes in prop::collection::vec(0_usize..600, 0..60)
        ) {
            let mut history = MessageHistory::new(HistoryLimits { bytes: bound, window: WINDOW });
            for size in sizes {
                let part = Part::Text(vec![b'x'; size].into());
                history.push(part, AnsweredIds::default(), Instant::now());
                prop_assert!(history.cost() <= bound);
            }
        }
    }
}
