//! Wall-clock time, for timestamps such as `ts` fields. Durations and deadlines use tokio's monotonic
//! clock.

use std::time::SystemTime;

/// Milliseconds since the Unix epoch.
pub fn epoch_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
