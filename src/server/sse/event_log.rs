//! The recent events of one session. No I/O.
//!
//! Events are numbered without gaps, so that one number says what a reader has. The streams of a session read from
//! its log instead of having queues of their own: a reader that is slow finds out that events are gone by their
//! numbers, and costs no memory.

use std::collections::VecDeque;

use bytes::Bytes;
use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::Gap;

/// Bytes of an event in a log beside its text.
pub(crate) const EVENT_OVERHEAD: usize = 64;

/// An event of the protocol. Cloning copies no bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoggedEvent {
    /// Its `type`.
    pub(crate) name: &'static str,
    /// The page that it is about, if it is about one.
    pub(crate) tab: Option<TabId>,
    /// Its JSON text.
    pub(crate) data: Bytes,
}

impl LoggedEvent {
    /// The memory that it takes in a log.
    pub(crate) fn cost(&self) -> usize {
        self.data.len() + EVENT_OVERHEAD
    }
}

/// The events of one session that have not been evicted.
#[derive(Debug)]
pub(crate) struct EventLog {
    /// The number that the log has begun with.
    begin: u64,
    /// The number of the first event that is there.
    first: u64,
    events: VecDeque<LoggedEvent>,
    bytes: usize,
    is_over: bool,
}

/// What a reader gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LogRead {
    /// Events that were evicted before they were read.
    pub(crate) gap: Option<Gap>,
    /// The next events, with their numbers.
    pub(crate) events: Vec<(u64, LoggedEvent)>,
    /// No event follows after these, because the session has ended.
    pub(crate) is_end: bool,
}

impl EventLog {
    /// An empty log whose first event gets this number. It has to be higher than that of any event that an earlier log
    /// of the same session may have had: a reader of that one then finds a gap, and is not given other events
    /// under the numbers that it has seen.
    pub(crate) fn new(begin: u64) -> Self {
        Self {
            begin,
            first: begin,
            events: VecDeque::new(),
            bytes: 0,
            is_over: false,
        }
    }

    /// The number of the newest event; that before the first one if there is none.
    pub(crate) fn last(&self) -> u64 {
        self.next() - 1
    }

    fn next(&self) -> u64 {
        self.first + self.events.len() as u64
    }

    /// The memory of all events, in bytes.
    pub(crate) fn cost(&self) -> usize {
        self.bytes
    }

    pub(crate) fn push(&mut self, event: LoggedEvent) {
        self.bytes += event.cost();
        self.events.push_back(event);
    }

    /// No event follows any more.
    pub(crate) fn end(&mut self) {
        self.is_over = true;
    }

    /// Whether no event follows any more.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Drops the oldest event. Returns the memory that it took.
    pub(crate) fn evict_oldest(&mut self) -> Option<usize> {
        let cost = self.events.pop_front()?.cost();
        self.first += 1;
        self.bytes -= cost;
        if self.events.is_empty() {
            // Frees the memory of a burst.
            self.events = VecDeque::new();
        }
        Some(cost)
    }

    /// Where a reader begins that has seen all events up to this number: 0 for one that wants all there are, `None` for
    /// one that wants only what follows.
    pub(crate) fn begin_after(&self, seen: Option<u64>) -> (u64, Option<Gap>) {
        match seen {
            None => (self.last(), None),
            Some(0) => (self.begin - 1, None),
            // It was never sent: nothing says what the reader has.
            Some(seen) if seen > self.last() => {
                let gap = Gap {
                    from: 1,
                    to: self.last(),
                };
                (self.last(), Some(gap))
            }
            Some(seen) => (seen, None),
        }
    }

