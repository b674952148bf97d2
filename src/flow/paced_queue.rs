//! A queue with at most one start per interval, which drops the oldest item when full.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// A bounded queue from which at most one item is taken per interval. The first one is due at once;
/// a pause does not allow a burst.
#[derive(Debug)]
pub struct PacedQueue<T> {
    interval: Duration,
    capacity: usize,
    last_start: Option<Instant>,
    /// Oldest first, with the time of arrival.
    waiting: VecDeque<(Instant, T)>,
}

impl<T> PacedQueue<T> {
    /// `capacity` is at least one.
    pub fn new(interval: Duration, capacity: usize) -> Self {
        Self {
            interval,
            capacity: capacity.max(1),
            last_start: None,
            waiting: VecDeque::new(),
        }
    }

    /// Adds an item. If the queue is full, the oldest item is removed and returned, to be answered
    /// `DROPPED`.
    #[must_use = "the dropped item has to be answered"]
    pub fn push(&mut self, item: T, now: Instant) -> Option<T> {
        let oldest = if self.waiting.len() >= self.capacity {
            self.waiting.pop_front().map(|(_, item)| item)
        } else {
            None
        };
        self.waiting.push_back((now, item));
        oldest
    }

    /// Takes the oldest `ready` item, if the interval since the last start has passed. That is a
    /// start.
    pub fn take_due(&mut self, now: Instant, ready: impl Fn(&T) -> bool) -> Option<T> {
        if self.due_at().is_some_and(|due| due > now) {
            return None;
        }
        let position = self.waiting.iter().position(|(_, item)| ready(item))?;
        let (_, item) = self.waiting.remove(position)?;
        self.last_start = Some(now);
        Some(item)
    }

    /// When the next item becomes due by time alone. `None` if the queue is empty, and also if an
    /// item is due but not ready: call [`PacedQueue::take_due`] again when that changes.
    pub fn next_due(&self, now: Instant) -> Option<Instant> {
        if self.waiting.is_empty() {
            return None;
        }
        self.due_at().filter(|&due| due > now)
    }

    /// Removes the items that match, such as expired ones, and returns them, oldest first.
    pub fn remove(&mut self, pred: impl Fn(&T) -> bool) -> Vec<T> {
        let (gone, kept): (VecDeque<_>, VecDeque<_>) =
            self.waiting.drain(..).partition(|(_, item)| pred(item));
        self.waiting = kept;
        gone.into_iter().map(|(_, item)| item).collect()
    }

    /// Removes all items and returns them, oldest first. The interval still applies.
    pub fn drain(&mut self) -> Vec<T> {
        self.waiting.drain(..).map(|(_, item)| item).collect()
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.waiting.iter().map(|(_, item)| item)
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn due_at(&self) -> Option<Instant> {
        self.last_start.map(|start| start + self.interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);
    const INTERVAL: Duration = Duration::from_millis(500);

    fn any<T>(_: &T) -> bool {
        true
    }

    #[test]
    fn the_first_starts_at_once_and_the_next_one_an_interval_later() {
        let start = Instant::now();
        let mut queue = PacedQueue::new(INTERVAL, 4);
        assert_eq!(queue.push(1, start), None);
        assert_eq!(queue.push(2, start), None);
        assert_eq!(queue.next_due(start), None, "it is due already");
        assert_eq!(queue.take_due(start, any), Some(1));
        assert_eq!(queue.take_due(start, any), None);
        assert_eq!(queue.next_due(start), Some(start + INTERVAL));
        assert_eq!(queue.take_due(start + INTERVAL - MS, any), None);
        assert_eq!(queue.take_due(start + INTERVAL, any), Some(2));
        assert_eq!(queue.next_due(start + INTERVAL), None);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_pause_allows_no_burst() {
        let start = Instant::now();
        let mut queue = PacedQueue::new(INTERVAL, 4);
        for item in 0..4 {
            assert_eq!(queue.push(item, start), None);
        }
        let late = start + 20 * INTERVAL;
        assert_eq!(queue.take_due(late, any), Some(0));
        assert_eq!(queue.take_due(late, any), None);
        assert_eq!(queue.next_due(late), Some(late + INTERVAL));
    }

    #[test]
    fn the_oldest_is_dropped_when_the_queue_is_full() {
        let start = Instant::now();
        let mut queue = PacedQueue::new(INTERVAL, 2);
        assert_eq!(queue.push(1, start), None);
        assert_eq!(queue.push(2, start), None);
        assert_eq!(queue.push(3, start), Some(1));
        assert_eq!(queue.len(), 2);
        assert_eq!(queue.drain(), [2, 3]);
        let mut smallest = PacedQueue::new(INTERVAL, 0);
        assert_eq!(smallest.push(1, start), None);
        assert_eq!(smallest.push(2, start), Some(1));
    }

    #[test]
    fn ready_items_overtake_those_that_are_not() {
        let start = Instant::now();
        let mut queue = PacedQueue::new(INTERVAL, 4);
        for item in 1..=3 {
            assert_eq!(queue.push(item, start), None);
        }
        assert_eq!(queue.take_due(start, |&item| item == 2), Some(2));
        assert_eq!(queue.remove(|&item| item == 3), [3]);
        assert_eq!(queue.take_due(start + INTERVAL, |_| false), None);
        assert_eq!(
            queue.next_due(start + INTERVAL),
            None,
            "it waits for readiness, not for time"
        );
        assert_eq!(queue.take_due(start + INTERVAL, any), Some(1));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Push,
        Wait(u32),
        Take { odd_only: bool },
        Remove(u32),
        Drain,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => Just(Step::Push),
            3 => (0u32..700).prop_map(Step::Wait),
            4 => proptest::bool::ANY.prop_map(|odd_only| Step::Take { odd_only }),
            1 => (2u32..5).prop_map(Step::Remove),
            1 => Just(Step::Drain),
        ];
        prop::collection::vec(step, 0..80)
    }

    proptest! {
        #[test]
        fn no_item_is_lost_or_handed_out_twice_and_starts_keep_their_distance(
            steps in steps(), capacity in 1usize..6,
        ) {
            let mut now = Instant::now();
            let mut queue = PacedQueue::new(INTERVAL, capacity);
            let (mut pushed, mut out, mut starts) = (0, Vec::new(), Vec::new());
            for step in steps {
                match step {
                    Step::Push => {
                        out.extend(queue.push(pushed, now));
                        pushed += 1;
                    }
                    Step::Wait(ms) => now += ms * MS,
                    Step::Take { odd_only } => {
                        if let Some(item) = queue.take_due(now, |item| !odd_only || item % 2 == 1) {
                            out.push(item);
                            starts.push(now);
                        }
                    }
                    Step::Remove(n) => out.extend(queue.remove(|item| item % n == 0)),
                    Step::Drain => out.extend(queue.drain()),
                }
                prop_assert!(queue.len() <= capacity);
                prop_assert!(queue.next_due(now).is_none_or(|due| due > now));
            }
            out.extend(queue.drain());
            out.sort_unstable();
            prop_assert_eq!(out, (0..pushed).collect::<Vec<u32>>());
            prop_assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= INTERVAL));
        }
    }
}
