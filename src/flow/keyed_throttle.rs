//! At most one event per key and interval; the others are counted.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// The first event of a key passes at once. Those that follow within the interval are counted, and
/// the last of them is returned at its end, with the count.
#[derive(Debug)]
pub struct KeyedThrottle<K, T> {
    interval: Duration,
    bursts: HashMap<K, Burst<T>>,
}

#[derive(Debug)]
struct Burst<T> {
    /// The end of the interval.
    next: Instant,
    /// The latest event within the interval, and how many there were.
    waiting: Option<(T, u64)>,
}

impl<K: Hash + Eq + Clone, T> KeyedThrottle<K, T> {
    pub fn new(interval: Duration) -> Self {
        Self {
            interval,
            bursts: HashMap::new(),
        }
    }

    /// Returns the event if it passes now.
    pub fn add(&mut self, key: K, event: T, now: Instant) -> Option<T> {
        if let Some(burst) = self.bursts.get_mut(&key) {
            let before = burst.waiting.take().map_or(0, |(_, count)| count);
            burst.waiting = Some((event, before + 1));
            return None;
        }
        let next = now + self.interval;
        let waiting = None;
        self.bursts.insert(key, Burst { next, waiting });
        Some(event)
    }

    /// The events that are due, each with the count of events that it stands for. Keys without a
    /// new event are forgotten.
    pub fn take_due(&mut self, now: Instant) -> Vec<(K, T, u64)> {
        let mut due = Vec::new();
        let interval = self.interval;
        self.bursts.retain(|key, burst| {
            if burst.next > now {
                return true;
            }
            burst.next = now + interval;
            match burst.waiting.take() {
                Some((event, count)) => {
                    due.push((key.clone(), event, count));
                    true
                }
                None => false,
            }
        });
        due
    }

    pub fn next_due(&self) -> Option<Instant> {
        self.bursts.values().map(|burst| burst.next).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_first_passes_at_once_and_the_rest_once_per_interval() {
        let mut throttle = KeyedThrottle::new(SECOND);
        let start = Instant::now();
        assert_eq!(throttle.add("a", 1, start), Some(1));
        for event in 2..=5 {
            assert_eq!(throttle.add("a", event, start + SECOND / 2), None);
        }
        assert!(throttle.take_due(start + SECOND / 2).is_empty());
        assert_eq!(throttle.next_due(), Some(start + SECOND));
        assert_eq!(throttle.take_due(start + SECOND), [("a", 5, 4)]);
        assert_eq!(
            throttle.add("a", 6, start + SECOND),
            None,
            "one has just passed"
        );
        assert_eq!(throttle.take_due(start + 2 * SECOND), [("a", 6, 1)]);
    }

    #[test]
    fn keys_are_independent_and_are_forgotten_when_quiet() {
        let mut throttle = KeyedThrottle::new(SECOND);
        let start = Instant::now();
        assert_eq!(throttle.add("a", 1, start), Some(1));
        assert_eq!(throttle.add("b", 2, start), Some(2));
        assert!(throttle.take_due(start + SECOND).is_empty());
        assert_eq!(throttle.next_due(), None);
        assert_eq!(throttle.add("a", 3, start + SECOND), Some(3));
    }
}
