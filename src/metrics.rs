//! The names of everything that is counted, and the only place where they stand.
//!
//! Prefix `cdp_bridge_`, base units, and no label that grows with tabs, URLs or sessions
//! (operations: Metrics).

use std::time::Duration;

/// A CDP call was answered; labelled by its domain.
pub fn cdp_round_trip(method: &'static str, took: Duration) {
    let domain = method.split_once('.').map_or(method, |(domain, _)| domain);
    ::metrics::histogram!("cdp_bridge_cdp_round_trip_seconds", "domain" => domain)
        .record(took.as_secs_f64());
}

/// Something was given up because a queue was full.
pub fn dropped(kind: &'static str, reason: &'static str) {
    ::metrics::counter!("cdp_bridge_dropped_total", "type" => kind, "reason" => reason)
        .increment(1);
}
