//! Publishes `requestBlocked` events, at most one per second and tab.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::RequestBlocked;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::egress::Blocked;
use crate::flow::Digest;
use crate::tabs::{Audience, ClientId};

/// Reports that wait to be published; beyond that they are dropped and counted.
pub(super) const QUEUE: usize = 256;

/// The shortest time between two events about the same tab.
const INTERVAL: Duration = Duration::from_secs(1);

/// The proxy does not see what a request is for.
const RESOURCE_TYPE: &str = "Other";

/// A request that policy blocked, with its client.
#[derive(Debug)]
pub(super) struct BlockedReport {
    pub(super) client: ClientId,
    /// The tab, if only one tab can have sent it.
    pub(super) tab: Option<TabId>,
    pub(super) blocked: Blocked,
}

/// Publishes reports until all senders are gone.
pub(super) async fn publish(
    audience: Arc<dyn Audience>,
    mut reports: mpsc::Receiver<BlockedReport>,
) {
    let mut digest = Digest::new(INTERVAL);
    loop {
        let due = digest.next_due();
        let timer = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            report = reports.recv() => {
                let Some(BlockedReport { client, tab, blocked }) = report else {
                    return;
                };
                let key = (client, tab);
                if let Some(blocked) = digest.add(key.clone(), blocked, Instant::now()) {
                    publish_one(audience.as_ref(), &key, blocked, 1);
                }
            }
            () = timer => {
                for (key, blocked, count) in digest.take_due(Instant::now()) {
                    publish_one(audience.as_ref(), &key, blocked, count);
                }
            }
        }
    }
}

fn publish_one(
    audience: &dyn Audience,
    (client, tab): &(ClientId, Option<TabId>),
    blocked: Blocked,
    count: u64,
) {
    let mut reason = blocked.denied.to_string();
    if blocked.let_through {
        reason.push_str("; it was allowed, because policy.mode is \"report\"");
    }
    let event = RequestBlocked {
        id: *tab,
        url: blocked.url,
        resource_type: RESOURCE_TYPE.to_owned(),
        reason,
        count,
    };
    audience.tell(client, event.into(), None);
}
