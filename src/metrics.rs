//! The names of all metrics, and the only place where they are used.
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

/// Something was dropped because a queue was full.
pub fn dropped(kind: &'static str, reason: &'static str) {
    ::metrics::counter!("cdp_bridge_dropped_total", "type" => kind, "reason" => reason)
        .increment(1);
}

/// An HTTP request was answered; `route` is the template of its path.
pub fn http_request(route: &str, status: u16) {
    ::metrics::counter!("cdp_bridge_http_requests_total", "route" => route.to_owned(), "status" => status.to_string())
        .increment(1);
}

/// A check of the server refused or ended a connection, or refused a request.
pub fn refused(reason: &'static str) {
    ::metrics::counter!("cdp_bridge_refused_total", "reason" => reason).increment(1);
}

/// A client reached one of its limits: `tabs`, `inflight`, `rate` or `connections`.
pub fn client_limit(limit: &'static str) {
    ::metrics::counter!("cdp_bridge_client_limit_total", "limit" => limit).increment(1);
}

/// A request was answered together with a newer one of its kind.
pub fn coalesced(kind: &'static str) {
    ::metrics::counter!("cdp_bridge_coalesced_total", "type" => kind, "reason" => "debounce")
        .increment(1);
}

/// Policy stopped a request of a page, or would have.
pub fn request_blocked(reason: &'static str) {
    ::metrics::counter!("cdp_bridge_requests_blocked_total", "reason" => reason).increment(1);
}

/// A connection through a session's upstream proxy failed.
pub fn upstream_proxy_failed(reason: &'static str) {
    ::metrics::counter!("cdp_bridge_upstream_proxy_failures_total", "reason" => reason)
        .increment(1);
}

/// A tab's renderer crashed (`crashed`, `killed`, `oom`) or was abandoned, because it hung (`hung`) or
/// its page opened too many dialogs (`dialogs`).
pub fn tab_crashed(reason: &'static str) {
    ::metrics::counter!("cdp_bridge_tab_crashes_total", "reason" => reason).increment(1);
}

pub fn page_terminated() {
    ::metrics::counter!("cdp_bridge_page_terminations_total").increment(1);
}

pub fn tab_rebuilt(reason: &'static str) {
    ::metrics::counter!("cdp_bridge_tab_rebuilds_total", "reason" => reason).increment(1);
}

/// A request was answered; `error` is its code, if it failed.
pub fn request(kind: &'static str, error: Option<&'static str>, took: Duration) {
    let outcome = error.unwrap_or("ok");
    ::metrics::counter!("cdp_bridge_requests_total", "type" => kind, "outcome" => outcome)
        .increment(1);
    ::metrics::histogram!("cdp_bridge_request_duration_seconds", "type" => kind)
        .record(took.as_secs_f64());
    if let Some(code) = error {
        ::metrics::counter!("cdp_bridge_errors_total", "code" => code).increment(1);
    }
}

pub fn requests_in_flight(count: usize) {
    gauge("cdp_bridge_requests_in_flight", count);
}

pub fn connections(count: usize) {
    gauge("cdp_bridge_connections", count);
}

pub fn tabs(count: usize) {
    gauge("cdp_bridge_tabs", count);
}

pub fn browser_up(up: bool) {
    gauge("cdp_bridge_browser_up", usize::from(up));
}

pub fn browser_restarted() {
    ::metrics::counter!("cdp_bridge_browser_restarts_total").increment(1);
}

/// The bytes queued for one connection changed.
pub fn outbound_queue_changed(before: usize, after: usize) {
    if before != after {
        ::metrics::gauge!("cdp_bridge_outbound_queue_bytes")
            .increment(as_f64(after) - as_f64(before));
    }
}

/// The bytes kept for resuming one connection changed.
pub fn resume_kept_changed(before: usize, after: usize) {
    if before != after {
        ::metrics::gauge!("cdp_bridge_resume_kept_bytes").increment(as_f64(after) - as_f64(before));
    }
}

/// How many sessions of clients have each status.
pub fn sessions(counts: [(&'static str, usize); 7]) {
    for (status, count) in counts {
        ::metrics::gauge!("cdp_bridge_sessions", "state" => status).set(as_f64(count));
    }
}

/// Nothing of a session is left; it lived so long.
pub fn session_ended(reason: &'static str, lived: Duration) {
    ::metrics::counter!("cdp_bridge_sessions_ended_total", "reason" => reason).increment(1);
    ::metrics::histogram!("cdp_bridge_session_seconds").record(lived.as_secs_f64());
}

/// A webhook was `delivered`, `retried`, given up (`failed`) or `dropped`, because too many wait.
pub fn webhook(event: &str, outcome: &'static str) {
    ::metrics::counter!("cdp_bridge_webhooks_total", "event" => event.to_owned(), "outcome" => outcome)
        .increment(1);
}

/// How many webhooks wait or are being sent.
pub fn webhooks_waiting(count: usize) {
    gauge("cdp_bridge_webhooks_waiting", count);
}

/// How many disconnected clients may still resume.
pub fn sessions_away(count: usize) {
    gauge("cdp_bridge_sessions_away", count);
}

/// A client tried to resume: `whole`, `gap` or `failed`.
pub fn resumed(outcome: &'static str) {
    ::metrics::counter!("cdp_bridge_resumes_total", "outcome" => outcome).increment(1);
}

/// A request got the answer of an earlier one with the same idempotency key.
pub fn repeated(kind: &'static str) {
    ::metrics::counter!("cdp_bridge_repeated_requests_total", "type" => kind).increment(1);
}

/// The length of one tab's screenshot queue changed.
pub fn screenshot_queue_changed(before: usize, after: usize) {
    if before != after {
        ::metrics::gauge!("cdp_bridge_screenshot_queue_length")
            .increment(as_f64(after) - as_f64(before));
    }
}

/// Changes were committed, or could not be.
pub fn store_committed(took: Duration) {
    ::metrics::histogram!("cdp_bridge_store_commit_seconds").record(took.as_secs_f64());
}

/// How many changes wait to be committed.
pub fn store_queue(count: usize) {
    gauge("cdp_bridge_store_queue", count);
}

/// Whether the store that is configured cannot be written.
pub fn store_failing(failing: bool) {
    gauge("cdp_bridge_store_failing", usize::from(failing));
}

/// A change of the store was given up, because too many waited or the database refused it.
pub fn store_dropped(class: &'static str) {
    ::metrics::counter!("cdp_bridge_store_dropped_total", "class" => class).increment(1);
}

pub fn ws_bytes_in(bytes: usize) {
    ws_bytes("in", bytes);
}

pub fn ws_bytes_out(bytes: usize) {
    ws_bytes("out", bytes);
}

fn ws_bytes(direction: &'static str, bytes: usize) {
    ::metrics::counter!("cdp_bridge_ws_bytes_total", "direction" => direction)
        .increment(bytes as u64);
}

fn gauge(name: &'static str, value: usize) {
    ::metrics::gauge!(name).set(as_f64(value));
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and byte sums stay far below 2^53"
)]
fn as_f64(value: usize) -> f64 {
    value as f64
}
