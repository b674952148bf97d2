//! Waiting, with a deadline far beyond any successful run.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

/// The longest that a single wait takes before the test fails: a machine that does other work is several times slower.
pub(crate) const LONGEST: Duration = Duration::from_mins(1);

/// Polls until there is a result, and returns it with the time that it took.
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
        .unwrap_or_else(|_| panic!("timed out after {LONGEST:?}: {what}"));
    (answer, start.elapsed())
}

/// Polls until the condition holds, and returns the time that it took.
pub(crate) async fn until(what: &str, mut ask: impl AsyncFnMut() -> bool) -> Duration {
    let ((), took) = until_some(what, async || ask().await.then_some(())).await;
    took
}
