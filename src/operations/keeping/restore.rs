//! What happens at the start: sessions and tabs of the earlier process come back, before a request is accepted.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::journal::Journal;
use super::keep::Inner;
use super::keeper::STOPPED;
use super::rows;
use crate::clock::epoch_ms;
use crate::operations::Operations;
use crate::operations::sessions::ScopePlan;
use crate::sessions::{EndReason, KeptSession};
use crate::store::{IdempotencyRow, SessionEnd, SessionRow, StoreError, TabRow, UsageRow, Write};
use crate::tabs::{
    ClientId, ClientSessionId, Comebacks, KeptTab, OnDisconnect, Restoration, Scope,
};

/// How often the store is asked before it is given up, and how long after each time.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// How long a stop waits for the sessions that do not come back.
const UNKEPT: Duration = Duration::from_secs(1);

/// After a crash the last numbers of tabs may not have been written: so many are left out.
const MARGIN: u64 = 100;

/// What came back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RestoreReport {
    pub sessions: usize,
    /// Those whose time passed meanwhile, or that cannot come back.
    pub ended: usize,
    pub tabs: usize,
}

/// What an earlier process has kept.
struct Found {
    sessions: Vec<SessionRow>,
    tabs: Vec<TabRow>,
    last_numbers: Vec<(String, u64)>,
    keys: Vec<IdempotencyRow>,
    /// Whether that process has written everything.
    is_complete: bool,
}

/// A session that comes back, or ends for a reason.
struct Returning {
    session: KeptSession,
    ends: Option<EndReason>,
}

impl Operations {
    /// Brings back what an earlier process has kept, and begins to keep what there is. Requests are to be accepted
    /// after it. An error means that the store cannot be read: nothing is kept then, so that nothing is
    /// written over what may be there.
    pub async fn restore(self: &Arc<Self>) -> Result<RestoreReport, StoreError> {
        let keeping = &self.services.keeping;
        let Some(inner) = keeping.inner().cloned() else {
            return Ok(RestoreReport::default());
        };
        let found = read(&inner).await.inspect_err(|_| keeping.turn_off())?;
        let (report, journal) = self.bring_back(&inner, found).await;
        let registry = self.services.registry.clone();
        self.keeper.start(inner, registry, &self.sessions, journal);
        Ok(report)
    }

    /// The bridge is about to stop, and its sessions and tabs are to come back: writes all that is known of them, after
    /// which none is created. False if nothing is kept: sessions are to be ended.
    pub async fn suspend(&self) -> bool {
        if !self.services.keeping.is_on() {
            return false;
        }
        self.sessions.stop_creating();
        // What takes longer is ended with the process.
        let _ = timeout(UNKEPT, self.sessions.end_unkept()).await;
        if !self.keeper.finish().await {
            return false;
        }
        let implicit = self.settings.on_disconnect == OnDisconnect::Keep;
        self.services.tabs.suspend(Comebacks { implicit }).await;
        true
    }

    async fn bring_back(self: &Arc<Self>, inner: &Inner, found: Found) -> (RestoreReport, Journal) {
        let mut report = RestoreReport::default();
        let mut returning = Vec::new();
        let mut plans = Vec::new();
        for row in &found.sessions {
            let session = match rows::read_session(&inner.sessions, row) {
                Ok(session) => session,
                Err(error) => {
                    tracing::error!(session = row.id, %error, "a kept session cannot be read, and ends");
                    give_up(inner, row).await;
                    report.ended += 1;
                    continue;
                }
            };
            let ends = match self.sessions.plan_return(&session) {
                Ok(plan) => {
                    plans.push(plan);
                    None
                }
                Err(reason) => Some(reason),
            };
            returning.push(Returning { session, ends });
        }
        let restoration = self.restoration(inner, plans, &found);
        report.tabs = restoration.tabs.len();
        let scopes = found.tabs.iter().map(|row| row.scope.clone());
        let journal = Journal::over(scopes, report.tabs < found.tabs.len());
        // Before the sessions: none of them can end before its tabs are known, which end with it.
        self.leave_implicit(&restoration);
        self.services.tabs.restore(restoration).await;
        for Returning { session, ends } in returning {
            match ends {
                None => report.sessions += 1,
                Some(_) => report.ended += 1,
            }
            self.sessions.return_from_store(&session, ends);
        }
        self.restore_keys(&found.keys);
        (report, journal)
    }

