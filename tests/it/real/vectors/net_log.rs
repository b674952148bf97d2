//! Chromium's own log of what its network stack does, searched for names that it looked up.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

/// What the names of the events of a lookup begin with.
const LOOKUPS: [&str; 2] = ["HOST_RESOLVER", "DNS_"];

/// The domain below which every name is counted.
const COUNTED: &str = ".leak.test";

/// The first labels of the names below a context that were looked up: each is a vector's.
pub(super) fn looked_up(log: &Path, context: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(log).unwrap();
    let mut lines = text.lines();
    let first = lines.next().unwrap().trim_end_matches(',');
    let constants: Value = serde_json::from_str(&format!("{first}}}")).unwrap();
    let types = constants["constants"]["logEventTypes"].as_object().unwrap();
    let lookups: BTreeSet<i64> = types
        .iter()
        .filter(|(name, _)| LOOKUPS.iter().any(|start| name.starts_with(start)))
        .map(|(_, number)| number.as_i64().unwrap())
        .collect();
    assert!(lookups.len() > 5, "the log names its events: {types:?}");
    let counted = format!(".{context}{COUNTED}");
    lines
        .filter(|line| line.contains(&counted))
        .filter(|line| event_type(line).is_some_and(|number| lookups.contains(&number)))
        .map(|line| {
            let (before, _) = line.split_once(&counted).unwrap();
            let is_part = |it: char| it.is_ascii_lowercase() || it == '-';
            before[before.trim_end_matches(is_part).len()..].to_owned()
        })
        .collect()
}

/// The number of an event's type, which is the last field of its line; what else is called so
/// stands inside its fields.
fn event_type(line: &str) -> Option<i64> {
    let (_, number) = line.rsplit_once("\"type\":")?;
    let digits = number.split(|it: char| !it.is_ascii_digit()).next()?;
    digits.parse().ok()
}
