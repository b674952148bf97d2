//! The handles through which calls are made. Cheap to clone.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use super::error::CallError;
use super::ids::SessionId;
use super::methods::Method;

/// What the connection's task may be asked.
#[derive(Debug)]
pub(super) enum Command {
    /// Send a command and remember who asked.
    Call(Call),
    /// Nobody waits for this call any more.
    Forget(u64),
}

/// One command on its way.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: u64,
    pub(super) session: Option<SessionId>,
    pub(super) method: &'static str,
    pub(super) params: Box<RawValue>,
    pub(super) deadline: Instant,
    pub(super) reply: oneshot::Sender<Result<Bytes, CallError>>,
}

/// What all handles of one connection share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) next_id: std::sync::atomic::AtomicU64,
    /// Why the bridge wants the transport to end, once it does.
    pub(super) hang_up: watch::Sender<Option<Arc<str>>>,
    /// Why the transport ended, once it has.
    pub(super) ended: watch::Receiver<Option<Arc<str>>>,
}

/// The browser itself: the root session.
#[derive(Debug, Clone)]
pub struct Browser {
    pub(super) shared: Arc<Shared>,
}

/// One attached target.
#[derive(Debug, Clone)]
pub struct Session {
    pub(super) id: SessionId,
    pub(super) shared: Arc<Shared>,
}

impl Browser {
    /// Makes a call to the browser and decodes its result.
    pub async fn call<M: Method>(
        &self,
        method: M,
        limit: Duration,
    ) -> Result<M::Returns, CallError> {
        decode::<M>(&self.shared.call(None, &method, limit).await?)
    }

    /// Whether the transport has ended.
    pub fn has_ended(&self) -> bool {
        self.shared.ended.borrow().is_some()
    }

    /// Ends the connection, for this reason: whatever is pending is failed at once with
    /// [`CallError::Closed`]. A browser that the bridge started on a pipe exits when it notices.
    pub fn hang_up(&self, reason: impl Into<Arc<str>>) {
        self.shared.hang_up.send_replace(Some(reason.into()));
    }

    /// Whether the bridge itself has ended the connection.
    pub fn was_hung_up(&self) -> bool {
        self.shared.hang_up.borrow().is_some()
    }

    /// Waits until the transport has ended, and says why.
    pub async fn ended(&self) -> Arc<str> {
        let mut ended = self.shared.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(reason) => reason
                .clone()
                .unwrap_or_else(|| "the connection ended".into()),
            Err(_) => "the connection's task ended".into(),
        }
    }
}

impl Session {
    /// The session's id.
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
        self.shared.call(Some(&self.id), &method, limit).await
    }
}

fn decode<M: Method>(result: &Bytes) -> Result<M::Returns, CallError> {
    serde_json::from_slice(result).map_err(|error| shape::<M>(&error))
}

/// The error of a result that does not have the promised shape.
pub fn shape<M: Method>(problem: &dyn std::fmt::Display) -> CallError {
    CallError::Shape {
        method: M::NAME,
        problem: problem.to_string().into(),
    }
}

impl Shared {
    async fn call<M: Method>(
        self: &Arc<Self>,
        session: Option<&SessionId>,
        method: &M,
        limit: Duration,
    ) -> Result<Bytes, CallError> {
        let params = serde_json::value::to_raw_value(method).map_err(|error| shape::<M>(&error))?;
        let id = self
            .next_id
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let deadline = Instant::now() + limit;
        let (reply, outcome) = oneshot::channel();
        let session = session.cloned();
        let call = Call {
            id,
            session,
            method: M::NAME,
            params,
            deadline,
            reply,
        };
        let timeout = || CallError::Timeout {
            method: M::NAME,
            after: limit,
        };
        match timeout_at(deadline, self.commands.send(Command::Call(call))).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(self.closed(M::NAME)),
            Err(_) => return Err(timeout()),
        }
        // From here on the call is in the table; if the caller gives up, it is taken out.
        let mut guard = Forget {
            shared: self,
            id: Some(id),
        };
        let outcome = outcome.await.unwrap_or_else(|_| Err(self.closed(M::NAME)));
        guard.id = None;
        // The table does not know the caller's limit, only the moment of its end.
        outcome.map_err(|error| match error {
            CallError::Timeout { .. } => timeout(),
            error => error,
        })
    }

    fn closed(&self, method: &'static str) -> CallError {
        let reason = self.ended.borrow().clone();
        CallError::Closed {
            method,
            reason: reason.unwrap_or_else(|| "the connection ended".into()),
        }
    }
}

/// Takes a call out of the table when its caller is dropped.
struct Forget<'a> {
    shared: &'a Shared,
    id: Option<u64>,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            // If the queue is full, the call's own deadline takes it out.
            let _ = self.shared.commands.try_send(Command::Forget(id));
        }
    }
}
