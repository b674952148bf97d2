//! How a session begins.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::request::{CreateTab, WaitUntil};
use cdp_bridge_protocol::{Request, TabId};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::error::SessionError;
use super::service::{Place, Sessions, new_id};
use super::{BadOption, CreatedSession, EndReason, SessionId, SessionOptions, StartPage};
use crate::audit::{AuditAction, AuditEntry, AuditObject};
use crate::operations::principal::Reach;
use crate::operations::{
    CallId, ClientId, OnceKey, OperationError, Operations, Principal, StreamSinks, Success,
};
use crate::sessions::table::{Creation, CreationRefused};
use crate::sessions::{SessionTable, Ticket};
use crate::tabs::{Scope, ScopeSetup, TabError};

/// How long a session may take to be made, without its page.
const INITIALIZING: Duration = Duration::from_secs(15);

/// What is known of the request that creates a session.
#[derive(Default)]
pub(in crate::operations) struct CreationCall {
    /// The call that is answered with it.
    pub(in crate::operations) id: Option<CallId>,
    /// Where its caller gets the events of the session.
    pub(in crate::operations) streams: Option<Arc<dyn StreamSinks>>,
    /// The idempotency key that it is made under.
    pub(in crate::operations) once: Option<OnceKey>,
}

impl Operations {
    /// Creates a session, or returns the live one with the same `externalId`. Waits in the queue for a place. If the returned
    /// future is dropped, the request leaves the queue, and a session that is being made for it ends.
    pub async fn create_session(
        self: &Arc<Self>,
        principal: &Principal,
        options: SessionOptions,
    ) -> Result<CreatedSession, SessionError> {
        let no_call = CreationCall::default();
        self.create_session_for(principal, options, no_call).await
    }

    /// The same for a request with an idempotency key that its door has taken. It is kept with the session.
    pub async fn create_session_once(
        self: &Arc<Self>,
        principal: &Principal,
        options: SessionOptions,
        once: Option<OnceKey>,
    ) -> Result<CreatedSession, SessionError> {
        let call = CreationCall {
            once,
            ..CreationCall::default()
        };
        self.create_session_for(principal, options, call).await
    }

    /// The same for a call.
    pub(in crate::operations) async fn create_session_for(
        self: &Arc<Self>,
        principal: &Principal,
        options: SessionOptions,
        call: CreationCall,
    ) -> Result<CreatedSession, SessionError> {
        let client = &principal.scope.client;
        self.check_webhook(&options)?;
        let start_url = options.start_url.clone();
        let (id, is_new) = tokio::select! {
            biased;
            placed = self.sessions.place(client, options) => placed?,
            // It leaves the queue: a credential that was revoked makes no session later.
            () = principal.revoked() => return Err(SessionError::Revoked),
        };
        if let Some(streams) = &call.streams {
            streams.follow(Scope {
                client: client.clone(),
                session: id.into(),
            });
        }
        if !is_new {
            return self.created(principal, id, false, None);
        }
        let mut unclaimed = Unclaimed {
            sessions: Arc::clone(&self.sessions),
            id: Some(id),
        };
        let (operations, principal) = (Arc::clone(self), principal.clone());
        let making = tokio::spawn(async move {
            let window = operations.settings.idempotency.window;
            let once = call.once.as_ref().map(|once| (once, window));
            operations.sessions.make(id, once).await?;
            let start = match start_url {
                Some(url) => Some(operations.open_start_page(&principal, id, url).await),
                None => None,
            };
            let ready = |table: &mut SessionTable<_>| table.ready(id);
            operations.sessions.tell(id, call.id, ready, None);
            operations.audit_creation(&principal, id);
            operations.created(&principal, id, true, start)
        });
        let made = making.await.unwrap_or(Err(SessionError::Failed));
        unclaimed.id = None;
        made
    }

    /// Whether the configuration lets the end of a session be told there.
    fn check_webhook(&self, options: &SessionOptions) -> Result<(), BadOption> {
        let Some(url) = &options.webhook_url else {
            return Ok(());
        };
        let checked = self.services.webhooks.check(url);
        checked.map_err(|error| BadOption::new("webhookUrl", error.to_string()))
    }

    fn audit_creation(&self, principal: &Principal, id: SessionId) {
        let object = AuditObject::Session(id.to_string());
        let entry = AuditEntry::new(principal.actor(), AuditAction::SessionCreate, object)
            .of_client(principal.scope.client.as_str())
            .from_peer(principal.peer);
        self.audit().offer(entry);
    }

    pub(in crate::operations) fn created(
        &self,
        principal: &Principal,
        id: SessionId,
        is_new: bool,
        start: Option<StartPage>,
    ) -> Result<CreatedSession, SessionError> {
        let view = self.session(&principal.scope.client, id)?;
        if let Some(reason) = view.end_reason {
            return Err(SessionError::Ended { id, reason });
        }
        let access = self.services.session_tokens.access(principal, &view);
        Ok(CreatedSession {
            view,
            is_new,
            start,
            access,
        })
    }

    async fn open_start_page(
        self: &Arc<Self>,
        principal: &Principal,
        id: SessionId,
        url: String,
    ) -> StartPage {
        let entered = Principal {
            scope: Scope {
                client: principal.scope.client.clone(),
                session: id.into(),
            },
            reach: Reach::Session,
            ..principal.clone()
        };
        let caller = self.caller("session", entered);
        let create = CreateTab {
            url: Some(url.clone()),
            // So that a page that cannot be loaded is known to the answer.
            wait_until: Some(WaitUntil::Commit),
            ..CreateTab::default()
        };
        let request = Request {
            request_id: None,
            timeout: Some(INITIALIZING),
            idempotency_key: None,
            body: create.into(),
        };
        let (tab, error) = match self.execute(&caller, request).await {
            Ok(Success::Tab(answer)) => (Some(answer.tab), None),
            Ok(_) => (None, Some(TabError::Lost.into())),
            Err(error) => (opened_tab(&error), Some(error)),
        };
        StartPage { url, tab, error }
    }
}

