//! The runbook has a section for each alert and each error code, and for nothing else.

use std::collections::BTreeSet;

use cdp_bridge_protocol::error::ErrorCode;
use serde_json::Value;

use super::markdown::headings;
use crate::contract::schemas::repository;

fn read(path: &str) -> String {
    std::fs::read_to_string(repository(path)).unwrap()
}

#[test]
fn every_alert_and_every_error_code_is_in_the_runbook() {
    let rules: Value = serde_saphyr::from_str(&read("deploy/prometheus/alerts.yaml")).unwrap();
    let alerts = rules["groups"].as_array().unwrap().iter();
    let alerts = alerts.flat_map(|group| group["rules"].as_array().unwrap());
    let alerts: Vec<&str> = alerts.map(|rule| rule["alert"].as_str().unwrap()).collect();
    assert!(alerts.len() > 5, "alerts are found at all");
    let codes = ErrorCode::ALL.iter().map(|code| code.as_str());
    let expected: BTreeSet<&str> = alerts.into_iter().chain(codes).collect();

    let runbook = read("docs/runbook.md");
    let is_name = |heading: &str| {
        let is_code = heading
            .chars()
            .all(|char| char.is_ascii_uppercase() || char == '_');
        heading.starts_with("CdpBridge") || is_code
    };
    let found: BTreeSet<&str> = headings(&runbook).filter(|it| is_name(it)).collect();
    assert_eq!(found, expected);
}
