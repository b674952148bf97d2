//! What Postgres' errors mean for the store.

use std::error::Error as _;
use std::fmt::Write as _;
use std::time::Duration;

use deadpool_postgres::PoolError;
use tokio_postgres::Error;

use crate::store::error::StoreError;

#[expect(
    clippy::needless_pass_by_value,
    reason = "errors are mapped with it, which hands them over"
)]
pub(super) fn store_error(error: Error) -> StoreError {
    let text = described(&error);
    let Some(state) = error.code() else {
        return StoreError::Unavailable(text);
    };
    // The first two characters of a SQLSTATE are its class.
    match state.code().get(..2).unwrap_or_default() {
        // Constraints; data that the database does not take, such as a NUL in a text.
        "23" | "22" => StoreError::Conflict(text),
        // Statements that the database does not understand: another schema than ours.
        "42" | "XX" => StoreError::Damaged(text),
        _ => StoreError::Unavailable(text),
    }
}

/// The error of the client says little; what the server said stands in its sources.
fn described(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        // Writing into a text does not fail.
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

pub(super) fn pool_error(error: PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) => store_error(error),
        error => StoreError::Unavailable(error.to_string()),
    }
}

pub(super) fn no_answer(waited: Duration) -> StoreError {
    let seconds = waited.as_secs();
    StoreError::Unavailable(format!("the server did not answer within {seconds} s"))
}
