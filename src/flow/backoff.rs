//! Exponential backoff, and a limit on restarts.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Exponential backoff with full jitter: each wait is random between zero and a ceiling that doubles
/// with each attempt, so that clients that fail together do not retry together.
#[derive(Debug, Clone)]
pub struct Backoff {
    initial: Duration,
    max: Duration,
    ceiling: Duration,
}

impl Backoff {
    /// The ceiling starts at `initial` and grows up to `max`.
    pub fn new(initial: Duration, max: Duration) -> Self {
        let initial = initial.min(max);
        Self {
            initial,
            max,
            ceiling: initial,
        }
    }

    /// The wait before the next attempt. `random` is a number from 0 to 1 and is clamped to that.
    pub fn next(&mut self, random: f64) -> Duration {
        let ceiling = self.ceiling;
        self.ceiling = ceiling.saturating_mul(2).min(self.max);
        let random = if random.is_nan() {
            1.0
        } else {
            random.clamp(0.0, 1.0)
        };
        // Rounding may push a very long ceiling beyond the range of `Duration`.
        Duration::try_from_secs_f64(ceiling.as_secs_f64() * random)
            .map_or(ceiling, |wait| wait.min(ceiling))
    }

    /// After a success: starts over with `initial`.
    pub fn reset(&mut self) {
        self.ceiling = self.initial;
    }
}

/// Allows a number of restarts within any window of time; beyond it, restarting does not help.
#[derive(Debug, Clone)]
pub struct RestartBudget {
    max: usize,
    window: Duration,
    /// The allowed restarts within the window, oldest first; at most `max`.
    recent: VecDeque<Instant>,
}

impl RestartBudget {
    pub fn new(max: usize, window: Duration) -> Self {
        Self {
            max,
            window,
            recent: VecDeque::new(),
        }
    }

    /// Whether one more restart is allowed now. Spends the budget if it is.
    #[must_use = "an allowed restart is counted, whether it is made or not"]
    pub fn allow(&mut self, now: Instant) -> bool {
        let window = self.window;
        while self
            .recent
            .front()
            .is_some_and(|&then| now.saturating_duration_since(then) >= window)
        {
            self.recent.pop_front();
        }
        if self.recent.len() >= self.max {
            return false;
        }
        self.recent.push_back(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_ceiling_doubles_up_to_the_maximum_and_is_reset_by_a_success() {
        let mut backoff = Backoff::new(250 * MS, 1_000 * MS);
        let waits: Vec<_> = (0..4).map(|_| backoff.next(1.0)).collect();
        assert_eq!(waits, [250 * MS, 500 * MS, 1_000 * MS, 1_000 * MS]);
        backoff.reset();
        assert_eq!(backoff.next(0.5), 125 * MS);
        assert_eq!(backoff.next(0.0), Duration::ZERO);
    }

    #[test]
    fn numbers_out_of_range_are_clamped() {
        let mut backoff = Backoff::new(Duration::MAX, Duration::MAX);
        assert_eq!(backoff.next(1.0), Duration::MAX);
        assert_eq!(backoff.next(f64::NAN), Duration::MAX);
        assert_eq!(backoff.next(-1.0), Duration::ZERO);
        assert_eq!(Backoff::new(5 * MS, MS).next(7.0), MS);
    }

    #[test]
    fn the_budget_is_per_window() {
        let start = Instant::now();
        let mut budget = RestartBudget::new(2, 100 * MS);
        assert!(budget.allow(start));
        assert!(budget.allow(start + 60 * MS));
        assert!(!budget.allow(start + 99 * MS));
        assert!(
            budget.allow(start + 100 * MS),
            "the first one has left the window"
        );
        assert!(!budget.allow(start + 159 * MS));
        assert!(budget.allow(start + 160 * MS));
        assert!(!RestartBudget::new(0, MS).allow(start));
    }

    proptest! {
        #[test]
        fn a_wait_is_never_longer_than_the_maximum(
            initial in 0u64..100_000, max in 0u64..100_000, randoms in prop::collection::vec(0.0..1.0, 1..80),
        ) {
            let max = Duration::from_millis(max);
            let mut backoff = Backoff::new(Duration::from_millis(initial), max);
            for random in randoms {
                prop_assert!(backoff.next(random) <= max);
            }
        }
    }
}
