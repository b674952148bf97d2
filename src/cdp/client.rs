//! The handles through which calls are made. Cheap to clone.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::value::{RawValue, to_raw_value};

use super::command_queue::{CommandQueue, MethodName};
use super::error::CallError;
use super::ids::SessionId;
use super::json;
use super::methods::Method;
use super::raw_route::{RawRoute, RawRouteOptions, RawSender};

/// A CDP session: [`Browser`] or [`TargetSession`].
#[derive(Debug, Clone)]
pub struct Session<I> {
    pub(super) id: I,
    pub(super) queue: Arc<CommandQueue>,
}

/// The browser itself: the root session.
pub type Browser = Session<Root>;

/// A session attached to one target.
pub type TargetSession = Session<SessionId>;

/// The root session has no id.
#[derive(Debug, Clone, Copy)]
pub struct Root;

/// What commands to a session name in `sessionId`.
pub trait Addressed {
    /// `None` for the root session.
    fn session_id(&self) -> Option<&SessionId>;
}

impl Addressed for Root {
    fn session_id(&self) -> Option<&SessionId> {
        None
    }
}

impl Addressed for SessionId {
    fn session_id(&self) -> Option<&SessionId> {
        Some(self)
    }
}

impl<I: Addressed> Session<I> {
    /// Makes a call and decodes its result.
    pub async fn call<M: Method>(
        &self,
        method: M,
        limit: Duration,
    ) -> Result<M::Returns, CallError> {
        decode::<M>(&self.call_raw(method, limit).await?)
    }

    /// Makes a call whose result stays JSON: a slice of the frame it came in.
    pub async fn call_raw<M: Method>(
        &self,
        method: M,
        limit: Duration,
    ) -> Result<Bytes, CallError> {
        let params = to_raw_value(&method).map_err(|error| shape::<M>(&error))?;
        let session = self.id.session_id();
        self.queue
            .call(session, M::NAME.into(), params, limit)
            .await
    }

    /// Queues a call before this returns, so that it is sent ahead of every later call; the answer
    /// may be awaited at any time. Dropping the future gives the call up.
    pub fn start_call<M: Method>(
        &self,
        method: &M,
        limit: Duration,
    ) -> impl Future<Output = Result<M::Returns, CallError>> + Send + use<M, I> {
        let started = to_raw_value(method)
            .map(|params| self.start_raw_call(M::NAME.into(), params, limit))
            .map_err(|error| shape::<M>(&error));
        async move { decode::<M>(&started?.await?) }
    }

    /// Like [`Session::start_call`], for a method that the bridge has no type for.
    pub fn start_raw_call(
        &self,
        method: MethodName,
        params: Box<RawValue>,
        limit: Duration,
    ) -> impl Future<Output = Result<Bytes, CallError>> + Send + use<I> {
        let session = self.id.session_id();
        self.queue.start_call(session, method, params, limit)
    }

    /// Every event of this session as it came, beside those in its inbox, in order with the calls:
    /// what follows from a later call is among them. If the inbox is dropped, the subscriber is
    /// responsible for targets that are attached through this session.
    pub async fn open_raw_route(&self, options: RawRouteOptions) -> RawRoute {
        let (sender, events) = RawSender::new(options);
        let session = self.id.session_id().cloned();
        self.queue.route_raw(session, sender).await;
        events
    }
}

impl Browser {
    /// Whether the transport has ended.
    pub fn has_ended(&self) -> bool {
        self.queue.ended.borrow().is_some()
    }

    /// Closes the connection, for this reason: pending calls fail at once with
    /// [`CallError::Closed`]. A browser that the bridge started on a pipe exits when it notices.
    pub fn hang_up(&self, reason: impl Into<Arc<str>>) {
        self.queue.hang_up.send_replace(Some(reason.into()));
    }

    /// Whether the bridge itself has closed the connection.
    pub fn was_hung_up(&self) -> bool {
        self.queue.hang_up.borrow().is_some()
    }

    /// Waits until the transport has ended, and returns the reason.
    pub async fn ended(&self) -> Arc<str> {
        let mut ended = self.queue.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(reason) => reason
                .clone()
                .unwrap_or_else(|| "the connection ended".into()),
            Err(_) => "the connection's task ended".into(),
        }
    }
}

impl TargetSession {
    /// Of the CDP session, not of anything that a client made.
    pub fn id(&self) -> &SessionId {
        &self.id
    }
}

fn decode<M: Method>(result: &Bytes) -> Result<M::Returns, CallError> {
    json::parse(result).map_err(|error| shape::<M>(&error))
}

/// The error of a result that does not have the promised shape.
pub fn shape<M: Method>(problem: &dyn std::fmt::Display) -> CallError {
    CallError::Shape {
        method: M::NAME.into(),
        problem: problem.to_string().into(),
    }
}