    fn restoration(&self, inner: &Inner, plans: Vec<ScopePlan>, found: &Found) -> Restoration {
        let living: HashSet<Scope> = plans.iter().map(|(scope, _)| scope.clone()).collect();
        let keeps_implicit = self.settings.on_disconnect == OnDisconnect::Keep;
        let comes_back = |scope: &Scope| {
            if scope.session == ClientSessionId::DEFAULT {
                keeps_implicit
            } else {
                living.contains(scope)
            }
        };
        let read = |row: &TabRow| match rows::read_tab(&inner.tabs, row) {
            Ok(tab) => Some(tab),
            Err(error) => {
                tracing::error!(tab = row.tab, %error, "a kept tab cannot be read, and does not come back");
                None
            }
        };
        let tabs = found.tabs.iter().filter_map(read);
        let tabs: Vec<KeptTab> = tabs.filter(|tab| comes_back(&tab.scope)).collect();
        let margin = if found.is_complete { 0 } else { MARGIN };
        let last_numbers = found.last_numbers.iter();
        Restoration {
            scopes: plans,
            tabs,
            last_numbers: last_numbers
                .map(|(client, last)| (ClientId::from(client.as_str()), last + margin))
                .collect(),
        }
    }

    /// The clients of implicit sessions are not there yet.
    fn leave_implicit(&self, restoration: &Restoration) {
        let mut present = crate::lock::lock(&self.present);
        let scopes = restoration.tabs.iter().map(|tab| &tab.scope);
        for scope in scopes.filter(|it| it.session == ClientSessionId::DEFAULT) {
            present.entry(scope.clone()).or_insert(0);
        }
    }

    fn restore_keys(&self, keys: &[IdempotencyRow]) {
        let now = (Instant::now(), epoch_ms());
        for row in keys {
            let Some((scope, door, key, print, made)) = rows::read_key(row) else {
                continue;
            };
            let left = Duration::from_millis(row.expires_ms.saturating_sub(now.1));
            let until = now.0 + left;
            let kept = &self.idempotency.kept;
            kept.add(scope, (door, key), print, made, until);
        }
    }
}

async fn read(inner: &Inner) -> Result<Found, StoreError> {
    let mut attempt = 1;
    loop {
        match try_read(inner).await {
            Err(error) if error.is_transient() && attempt < ATTEMPTS => {
                tracing::warn!(%error, "the store cannot be read yet");
                attempt += 1;
                sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

async fn try_read(inner: &Inner) -> Result<Found, StoreError> {
    let store = inner.store.reads()?;
    let stopped = store.setting(STOPPED.to_owned()).await?;
    let is_complete = match stopped {
        // Nothing was kept so far.
        None => true,
        Some(stopped) => {
            let value = inner.sessions.open(STOPPED, &stopped.0);
            value.is_ok_and(|value| value == b"yes")
        }
    };
    Ok(Found {
        sessions: store.live_sessions().await?,
        tabs: store.tabs().await?,
        last_numbers: store.last_tab_numbers().await?,
        keys: store.idempotency_keys(epoch_ms()).await?,
        is_complete,
    })
}

/// Ends a session that cannot be read.
async fn give_up(inner: &Inner, row: &SessionRow) {
    let end = Write::EndSession {
        id: row.id.clone(),
        end: SessionEnd {
            status: "error".to_owned(),
            reason: EndReason::Failed.as_str().to_owned(),
            ended_ms: epoch_ms(),
        },
        usage: UsageRow { ..row.usage },
    };
    if let Err(error) = inner.store.write(vec![end]).await {
        tracing::warn!(session = row.id, %error, "the end of a session is not kept");
    }
}
