//! What stands in `deploy/` is what the bridge is: metrics and their labels, keys of the
//! configuration, the compiler.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cdp_bridge::config::{Sources, load_with};
use cdp_bridge::exposition::{self, MetricKind};
use serde_json::Value;

use super::schemas::repository;
use crate::support::metric_names::NAMES;

const METRIC: &str = "cdp_bridge_";
const VARIABLE: &str = "CDP_BRIDGE_";
/// Labels that Prometheus adds.
const OF_PROMETHEUS: [&str; 3] = ["instance", "job", "le"];

/// Every file of a directory, with its text.
fn files(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            found.push((path, text));
        }
    }
    found
}

/// Every word of this prefix in a text, with what follows it.
fn words<'a>(text: &'a str, prefix: &str) -> Vec<(&'a str, &'a str)> {
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_';
    text.match_indices(prefix)
        .filter(|(at, _)| !text[..*at].ends_with(is_part))
        .map(|(at, _)| {
            let rest = &text[at..];
            rest.split_at(rest.find(|char| !is_part(char)).unwrap_or(rest.len()))
        })
        .collect()
}

/// The labels that are asked for right after the name of a metric: `{code="…",type!~"…"}`.
fn labels(rest: &str) -> Vec<String> {
    let Some(selector) = rest.strip_prefix('{') else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let (mut label, mut quoted) = (String::new(), false);
    // In JSON the quotes are escaped.
    for char in selector.chars().filter(|char| *char != '\\') {
        match char {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '}' => break,
            ',' | ' ' => label.clear(),
            '=' | '!' | '~' => {
                if !label.is_empty() {
                    found.push(std::mem::take(&mut label));
                }
            }
            _ => label.push(char),
        }
    }
    found
}

/// The names of the bridge's own metrics as Prometheus stores them, with their labels.
fn known() -> BTreeMap<String, BTreeSet<&'static str>> {
    let labels: BTreeMap<String, &[&str]> = NAMES
        .iter()
        .filter(|(name, ..)| !name.starts_with("process_"))
        .map(|(name, _, labels)| (format!("{METRIC}{name}"), *labels))
        .collect();
    let mut known = BTreeMap::new();
    for metric in exposition::described() {
        let of = labels.get(metric.name).unwrap_or_else(|| {
            panic!(
                "{} and its labels are in support/metric_names.rs",
                metric.name
            )
        });
        let of: BTreeSet<&str> = of.iter().chain(&OF_PROMETHEUS).copied().collect();
        let suffixes: &[&str] = match metric.kind {
            MetricKind::Counter | MetricKind::Gauge => &[""],
            MetricKind::Histogram => &["_bucket", "_sum", "_count"],
        };
        for suffix in suffixes {
            known.insert(format!("{}{suffix}", metric.name), of.clone());
        }
    }
    known
}

#[test]
fn every_metric_in_deploy_is_one_of_the_bridge_with_labels_that_it_has() {
    let known = known();
    let mut count = 0;
    for (path, text) in files(&repository("deploy")) {
        for (name, rest) in words(&text, METRIC) {
            count += 1;
            let Some(allowed) = known.get(name) else {
                panic!("{}: {name} is no metric of the bridge", path.display());
            };
            for label in labels(rest) {
                assert!(
                    allowed.contains(label.as_str()),
                    "{}: {name} has no label {label}",
                    path.display()
                );
            }
        }
    }
    assert!(count > 30, "metrics are found at all: {count}");
}

#[test]
fn metrics_and_labels_are_found() {
    let text = r#"sum(cdp_bridge_tabs{code=~"A|B,x=1", type!="frame"}[5m]) xcdp_bridge_no"#;
    let found = words(text, METRIC);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].0, labels(found[0].1)),
        (
            "cdp_bridge_tabs",
            vec!["code".to_owned(), "type".to_owned()]
        )
    );
    assert_eq!(labels(r#"{code=\"A\", type=\"b\"}"#), ["code", "type"]);
}

#[test]
fn every_variable_in_deploy_sets_a_key_of_the_configuration() {
    let mut names = BTreeSet::new();
    for (_, text) in files(&repository("deploy")) {
        names.extend(
            words(&text, VARIABLE)
                .into_iter()
                .map(|(name, _)| name.to_owned()),
        );
    }
    assert!(names.len() > 4, "variables are found at all: {names:?}");
    for name in names {
        let sources = Sources {
            // Empty is as good as not set, but a name that means nothing is refused.
            env: BTreeMap::from([(name.clone(), String::new())]),
            ..Sources::default()
        };
        let missing = |_: &Path| Err(std::io::ErrorKind::NotFound.into());
        if let Err(error) = load_with(&sources, &missing) {
            panic!("{error}");
        }
    }
}

#[test]
fn the_image_is_built_with_the_compiler_that_the_bridge_needs() {
    let text = std::fs::read_to_string(repository("deploy/docker/Dockerfile")).unwrap();
    let image = format!("FROM rust:{}-", env!("CARGO_PKG_RUST_VERSION"));
    assert!(text.contains(&image), "{image}");
}

#[test]
fn the_files_of_machines_can_be_read_by_machines() {
    let mut count = 0;
    for (path, text) in files(&repository("deploy")) {
        let is = |ending: &str| path.extension().is_some_and(|found| found == ending);
        if is("json") {
            let read: Result<Value, _> = serde_json::from_str(&text);
            assert!(read.is_ok(), "{}: {read:?}", path.display());
        } else if is("yaml") {
            let read: Result<Value, _> = serde_saphyr::from_str(&text);
            assert!(read.is_ok(), "{}: {read:?}", path.display());
        } else if is("toml") {
            let sources = Sources {
                config_path: Some(path.clone()),
                ..Sources::default()
            };
            let read = load_with(&sources, &|path| std::fs::read_to_string(path));
            assert!(read.is_ok(), "{}: {}", path.display(), read.unwrap_err());
        } else {
            continue;
        }
        count += 1;
    }
    assert!(count > 8, "files are found at all: {count}");
}
