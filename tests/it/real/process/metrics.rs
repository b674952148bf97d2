//! `/metrics` after use, read as strictly as Prometheus' own checker reads it.

use std::collections::{BTreeMap, BTreeSet};

use prometheus_parse::{Scrape, Value};
use rustix::process::Signal;
use serde_json::json;

use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::daemon::{Daemon, Setup};
use crate::support::http;
use crate::support::metric_names::NAMES;
use crate::support::processes;
use crate::support::site::Site;

on_both_browsers!(metrics_are_complete_and_well_formed_after_use);

/// Metrics that appear only after the end of a session, a blocked request, a failed proxy, a client limit, a resumed
/// session, a repeated idempotency key, a webhook, or a full queue of the store.
const NOT_PROVOKED: [&str; 10] = [
    "webhooks_total",
    "webhooks_waiting",
    "store_dropped_total",
    "sessions_ended_total",
    "session_seconds",
    "requests_blocked_total",
    "upstream_proxy_failures_total",
    "client_limit_total",
    "resumes_total",
    "repeated_requests_total",
];

async fn metrics_are_complete_and_well_formed_after_use(browser: TestBrowser) {
    let site = Site::start().await;
    site.page("/page", "alive");
    let daemon = Setup::serving(&browser).keeping().start().await;
    let _client = used(&daemon, &site.url("/page")).await;

    let response = daemon.get("/metrics").await;
    let head = response.head.to_ascii_lowercase();
    assert!(
        head.contains("content-type: text/plain; version=0.0.4"),
        "{head}"
    );
    let families = strictly_parsed(&response.body);
    for (name, kind, labels) in NAMES {
        if NOT_PROVOKED.contains(&name) {
            continue;
        }
        let prefix = if name.starts_with("process_") {
            ""
        } else {
            "cdp_bridge_"
        };
        let family = families
            .get(&format!("{prefix}{name}"))
            .unwrap_or_else(|| panic!("{name} in {:?}", families.keys()));
        let labels: BTreeSet<String> = labels.iter().map(ToString::to_string).collect();
        assert_eq!(
            (family.kind.as_str(), &family.labels),
            (kind, &labels),
            "{name}"
        );
    }
    for telling in ["t1", "http:", "127.0.0.1", "hunter2", "/page"] {
        assert!(
            !response.body.contains(&format!("\"{telling}")) && !response.body.contains("hunter2"),
            "{telling}"
        );
    }
    let scrape = Scrape::parse(response.body.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let value = |name: &str, label: Option<(&str, &str)>| {
        let sample = scrape.samples.iter().find(|sample| {
            sample.metric == format!("cdp_bridge_{name}")
                && label.is_none_or(|(key, value)| sample.labels.get(key) == Some(value))
        });
        match sample.map(|sample| &sample.value) {
            Some(Value::Counter(value) | Value::Gauge(value)) => *value,
            other => panic!("{name} {label:?} is {other:?} in {}", response.body),
        }
    };
    for (name, label, expected) in [
        ("browser_up", None, 1.0),
        ("browser_restarts_total", None, 1.0),
        ("tab_crashes_total", Some(("reason", "killed")), 1.0),
        ("tab_rebuilds_total", Some(("reason", "crashed")), 1.0),
        ("tab_rebuilds_total", Some(("reason", "browserExited")), 1.0),
        ("tabs", None, 1.0),
        ("connections", None, 1.0),
        ("requests_in_flight", None, 0.0),
        ("screenshot_queue_length", None, 0.0),
        ("refused_total", Some(("reason", "origin")), 1.0),
        ("errors_total", Some(("code", "NAV_DENIED")), 1.0),
        ("errors_total", Some(("code", "BAD_REQUEST")), 1.0),
    ] {
        let found = value(name, label);
        assert!(
            (found - expected).abs() < 0.1,
            "{name} {label:?} is {found}, not {expected}"
        );
    }
    daemon.stop().await;
}

/// Provokes everything that is counted. The connection stays open.
async fn used(daemon: &Daemon, page: &str) -> Client {
    let client = daemon.client().await;
    let tab = client.open(&format!("{page}?secret=hunter2")).await;
    client
        .navigate(&tab, "chrome://history")
        .await
        .expect_error("NAV_DENIED");
    client.send_text("nonsense").await;
    // More snapshots than are captured one by one, and more screenshots than the queue holds.
    let mut waiting = Vec::new();
    for _ in 0..8 {
        for kind in ["getDomSnapshot", "getScreenshot"] {
            waiting.push(client.request(json!({"type": kind, "tabId": tab})).await);
        }
    }
    client
        .answer(waiting.last().unwrap())
        .await
        .expect("screenshot");
    let foreign = [("Origin", "https://evil.test")];
    let refused = http::get(daemon.address(), "/health", &foreign).await;
    assert_eq!(refused.status, 403);
    let health = daemon.get("/health").await.json();
    let pid = i32::try_from(health["browser"]["pid"].as_i64().unwrap()).unwrap();
    let renderers = processes::of_group(pid)
        .into_iter()
        .filter(|it| it.kind() == Some("renderer"));
    for renderer in renderers {
        processes::signal(renderer.pid, Signal::KILL);
    }
    client.tab_event("tabRebuilt", &tab).await;
    client.html(&tab).await;
    processes::signal(pid, Signal::KILL);
    client.event("browserUp").await;
    client.tab_event("tabRebuilt", &tab).await;
    client
}

/// One family, as its `# TYPE` line and its samples tell.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    labels: BTreeSet<String>,
}

/// Reads the text format by its rules: each family has one HELP and one TYPE before its samples,
/// which stand together; no sample comes twice; names and values are well formed.
fn strictly_parsed(text: &str) -> BTreeMap<String, Family> {
    assert!(text.ends_with('\n'), "the last line ends");
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut helped = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, said) = help.split_once(' ').unwrap();
            assert!(!said.trim().is_empty(), "{line}");
            assert!(helped.insert(name.to_owned()), "{name} has two HELP lines");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(helped.contains(name), "{name} has HELP before TYPE");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            let family = Family {
                kind: kind.to_owned(),
                ..Family::default()
            };
            assert!(
                families.insert(name.to_owned(), family).is_none(),
                "{name} has two TYPE lines"
            );
            name.clone_into(&mut current);
        } else {
            assert!(!line.starts_with('#'), "{line}");
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(seen.insert(series.to_owned()), "{series} comes twice");
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let family = families
                .get_mut(&current)
                .unwrap_or_else(|| panic!("{line} has a TYPE"));
            let suffixes: &[&str] = match family.kind.as_str() {
                "histogram" => &["_bucket", "_sum", "_count"],
                _ => &[""],
            };
            assert!(
                suffixes.iter().any(|it| format!("{current}{it}") == name),
                "{line} is in {current}"
            );
            for label in labels
                .trim_end_matches('}')
                .split("\",")
                .filter(|it| !it.is_empty())
            {
                let (key, _) = label.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
                if key != "le" {
                    family.labels.insert(key.to_owned());
                }
            }
        }
    }
    families
}
