//! The HTTP endpoints for operators and their tools.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use cdp_bridge_protocol::PROTOCOL_VERSION;
use serde::Serialize;
use serde_json::json;

use crate::metrics;
use crate::operations::drain::DrainPhase;
use crate::operations::{StoreHealth, TabCounts};
use crate::server::edge::auth::Unauthorized;
use crate::server::ports::Probe;
use crate::server::state::ServerState;

const NAME: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum HealthStatus {
    Ok,
    Degraded,
    Down,
}

/// Down where Chromium does not answer; degraded by a crashed tab, a store that fails, a stop in progress or a warning
/// such as a full disk. Also the reasons, except for those in the browser's part of the report.
fn status(
    probe: &Probe,
    tabs: TabCounts,
    store: &StoreHealth,
    draining: bool,
) -> (HealthStatus, Vec<String>) {
    let mut reasons = probe.concerns.clone();
    match tabs.crashed {
        0 => {}
        1 => reasons.push("a tab has crashed".to_owned()),
        count => reasons.push(format!("{count} tabs have crashed")),
    }
    match store {
        StoreHealth::Off | StoreHealth::Ok => {}
        StoreHealth::Failing(reason) => reasons.push(format!("nothing is kept for now: {reason}")),
        StoreHealth::Unusable(reason) => {
            reasons.push(format!("nothing is kept since the start: {reason}"));
        }
    }
    if draining {
        reasons.push("the bridge is stopping".to_owned());
    }
    let status = if !probe.connected || probe.round_trip.is_none() {
        HealthStatus::Down
    } else if reasons.is_empty() {
        HealthStatus::Ok
    } else {
        HealthStatus::Degraded
    };
    (status, reasons)
}

/// `/health`: a real round trip.
pub(crate) async fn health(State(state): State<Arc<ServerState>>) -> Response {
    let probe = state.health.probe().await;
    let tabs = state.operations().tab_counts();
    let draining = state.drain().phase() > DrainPhase::Serving;
    let store = state.operations().store();
    let (store_health, store_counts) = (store.health(), store.counts());
    let (status, reasons) = status(&probe, tabs, &store_health, draining);
    let mut report = json!({
        "status": status,
        "version": VERSION,
        "uptimeSeconds": state.started.elapsed().as_secs(),
        "browser": {
            "connected": probe.connected,
            "version": probe.version,
            "pid": probe.pid,
            "restarts": probe.restarts,
            // Hundredths of a millisecond: a round trip over the pipe takes fractions of one.
            "roundTripMs": probe
                .round_trip
                .map(|took| (took.as_secs_f64() * 100_000.0).round() / 100.0),
        },
        "server": {
            "listening": state.settings.config.listen.to_string(),
            "connections": state.hub.connections(),
            "draining": draining,
        },
        "tabs": { "open": tabs.open, "crashed": tabs.crashed },
        "store": {
            "state": match &store_health {
                StoreHealth::Off => "off",
                StoreHealth::Ok => "ok",
                StoreHealth::Failing(_) => "failing",
                StoreHealth::Unusable(_) => "unusable",
            },
            "queued": store_counts.queued,
            "dropped": store_counts.dropped,
        },
    });
    // A sentence each, where there is something to say.
    if !reasons.is_empty() {
        report["reasons"] = json!(reasons);
    }
    if let Some(reason) = probe.reason {
        report["browser"]["reason"] = json!(reason);
    }
    let code = match status {
        HealthStatus::Down => StatusCode::SERVICE_UNAVAILABLE,
        HealthStatus::Ok | HealthStatus::Degraded => StatusCode::OK,
    };
    (code, Json(report)).into_response()
}

/// `/livez`: the process runs. It never asks Chromium.
pub(crate) async fn livez() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// `/readyz`: whether a new client would be served.
pub(crate) async fn readyz(State(state): State<Arc<ServerState>>) -> Response {
    let reason = if state.drain().phase() > DrainPhase::Serving {
        "the bridge is stopping"
    } else if !state.services.browser.is_up() {
        "Chromium is down"
    } else if !state.has_room() {
        "the connection limit is reached"
    } else {
        return Json(json!({ "status": "ready" })).into_response();
    };
    let body = json!({ "status": "unready", "reason": reason });
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}

/// `/metrics`: Prometheus text.
pub(crate) async fn metrics(
    State(state): State<Arc<ServerState>>,
    headers: HeaderMap,
) -> Result<Response, Unauthorized> {
    if state.settings.protect_metrics {
        state.auth.authenticate(&headers)?;
    }
    metrics::tabs(state.operations().tab_counts().open);
    metrics::browser_up(state.services.browser.is_up());
    let text = (state.services.render_metrics)();
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(CONTENT_TYPE, kind)], text).into_response())
}

/// `/version`: name, version and build.
pub(crate) async fn version() -> Response {
    let build = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    Json(json!({
        "name": NAME,
        "version": VERSION,
        "protocol": PROTOCOL_VERSION,
        "build": build,
    }))
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_browser_that_does_not_answer_is_down_and_a_crashed_tab_degrades() {
        let up = Probe {
            connected: true,
            round_trip: Some(Duration::from_millis(1)),
            ..Probe::default()
        };
        let hung = Probe {
            round_trip: None,
            ..up.clone()
        };
        let crashed = TabCounts {
            open: 3,
            crashed: 1,
        };
        let none = TabCounts::default();
        let full = Probe {
            concerns: vec!["only 3 MiB left".to_owned()],
            ..up.clone()
        };
        for (probe, tabs, draining, expected, reasons) in [
            (&up, none, false, HealthStatus::Ok, vec![]),
            (
                &up,
                crashed,
                false,
                HealthStatus::Degraded,
                vec!["a tab has crashed"],
            ),
            (
                &up,
                none,
                true,
                HealthStatus::Degraded,
                vec!["the bridge is stopping"],
            ),
            (
                &full,
                none,
                false,
                HealthStatus::Degraded,
                vec!["only 3 MiB left"],
            ),
            (&hung, none, false, HealthStatus::Down, vec![]),
            (
                &Probe::default(),
                none,
                true,
                HealthStatus::Down,
                vec!["the bridge is stopping"],
            ),
        ] {
            let (found, said) = status(probe, tabs, &StoreHealth::Ok, draining);
            assert_eq!(found, expected, "{probe:?} {tabs:?}");
            assert_eq!(said, reasons, "{probe:?} {tabs:?}");
        }
        for (store, expected) in [
            (StoreHealth::Off, HealthStatus::Ok),
            (
                StoreHealth::Failing("full".to_owned()),
                HealthStatus::Degraded,
            ),
            (
                StoreHealth::Unusable("locked".to_owned()),
                HealthStatus::Degraded,
            ),
        ] {
            let (found, said) = status(&up, none, &store, false);
            assert_eq!(
                (found, said.is_empty()),
                (expected, expected == HealthStatus::Ok)
            );
        }
    }
}
