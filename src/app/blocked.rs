//! Tells Coordinators what policy stopped, at most once a second for each tab.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::TabId;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::egress::Blocked;
use crate::flow::Digest;
use crate::tabs::{Audience, ClientId, Fact, FactKind, FactSink, Scope};

/// How many wait to be told.
pub(super) const WAITING: usize = 256;

/// The shortest time between two events about the same tab.
const INTERVAL: Duration = Duration::from_secs(1);

/// The proxy does not see what a request is for.
const RESOURCE_TYPE: &str = "Other";

/// A request that was stopped, and whose it was.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) client: ClientId,
    /// The tab, where only one can have made it.
    pub(super) tab: Option<TabId>,
    pub(super) blocked: Blocked,
}

/// Tells what comes, until nothing can come any more.
pub(super) async fn tell(facts: Arc<dyn FactSink>, mut coming: mpsc::Receiver<Told>) {
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
            told = coming.recv() => {
                let Some(Told { client, tab, blocked }) = told else {
                    return;
                };
                let key = (client, tab);
                if let Some(blocked) = digest.add(key.clone(), blocked, Instant::now()) {
                    say(facts.as_ref(), &key, blocked, 1);
                }
            }
            () = timer => {
                for (key, blocked, count) in digest.take_due(Instant::now()) {
                    say(facts.as_ref(), &key, blocked, count);
                }
            }
        }
    }
}

fn say(
    facts: &dyn FactSink,
    (client, tab): &(ClientId, Option<TabId>),
    blocked: Blocked,
    count: u64,
) {
    let mut reason = blocked.denied.to_string();
    if blocked.let_through {
        reason.push_str("; it was let through, because policy.mode is \"report\"");
    }
    facts.publish(Fact {
        audience: Audience::Scope(Scope::default_of(client.clone())),
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
