//! Sessions that clients create: what every door needs of them.
//!
//! | module | holds |
//! | --- | --- |
//! | [`error`] | why something cannot be done with a session |
//! | `service` | the table with what waits for its changes |
//! | `creating`, `ending` | how a session begins, and the one path on which it ends |
//! | `returning` | sessions of an earlier process, and those that are to come back |
//! | `session_clock` | the task that ends sessions whose time is over |
//! | `requests` | the requests of the protocol, as far as they need more than a call of the above |
//! | [`hold`] | requests and connections that use a session |
//! | `usage` | what the pages of sessions have used |
//! | `webhook` | the message of a session's end |
//! | [`access`] | the port through which a new session gets its token and addresses |

pub mod access;
mod creating;
mod ending;
pub mod error;
pub mod hold;
mod requests;
mod returning;
mod service;
mod session_clock;
mod usage;
mod webhook;

use std::collections::BTreeMap;
use std::time::Duration;

use cdp_bridge_protocol::{ErrorCode, TabId};
use futures::future::join_all;
use tokio::time::Instant;

pub use self::access::{NoSessionTokens, SessionAccess, SessionTokens};
pub use self::error::SessionError;
pub(super) use self::hold::SessionCall;
pub use self::hold::SessionHold;
pub(super) use self::requests::id_within_reach;
pub use self::requests::{SessionPlan, options_of};
pub(super) use self::returning::ScopePlan;
pub(super) use self::service::Sessions;

use super::principal::Reach;
use super::{ClientId, OperationError, Operations, Principal, Scope};
use crate::sessions::table::UseKind;

pub use crate::sessions::{
    BadOption, Cursor, EndReason, HoldKind, NotASessionId, SessionConnections, SessionCounts,
    SessionDurations, SessionFilter, SessionId, SessionLimits, SessionOptions, SessionPage,
    SessionStatus, SessionTraffic, SessionUpdate, SessionUsage, SessionView, SessionsConfig,
    StatusFilter, upstream_proxy,
};

/// A session that was created, or one with the same `externalId`.
#[derive(Debug, Clone)]
pub struct CreatedSession {
    pub view: SessionView,
    /// False for a session that was there already.
    pub is_new: bool,
    /// The page of its `startUrl`, if it has one and is new.
    pub start: Option<StartPage>,
    /// What its client needs to use it from elsewhere.
    pub access: SessionAccess,
}

/// What became of a session's `startUrl`.
#[derive(Debug, Clone)]
pub struct StartPage {
    pub url: String,
    /// None if no tab was opened.
    pub tab: Option<TabId>,
    /// Why the page is not there. The session is.
    pub error: Option<OperationError>,
}

/// Which of a client's sessions are ended together. Every condition holds for each of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TerminateSelection {
    /// These; all others are left alone. At most [`MAX_TERMINATED`].
    pub ids: Option<Vec<SessionId>>,
    /// With this status now.
    pub status: Option<SessionStatus>,
    /// Not used for this time.
    pub idle_for: Option<Duration>,
    /// Each of these names has this value.
    pub metadata: BTreeMap<String, String>,
}

/// The most sessions that one request ends.
pub const MAX_TERMINATED: usize = 50;

/// What became of sessions that were to be ended together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Terminated {
    pub terminated: Vec<SessionId>,
    pub failed: Vec<(SessionId, ErrorCode)>,
}

/// The limits of a client's sessions, and how far they are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimitsView {
    pub live: usize,
    pub limit: usize,
    pub queued: usize,
    pub queue_limit: usize,
    pub creates_per_minute: u32,
    /// Of all clients.
    pub live_of_all: usize,
    pub limit_of_all: usize,
    pub queued_of_all: usize,
}

impl Operations {
    /// A session of this client as it is now; an ended one while its record is kept.
    pub fn session(&self, client: &ClientId, id: SessionId) -> Result<SessionView, SessionError> {
        let view = self
            .sessions
            .table(|table| table.view(client, id, Instant::now()));
        let mut view = view.ok_or_else(|| SessionError::unknown(id))?;
        self.add_traffic(&mut view);
        Ok(view)
    }

    /// The same, and an ended one that only the store knows any more.
    pub async fn session_or_ended(
        &self,
        client: &ClientId,
        id: SessionId,
    ) -> Result<SessionView, SessionError> {
        match self.session(client, id) {
            Err(SessionError::Unknown { id: name }) => {
                let ended = self.services.keeping.ended_session(client, id).await;
                ended.ok_or(SessionError::Unknown { id: name })
            }
            outcome => outcome,
        }
    }

