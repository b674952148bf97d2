//! Waiting for deadlines.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The time left until a deadline; zero once it has passed.
pub(crate) fn remaining(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// Sleeps until a deadline; never completes without one. For a branch of `select!`.
pub(crate) async fn sleep_until_opt(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{advance, timeout};

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn the_remaining_time_shrinks_to_zero() {
        let deadline = Instant::now() + SECOND;
        assert_eq!(remaining(deadline), SECOND);
        advance(SECOND * 2).await;
        assert_eq!(remaining(deadline), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_deadline_the_sleep_never_ends() {
        let start = Instant::now();
        sleep_until_opt(Some(start + SECOND)).await;
        assert_eq!(start.elapsed(), SECOND);
        assert!(timeout(SECOND, sleep_until_opt(None)).await.is_err());
    }
}
