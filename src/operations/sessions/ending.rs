//! The one path on which a session ends, whatever the cause. Each step has a time limit: what is stuck delays the end,
//! and does not prevent it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{join, join_all};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::service::{EndStage, Sessions};
use super::{EndReason, SessionId, webhook};
use crate::audit::{Actor, Audit, AuditAction, AuditDetail, AuditEntry, AuditObject};
use crate::clock::epoch_ms;
use crate::metrics;
use crate::operations::{CallId, Principal};
use crate::tabs::Scope;
use crate::webhooks::Kept;

/// For tabs to close, and for browser contexts to be disposed of. A tab has 5 s for that, a context 10 s.
const TABS: Duration = Duration::from_secs(20);

/// For requests in flight to be answered. With their tabs closed, little can be left of them.
const CALLS: Duration = Duration::from_secs(5);

/// For connections to read what is queued for them and to close.
const CONNECTIONS: Duration = Duration::from_secs(8);

/// For the webhook of the end to be kept. Nothing waits for its receiver.
const WEBHOOK: Duration = Duration::from_secs(5);

impl Sessions {
    /// Ends a session, unless it has ended already. It takes no more work when this returns. The future waits until
    /// nothing of it is left; the end goes on without it.
    pub(super) fn begin_end(
        &self,
        id: SessionId,
        reason: EndReason,
        cause: Option<CallId>,
    ) -> impl Future<Output = ()> + Send + use<> {
        self.begin_end_by(None, id, reason, cause)
    }

    /// The same at the request of a client.
    pub(super) fn begin_end_by(
        &self,
        by: Option<&Principal>,
        id: SessionId,
        reason: EndReason,
        cause: Option<CallId>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let stages = self.stages(id);
        let ends = |table: &mut crate::sessions::SessionTable<_>| table.end(id, reason);
        if self.tell(id, cause, ends, Some(EndStage::Ending(reason))) {
            tracing::info!(session = %id, reason = reason.as_str(), "a session ends");
            self.audit_end(by, id, reason);
            // Without a runtime the process ends, and everything with it.
            if let (Some(sessions), Ok(runtime)) = (self.shared(), Handle::try_current()) {
                runtime.spawn(sessions.finish(id, reason));
            }
        }
        async move {
            if let Some(mut stages) = stages {
                // The sender is dropped with the last stage.
                let _ = stages.wait_for(|stage| stage.is_gone()).await;
            }
        }
    }

    fn audit_end(&self, by: Option<&Principal>, id: SessionId, reason: EndReason) {
        let Some(scope) = self.table(|table| table.scope(id)) else {
            return;
        };
        let actor = by.map_or(Actor::Daemon, Principal::actor);
        let object = AuditObject::Session(id.to_string());
        let entry = AuditEntry::new(actor, AuditAction::SessionEnd, object)
            .of_client(scope.client.as_str())
            .from_peer(by.and_then(|by| by.peer))
            .with_detail(AuditDetail {
                reason: Some(reason.as_str()),
                ..AuditDetail::default()
            });
        Audit::new(self.services.store.clone()).offer(entry);
    }

    /// Ends all sessions, refuses further ones if the bridge stops, and waits until nothing of them is left.
    pub(super) async fn end_all(&self, reason: EndReason) {
        if reason == EndReason::Shutdown {
            self.stop_creating();
        }
        let all = self.table(|table| table.ids_of_live());
        join_all(all.into_iter().map(|id| self.begin_end(id, reason, None))).await;
    }

    async fn finish(self: Arc<Self>, id: SessionId, reason: EndReason) {
        let Some(scope) = self.table(|table| table.scope(id)) else {
            return;
        };
        // Tabs do not wait for the store.
        let tabs = self.services.tabs.end_scope(scope.clone());
        join(
            self.note(id, &scope, reason),
            within(id, "tabs", TABS, tabs),
        )
        .await;
        if let Some(uses) = self.uses(id) {
            within(id, "requests", CALLS, are_over(uses.clone(), 0)).await;
            self.set_stage(id, EndStage::Closing(reason));
            within(id, "connections", CONNECTIONS, are_over(uses, 1)).await;
        }
        self.forget(&scope);
        // Once more, with what the session has used to its last request.
        let told = self.keep_end(id, &scope, reason).await;
        let gone = |table: &mut crate::sessions::SessionTable<_>| table.gone(id, Instant::now());
        if self.tell(id, None, gone, Some(EndStage::Gone(reason))) {
            let age = self.table(|table| table.age(id, Instant::now()));
            metrics::session_ended(reason.as_str(), age);
        }
        if let Some(told) = told {
            self.services.webhooks.send(told);
        }
        self.admit_waiting();
        self.clock_changed();
    }

    /// Keeps that a session ends before anything of it is released, so that one whose end was answered does
    /// not come back if the process ends now.
    async fn note(&self, id: SessionId, scope: &Scope, reason: EndReason) {
        // It is sent when the session is gone, or by the next process.
        let _ = self.keep_end(id, scope, reason).await;
        self.set_stage(id, EndStage::Noted(reason));
    }

    async fn keep_end(&self, id: SessionId, scope: &Scope, reason: EndReason) -> Option<Kept> {
        let told = self.keep_webhook(id, scope, reason).await;
        if let Some(kept) = self.kept(id) {
            self.services.keeping.ended(&kept).await;
        }
        told
    }

    /// The store knows that a session ends, or did not take it in time.
    pub(super) fn noted(&self, id: SessionId) -> impl Future<Output = ()> + Send + use<> {
        let stages = self.stages(id);
        async move {
            if let Some(mut stages) = stages {
                // The sender is dropped with the last stage.
                let _ = stages.wait_for(|stage| stage.is_noted()).await;
            }
        }
    }

    /// Keeps the message of a session's end before the end itself: if the process ends in between, the session ends once
    /// more, and the message is the same. Nothing of it waits for its receiver.
    async fn keep_webhook(&self, id: SessionId, scope: &Scope, reason: EndReason) -> Option<Kept> {
        let url = self.table(|table| table.options(id)?.webhook_url.clone())?;
        let view = self.table(|table| table.view(&scope.client, id, Instant::now()))?;
        let event = webhook::ended(url, &view, reason, epoch_ms());
        let kept = timeout(WEBHOOK, self.services.webhooks.keep(event)).await;
        if kept.is_err() {
            tracing::error!(session = %id, "the webhook of a session's end was not kept in time");
        }
        kept.ok().flatten()
    }

    /// What belongs to a scope beside its tabs.
    fn forget(&self, scope: &Scope) {
        self.staging.forget(scope);
        self.idempotency.forget(scope);
        self.services.policy.forget(scope);
        let bytes = self.services.traffic.take(scope);
        self.table(|table| table.add_usage(scope, |usage| usage.egress_bytes += bytes));
    }
}

async fn are_over(mut uses: watch::Receiver<[usize; 2]>, which: usize) {
    // An error means that nothing of the session is left.
    let _ = uses.wait_for(|uses| uses[which] == 0).await;
}

async fn within(
    id: SessionId,
    what: &'static str,
    limit: Duration,
    step: impl Future<Output = ()>,
) {
    if timeout(limit, step).await.is_err() {
        metrics::dropped("session", what);
        tracing::warn!(session = %id, what, "something of an ended session was not released in time");
    }
}