    /// A page of the client's sessions, with the ended ones that only the store knows any more, where they are asked for.
    pub async fn list_sessions_and_ended(
        &self,
        client: &ClientId,
        filter: &SessionFilter,
    ) -> SessionPage {
        let page = self.list_sessions(client, filter);
        if !filter.shows_ended() || !self.services.keeping.is_on() {
            return page;
        }
        let (before, most) = (filter.before(), filter.most());
        let is_known = |id| self.sessions.table(|table| table.status(id).is_some());
        let keeping = &self.services.keeping;
        let ended = keeping.ended_sessions(client, before, most, |view| {
            filter.shows(view) && !is_known(view.id)
        });
        let ended = ended.await;
        page.with(ended, filter)
    }

    /// Its bytes are counted elsewhere while it lives.
    fn add_traffic(&self, view: &mut SessionView) {
        view.usage.egress_bytes += self.services.traffic.bytes(&view.scope());
    }

    /// A page of the client's sessions. It never waits for Chromium.
    pub fn list_sessions(&self, client: &ClientId, filter: &SessionFilter) -> SessionPage {
        let now = Instant::now();
        let page = self.sessions.table(|table| table.list(client, filter, now));
        let mut page = page;
        page.sessions.iter_mut().for_each(|it| self.add_traffic(it));
        page
    }

    /// Changes a session, which counts as a use of it. Waits until the change is kept.
    pub async fn update_session(
        &self,
        client: &ClientId,
        id: SessionId,
        update: SessionUpdate,
    ) -> Result<SessionView, SessionError> {
        if id.is_default() {
            return Err(SessionError::Implicit);
        }
        let now = Instant::now();
        let updated = self.sessions.table(|table| {
            update.check(table.config())?;
            table
                .touch(client, id, now)
                .and_then(|()| table.update(client, id, update))
                .map_err(|error| SessionError::unusable(id, error))
        });
        updated?;
        self.sessions.clock_changed();
        if let Some(kept) = self.sessions.kept(id) {
            self.services.keeping.updated(&kept).await;
        }
        self.session(client, id)
    }

    /// A heartbeat of a session, which counts as a use of it.
    pub fn heartbeat(&self, client: &ClientId, id: SessionId) -> Result<SessionView, SessionError> {
        let now = Instant::now();
        self.sessions
            .table(|table| table.heartbeat(client, id, now))
            .map_err(|error| SessionError::unusable(id, error))?;
        self.session(client, id)
    }

    /// Ends a session, unless it has ended already: then it does nothing. Waits until nothing of it is left, if asked.
    pub async fn end_session(
        &self,
        client: &ClientId,
        id: SessionId,
        reason: EndReason,
        wait_until_destroyed: bool,
    ) -> Result<(), SessionError> {
        self.end(client, None, id, reason, wait_until_destroyed)
            .await
    }

    /// The same at the request of a client.
    pub async fn end_session_by(
        &self,
        principal: &Principal,
        id: SessionId,
        reason: EndReason,
        wait_until_destroyed: bool,
    ) -> Result<(), SessionError> {
        let client = &principal.scope.client;
        self.end(client, Some(principal), id, reason, wait_until_destroyed)
            .await
    }

    async fn end(
        &self,
        client: &ClientId,
        by: Option<&Principal>,
        id: SessionId,
        reason: EndReason,
        wait_until_destroyed: bool,
    ) -> Result<(), SessionError> {
        if id.is_default() {
            return Err(SessionError::Implicit);
        }
        self.session(client, id)?;
        let noted = self.sessions.noted(id);
        let gone = self.sessions.begin_end_by(by, id, reason, None);
        if wait_until_destroyed {
            gone.await;
        } else {
            noted.await;
        }
        Ok(())
    }

