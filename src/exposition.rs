//! How the metrics are collected and written down for Prometheus.

use std::time::Duration;

use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use tokio::time::{MissedTickBehavior, interval};

/// Buckets of every duration, in seconds: from what a `ping` takes to the longest time limits.
const BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// How often samples of histograms are summed up, so that they do not pile up unread.
const UPKEEP: Duration = Duration::from_secs(5);

/// Why there are no metrics.
#[derive(Debug, thiserror::Error)]
#[error("metrics cannot be collected: {0}")]
pub struct ExpositionError(#[from] BuildError);

/// The metrics of this process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Exposition {
    metrics: PrometheusHandle,
    process: Collector,
}

/// Collects metrics from here on; once in a process.
pub fn install() -> Result<Exposition, ExpositionError> {
    let metrics = builder()?.install_recorder()?;
    let process = Collector::default();
    process.describe();
    describe();
    Ok(Exposition { metrics, process })
}

impl Exposition {
    /// The metrics as Prometheus text.
    pub fn render(&self) -> String {
        self.process.collect();
        self.metrics.render()
    }

    /// Keeps the memory of metrics bounded while nobody reads them. It never ends.
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
    PrometheusBuilder::new().set_buckets(&BUCKETS)
}

/// What is counted.
const COUNTERS: [(&str, &str); 14] = [
    (
        "cdp_bridge_requests_total",
        "Requests of Coordinators by type, and by outcome: ok or the error code.",
    ),
    (
        "cdp_bridge_dropped_total",
        "What was given up because a queue was full or a limit reached.",
    ),
    (
        "cdp_bridge_refused_total",
        "Connections and requests that the edge refused or ended, by reason.",
    ),
    (
        "cdp_bridge_client_limit_total",
        "How often a client came up against a limit of its own.",
    ),
    (
        "cdp_bridge_resumes_total",
        "Connections that wanted to go on with a session, by outcome.",
    ),
    (
        "cdp_bridge_repeated_requests_total",
        "Requests that got the answer of an earlier one with the same idempotency key.",
    ),
    (
        "cdp_bridge_coalesced_total",
        "Requests that were answered by a newer one.",
    ),
    (
        "cdp_bridge_requests_blocked_total",
        "Requests of pages that the allowlist stopped.",
    ),
    ("cdp_bridge_errors_total", "Error answers by code."),
    (
        "cdp_bridge_ws_bytes_total",
        "Bytes of WebSocket messages by direction.",
    ),
    (
        "cdp_bridge_browser_restarts_total",
        "How often Chromium was started again.",
    ),
    (
        "cdp_bridge_tab_rebuilds_total",
        "Tabs that got a new target.",
    ),
    (
        "cdp_bridge_tab_crashes_total",
        "Renderers that died or were given up.",
    ),
    (
        "cdp_bridge_page_terminations_total",
        "Pages that hung until their script was terminated.",
    ),
];

/// What is measured in seconds.
const HISTOGRAMS: [(&str, &str); 2] = [
    (
        "cdp_bridge_request_duration_seconds",
        "Time from a request's arrival to its answer.",
    ),
    (
        "cdp_bridge_cdp_round_trip_seconds",
        "Time from a CDP call to Chromium's answer.",
    ),
];

/// What is so at the moment.
const GAUGES: [(&str, &str); 8] = [
    ("cdp_bridge_tabs", "Open tabs."),
    ("cdp_bridge_connections", "Connected WebSockets."),
    ("cdp_bridge_requests_in_flight", "Unanswered requests."),
    (
        "cdp_bridge_outbound_queue_bytes",
        "Bytes that wait to be written to WebSockets.",
    ),
    (
        "cdp_bridge_screenshot_queue_length",
        "Screenshots that wait for their turn.",
    ),
    (
        "cdp_bridge_sessions_away",
        "Sessions that wait for their client to come back.",
    ),
    (
        "cdp_bridge_resume_kept_bytes",
        "Bytes that are kept for clients that come back.",
    ),
    ("cdp_bridge_browser_up", "1 while Chromium serves."),
];

/// What was built, as labels.
const BUILD_INFO: (&str, &str) = (
    "cdp_bridge_build_info",
    "Always 1; what was built stands in the labels.",
);

/// What a metric counts or measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Durations in buckets; in Prometheus also as `_bucket`, `_sum` and `_count`.
    Histogram,
}

/// A metric of the bridge's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Described {
    /// Its name, with the prefix `cdp_bridge_`.
    pub name: &'static str,
    /// What it is in Prometheus.
    pub kind: Kind,
    /// What it says.
    pub meaning: &'static str,
}

/// Every metric of the bridge's own, for what is written about them: documents, alerts, dashboards.
pub fn described() -> impl Iterator<Item = Described> {
    let of = |kind| {
        move |&(name, meaning)| Described {
            name,
            kind,
            meaning,
        }
    };
    COUNTERS
        .iter()
        .map(of(Kind::Counter))
        .chain(HISTOGRAMS.iter().map(of(Kind::Histogram)))
        .chain(GAUGES.iter().map(of(Kind::Gauge)))
        .chain(std::iter::once(&BUILD_INFO).map(of(Kind::Gauge)))
}

/// Says what each metric is, and gives those without labels their first value, so that they
/// stand there before anything happens.
fn describe() {
    for (name, meaning) in COUNTERS {
        describe_counter!(name, meaning);
    }
    for name in [
        "cdp_bridge_browser_restarts_total",
        "cdp_bridge_page_terminations_total",
    ] {
        metrics::counter!(name).increment(0);
    }
    for (name, meaning) in HISTOGRAMS {
        describe_histogram!(name, meaning);
    }
    for (name, meaning) in GAUGES {
        describe_gauge!(name, meaning);
        metrics::gauge!(name).increment(0.0);
    }
    let (build_info, meaning) = BUILD_INFO;
    describe_gauge!(build_info, meaning);
    metrics::gauge!(
        build_info,
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
