//! The requests of the protocol about sessions.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::SessionRef;
use cdp_bridge_protocol::request::{CreateSession, ListSessions, SessionDownloads};

use super::creating::CreationCall;
use super::{
    BadOption, EndReason, SessionError, SessionFilter, SessionId, SessionOptions, SessionView,
    StatusFilter, upstream_proxy,
};
use crate::operations::principal::Reach;
use crate::operations::responder::Responder;
use crate::operations::{Caller, ClientId, OperationError, Operations, Scope, Success};
use crate::policy::DownloadPolicy;

/// A request about a session that has been checked.
#[derive(Debug)]
pub enum SessionPlan {
    Create(Box<SessionOptions>),
    Get(SessionId),
    List(SessionFilter),
    End(SessionId),
}

impl SessionPlan {
    pub(in crate::operations) fn create(
        defaults: &SessionOptions,
        create: CreateSession,
    ) -> Result<Self, OperationError> {
        let options = options_of(defaults, create).map_err(SessionError::BadOption)?;
        Ok(Self::Create(Box::new(options)))
    }

    pub(in crate::operations) fn list(list: ListSessions) -> Result<Self, OperationError> {
        let cursor = list.cursor.as_deref().map(str::parse).transpose();
        let status = list.status.map(|filter| match filter.status() {
            Some(status) => StatusFilter::Only(status),
            None => StatusFilter::All,
        });
        Ok(Self::List(SessionFilter {
            status: status.unwrap_or_default(),
            external_id: list.external_id,
            metadata: list.metadata.unwrap_or_default(),
            limit: list.limit.map(|limit| limit as usize),
            cursor: cursor.map_err(SessionError::BadOption)?,
        }))
    }
}

/// The options of a request, with the defaults where it says nothing.
pub fn options_of(
    defaults: &SessionOptions,
    create: CreateSession,
) -> Result<SessionOptions, BadOption> {
    let millis = |value: Option<u64>| value.map(Duration::from_millis);
    Ok(SessionOptions {
        max_duration: millis(create.max_duration_ms).unwrap_or(defaults.max_duration),
        idle_timeout: millis(create.idle_timeout_ms).unwrap_or(defaults.idle_timeout),
        heartbeat_timeout: millis(create.heartbeat_timeout_ms),
        viewport: create.viewport,
        start_url: create.start_url,
        logged_out: create.logged_out.unwrap_or(defaults.logged_out),
        allowlist: create.allowlist,
        downloads: create.downloads.map(|downloads| match downloads {
            SessionDownloads::Deny => DownloadPolicy::Deny,
            SessionDownloads::Keep => DownloadPolicy::Keep,
        }),
        metadata: create.metadata.unwrap_or_default(),
        external_id: create.external_id,
        queue_timeout: millis(create.queue_timeout_ms),
        proxy: create.proxy.as_ref().map(upstream_proxy).transpose()?,
        geolocation: create.geolocation,
        locale: create.locale,
        timezone_id: create.timezone_id,
        is_kept: defaults.is_kept,
        webhook_url: create.webhook_url,
    })
}

/// The id of a session that the caller may ask for. Whether there is one is found out then.
pub(in crate::operations) fn id_within_reach(
    caller: &Caller,
    named: &SessionRef,
) -> Result<SessionId, SessionError> {
    let unknown = || SessionError::unknown(named.as_str());
    let id: SessionId = named.as_str().parse().map_err(|_| unknown())?;
    if caller.principal.reach == Reach::Session && id != SessionId::of(caller.scope()) {
        return Err(unknown());
    }
    Ok(id)
}

impl Operations {
    /// The scope of a session that the caller may use, or its own if none is named. Whether it has ended is found out when
    /// it is used.
    pub(in crate::operations) fn scope_within_reach(
        &self,
        caller: &Caller,
        named: Option<&SessionRef>,
    ) -> Result<Scope, SessionError> {
        let own = caller.scope();
        let Some(named) = named else {
            return Ok(own.clone());
        };
        let id = id_within_reach(caller, named)?;
        self.session(&own.client, id)?;
        Ok(Scope {
            client: own.client.clone(),
            session: id.into(),
        })
    }