    /// The events after this number, up to this many.
    pub(crate) fn read(&self, after: u64, most: usize) -> LogRead {
        let evicted = Gap {
            from: after + 1,
            to: self.first - 1,
        };
        let gap = (evicted.from <= evicted.to).then_some(evicted);
        let from = self.first.max(after + 1);
        let skip = usize::try_from(from - self.first).unwrap_or(usize::MAX);
        let numbers = from..;
        let events = self.events.iter().skip(skip).take(most).cloned();
        let events: Vec<_> = numbers.zip(events).collect();
        let last = events.last().map_or(from - 1, |(number, _)| *number);
        LogRead {
            gap,
            is_end: self.is_over && last >= self.last(),
            events,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(number: u64) -> LoggedEvent {
        LoggedEvent {
            name: "pong",
            tab: None,
            data: number.to_string().into(),
        }
    }

    fn log(begin: u64, count: u64) -> EventLog {
        let mut log = EventLog::new(begin);
        (begin..begin + count).for_each(|number| log.push(event(number)));
        log
    }

    fn numbers(read: &LogRead) -> Vec<u64> {
        read.events.iter().map(|(number, _)| *number).collect()
    }

    #[test]
    fn a_reader_gets_what_follows_what_it_has_seen() {
        let log = log(100, 5);
        assert_eq!(log.begin_after(None), (104, None), "only what is new");
        assert_eq!(numbers(&log.read(104, 9)), [0_u64; 0]);
        assert_eq!(log.begin_after(Some(102)), (102, None));
        assert_eq!(numbers(&log.read(102, 9)), [103, 104]);
        assert_eq!(log.begin_after(Some(0)), (99, None), "all there are");
        assert_eq!(numbers(&log.read(99, 2)), [100, 101]);
        assert_eq!(log.read(99, 9).gap, None);
    }

    #[test]
    fn what_was_evicted_is_a_gap() {
        let mut log = log(100, 5);
        log.evict_oldest();
        log.evict_oldest();
        let read = log.read(100, 9);
        assert_eq!(read.gap, Some(Gap { from: 101, to: 101 }));
        assert_eq!(numbers(&read), [102, 103, 104]);
        let all = log.begin_after(Some(0)).0;
        assert_eq!(log.read(all, 9).gap, Some(Gap { from: 100, to: 101 }));
        while log.evict_oldest().is_some() {}
        assert_eq!((log.cost(), log.last()), (0, 104));
        assert_eq!(log.read(103, 9).gap, Some(Gap { from: 104, to: 104 }));
        assert_eq!(log.read(104, 9).gap, None);
    }

    #[test]
    fn a_number_of_an_earlier_log_is_a_gap_up_to_this_one() {
        let log = log(100, 2);
        let (after, gap) = log.begin_after(Some(7));
        assert_eq!((after, gap), (7, None));
        let read = log.read(after, 9);
        assert_eq!(read.gap, Some(Gap { from: 8, to: 99 }));
        assert_eq!(numbers(&read), [100, 101]);
    }

    #[test]
    fn a_number_that_was_never_sent_is_a_gap_up_to_the_newest_event() {
        let log = log(100, 2);
        let gap = Gap { from: 1, to: 101 };
        assert_eq!(log.begin_after(Some(102)), (101, Some(gap)));
        assert_eq!(log.begin_after(Some(u64::MAX)).0, 101);
    }

    #[test]
    fn the_end_comes_with_the_last_event() {
        let mut log = log(1, 3);
        assert!(!log.read(3, 9).is_end);
        log.end();
        assert!(!log.read(0, 2).is_end);
        assert!(log.read(0, 3).is_end && log.read(3, 9).is_end);
    }

    proptest! {
        /// Reads in batches while events are pushed and evicted.
        #[test]
        fn nothing_is_lost_or_read_twice_without_a_gap(
            steps in prop::collection::vec((0_u64..4, 0_usize..4, 0_usize..4), 0..60)
        ) {
            let (mut log, mut after, mut last) = (EventLog::new(1000), 999, 999);
            for (pushed, evicted, most) in steps {
                for _ in 0..pushed {
                    last += 1;
                    log.push(event(last));
                }
                (0..evicted).for_each(|_| _ = log.evict_oldest());
                let read = log.read(after, most);
                if let Some(gap) = read.gap {
                    prop_assert_eq!(gap.from, after + 1);
                    after = gap.to;
                }
                for (number, event) in read.events {
                    prop_assert_eq!(number, after + 1);
                    prop_assert_eq!(event.data, number.to_string());
                    after = number;
                }
            }
            let rest = log.read(after, usize::MAX);
            let end = rest.events.last().map(|(number, _)| *number);
            prop_assert_eq!(end.or(rest.gap.map(|gap| gap.to)).unwrap_or(after), last);
        }
    }
}
