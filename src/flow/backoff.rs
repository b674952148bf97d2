//! How long to wait before the next try, and when to stop trying.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Exponential backoff with full jitter: each wait is drawn from zero to a ceiling that doubles
/// from try to try, so that those who fail together do not come back together.
#[derive(Debug, Clone)]
pub struct Backoff {
    initial: Duration,
    max: Duration,
    ceiling: Duration,
}

impl Backoff {
    /// A backoff whose ceiling starts at `initial` and ends at `max`.
    pub fn new(initial: Duration, max: Duration) -> Self {
        let initial = initial.min(max);
        Self {
            initial,
            max,
            ceiling: initial,
        }
    }

    /// The wait before the next try. `random` is a number from 0 to 1; what is not is taken for
    /// the nearest of the two.
    pub fn next(&mut self, random: f64) -> Duration {
        let ceiling = self.ceiling;
        self.ceiling = ceiling.saturating_mul(2).min(self.max);
        let random = if random.is_nan() {
            1.0
        } else {
            random.clamp(0.0, 1.0)
        };
        // Rounding may carry a very long ceiling past what a duration can hold.
        Duration::try_from_secs_f64(ceiling.as_secs_f64() * random)
            .map_or(ceiling, |wait| wait.min(ceiling))
    }

    /// It worked: the next wait is a short one again.
    pub fn reset(&mut self) {
        self.ceiling = self.initial;
    }
}

/// At most so many restarts within any window of time; more of them mean that restarting does
/// not help.
#[derive(Debug, Clone)]
pub struct RestartBudget {
    max: usize,
    window: Duration,
    /// The restarts that were allowed within the window, oldest first; never more than `max`.
    recent: VecDeque<Instant>,
}

impl RestartBudget {
    /// A budget of `max` restarts in every `window`.
    pub fn new(max: usize, window: Duration) -> Self {
        Self {
            max,
            window,
            recent: VecDeque::new(),
        }
    }

    /// Whether one more restart is allowed now. One that is allowed counts.
    #[must_use = "a restart that is allowed counts, whether it is made or not"]
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
    fn the_ceiling_doubles_up_to_its_end_and_starts_again_after_a_success() {
        let mut backoff = Backoff::new(250 * MS, 1_000 * MS);
        let waits: Vec<_> = (0..4).map(|_| backoff.next(1.0)).collect();
        assert_eq!(waits, [250 * MS, 500 * MS, 1_000 * MS, 1_000 * MS]);
        backoff.reset();
        assert_eq!(backoff.next(0.5), 125 * MS);
        assert_eq!(backoff.next(0.0), Duration::ZERO);
    }

    #[test]
    fn a_number_out_of_range_and_an_endless_ceiling_do_no_harm() {
        let mut backoff = Backoff::new(Duration::MAX, Duration::MAX);
        assert_eq!(backoff.next(1.0), Duration::MAX);
        assert_eq!(backoff.next(f64::NAN), Duration::MAX);
        assert_eq!(backoff.next(-1.0), Duration::ZERO);
        assert_eq!(Backoff::new(5 * MS, MS).next(7.0), MS);
    }

    #[test]
    fn the_budget_is_spent_within_its_window_and_comes_back_after_it() {
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
