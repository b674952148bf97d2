//! Deletes what has been kept for as long as the configuration says, a little at a time.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::clock::epoch_ms;
use crate::store::{Retention, StoreConfig, StoreHandle, Write};

/// Often enough, together with [`MOST`], to keep up with a history that grows as fast as it can be written.
const INTERVAL: Duration = Duration::from_secs(2);

/// The most rows of each table that are deleted in one interval: a large backlog must not hold up other writes.
const MOST: u32 = 4_000;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Runs until it is aborted.
pub(super) async fn run(store: StoreHandle, config: StoreConfig) {
    if !store.is_on() {
        return;
    }
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let retention = retention(&config, epoch_ms());
        // It is waited for, so that in an outage no more than one waits. The next one does as well.
        if let Err(error) = store.write(vec![Write::Expire(retention)]).await {
            tracing::debug!(%error, "what is older than its time is deleted later");
        }
    }
}

fn retention(config: &StoreConfig, now_ms: u64) -> Retention {
    let before = |days: u32| now_ms.saturating_sub(u64::from(days) * DAY_MS);
    Retention {
        now_ms,
        history_before_ms: before(config.history_days),
        sessions_before_ms: before(config.sessions_days),
        audit_before_ms: before(config.audit_days),
        most: MOST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_has_its_own_time() {
        let config = StoreConfig::default();
        let now = 500 * DAY_MS;
        let retention = retention(&config, now);
        assert_eq!(retention.history_before_ms, 470 * DAY_MS);
        assert_eq!(retention.sessions_before_ms, 410 * DAY_MS);
        assert_eq!(retention.audit_before_ms, 100 * DAY_MS);
        assert_eq!(super::retention(&config, 5).audit_before_ms, 0);
    }
}
