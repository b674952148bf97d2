//! The time of day, for people and for `ts` fields. Everything that is measured or waited for uses
//! tokio's clock instead.

use std::time::SystemTime;

/// Milliseconds since the epoch.
pub fn epoch_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
