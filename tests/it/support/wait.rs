//! Waiting with a deadline that no healthy run comes near.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

/// The longest that any single wait takes before the test fails.
pub(crate) const LONGEST: Duration = Duration::from_secs(30);

/// Asks again and again until there is an answer, and says how long it took.
pub(crate) async fn until_some<T>(
    what: &str,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> (T, Duration) {
    let start = Instant::now();
    let wait = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    let answer = timeout(LONGEST, wait)
        .await
        .unwrap_or_else(|_| panic!("waited {LONGEST:?} in vain: {what}"));
    (answer, start.elapsed())
}

/// Asks again and again until it is so, and says how long it took.
pub(crate) async fn until(what: &str, mut ask: impl AsyncFnMut() -> bool) -> Duration {
    let ((), took) = until_some(what, async || ask().await.then_some(())).await;
    took
}
