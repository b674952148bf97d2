//! Collects the metrics and renders them for Prometheus.

use std::time::Duration;

use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use tokio::time::{MissedTickBehavior, interval};

/// Buckets of every duration, in seconds: from the time of a `ping` to the longest time limits.
const BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// The same of the lives of sessions, in seconds.
const LIVES: [f64; 9] = [
    1.0, 10.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 21_600.0, 86_400.0,
];

/// How often histogram samples are summed up, so that they do not accumulate while nothing scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
#[error("metrics cannot be collected: {0}")]
pub struct ExpositionError(#[from] BuildError);

/// The metrics of this process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Exposition {
    metrics: PrometheusHandle,
    process: Collector,
}

/// Installs the recorder; once per process.
pub fn install() -> Result<Exposition, ExpositionError> {
    let metrics = builder()?.install_recorder()?;
    let process = Collector::default();
    process.describe();
    describe();
    Ok(Exposition { metrics, process })
}

impl Exposition {
    /// The Prometheus text format.
    pub fn render(&self) -> String {
        self.process.collect();
        self.metrics.render()
    }

    /// Bounds the memory of histograms while nothing scrapes. Never returns.
    pub async fn upkeep(self) {
        let mut ticks = interval(UPKEEP);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.metrics.run_upkeep();
        }
    }
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    let lives = Matcher::Full("cdp_bridge_session_seconds".to_owned());
    PrometheusBuilder::new()
        .set_buckets(&BUCKETS)?
        .set_buckets_for_metric(lives, &LIVES)
}

/// Has its values in its labels.
const BUILD_INFO: &str = "cdp_bridge_build_info";
const SESSIONS: &str = "cdp_bridge_sessions";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    Counter,
    Gauge,
    /// Durations in seconds, in buckets; in Prometheus also as `_bucket`, `_sum` and `_count`.
    Histogram,
}

/// A metric of the bridge itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Described {
    /// Its name, with the prefix `cdp_bridge_`.
    pub name: &'static str,
    pub kind: MetricKind,
    pub meaning: &'static str,
}

/// The metrics in a table: kind, name and meaning.
macro_rules! metrics {
    ($($kind:ident $name:literal: $meaning:literal;)*) => {
        const DESCRIBED: &[Described] = &[$(Described {
            name: $name,
            kind: MetricKind::$kind,
            meaning: $meaning,
        },)*];
    };
}

metrics! {
    Counter "cdp_bridge_requests_total": "Requests of Coordinators by type, and by outcome: ok or the error code.";
    Counter "cdp_bridge_dropped_total":
        "Messages and requests dropped because a queue was full or a limit was reached.";
    Counter "cdp_bridge_http_requests_total":
        "HTTP requests that were answered, by the template of their path and the status.";
    Counter "cdp_bridge_refused_total":
        "Connections and requests that were refused or ended by a check of the server, by reason.";
    Counter "cdp_bridge_client_limit_total": "How often a client reached one of its own limits.";
    Counter "cdp_bridge_resumes_total": "Attempts to resume after a lost connection, by outcome.";
    Counter "cdp_bridge_repeated_requests_total":
        "Requests that got the answer of an earlier one with the same idempotency key.";
    Counter "cdp_bridge_coalesced_total": "Requests that were answered together with a newer one.";
    Counter "cdp_bridge_requests_blocked_total": "Requests of pages that policy blocked.";
    Counter "cdp_bridge_upstream_proxy_failures_total":
        "Connections that failed at a session's upstream proxy.";
    Counter "cdp_bridge_errors_total": "Error answers by code.";
    Counter "cdp_bridge_ws_bytes_total": "Bytes of WebSocket messages by direction.";
    Counter "cdp_bridge_browser_restarts_total": "Restarts of Chromium.";
    Counter "cdp_bridge_tab_rebuilds_total": "Tabs that got a new target.";
    Counter "cdp_bridge_tab_crashes_total": "Renderers that crashed or were abandoned.";
    Counter "cdp_bridge_page_terminations_total": "Hanging pages whose script was terminated.";
    Histogram "cdp_bridge_request_duration_seconds": "Time from a request's arrival to its answer.";
    Histogram "cdp_bridge_cdp_round_trip_seconds": "Time from a CDP call to Chromium's answer.";
    Gauge "cdp_bridge_tabs": "Open tabs.";
    Gauge "cdp_bridge_connections": "Connected WebSockets.";
    Gauge "cdp_bridge_requests_in_flight": "Unanswered requests.";
    Gauge "cdp_bridge_outbound_queue_bytes": "Bytes queued for WebSockets.";
    Gauge "cdp_bridge_screenshot_queue_length": "Queued screenshots.";
    Gauge "cdp_bridge_sessions": "Sessions of clients of which something is left, by status.";
    Counter "cdp_bridge_sessions_ended_total": "Sessions of which nothing is left, by the reason of their end.";
    Histogram "cdp_bridge_session_seconds": "Time from the creation of a session until nothing of it was left.";
    Counter "cdp_bridge_webhooks_total": "Attempts to deliver webhooks, by event and outcome.";
    Gauge "cdp_bridge_webhooks_waiting": "Webhooks that wait or are being sent.";
    Gauge "cdp_bridge_sessions_away": "Disconnected clients that may still resume.";
    Gauge "cdp_bridge_resume_kept_bytes": "Bytes kept for clients that may resume.";
    Gauge "cdp_bridge_store_failing": "1 while the store that is configured cannot be written.";
    Gauge "cdp_bridge_store_queue": "Changes that wait to be written to the store.";
    Histogram "cdp_bridge_store_commit_seconds": "Time of one attempt to commit what waited.";
    Counter "cdp_bridge_store_dropped_total": "Changes that the store has given up, by their class.";
    Gauge "cdp_bridge_browser_up": "1 while Chromium is connected.";
    Gauge "cdp_bridge_build_info": "Always 1; version and build are in the labels.";
}

