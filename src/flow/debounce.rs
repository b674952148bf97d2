//! Requests in quick succession share one capture.
//!
//! The first request after a quiet period starts at once. Requests within the window after that
//! start wait for its end and are taken together. While a capture of a key is running, no second
//! one of that key starts, however long it takes. Keys are independent.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use thiserror::Error;
use tokio::time::Instant;

/// The queue is full. Returns the item, so that its request can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("too many requests are waiting for a capture; retry when one has been answered")]
pub struct QueueFull<T>(pub T);

/// Queued requests by key: requests of one key may share a capture.
///
/// The owner calls [`Debounce::take_due`] until it returns `None` after every push, every
/// [`Debounce::finished`], every change of readiness, and at [`Debounce::next_due`].
#[derive(Debug)]
pub struct Debounce<K, T> {
    window: Duration,
    capacity: usize,
    waiting: usize,
    next_number: u64,
    keys: HashMap<K, KeyState<T>>,
}

#[derive(Debug)]
struct KeyState<T> {
    last_start: Option<Instant>,
    running: bool,
    /// Oldest first, each with its sequence number over all keys.
    waiting: Vec<(u64, T)>,
}

impl<T> KeyState<T> {
    fn window_end(&self, window: Duration) -> Option<Instant> {
        self.last_start.map(|start| start + window)
    }

    fn is_due(&self, window: Duration, now: Instant) -> bool {
        !self.running && self.window_end(window).is_none_or(|end| end <= now)
    }
}

impl<K: Clone + Eq + Hash, T> Debounce<K, T> {
    /// One start per `window` and key. `capacity` limits the queued items and the known keys, and is
    /// at least one.
    pub fn new(window: Duration, capacity: usize) -> Self {
        Self {
            window,
            capacity: capacity.max(1),
            waiting: 0,
            next_number: 0,
            keys: HashMap::new(),
        }
    }

    /// Adds an item, or returns it if too many are queued or too many keys are active.
    pub fn push(&mut self, key: K, item: T, now: Instant) -> Result<(), QueueFull<T>> {
        self.forget_quiet_keys(now);
        let no_room_for_key = self.keys.len() >= self.capacity && !self.keys.contains_key(&key);
        if self.waiting >= self.capacity || no_room_for_key {
            return Err(QueueFull(item));
        }
        let number = self.next_number;
        self.next_number += 1;
        self.waiting += 1;
        self.keys
            .entry(key)
            .or_insert_with(|| KeyState {
                last_start: None,
                running: false,
                waiting: Vec::new(),
            })
            .waiting
            .push((number, item));
        Ok(())
    }

    /// Takes the `ready` items of one key that is due, oldest first; the others stay. That is a
    /// start: the key is running until [`Debounce::finished`]. Of several due keys, the one whose
    /// ready item has waited longest comes first.
    pub fn take_due(&mut self, now: Instant, ready: impl Fn(&T) -> bool) -> Option<(K, Vec<T>)> {
        let window = self.window;
        let (_, key) = self
            .keys
            .iter()
            .filter(|(_, state)| state.is_due(window, now))
            .filter_map(|(key, state)| {
                let (number, _) = state.waiting.iter().find(|(_, item)| ready(item))?;
                Some((*number, key))
            })
            .min_by_key(|(number, _)| *number)?;
        let key = key.clone();
        let state = self.keys.get_mut(&key)?;
        let taken = split_off(&mut state.waiting, ready);
        state.last_start = Some(now);
        state.running = true;
        self.waiting -= taken.len();
        Some((key, taken))
    }

    /// The capture of a key has ended, successfully or not.
    pub fn finished(&mut self, key: &K) {
        if let Some(state) = self.keys.get_mut(key) {
            state.running = false;
        }
    }

    /// When the next key becomes due by time alone. Running keys wait for [`Debounce::finished`],
    /// and items that [`Debounce::take_due`] did not take wait until they are ready.
    pub fn next_due(&self, now: Instant) -> Option<Instant> {
        self.keys
            .values()
            .filter(|state| !state.running && !state.waiting.is_empty())
            .filter_map(|state| state.window_end(self.window))
            .filter(|&end| end > now)
            .min()
    }

    /// Removes the queued items that match, such as expired ones, and returns them in the order of
    /// arrival.
    pub fn remove(&mut self, pred: impl Fn(&T) -> bool) -> Vec<T> {
        let mut gone: Vec<(u64, T)> = Vec::new();
        for state in self.keys.values_mut() {
            gone.extend(state.waiting.extract_if(.., |(_, item)| pred(item)));
        }
        self.waiting -= gone.len();
        gone.sort_unstable_by_key(|(number, _)| *number);
        gone.into_iter().map(|(_, item)| item).collect()
    }

    /// Removes all queued items and returns them in the order of arrival. Running keys stay running.
    pub fn drain(&mut self) -> Vec<T> {
        self.remove(|_| true)
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.keys
            .values()
            .flat_map(|state| state.waiting.iter().map(|(_, item)| item))
    }

