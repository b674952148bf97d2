//! News that come in bursts, told at most once an interval for each of those they are about.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// The burst of each key. The first news is told at once; what follows within the interval is
/// counted, and told at its end with the latest of it.
#[derive(Debug)]
pub struct KeyedThrottle<K, T> {
    interval: Duration,
    bursts: HashMap<K, Burst<T>>,
}

#[derive(Debug)]
struct Burst<T> {
    /// When the next news may be told.
    next: Instant,
    /// The latest news that was not told, and how many it stands for.
    waiting: Option<(T, u64)>,
}

impl<K: Hash + Eq + Clone, T> KeyedThrottle<K, T> {
    /// No news yet.
    pub fn new(interval: Duration) -> Self {
        Self {
            interval,
            bursts: HashMap::new(),
        }
    }

    /// Takes news in. It comes back if it is to be told now.
    pub fn add(&mut self, key: K, news: T, now: Instant) -> Option<T> {
        if let Some(burst) = self.bursts.get_mut(&key) {
            let before = burst.waiting.take().map_or(0, |(_, count)| count);
            burst.waiting = Some((news, before + 1));
            return None;
        }
        let next = now + self.interval;
        let waiting = None;
        self.bursts.insert(key, Burst { next, waiting });
        Some(news)
    }

    /// What is to be told now, with how many news each stands for. A key of which there was
    /// nothing new is forgotten.
    pub fn take_due(&mut self, now: Instant) -> Vec<(K, T, u64)> {
        let mut due = Vec::new();
        let interval = self.interval;
        self.bursts.retain(|key, burst| {
            if burst.next > now {
                return true;
            }
            burst.next = now + interval;
            match burst.waiting.take() {
                Some((news, count)) => {
                    due.push((key.clone(), news, count));
                    true
                }
                None => false,
            }
        });
        due
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Instant> {
        self.bursts.values().map(|burst| burst.next).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_first_is_told_at_once_and_the_rest_once_an_interval() {
        let mut throttle = KeyedThrottle::new(SECOND);
        let start = Instant::now();
        assert_eq!(throttle.add("a", 1, start), Some(1));
        for news in 2..=5 {
            assert_eq!(throttle.add("a", news, start + SECOND / 2), None);
        }
        assert!(throttle.take_due(start + SECOND / 2).is_empty());
        assert_eq!(throttle.next_due(), Some(start + SECOND));
        assert_eq!(throttle.take_due(start + SECOND), [("a", 5, 4)]);
        assert_eq!(
            throttle.add("a", 6, start + SECOND),
            None,
            "one was just told"
        );
        assert_eq!(throttle.take_due(start + 2 * SECOND), [("a", 6, 1)]);
    }

    #[test]
    fn keys_have_bursts_of_their_own_and_are_forgotten_in_quiet_times() {
        let mut throttle = KeyedThrottle::new(SECOND);
        let start = Instant::now();
        assert_eq!(throttle.add("a", 1, start), Some(1));
        assert_eq!(throttle.add("b", 2, start), Some(2));
        assert!(throttle.take_due(start + SECOND).is_empty());
        assert_eq!(throttle.next_due(), None);
        assert_eq!(throttle.add("a", 3, start + SECOND), Some(3));
    }
}
