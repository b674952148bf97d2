//! A token bucket: limits requests per second.

use std::time::Duration;

use tokio::time::Instant;

/// Fills at a steady rate and holds the tokens of one second.
#[derive(Debug)]
pub(super) struct TokenBucket {
    rate: f64,
    tokens: f64,
    filled: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub(super) fn new(per_second: u32, now: Instant) -> Self {
        let rate = f64::from(per_second);
        Self {
            rate,
            tokens: rate,
            filled: now,
        }
    }

    /// The whole tokens that are left, and the time until the bucket is full again.
    pub(super) fn left(&self, now: Instant) -> (u32, Duration) {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        let tokens = (self.tokens + passed * self.rate).min(self.rate);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and a rate that is a u32"
        )]
        let whole = tokens as u32;
        let missing = Duration::from_secs_f64((self.rate - tokens) / self.rate);
        (whole, missing)
    }

    /// Takes one token; fails with the time until there is one.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed * self.rate).min(self.rate);
        self.filled = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            Ok(())
        } else {
            Err(Duration::from_secs_f64((1.0 - self.tokens) / self.rate))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holds_so_many_and_the_error_says_when_the_next_is_free() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(4, start);
        assert!((0..4).all(|_| bucket.take(start).is_ok()));
        assert_eq!(bucket.take(start), Err(Duration::from_millis(250)));
        assert_eq!(bucket.take(start + Duration::from_millis(250)), Ok(()));
        assert_eq!(
            bucket.left(start + Duration::from_millis(250)),
            (0, Duration::from_secs(1))
        );
        let (left, full) = bucket.left(start + Duration::from_secs(1));
        assert_eq!((left, full), (3, Duration::from_millis(250)));
        let later = start + Duration::from_mins(1);
        assert_eq!((0..9).filter(|_| bucket.take(later).is_ok()).count(), 4);
    }
}
