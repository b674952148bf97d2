//! `waitFor` with `expression`: a script of the client that is run again and again, after each change of the page
//! and at intervals, until its value is true.

use std::time::Duration;

use cdp_bridge_protocol::TypedText;
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::driver::PageDriver;
use super::error::PageActionError;

/// The longest pause between two runs: what a script looks at may change without a change of the document.
const INTERVAL: Duration = Duration::from_millis(100);

/// The shortest pause, which bounds the load by a page that changes all the time.
const PAUSE: Duration = Duration::from_millis(20);

impl PageDriver {
    /// Waits until the value of a script is true in the sense of JavaScript, and returns it; `None` if it cannot be
    /// written as JSON. The caller enforces the deadline.
    pub(super) async fn wait_script(
        &self,
        expression: &TypedText,
        args: &[Value],
        deadline: Instant,
    ) -> Result<Option<Value>, PageActionError> {
        loop {
            let next = Instant::now() + INTERVAL;
            match self.evaluate(expression, args, None, deadline).await {
                Ok(value) if is_true(&value) => return Ok(Some(value)),
                // An object that is circular, or too large, is true.
                Err(PageActionError::NotJson { .. } | PageActionError::TooLarge { .. }) => {
                    return Ok(None);
                }
                // The next document is asked.
                Ok(_) | Err(PageActionError::PageLeft) => {}
                Err(error) => return Err(error),
            }
            sleep(PAUSE).await;
            // A page that cannot answer is asked again after the interval.
            let _ = timeout_at(next, self.next_change()).await;
        }
    }

    async fn next_change(&self) {
        #[derive(Serialize)]
        struct Args {
            most: u128,
        }
        let args = Args {
            most: INTERVAL.as_millis(),
        };
        let deadline = Instant::now() + INTERVAL;
        let changed = self.main_world().call_raw("changed", &args, deadline);
        if changed.await.is_err() {
            sleep_until(deadline).await;
        }
    }
}

/// Whether a value is true in the sense of JavaScript.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_true_as_in_javascript() {
        for value in [
            json!(true),
            json!(-1),
            json!(0.5),
            json!("0"),
            json!([]),
            json!({}),
        ] {
            assert!(is_true(&value), "{value}");
        }
        for value in [json!(null), json!(false), json!(0), json!(0.0), json!("")] {
            assert!(!is_true(&value), "{value}");
        }
    }
}
