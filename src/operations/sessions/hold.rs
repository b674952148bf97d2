//! Requests and connections that use a session.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::service::{EndStage, Sessions};
use super::{EndReason, SessionError, SessionId};
use crate::sessions::table::UseKind;
use crate::tabs::Scope;

/// Something that uses a session until it is dropped.
struct SessionUse {
    sessions: Arc<Sessions>,
    scope: Scope,
    kind: UseKind,
    /// `None` for the implicit session, which never ends.
    stages: Option<watch::Receiver<EndStage>>,
}

impl SessionUse {
    fn begin(sessions: &Arc<Sessions>, scope: &Scope, kind: UseKind) -> Result<Self, SessionError> {
        let stages = sessions.begin_use(scope, kind)?;
        Ok(Self {
            sessions: Arc::clone(sessions),
            scope: scope.clone(),
            kind,
            stages,
        })
    }
}

impl Drop for SessionUse {
    fn drop(&mut self) {
        self.sessions
            .end_use(&self.scope, self.kind, Instant::now());
    }
}

/// A connection that is open in a session, until this is dropped.
pub struct SessionHold(SessionUse);

impl fmt::Debug for SessionHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionHold").finish_non_exhaustive()
    }
}

impl SessionHold {
    pub(super) fn new(
        sessions: &Arc<Sessions>,
        scope: &Scope,
        kind: UseKind,
    ) -> Result<Self, SessionError> {
        SessionUse::begin(sessions, scope, kind).map(Self)
    }

    /// The session.
    pub fn session(&self) -> SessionId {
        SessionId::of(&self.0.scope)
    }

    /// Waits until the session has ended and its connections have to be closed, behind what was sent to them; never for
    /// an implicit session.
    pub async fn ended(&self) -> EndReason {
        end_of(self.0.stages.clone(), &self.0.scope).await
    }
}

/// Waits until the connections of a session have to be closed. Without stages nothing of it is left; an implicit one
/// never ends.
pub(super) async fn end_of(stages: Option<watch::Receiver<EndStage>>, scope: &Scope) -> EndReason {
    if SessionId::of(scope).is_default() {
        return std::future::pending().await;
    }
    let Some(mut stages) = stages else {
        return EndReason::Requested;
    };
    // The sender is dropped after its last stage.
    let closing = stages.wait_for(|stage| stage.closes_connections()).await;
    let reason = closing.ok().and_then(|stage| stage.reason());
    reason.unwrap_or(EndReason::Requested)
}

/// A request that is being carried out in a session, until this is dropped.
pub(in crate::operations) struct SessionCall(SessionUse);

impl SessionCall {
    pub(in crate::operations) fn new(
        sessions: &Arc<Sessions>,
        scope: &Scope,
    ) -> Result<Self, SessionError> {
        SessionUse::begin(sessions, scope, UseKind::Call).map(Self)
    }

    /// Why the session has ended meanwhile, if it has.
    pub(in crate::operations) fn ended(&self) -> Option<SessionError> {
        let reason = self.0.stages.as_ref()?.borrow().reason()?;
        let id = SessionId::of(&self.0.scope);
        Some(SessionError::Ended { id, reason })
    }
}
