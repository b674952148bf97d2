//! Publishes `requestBlocked` events, at most one per second and tab.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::TabId;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::egress::BlockedRequest;
use crate::flow::KeyedThrottle;
use crate::tabs::{Audience, Fact, FactKind, FactSink, Scope};
use crate::timer::sleep_until_opt;

/// Reports that wait to be published; beyond that they are dropped and counted.
pub(super) const QUEUE: usize = 256;

/// The shortest time between two events about the same tab.
const INTERVAL: Duration = Duration::from_secs(1);

/// The proxy does not see what a request is for.
const RESOURCE_TYPE: &str = "Other";

/// A request that policy blocked, with the scope of its page.
#[derive(Debug)]
pub(super) struct BlockedReport {
    pub(super) scope: Scope,
    /// The tab, if only one tab can have sent it.
    pub(super) tab: Option<TabId>,
    pub(super) blocked: BlockedRequest,
}

/// Publishes reports until all senders are gone.
pub(super) async fn publish(facts: Arc<dyn FactSink>, mut reports: mpsc::Receiver<BlockedReport>) {
    let mut throttle = KeyedThrottle::new(INTERVAL);
    loop {
        let due = throttle.next_due();
        let timer = sleep_until_opt(due);
        tokio::select! {
            report = reports.recv() => {
                let Some(BlockedReport { scope, tab, blocked }) = report else {
                    return;
                };
                let key = (scope, tab);
                if let Some(blocked) = throttle.add(key.clone(), blocked, Instant::now()) {
                    publish_one(facts.as_ref(), &key, blocked, 1);
                }
            }
            () = timer => {
                for (key, blocked, count) in throttle.take_due(Instant::now()) {
                    publish_one(facts.as_ref(), &key, blocked, count);
                }
            }
        }
    }
}

fn publish_one(
    facts: &dyn FactSink,
    (scope, tab): &(Scope, Option<TabId>),
    blocked: BlockedRequest,
    count: u64,
) {
    let mut reason = blocked.denied.to_string();
    if blocked.let_through {
        reason.push_str("; it was allowed, because policy.mode is \"report\"");
    }
    facts.publish(Fact {
        audience: Audience::Scope(scope.clone()),
        tab: *tab,
        cause: None,
        kind: FactKind::RequestBlocked {
            url: blocked.url,
            resource_type: RESOURCE_TYPE,
            reason,
            count,
        },
    });
}