/// The tab that was opened although its page could not be loaded.
fn opened_tab(error: &OperationError) -> Option<TabId> {
    match error {
        OperationError::Failed(failure) => failure.error.opened_tab(),
        _ => None,
    }
}

impl Sessions {
    /// The place of a new session, or the existing one with the same name.
    async fn place(
        &self,
        client: &ClientId,
        options: SessionOptions,
    ) -> Result<(SessionId, bool), SessionError> {
        self.check_open()?;
        let wait = self.table(|table| {
            let config = table.config();
            options.check(config)?;
            Ok::<_, SessionError>(options.queue_timeout.unwrap_or(config.queue_timeout))
        })?;
        let (sender, place) = oneshot::channel();
        let may_wait = !wait.is_zero();
        let creation =
            self.table(|table| table.create(client, options, new_id(), may_wait, sender))?;
        let ticket = match creation {
            Creation::Existing(id) => return Ok((id, false)),
            Creation::Created(id) => {
                self.opened(id);
                // Others may wait for a session of this name.
                self.admit_waiting();
                return Ok((id, true));
            }
            Creation::Queued(ticket) => ticket,
            Creation::QueuedInstead(ticket, displaced) => {
                // One that does not wait any more needs no answer.
                let _ = displaced.send(Place::QueueFull);
                ticket
            }
        };
        let mut queued = QueuedRequest {
            sessions: self,
            ticket,
            place,
        };
        let placed = match timeout(wait, &mut queued.place).await {
            Ok(placed) => placed.unwrap_or(Place::ShuttingDown),
            Err(_) => match queued.give_up() {
                Ok(refused) => return Err(SessionError::after_waiting(refused, wait)),
                // It was its turn in this moment.
                Err(placed) => placed,
            },
        };
        match placed {
            Place::New(id) => Ok((id, true)),
            Place::Existing(id) => Ok((id, false)),
            Place::QueueFull => {
                let occupied = self.table(|table| table.queue_occupied(Instant::now()));
                Err(CreationRefused::QueueFull(occupied).into())
            }
            Place::ShuttingDown => Err(SessionError::ShuttingDown),
        }
    }

    /// Makes what a session consists of. If that fails, the session ends.
    async fn make(
        &self,
        id: SessionId,
        once: Option<(&OnceKey, Duration)>,
    ) -> Result<(), SessionError> {
        let made = timeout(INITIALIZING, self.try_make(id, once)).await;
        let outcome = made.unwrap_or_else(|_| {
            tracing::error!(session = %id, "a session was not made in time");
            Err(SessionError::Failed)
        });
        if outcome.is_err() {
            drop(self.begin_end(id, EndReason::Failed, None));
        }
        outcome
    }

    async fn try_make(
        &self,
        id: SessionId,
        once: Option<(&OnceKey, Duration)>,
    ) -> Result<(), SessionError> {
        let made = self.table(|table| {
            let scope = table.scope(id)?;
            let options = table.options(id)?.clone();
            Some((scope, options))
        });
        let Some((scope, options)) = made else {
            return Err(SessionError::unknown(id));
        };
        self.services.policy.narrow(&scope, &options)?;
        let setup = setup_of(&options);
        let begun = self.services.tabs.begin_scope(scope, setup).await;
        begun.map_err(|error| match error {
            TabError::BrowserDown { reason } => SessionError::BrowserDown { reason },
            TabError::ShuttingDown => SessionError::ShuttingDown,
            error => {
                tracing::error!(session = %id, %error, "a session could not be made");
                SessionError::Failed
            }
        })?;
        let Some(kept) = self.kept(id) else {
            return Err(SessionError::unknown(id));
        };
        let created = self.services.keeping.created(&kept, once).await;
        created.map_err(|error| {
            tracing::error!(session = %id, %error, "a session is not kept, and so not made (store.required)");
            SessionError::Failed
        })
    }
}

/// What the tabs of a session start with.
pub(super) fn setup_of(options: &SessionOptions) -> ScopeSetup {
    ScopeSetup {
        viewport: options.viewport,
        in_profile: !options.logged_out,
        place: Arc::new(options.place()),
    }
}

/// A session that is being made for a request. Dropped before that has its answer, the session ends: the client
/// would never learn its id.
struct Unclaimed {
    sessions: Arc<Sessions>,
    id: Option<SessionId>,
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            drop(self.sessions.begin_end(id, EndReason::Requested, None));
        }
    }
}

/// A request in the queue. Dropped, because its client does not wait any more, it leaves the queue; a session that it
/// was given in this moment ends.
struct QueuedRequest<'a> {
    sessions: &'a Sessions,
    ticket: Ticket,
    place: oneshot::Receiver<Place>,
}

impl QueuedRequest<'_> {
    /// Leaves the queue, and says what was in the way; or what the request was given nevertheless.
    fn give_up(&mut self) -> Result<CreationRefused, Place> {
        let refused = self
            .sessions
            .table(|table| table.give_up(self.ticket, Instant::now()));
        self.place.close();
        match (refused, self.place.try_recv()) {
            (Some(refused), _) => Ok(refused),
            (None, Ok(place)) => Err(place),
            (None, Err(_)) => Err(Place::ShuttingDown),
        }
    }
}

impl Drop for QueuedRequest<'_> {
    fn drop(&mut self) {
        if let Err(Place::New(id)) = self.give_up() {
            drop(self.sessions.begin_end(id, EndReason::Failed, None));
        }
    }
}