/// Every metric of the bridge itself, for checks of documents, alerts and dashboards.
pub fn described() -> impl Iterator<Item = Described> {
    DESCRIBED.iter().copied()
}

/// Registers the descriptions, and initialises metrics without labels, so that they are exported from the
/// start.
fn describe() {
    for Described {
        name,
        kind,
        meaning,
    } in described()
    {
        match kind {
            MetricKind::Counter => describe_counter!(name, meaning),
            MetricKind::Histogram => describe_histogram!(name, meaning),
            MetricKind::Gauge => describe_gauge!(name, meaning),
        }
        if kind == MetricKind::Gauge && ![BUILD_INFO, SESSIONS].contains(&name) {
            metrics::gauge!(name).increment(0.0);
        }
    }
    for name in [
        "cdp_bridge_browser_restarts_total",
        "cdp_bridge_page_terminations_total",
    ] {
        metrics::counter!(name).increment(0);
    }
    metrics::gauge!(
        BUILD_INFO,
        "version" => env!("CARGO_PKG_VERSION"),
        "build" => if cfg!(debug_assertions) { "debug" } else { "release" },
    )
    .set(1.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics as counted;
    use prometheus_parse::Value::{Counter, Gauge, Histogram};

    #[test]
    fn what_is_counted_is_written_so_that_prometheus_reads_it() {
        let recorder = builder().unwrap().build_recorder();
        let handle = recorder.handle();
        let text = metrics::with_local_recorder(&recorder, || {
            describe();
            counted::request("navigate", None, Duration::from_millis(3));
            counted::request("navigate", Some("NAV_DENIED"), Duration::from_millis(3));
            counted::connections(2);
            counted::outbound_queue_changed(0, 10);
            counted::outbound_queue_changed(10, 4);
            counted::ws_bytes_in(5);
            counted::dropped("connection", "too_slow");
            handle.render()
        });
        let lines = text.lines().map(|line| Ok(line.to_owned()));
        let scrape = prometheus_parse::Scrape::parse(lines).unwrap();
        let value = |name: &str, labels: &[(&str, &str)]| {
            scrape
                .samples
                .iter()
                .find(|sample| {
                    sample.metric == name
                        && labels
                            .iter()
                            .all(|(label, value)| sample.labels.get(label) == Some(value))
                })
                .unwrap_or_else(|| panic!("{name} {labels:?} is in:\n{text}"))
                .value
                .clone()
        };
        let requests = "cdp_bridge_requests_total";
        let ok = value(requests, &[("type", "navigate"), ("outcome", "ok")]);
        assert!(matches!(ok, Counter(n) if (n - 1.0).abs() < 0.1));
        value(requests, &[("outcome", "NAV_DENIED")]);
        value("cdp_bridge_errors_total", &[("code", "NAV_DENIED")]);
        value("cdp_bridge_ws_bytes_total", &[("direction", "in")]);
        value(
            "cdp_bridge_build_info",
            &[("version", env!("CARGO_PKG_VERSION"))],
        );
        let waiting = value("cdp_bridge_outbound_queue_bytes", &[]);
        assert!(matches!(waiting, Gauge(n) if (n - 4.0).abs() < 0.1));
        let Histogram(buckets) = value("cdp_bridge_request_duration_seconds", &[]) else {
            panic!("a duration is a histogram");
        };
        assert_eq!(buckets.len(), BUCKETS.len() + 1);
    }
}
