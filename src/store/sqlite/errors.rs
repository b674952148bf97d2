//! What SQLite's errors mean for the store.

use rusqlite::{Error, ErrorCode};

use crate::store::error::StoreError;

#[expect(
    clippy::needless_pass_by_value,
    reason = "errors are mapped with it, which hands them over"
)]
pub(super) fn store_error(error: Error) -> StoreError {
    let Some(code) = error.sqlite_error_code() else {
        return StoreError::Damaged(error.to_string());
    };
    let text = match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            format!("another process holds a lock on the file ({error})")
        }
        ErrorCode::DiskFull => format!("the disk is full ({error})"),
        _ => error.to_string(),
    };
    match code {
        ErrorCode::ConstraintViolation => StoreError::Conflict(text),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::TypeMismatch => {
            StoreError::Damaged(text)
        }
        _ => StoreError::Unavailable(text),
    }
}