    /// Carries out a request about a session.
    pub(in crate::operations) fn carry_out(
        self: &Arc<Self>,
        plan: SessionPlan,
        caller: &Caller,
        timeout: Option<Duration>,
        responder: Responder,
    ) {
        let client = &caller.scope().client;
        let is_limited = caller.principal.reach == Reach::Session;
        let outcome = match plan {
            SessionPlan::Create(_) | SessionPlan::List(_) if is_limited => {
                Err(SessionError::LimitedToSession)
            }
            SessionPlan::Create(options) => {
                return self.create_for_call(*options, caller, timeout, responder);
            }
            SessionPlan::Get(id) => match self.session(client, id) {
                Err(_) => return self.answer_ended(id, client, responder, Success::Session),
                known => known.map(Box::new).map(Success::Session),
            },
            SessionPlan::List(filter) if filter.shows_ended() => {
                let (operations, client) = (Arc::clone(self), client.clone());
                tokio::spawn(async move {
                    let page = operations.list_sessions_and_ended(&client, &filter).await;
                    responder.answer(Ok(Success::Sessions(Box::new(page))));
                });
                return;
            }
            SessionPlan::List(filter) => {
                let page = self.list_sessions(client, &filter);
                Ok(Success::Sessions(Box::new(page)))
            }
            SessionPlan::End(id) => {
                let noted = self.sessions.noted(id);
                match self.end_for_call(caller, id, &responder) {
                    Err(SessionError::Unknown { .. }) => {
                        return self.answer_ended(id, client, responder, Success::SessionEnded);
                    }
                    Ok(view) if self.services.keeping.is_on() => {
                        // What was answered to have ended does not come back.
                        tokio::spawn(async move {
                            noted.await;
                            responder.answer(Ok(Success::SessionEnded(Box::new(view))));
                        });
                        return;
                    }
                    ended => ended.map(|view| Success::SessionEnded(Box::new(view))),
                }
            }
        };
        responder.answer(outcome.map_err(OperationError::Session));
    }

    /// Answers with a session that only the store may know any more.
    fn answer_ended(
        self: &Arc<Self>,
        id: SessionId,
        client: &ClientId,
        responder: Responder,
        success: fn(Box<SessionView>) -> Success,
    ) {
        let (operations, client) = (Arc::clone(self), client.clone());
        if !self.services.keeping.is_on() {
            return responder.answer(Err(SessionError::unknown(id).into()));
        }
        tokio::spawn(async move {
            let found = operations.session_or_ended(&client, id).await;
            let found = found.map(Box::new).map(success);
            responder.answer(found.map_err(OperationError::Session));
        });
    }

    fn create_for_call(
        self: &Arc<Self>,
        mut options: SessionOptions,
        caller: &Caller,
        timeout: Option<Duration>,
        responder: Responder,
    ) {
        if let Some(timeout) = timeout {
            // A request does not wait for a place beyond its own time limit.
            let wait = options.queue_timeout.unwrap_or(timeout);
            options.queue_timeout = Some(wait.min(timeout));
        }
        let call = CreationCall {
            id: Some(responder.call().id),
            streams: caller.streams.clone(),
            once: responder.once(),
        };
        let (operations, principal) = (Arc::clone(self), caller.principal.clone());
        tokio::spawn(async move {
            let created = operations
                .create_session_for(&principal, options, call)
                .await;
            let created = created.map(|created| Success::SessionCreated(Box::new(created)));
            responder.answer(created.map_err(OperationError::Session));
        });
    }

    fn end_for_call(
        &self,
        caller: &Caller,
        id: SessionId,
        responder: &Responder,
    ) -> Result<SessionView, SessionError> {
        if id.is_default() {
            return Err(SessionError::Implicit);
        }
        // Of this client.
        self.session(&caller.scope().client, id)?;
        let cause = Some(responder.call().id);
        let by = Some(caller.principal());
        let ends = self
            .sessions
            .begin_end_by(by, id, EndReason::Requested, cause);
        drop(ends);
        self.session(&caller.scope().client, id)
    }
}
