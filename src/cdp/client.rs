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

/// The browser itself: the root session.
#[derive(Debug, Clone)]
pub struct Browser {
    pub(super) queue: Arc<CommandQueue>,
}

/// A session attached to one target.
#[derive(Debug, Clone)]
pub struct TargetSession {
    pub(super) id: SessionId,
    pub(super) queue: Arc<CommandQueue>,
}

impl Browser {
    /// Makes a call to the browser and decodes its result.
    pub async fn call<M: Method>(
        &self,
        method: M,
        limit: Duration,
    ) -> Result<M::Returns, CallError> {
        decode::<M>(&call(&self.queue, None, method, limit).await?)
    }

    /// Like [`TargetSession::start_call`].
    pub fn start_call<M: Method>(
        &self,
        method: &M,
        limit: Duration,
    ) -> impl Future<Output = Result<M::Returns, CallError>> + Send + use<M> {
        start_call(&self.queue, None, method, limit)
    }

    /// Like [`TargetSession::start_raw_call`].
    pub fn start_raw_call(
        &self,
        method: MethodName,
        params: Box<RawValue>,
        limit: Duration,
    ) -> impl Future<Output = Result<Bytes, CallError>> + Send + use<> {
        self.queue.start_call(None, method, params, limit)
    }

    /// Like [`TargetSession::open_raw_route`], for events that belong to no session.
    pub async fn open_raw_route(&self, options: RawRouteOptions) -> RawRoute {
        open_raw_route(&self.queue, None, options).await
    }

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

    /// Makes a call to the target and decodes its result.
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
        call(&self.queue, Some(&self.id), method, limit).await
    }

    /// Queues a call before this returns, so that it is sent ahead of every later call; the answer
    /// may be awaited at any time. Dropping the future gives the call up.
    pub fn start_call<M: Method>(
        &self,
        method: &M,
        limit: Duration,
    ) -> impl Future<Output = Result<M::Returns, CallError>> + Send + use<M> {
        start_call(&self.queue, Some(&self.id), method, limit)
    }

    /// Like [`TargetSession::start_call`], for a method that the bridge has no type for.
    pub fn start_raw_call(
        &self,
        method: MethodName,
        params: Box<RawValue>,
        limit: Duration,
    ) -> impl Future<Output = Result<Bytes, CallError>> + Send + use<> {
        self.queue.start_call(Some(&self.id), method, params, limit)
    }

    /// Every event of this session as it came, beside those in its inbox, in order with the calls:
    /// what follows from a later call is among them. If the inbox is dropped, the subscriber is
    /// responsible for targets that are attached through this session.
    pub async fn open_raw_route(&self, options: RawRouteOptions) -> RawRoute {
        open_raw_route(&self.queue, Some(self.id.clone()), options).await
    }
}

async fn call<M: Method>(
    queue: &Arc<CommandQueue>,
    session: Option<&SessionId>,
    method: M,
    limit: Duration,
) -> Result<Bytes, CallError> {
    let params = to_raw_value(&method).map_err(|error| shape::<M>(&error))?;
    queue.call(session, M::NAME.into(), params, limit).await
}

fn start_call<M: Method>(
    queue: &Arc<CommandQueue>,
    session: Option<&SessionId>,
    method: &M,
    limit: Duration,
) -> impl Future<Output = Result<M::Returns, CallError>> + Send + use<M> {
    let started = to_raw_value(method)
        .map(|params| queue.start_call(session, M::NAME.into(), params, limit))
        .map_err(|error| shape::<M>(&error));
    async move { decode::<M>(&started?.await?) }
}

async fn open_raw_route(
    queue: &CommandQueue,
    session: Option<SessionId>,
    options: RawRouteOptions,
) -> RawRoute {
    let (sender, events) = RawSender::new(options);
    queue.route_raw(session, sender).await;
    events
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