    pub fn len(&self) -> usize {
        self.waiting
    }

    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Keys whose window is over, with nothing queued or running, need not be remembered.
    fn forget_quiet_keys(&mut self, now: Instant) {
        let window = self.window;
        self.keys
            .retain(|_, state| !state.waiting.is_empty() || !state.is_due(window, now));
    }
}

/// Takes out the items that match, in order.
fn split_off<T>(waiting: &mut Vec<(u64, T)>, pred: impl Fn(&T) -> bool) -> Vec<T> {
    waiting
        .extract_if(.., |(_, item)| pred(item))
        .map(|(_, item)| item)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);
    const WINDOW: Duration = Duration::from_millis(300);

    fn any<T>(_: &T) -> bool {
        true
    }

    fn debounce() -> Debounce<&'static str, u32> {
        Debounce::new(WINDOW, 100)
    }

    #[test]
    fn the_first_is_due_at_once_and_the_rest_together_at_the_end_of_the_window() {
        let start = Instant::now();
        let mut debounce = debounce();
        debounce.push("html", 1, start).unwrap();
        assert_eq!(debounce.take_due(start, any), Some(("html", vec![1])));
        debounce.finished(&"html");
        for item in 2..=4 {
            debounce.push("html", item, start + item * MS).unwrap();
        }
        assert_eq!(debounce.take_due(start + 299 * MS, any), None);
        assert_eq!(debounce.next_due(start + 10 * MS), Some(start + WINDOW));
        assert_eq!(
            debounce.take_due(start + WINDOW, any),
            Some(("html", vec![2, 3, 4]))
        );
        debounce.finished(&"html");
        debounce.push("html", 5, start + 5 * WINDOW).unwrap();
        assert_eq!(
            debounce.take_due(start + 5 * WINDOW, any),
            Some(("html", vec![5]))
        );
    }

    #[test]
    fn a_running_key_is_not_due_until_it_has_finished() {
        let start = Instant::now();
        let mut debounce = debounce();
        debounce.push("html", 1, start).unwrap();
        assert!(debounce.take_due(start, any).is_some());
        debounce.push("html", 2, start + MS).unwrap();
        let late = start + 10 * WINDOW;
        assert_eq!(debounce.take_due(late, any), None);
        assert_eq!(
            debounce.next_due(start + MS),
            None,
            "it waits for the capture, not for time"
        );
        debounce.finished(&"html");
        assert_eq!(debounce.take_due(late, any), Some(("html", vec![2])));
    }

    #[test]
    fn different_keys_never_merge_and_never_wait_for_each_other() {
        let start = Instant::now();
        let mut debounce = debounce();
        debounce.push("text", 1, start).unwrap();
        debounce.push("html", 2, start).unwrap();
        debounce.push("text", 3, start).unwrap();
        assert_eq!(debounce.take_due(start, any), Some(("text", vec![1, 3])));
        assert_eq!(debounce.take_due(start, any), Some(("html", vec![2])));
        assert_eq!(debounce.take_due(start, any), None);
    }

    #[test]
    fn items_that_are_not_ready_stay_for_the_next_capture() {
        let start = Instant::now();
        let mut debounce = debounce();
        for item in 1..=4 {
            debounce.push("html", item, start).unwrap();
        }
        assert_eq!(debounce.take_due(start, |_| false), None);
        assert_eq!(
            debounce.next_due(start),
            None,
            "they wait for readiness, not for time"
        );
        assert_eq!(
            debounce.take_due(start, |item| item % 2 == 0),
            Some(("html", vec![2, 4]))
        );
        debounce.finished(&"html");
        assert_eq!(debounce.next_due(start), Some(start + WINDOW));
        assert_eq!(
            debounce.take_due(start + WINDOW, any),
            Some(("html", vec![1, 3]))
        );
    }

    #[test]
    fn removed_and_drained_items_are_returned_in_the_order_of_arrival() {
        let start = Instant::now();
        let mut debounce = debounce();
        for (key, item) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            debounce.push(key, item, start).unwrap();
        }
        assert_eq!(debounce.remove(|&item| item == 2), [2]);
        assert_eq!(debounce.len(), 3);
        assert_eq!(debounce.drain(), [1, 3, 4]);
        assert!(debounce.is_empty());
        assert_eq!(debounce.take_due(start, any), None);
    }

    #[test]
    fn beyond_the_capacity_the_item_is_returned() {
        let start = Instant::now();
        let mut debounce = Debounce::new(WINDOW, 2);
        debounce.push("a", 1, start).unwrap();
        debounce.push("a", 2, start).unwrap();
        assert_eq!(debounce.push("a", 3, start), Err(QueueFull(3)));
        assert!(debounce.take_due(start, any).is_some());
        debounce.push("b", 4, start).unwrap();
        assert_eq!(
            debounce.push("c", 5, start),
            Err(QueueFull(5)),
            "two keys are busy"
        );
        debounce.finished(&"a");
        assert_eq!(
            debounce.push("c", 6, start + MS),
            Err(QueueFull(6)),
            "the window is not over"
        );
        debounce.push("c", 7, start + WINDOW).unwrap();
    }

    #[test]
    fn a_hundred_requests_in_a_second_make_at_most_five_captures() {
        let start = Instant::now();
        let mut debounce = debounce();
        let (mut captures, mut answered) = (0, 0);
        for tick in 0..200u32 {
            let now = start + tick * 10 * MS;
            if tick < 100 {
                debounce.push("html", tick, now).unwrap();
            }
            if let Some((key, items)) = debounce.take_due(now, any) {
                captures += 1;
                answered += items.len();
                debounce.finished(&key);
            }
        }
        assert_eq!(answered, 100);
        assert!(captures <= 5, "{captures}");
    }

    #[derive(Debug, Clone)]
    enum Step {
        Push(u8),
        Wait(u32),
        Take { odd_only: bool },
        Finish(u8),
        Remove(u32),
        Drain,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            6 => (0u8..4).prop_map(Step::Push),
            3 => (0u32..400).prop_map(Step::Wait),
            5 => proptest::bool::ANY.prop_map(|odd_only| Step::Take { odd_only }),
            4 => (0u8..4).prop_map(Step::Finish),
            1 => (2u32..5).prop_map(Step::Remove),
            1 => Just(Step::Drain),
        ];
        prop::collection::vec(step, 0..120)
    }

    proptest! {
        #[test]
        fn no_item_is_lost_or_handed_out_twice_and_starts_keep_their_distance(
            steps in steps(), capacity in 1usize..12,
        ) {
            let mut now = Instant::now();
            let mut debounce: Debounce<u8, (u8, u32)> = Debounce::new(WINDOW, capacity);
            let (mut pushed, mut out) = (0, Vec::new());
            let mut starts: HashMap<u8, Vec<Instant>> = HashMap::new();
            let mut running: Vec<u8> = Vec::new();
            for step in steps {
                match step {
                    Step::Push(key) => {
                        if let Err(QueueFull((_, item))) = debounce.push(key, (key, pushed), now) {
                            out.push(item);
                        }
                        pushed += 1;
                    }
                    Step::Wait(ms) => now += ms * MS,
                    Step::Take { odd_only } => {
                        let ready = |item: &(u8, u32)| !odd_only || item.1 % 2 == 1;
                        if let Some((key, items)) = debounce.take_due(now, ready) {
                            prop_assert!(!running.contains(&key), "two captures of one key");
                            prop_assert!(!items.is_empty());
                            prop_assert!(items.iter().all(|item| item.0 == key && ready(item)));
                            prop_assert!(items.is_sorted_by_key(|item| item.1));
                            running.push(key);
                            starts.entry(key).or_default().push(now);
                            out.extend(items.iter().map(|item| item.1));
                        }
                    }
                    Step::Finish(key) => {
                        running.retain(|&other| other != key);
                        debounce.finished(&key);
                    }
                    Step::Remove(n) => {
                        out.extend(debounce.remove(|item| item.1 % n == 0).iter().map(|item| item.1));
                    }
                    Step::Drain => out.extend(debounce.drain().iter().map(|item| item.1)),
                }
                prop_assert!(debounce.len() <= capacity && debounce.keys.len() <= capacity);
                prop_assert!(debounce.next_due(now).is_none_or(|due| due > now));
            }
            out.extend(debounce.drain().iter().map(|item| item.1));
            out.sort_unstable();
            prop_assert_eq!(out, (0..pushed).collect::<Vec<u32>>());
            for starts in starts.values() {
                prop_assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= WINDOW));
            }
        }

        #[test]
        fn an_owner_who_sleeps_until_next_due_gets_everything(
            arrivals in prop::collection::vec((0u8..3, 0u32..200), 1..60),
        ) {
            let mut now = Instant::now();
            let mut debounce = Debounce::new(WINDOW, 1_000);
            let mut taken = 0;
            let take_all = |debounce: &mut Debounce<u8, usize>, now| {
                let mut count = 0;
                while let Some((key, items)) = debounce.take_due(now, any) {
                    count += items.len();
                    debounce.finished(&key);
                }
                count
            };
            let total = arrivals.len();
            for (number, (key, pause)) in arrivals.into_iter().enumerate() {
                let then = now + pause * MS;
                while let Some(due) = debounce.next_due(now).filter(|&due| due <= then) {
                    now = due;
                    taken += take_all(&mut debounce, now);
                }
                now = then;
                debounce.push(key, number, now).unwrap();
                taken += take_all(&mut debounce, now);
            }
            while let Some(due) = debounce.next_due(now) {
                now = due;
                taken += take_all(&mut debounce, now);
            }
            prop_assert_eq!(taken, total);
        }
    }
}
