//! The names of everything that is counted, and the only place where they stand.
//!
//! Prefix `cdp_bridge_`, base units, and no label that grows with tabs, URLs or sessions
//! (operations: Metrics).

use std::time::Duration;

use cdp_bridge_protocol::event::RebuildReason;

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

/// A request was answered by a newer one of its kind.
pub fn coalesced(kind: &'static str) {
    ::metrics::counter!("cdp_bridge_coalesced_total", "type" => kind, "reason" => "debounce")
        .increment(1);
}

/// A tab's renderer died.
pub fn tab_crashed() {
    ::metrics::counter!("cdp_bridge_tab_crashes_total").increment(1);
}

/// A tab got a new target.
pub fn tab_rebuilt(reason: RebuildReason) {
    let reason = match reason {
        RebuildReason::Crashed => "crashed",
        RebuildReason::Detached => "detached",
        RebuildReason::BrowserExited => "browserExited",
    };
    ::metrics::counter!("cdp_bridge_tab_rebuilds_total", "reason" => reason).increment(1);
}

/// How many tabs there are.
pub fn tabs(count: usize) {
    // There are never more tabs than a u32 counts.
    ::metrics::gauge!("cdp_bridge_tabs").set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}

/// Whether Chromium serves.
pub fn browser_up(up: bool) {
    ::metrics::gauge!("cdp_bridge_browser_up").set(if up { 1.0 } else { 0.0 });
}

/// Chromium is started again.
pub fn browser_restarted() {
    ::metrics::counter!("cdp_bridge_browser_restarts_total").increment(1);
}
