//! Retries calls that navigations interrupt.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::cdp::CallError;
use crate::tabs::page_actions::PageDriver;
use crate::timer::remaining;

/// The first pause; each further one is twice as long, up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_millis(160);
/// How often a failed screenshot is retried. Chromium reports pages that it can never capture with
/// the same error.
const MAX_SCREENSHOT_RETRIES: u32 = 4;

/// Repeats a call that changes nothing while a navigation interrupts it, until the deadline; and a
/// few times when a screenshot fails because the page's surface is being replaced.
pub async fn while_navigating<T, F>(
    deadline: Instant,
    attempt: impl FnMut(Duration) -> F,
) -> Result<T, CallError>
where
    F: Future<Output = Result<T, CallError>>,
{
    let mut screenshots = 0..MAX_SCREENSHOT_RETRIES;
    repeat(deadline, attempt, |error| {
        error.is_page_not_active()
            || error.is_context_gone()
            || error.is_no_picture() && screenshots.next().is_some()
    })
    .await
}

/// Repeats a call, which may change something, while Chromium refuses it without effect because a
/// navigation has just committed.
pub async fn until_active<T, F>(
    deadline: Instant,
    attempt: impl FnMut(Duration) -> F,
) -> Result<T, CallError>
where
    F: Future<Output = Result<T, CallError>>,
{
    repeat(deadline, attempt, CallError::is_page_not_active).await
}

/// Starts a capture over whenever the main frame commits another document: Chromium never answers a
/// capture whose document is replaced.
pub async fn at_each_commit<T, F>(driver: &PageDriver, mut attempt: impl FnMut() -> F) -> T
where
    F: Future<Output = T>,
{
    loop {
        let replaced = driver.document_replaced();
        tokio::select! {
            biased;
            outcome = attempt() => return outcome,
            () = replaced => {}
        }
    }
}

/// Pauses are jittered, so that tabs that loaded together do not retry together.
async fn repeat<T, F>(
    deadline: Instant,
    mut attempt: impl FnMut(Duration) -> F,
    mut may_repeat: impl FnMut(&CallError) -> bool,
) -> Result<T, CallError>
where
    F: Future<Output = Result<T, CallError>>,
{
    let mut pause = FIRST_PAUSE;
    loop {
        let left = remaining(deadline);
        let error = match attempt(left).await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let jittered = pause.mul_f64(0.5 + fastrand::f64());
        if !may_repeat(&error) || Instant::now() + jittered >= deadline {
            return Err(error);
        }
        sleep(jittered).await;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn not_active() -> CallError {
        CallError::Protocol {
            method: "Page.captureScreenshot".into(),
            code: -32000,
            message: "Not attached to an active page".into(),
            data: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_to_a_page_that_is_not_active_yet_is_retried() {
        let tries = Cell::new(0);
        let deadline = Instant::now() + Duration::from_secs(1);
        let outcome = while_navigating(deadline, |_| {
            tries.set(tries.get() + 1);
            let outcome = if tries.get() < 4 {
                Err(not_active())
            } else {
                Ok(7)
            };
            async move { outcome }
        })
        .await;
        assert!(matches!(outcome, Ok(7)));
        assert_eq!(tries.get(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_screenshot_is_retried_a_few_times() {
        let tries = Cell::new(0);
        let deadline = Instant::now() + Duration::from_secs(9);
        let outcome: Result<(), _> = while_navigating(deadline, |_| {
            tries.set(tries.get() + 1);
            let message = "Unable to capture screenshot".into();
            let (method, code) = ("Page.captureScreenshot".into(), -32000);
            async move {
                Err(CallError::Protocol {
                    method,
                    code,
                    message,
                    data: None,
                })
            }
        })
        .await;
        assert!(outcome.is_err_and(|error| error.is_no_picture()));
        assert_eq!(tries.get(), MAX_SCREENSHOT_RETRIES + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_changes_something_is_retried_only_if_it_had_no_effect() {
        let deadline = Instant::now() + Duration::from_secs(1);
        for (message, expected) in [
            ("Not attached to an active page", 2),
            ("Inspected target navigated or closed", 1),
        ] {
            let tries = Cell::new(0);
            let _ = until_active(deadline, |_| {
                tries.set(tries.get() + 1);
                let refused = CallError::Protocol {
                    method: "Page.reload".into(),
                    code: -32000,
                    message: message.into(),
                    data: None,
                };
                let outcome = if tries.get() < 2 {
                    Err(refused)
                } else {
                    Ok(())
                };
                async move { outcome }
            })
            .await;
            assert_eq!(tries.get(), expected, "{message}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn retries_end_with_the_time_limit() {
        let start = Instant::now();
        let deadline = start + Duration::from_millis(500);
        let outcome: Result<(), _> =
            while_navigating(deadline, |_| async { Err(not_active()) }).await;
        assert!(outcome.is_err_and(|error| error.is_page_not_active()));
        assert!(Instant::now() <= deadline);
    }

    #[tokio::test(start_paused = true)]
    async fn other_errors_are_not_retried() {
        let tries = Cell::new(0);
        let deadline = Instant::now() + Duration::from_secs(1);
        let outcome: Result<(), _> = while_navigating(deadline, |_| {
            tries.set(tries.get() + 1);
            let (method, message) = ("Page.enable".into(), "no".into());
            async move {
                Err(CallError::Protocol {
                    method,
                    code: -32000,
                    message,
                    data: None,
                })
            }
        })
        .await;
        assert!(outcome.is_err());
        assert_eq!(tries.get(), 1);
    }
}
