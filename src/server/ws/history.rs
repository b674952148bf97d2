//! What was written to a session lately, so that it can be written again after its connection was
//! cut. No I/O.
//!
//! Messages are numbered as they are written, so that their numbers follow each other on the wire
//! and one number tells everything that the client has received: parts of payloads and small
//! messages, in whatever order they took turns. What still waits has no number yet.

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

/// What a message costs beside its bytes.
pub const OVERHEAD: usize = 128;

/// How much is kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryLimits {
    /// The most bytes.
    pub bytes: usize,
    /// The longest time after a message was written.
    pub window: Duration,
}

/// The messages that may have to be written again.
#[derive(Debug)]
pub struct History {
    keep: HistoryLimits,
    /// The number of the first entry.
    first: u64,
    entries: VecDeque<Entry>,
    /// How many entries at the end have not been written to the connection there is now.
    unsent: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    message: Part,
    answers: Option<AnsweredIds>,
    at: Instant,
}

/// The client says that it received a message which was never written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cursor {seen} was claimed, and {written} is the last that was written")]
pub struct NeverWritten {
    /// What it says.
    pub seen: u64,
    /// The last number that was given.
    pub written: u64,
}

impl History {
    /// Nothing was written. This allocates nothing.
    pub fn new(keep: HistoryLimits) -> Self {
        Self {
            keep,
            first: 1,
            entries: VecDeque::new(),
            unsent: 0,
            bytes: 0,
        }
    }

    /// How much is kept.
    pub fn keep(&self) -> HistoryLimits {
        self.keep
    }

    /// What is kept, in bytes, with what it costs to keep it.
    pub fn cost(&self) -> usize {
        self.bytes + self.entries.len() * OVERHEAD
    }

    /// The number of the next message that is written for the first time.
    pub fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Takes note of a message that is being written under the number [`Self::next`].
    pub fn push(&mut self, message: Part, answers: Option<AnsweredIds>, now: Instant) {
        self.bytes += len(&message);
        self.entries.push_back(Entry {
            message,
            answers,
            at: now,
        });
        while self.cost() > self.keep.bytes && self.shed() {}
        self.forget(now);
    }

    /// The next message that is to be written once more.
    pub fn take_unsent(&mut self) -> Option<Part> {
        let at = self.entries.len().checked_sub(self.unsent)?;
        let entry = self.entries.get(at)?;
        self.unsent -= 1;
        Some(entry.message.clone())
    }

    /// Whether something is to be written once more.
    pub fn has_unsent(&self) -> bool {
        self.unsent > 0
    }

    /// Lets go of what was written too long ago. What is still to be written again stays.
    pub fn forget(&mut self, now: Instant) {
        let window = self.keep.window;
        while self.entries.len() > self.unsent
            && self
                .entries
                .front()
                .is_some_and(|entry| entry.at + window < now)
        {
            self.drop_first();
        }
        if self.entries.is_empty() {
            // A burst that is over leaves no memory behind.
            self.entries = VecDeque::new();
        }
    }

    /// Lets go of the oldest message. False if there is none.
    pub fn shed(&mut self) -> bool {
        self.drop_first()
    }

    /// So many messages that were never written are lost. Everything before them is, too.
    pub fn lose(&mut self, count: u64) {
        self.first = self.next() + count;
        self.entries.clear();
        (self.bytes, self.unsent) = (0, 0);
    }

    /// A client has received everything up to this number and no more: what is left after it is
    /// written again. Says what cannot be.
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

    /// The requests that are answered by what is to be written again.
    pub fn answers(&self) -> impl Iterator<Item = &RequestId> {
        let at = self.entries.len() - self.unsent;
        let unsent = self.entries.iter().skip(at);
        unsent.flat_map(|entry| entry.answers.iter().flat_map(|ids| ids.iter()))
    }

    fn drop_first(&mut self) -> bool {
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

    fn history(messages: usize) -> History {
        History::new(HistoryLimits {
            bytes: messages * (OVERHEAD + 1),
            window: WINDOW,
        })
    }

    fn write(history: &mut History, now: Instant) -> u64 {
        let number = history.next();
        history.push(Part::Text(Bytes::from_static(b"x")), None, now);
        number
    }

    fn rest(history: &mut History) -> usize {
        std::iter::from_fn(|| history.take_unsent()).count()
    }

    #[test]
    fn what_was_not_received_is_written_again_and_once() {
        let mut history = history(9);
        let now = Instant::now();
        for number in 1..=5 {
            assert_eq!(write(&mut history, now), number);
        }
        assert_eq!(rest(&mut history), 0, "all of it is on its way");
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
            let mut history = History::new(HistoryLimits { bytes: bound, window: WINDOW });
            for size in sizes {
                history.push(Part::Text(vec![b'x'; size].into()), None, Instant::now());
                prop_assert!(history.cost() <= bound);
            }
        }
    }
}
