//! The bounded queue of commands in front of the connection's task, and the answers to calls.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::value::RawValue;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use super::error::CallError;
use super::ids::SessionId;
use super::raw_route::RawSender;

/// `Domain.command` or `Domain.event`.
pub type MethodName = Cow<'static, str>;

/// How many awaited calls may be queued. Further callers wait, within their time limits.
const AWAITED_CALLS: usize = 256;

/// How many started calls may be queued beside them. Starting one cannot wait, so that further ones
/// fail with [`CallError::QueueFull`].
const STARTED_CALLS: usize = 1024;

#[derive(Debug)]
pub(super) enum QueuedCommand {
    Call(Call),
    /// The caller of this call was dropped before its answer.
    Forget(u64),
    /// Add a raw route to a session; `None` is the root session.
    RouteRaw(Option<SessionId>, RawSender),
}

/// One CDP command.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: u64,
    pub(super) session: Option<SessionId>,
    pub(super) method: MethodName,
    pub(super) params: Box<RawValue>,
    pub(super) deadline: Instant,
    pub(super) reply: oneshot::Sender<Result<Bytes, CallError>>,
    /// An awaited call's place in the queue, until the task takes the call out.
    pub(super) place: Option<OwnedSemaphorePermit>,
}

/// What all handles of one connection share.
#[derive(Debug)]
pub(super) struct CommandQueue {
    commands: mpsc::Sender<QueuedCommand>,
    awaited: Arc<Semaphore>,
    next_id: AtomicU64,
    /// Why the bridge closes the connection, once it does.
    pub(super) hang_up: watch::Sender<Option<Arc<str>>>,
    /// Why the transport ended, once it has.
    pub(super) ended: watch::Receiver<Option<Arc<str>>>,
}

impl CommandQueue {
    pub(super) fn new(
        hang_up: watch::Sender<Option<Arc<str>>>,
        ended: watch::Receiver<Option<Arc<str>>>,
    ) -> (Self, mpsc::Receiver<QueuedCommand>) {
        let (commands, receiver) = mpsc::channel(AWAITED_CALLS + STARTED_CALLS);
        let queue = Self {
            commands,
            awaited: Arc::new(Semaphore::new(AWAITED_CALLS)),
            next_id: AtomicU64::new(1),
            hang_up,
            ended,
        };
        (queue, receiver)
    }

    pub(super) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Makes a call: waits for a place in the queue, then for the answer.
    pub(super) async fn call(
        self: &Arc<Self>,
        session: Option<&SessionId>,
        method: MethodName,
        params: Box<RawValue>,
        limit: Duration,
    ) -> Result<Bytes, CallError> {
        let deadline = Instant::now() + limit;
        let (mut call, mut answer) = self.prepare(session, method, params, limit, deadline);
        let queued = async {
            call.place = Arc::clone(&self.awaited).acquire_owned().await.ok();
            self.commands.send(QueuedCommand::Call(call)).await
        };
        match timeout_at(deadline, queued).await {
            Ok(Ok(())) => answer.wait().await,
            Ok(Err(_)) => Err(answer.closed()),
            Err(_) => Err(answer.timeout()),
        }
    }

    /// Queues a call at once. The future is the answer; dropping it gives the call up.
    pub(super) fn start_call(
        self: &Arc<Self>,
        session: Option<&SessionId>,
        method: MethodName,
        params: Box<RawValue>,
        limit: Duration,
    ) -> impl Future<Output = Result<Bytes, CallError>> + Send + use<> {
        let deadline = Instant::now() + limit;
        let (call, mut answer) = self.prepare(session, method, params, limit, deadline);
        let queued = self.commands.try_send(QueuedCommand::Call(call));
        async move {
            match queued {
                Ok(()) => answer.wait().await,
                Err(TrySendError::Closed(_)) => Err(answer.closed()),
                Err(TrySendError::Full(_)) => Err(CallError::QueueFull {
                    method: answer.method.clone(),
                }),
            }
        }
    }

    /// Adds a raw subscriber, in order with the calls. If the connection has ended, the subscriber
    /// reads that its route has.
    pub(super) async fn route_raw(&self, session: Option<SessionId>, route: RawSender) {
        let _ = self
            .commands
            .send(QueuedCommand::RouteRaw(session, route))
            .await;
    }

    fn prepare(
        self: &Arc<Self>,
        session: Option<&SessionId>,
        method: MethodName,
        params: Box<RawValue>,
        limit: Duration,
        deadline: Instant,
    ) -> (Call, PendingAnswer) {
        let id = self.next_id();
        let (reply, outcome) = oneshot::channel();
        let answer = PendingAnswer {
            queue: Arc::clone(self),
            id,
            method: method.clone(),
            limit,
            outcome,
            is_pending: true,
        };
        let call = Call {
            id,
            session: session.cloned(),
            method,
            params,
            deadline,
            reply,
            place: None,
        };
        (call, answer)
    }
}

/// The answer to a call, which is taken out of the pending table if this is dropped before.
struct PendingAnswer {
    queue: Arc<CommandQueue>,
    id: u64,
    method: MethodName,
    limit: Duration,
    outcome: oneshot::Receiver<Result<Bytes, CallError>>,
    is_pending: bool,
}

impl PendingAnswer {
    async fn wait(&mut self) -> Result<Bytes, CallError> {
        let outcome = (&mut self.outcome).await;
        self.is_pending = false;
        // The table does not know the caller's limit, only the moment of its end.
        match outcome.unwrap_or_else(|_| Err(self.closed())) {
            Err(CallError::Timeout { .. }) => Err(self.timeout()),
            outcome => outcome,
        }
    }

    fn timeout(&self) -> CallError {
        CallError::Timeout {
            method: self.method.clone(),
            after: self.limit,
        }
    }

    fn closed(&self) -> CallError {
        let reason = self.queue.ended.borrow().clone();
        CallError::Closed {
            method: self.method.clone(),
            reason: reason.unwrap_or_else(|| "the connection ended".into()),
        }
    }
}

impl Drop for PendingAnswer {
    fn drop(&mut self) {
        if self.is_pending {
            // If the queue is full, the call's own deadline takes it out.
            let _ = self.queue.commands.try_send(QueuedCommand::Forget(self.id));
        }
    }
}
