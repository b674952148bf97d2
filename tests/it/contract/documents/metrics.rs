//! The table of metrics in the operator's document.

use cdp_bridge::exposition::{self, MetricKind};

use super::generated::check;
use super::markdown::table;
use crate::support::metric_names::NAMES;

#[test]
fn the_metrics_in_operations_are_those_of_the_code() {
    let rows = exposition::described().map(|metric| {
        let labels = NAMES
            .iter()
            .find(|(name, ..)| metric.name.strip_prefix("cdp_bridge_") == Some(*name))
            .map(|(_, _, labels)| labels.iter().map(|label| format!("`{label}`")));
        let kind = match metric.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        vec![
            format!("`{}`", metric.name),
            kind.to_owned(),
            labels
                .map(|all| all.collect::<Vec<_>>().join(", "))
                .unwrap_or_default(),
            metric.meaning.to_owned(),
        ]
    });
    let text = table(&["name", "kind", "labels", "what it says"], rows);
    check("docs/operations.md", "metrics", &text);
}
