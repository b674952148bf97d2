//! The limits of a client, and whether the bridge takes more work.

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::Instant;

use super::answer;
use super::request::RestRequest;
use super::route::{RestResult, Route, RouteAuth};
use crate::operations::drain::DrainPhase;
use crate::server::state::ServerState;

/// The limits of a client, and how far they are used.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Limits {
    /// Of its sessions.
    sessions: SessionLimits,
    /// Of its pages.
    pages: PageLimits,
    /// Of its requests in a second; absent if there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<RateLimit>,
    /// How many sessions it may create in a minute.
    creates_per_minute: u32,
}

/// Live sessions, and requests that wait for one.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SessionLimitCounts")]
struct SessionLimits {
    /// What counts against the limit: all that a list shows, without the implicit one.
    live: usize,
    /// The most there may be.
    limit: usize,
    /// Requests that wait for a place.
    queued: usize,
    /// The most that may wait.
    queue_limit: usize,
}

/// Open pages.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PageLimits {
    /// In all sessions of the client.
    open: usize,
    /// The most there may be.
    limit: usize,
}

/// Requests in a second.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RateLimit {
    /// The most.
    per_second: u32,
    /// How many are allowed now.
    remaining: u32,
}

/// Whether the bridge takes more work.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Pressure {
    /// Whether one more session of this client would get a place now.
    is_available: bool,
    /// Why not; absent if it would.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// How much of the machine's memory is in use, in percent; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<u8>,
    /// Live sessions of all clients.
    running: usize,
    /// The most there may be.
    max_concurrent: usize,
    /// Requests of all clients that wait for a session.
    queued: usize,
    /// The most that may wait.
    max_queued: usize,
}

pub(super) fn routes() -> Vec<Route> {
    const TAG: &str = "limits";
    vec![
        Route::get("/limits", "getLimits", limits)
            .summary(TAG, "The client's limits, and how far they are used")
            .auth(RouteAuth::Client)
            .answers::<Limits>(200, "The limits"),
        Route::get("/pressure", "getPressure", pressure)
            .summary(TAG, "Whether one more session would get a place now")
            .auth(RouteAuth::Client)
            .answers::<Pressure>(200, "How busy the bridge is"),
    ]
}

async fn limits(request: RestRequest) -> RestResult {
    let principal = &request.entered()?.access.principal;
    let operations = request.state.operations();
    let sessions = operations.session_limits(&principal.scope.client);
    let rate = principal.quota.rate_left(Instant::now());
    let limits = Limits {
        sessions: SessionLimits {
            live: sessions.live,
            limit: sessions.limit,
            queued: sessions.queued,
            queue_limit: sessions.queue_limit,
        },
        pages: PageLimits {
            open: operations.pages_of(principal).len(),
            limit: principal.quota.limits().max_tabs,
        },
        rate: rate.map(|left| RateLimit {
            per_second: left.per_second,
            remaining: left.remaining,
        }),
        creates_per_minute: sessions.creates_per_minute,
    };
    answer::json(StatusCode::OK, &limits)
}

async fn pressure(request: RestRequest) -> RestResult {
    let client = &request.entered()?.access.principal.scope.client;
    let sessions = request.state.operations().session_limits(client);
    let is_full = sessions.live_of_all >= sessions.limit_of_all;
    let reason = unavailable(&request.state, is_full, sessions.live >= sessions.limit);
    let pressure = Pressure {
        is_available: reason.is_none(),
        reason,
        memory: memory_in_use(),
        running: sessions.live_of_all,
        max_concurrent: sessions.limit_of_all,
        queued: sessions.queued_of_all,
        max_queued: sessions.queue_limit,
    };
    answer::json(StatusCode::OK, &pressure)
}

fn unavailable(state: &ServerState, is_full: bool, is_used_up: bool) -> Option<&'static str> {
    if state.drain().phase() > DrainPhase::Serving {
        Some("the bridge is stopping")
    } else if !state.services.browser.is_up() {
        Some("Chromium is down")
    } else if is_full {
        Some("there are as many sessions as there may be")
    } else if is_used_up {
        Some("this client has as many sessions as it may")
    } else {
        None
    }
}

/// How much of the machine's memory is in use, in percent.
fn memory_in_use() -> Option<u8> {
    percent_in_use(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

fn percent_in_use(meminfo: &str) -> Option<u8> {
    let kib = |name: &str| -> Option<u64> {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':')
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    };
    let (total, available) = (kib("MemTotal")?, kib("MemAvailable")?);
    let used = total.checked_sub(available)?;
    u8::try_from((used * 100).checked_div(total)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_in_use_is_what_is_not_available() {
        let text = "MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    250 kB\n";
        assert_eq!(percent_in_use(text), Some(75));
        assert_eq!(percent_in_use("MemTotal: 0 kB\nMemAvailable: 0 kB\n"), None);
        assert_eq!(percent_in_use(""), None);
    }
}