    /// Ends several of a client's sessions, which it may also do at every limit.
    pub async fn terminate_sessions(
        &self,
        principal: &Principal,
        selection: TerminateSelection,
    ) -> Terminated {
        let client = &principal.scope.client;
        let mut outcome = Terminated::default();
        let ids = match selection.ids.clone() {
            Some(ids) => ids,
            None => self.sessions.table(|table| table.taking_work(Some(client))),
        };
        let mut ending = Vec::new();
        for id in ids.into_iter().take(MAX_TERMINATED) {
            let view = match self.session(client, id) {
                Ok(view) => view,
                Err(error) => {
                    outcome.failed.push((id, error.code()));
                    continue;
                }
            };
            if !selection.admits(&view) {
                continue;
            }
            ending.push(async move {
                let reason = EndReason::Terminated;
                (id, self.end_session_by(principal, id, reason, false).await)
            });
        }
        for (id, ended) in join_all(ending).await {
            match ended {
                Ok(()) => outcome.terminated.push(id),
                Err(error) => outcome.failed.push((id, error.code())),
            }
        }
        outcome
    }

    /// Ends all sessions of a client that was removed.
    pub fn end_sessions_of(&self, client: &ClientId) {
        for id in self.sessions.table(|table| table.taking_work(Some(client))) {
            drop(self.sessions.begin_end(id, EndReason::Terminated, None));
        }
    }

    /// Ends all sessions of all clients, and waits until nothing of them is left. Further ones are refused while the
    /// bridge stops.
    pub async fn end_all_sessions(&self, reason: EndReason) {
        self.sessions.end_all(reason).await;
    }

    /// The same client, limited to one of its sessions. This counts as a use of the session.
    pub fn enter_session(
        &self,
        principal: &Principal,
        id: SessionId,
    ) -> Result<Principal, SessionError> {
        let client = principal.scope.client.clone();
        if principal.reach == Reach::Session && SessionId::of(&principal.scope) != id {
            return Err(SessionError::unknown(id));
        }
        self.sessions
            .table(|table| table.touch(&client, id, Instant::now()))
            .map_err(|error| SessionError::unusable(id, error))?;
        let session = id.into();
        Ok(Principal {
            scope: Scope { client, session },
            reach: Reach::Session,
            ..principal.clone()
        })
    }

    /// Counts a connection that stays open in a session until it is dropped. `None`: the session has ended, or there is
    /// none.
    pub fn hold_session(&self, scope: &Scope, kind: HoldKind) -> Option<SessionHold> {
        SessionHold::new(&self.sessions, scope, UseKind::Hold(kind)).ok()
    }

    /// Waits until the session of this scope has ended and its connections have to be closed; never for an implicit one.
    pub fn session_end(&self, scope: &Scope) -> impl Future<Output = EndReason> + Send + use<> {
        let (stages, scope) = (self.sessions.stages(SessionId::of(scope)), scope.clone());
        async move { hold::end_of(stages, &scope).await }
    }

    /// A CDP message came in this session or went out of it.
    pub fn count_cdp_message(&self, scope: &Scope) {
        let now = Instant::now();
        self.sessions.table(|table| {
            // An ended session counts it too: it was sent.
            let _ = table.touch(&scope.client, SessionId::of(scope), now);
            table.add_usage(scope, |usage| usage.cdp_messages += 1);
        });
    }

    /// The limits of a client's sessions.
    pub fn session_limits(&self, client: &ClientId) -> SessionLimitsView {
        self.sessions.table(|table| {
            let counts = table.counts(client);
            SessionLimitsView {
                live: counts.live,
                limit: counts.limit,
                queued: counts.queued,
                queue_limit: table.config().queue,
                creates_per_minute: table.config().creates_per_minute,
                live_of_all: table.live(),
                limit_of_all: table.config().max,
                queued_of_all: table.queued(),
            }
        })
    }

    /// Puts other limits in force. Sessions beyond them stay.
    pub fn change_session_limits(&self, limits: SessionLimits) {
        self.sessions.table(|table| table.change_limits(limits));
        self.sessions.admit_waiting();
        self.sessions.clock_changed();
    }

    /// The options of a session for which its client asks nothing.
    pub fn default_session_options(&self) -> SessionOptions {
        self.sessions
            .table(|table| SessionOptions::new(table.config()))
    }
}

impl TerminateSelection {
    fn admits(&self, view: &SessionView) -> bool {
        // What holds the idle clock moves the latest activity to now.
        let idle_ms = crate::clock::epoch_ms().saturating_sub(view.last_activity_at_ms);
        let is_idle = |idle: Duration| u128::from(idle_ms) >= idle.as_millis();
        self.status.is_none_or(|status| view.status == status)
            && self.idle_for.is_none_or(is_idle)
            && self
                .metadata
                .iter()
                .all(|(name, value)| view.metadata.get(name) == Some(value))
    }
}
