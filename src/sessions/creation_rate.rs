//! How many sessions a client creates in a minute. No I/O.

use std::time::Duration;

use tokio::time::Instant;

const MINUTE: Duration = Duration::from_mins(1);

/// One client's rate: a minute's worth at once, and then one for each part of a minute.
#[derive(Debug, Clone, Copy)]
pub(super) struct CreationRate {
    /// When everything that was taken so far will have been given back.
    settled: Instant,
}

impl CreationRate {
    pub(super) fn new(now: Instant) -> Self {
        Self { settled: now }
    }

    /// Counts one more, or says when there may be one.
    pub(super) fn take(&mut self, per_minute: u32, now: Instant) -> Result<(), Duration> {
        let interval = MINUTE / per_minute.max(1);
        let settled = self.settled.max(now) + interval;
        let over = settled.saturating_duration_since(now + MINUTE);
        if !over.is_zero() {
            return Err(over);
        }
        self.settled = settled;
        Ok(())
    }

    /// Whether it is as if nothing had been taken.
    pub(super) fn is_settled(&self, now: Instant) -> bool {
        self.settled <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minutes_worth_may_come_at_once_and_a_refusal_says_when_the_next_may() {
        let now = Instant::now();
        let mut rate = CreationRate::new(now);
        assert!((0..60).all(|_| rate.take(60, now).is_ok()));
        let wait = rate.take(60, now).unwrap_err();
        assert_eq!(wait, Duration::from_secs(1));
        assert!(rate.take(60, now + wait).is_ok() && rate.take(60, now + wait).is_err());
        assert!(!rate.is_settled(now + MINUTE) && rate.is_settled(now + 2 * MINUTE));
    }
}
