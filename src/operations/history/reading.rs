//! The answers to `getHistory` and `getUsage`.

use std::sync::Arc;

use cdp_bridge_protocol::request::GetHistory;
use cdp_bridge_protocol::{RequestKind, SessionRef, TabId};

use super::recorder::HistoryRecorder;
use super::{HistoryQuery, KindTotals, StoredHistory};
use crate::lock::lock;
use crate::operations::keeping::scope_key;
use crate::operations::principal::Reach;
use crate::operations::responder::Responder;
use crate::operations::sessions::{BadOption, SessionError, SessionId, SessionUsage};
use crate::operations::{Caller, ClientId, OperationError, Operations, Scope, Success};
use crate::store::{ScopeKey, StoreError, UsageRow};

/// The entries of an answer, where the request does not say.
const LIMIT: usize = 100;

/// The slowest requests that an answer has.
const SLOWEST: usize = 10;

/// A part of a session's history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPage {
    pub session: SessionId,
    pub rows: Vec<StoredHistory>,
    /// Where the next part begins; `None` where no more follow now.
    pub next: Option<u64>,
}

/// The totals of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageReport {
    pub session: SessionId,
    /// Of requests alone, by kind.
    pub kinds: Vec<KindTotals>,
    /// The slowest first.
    pub slowest: Vec<StoredHistory>,
    /// What the session has used.
    pub used: SessionUsage,
}

/// A request about the history that has been checked.
#[derive(Debug)]
pub enum HistoryPlan {
    Page(SessionId, HistoryQuery),
    Usage(SessionId),
}

impl HistoryPlan {
    /// Reads the fields of a request.
    pub fn query(asked: GetHistory) -> Result<HistoryQuery, BadOption> {
        let number = |cursor: String| cursor.parse();
        let after = asked.cursor.map(number).transpose();
        let tab = asked.tab_id.map(|tab| tab.id().map(TabId::number));
        Ok(HistoryQuery {
            after: after.map_err(|_| BadOption::new("cursor", "is not one of `nextCursor`"))?,
            // An invalid id has done nothing.
            tab: tab.map(|tab| tab.unwrap_or(u64::MAX)),
            kind: asked.entry_type,
            failed: asked.failed.unwrap_or(false),
            limit: asked.limit.map_or(LIMIT, |limit| limit as usize),
            newest_first: asked.newest_first.unwrap_or(false),
        })
    }
}

impl HistoryRecorder {
    async fn history(
        &self,
        scope: ScopeKey,
        query: HistoryQuery,
    ) -> Result<Vec<StoredHistory>, StoreError> {
        match self.store().reads() {
            Ok(store) => store.history(scope, query).await,
            Err(_) => Ok(lock(&self.rings).history(&scope, &query)),
        }
    }

    async fn totals(&self, scope: ScopeKey) -> Result<Vec<KindTotals>, StoreError> {
        match self.store().reads() {
            Ok(store) => store.history_totals(scope).await,
            Err(_) => Ok(lock(&self.rings).totals(&scope)),
        }
    }

    async fn slowest(&self, scope: ScopeKey) -> Result<Vec<StoredHistory>, StoreError> {
        match self.store().reads() {
            Ok(store) => store.slowest(scope, SLOWEST).await,
            Err(_) => Ok(lock(&self.rings).slowest(&scope, SLOWEST)),
        }
    }
}

impl Operations {
    /// The session whose history a caller asks for, as far as the caller may. Whether it is there is found out when it is
    /// read.
    pub(in crate::operations) fn history_session(
        caller: &Caller,
        named: Option<&SessionRef>,
    ) -> Result<SessionId, SessionError> {
        let own = SessionId::of(caller.scope());
        let Some(named) = named else {
            return Ok(own);
        };
        let unknown = || SessionError::unknown(named.as_str());
        let id: SessionId = named.as_str().parse().map_err(|_| unknown())?;
        if caller.principal.reach == Reach::Session && id != own {
            return Err(unknown());
        }
        Ok(id)
    }

    /// Carries out a request about the history.
    pub(in crate::operations) fn read_history(
        self: &Arc<Self>,
        plan: HistoryPlan,
        caller: &Caller,
        responder: Responder,
    ) {
        let (operations, client) = (Arc::clone(self), caller.scope().client.clone());
        tokio::spawn(async move {
            let outcome = match plan {
                HistoryPlan::Page(id, query) => operations
                    .history(&client, id, query)
                    .await
                    .map(|page| Success::History(Box::new(page))),
                HistoryPlan::Usage(id) => operations
                    .usage(&client, id)
                    .await
                    .map(|usage| Success::Usage(Box::new(usage))),
            };
            responder.answer(outcome);
        });
    }

    /// A part of what was done in a session of this client, live or ended.
    pub async fn history(
        &self,
        client: &ClientId,
        id: SessionId,
        query: HistoryQuery,
    ) -> Result<HistoryPage, OperationError> {
        self.usage_of_session(client, id).await?;
        let limit = query.limit;
        let _turn = self.history.turn(client).await;
        let rows = self.history.history(key(client, id), query).await?;
        let is_full = rows.len() >= limit;
        let last = rows.last().map(|row| row.seq);
        Ok(HistoryPage {
            session: id,
            next: last.filter(|_| is_full),
            rows,
        })
    }

    /// The totals of a session of this client, live or ended.
    pub async fn usage(
        &self,
        client: &ClientId,
        id: SessionId,
    ) -> Result<UsageReport, OperationError> {
        let used = self.usage_of_session(client, id).await?;
        let _turn = self.history.turn(client).await;
        let totals = self.history.totals(key(client, id)).await?;
        let of_requests = |it: &KindTotals| RequestKind::from_name(&it.kind).is_some();
        let mut kinds: Vec<_> = totals.into_iter().filter(of_requests).collect();
        kinds.sort_by(|a, b| a.kind.cmp(&b.kind));
        Ok(UsageReport {
            session: id,
            kinds,
            slowest: self.history.slowest(key(client, id)).await?,
            used,
        })
    }

    /// What a session has used, which says that there is one.
    async fn usage_of_session(
        &self,
        client: &ClientId,
        id: SessionId,
    ) -> Result<SessionUsage, OperationError> {
        match self.session(client, id) {
            Ok(view) => return Ok(view.usage),
            // It may have ended so long ago that only the store knows it.
            Err(SessionError::Unknown { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let (client, name) = (client.to_string(), id.to_string());
        let store = self.history.store();
        let kept = store.read_or_nothing(|store| store.session(client, name));
        match kept.await? {
            Some(row) => Ok(used(row.usage)),
            None => Err(SessionError::unknown(id).into()),
        }
    }
}

fn key(client: &ClientId, id: SessionId) -> ScopeKey {
    scope_key(&Scope {
        client: client.clone(),
        session: id.into(),
    })
}

fn used(row: UsageRow) -> SessionUsage {
    SessionUsage {
        pages: row.pages,
        requests: row.requests,
        cdp_messages: row.cdp_messages,
        egress_bytes: row.egress_bytes,
        blocked_requests: row.blocked_requests,
    }
}
