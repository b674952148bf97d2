//! The one task that reads and writes the transport.
//!
//! It matches answers to calls and routes events. It also does what Chromium leaves to its client: a new
//! session's route exists before the next frame is read, and calls that are pending when a session is
//! detached, when its renderer crashes, or when the transport ends will never be answered, so they
//! fail here.

use std::pin::Pin;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use futures::StreamExt as _;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::calls::{PendingCall, PendingCalls};
use super::client::{Browser, Root};
use super::command_queue::{Call, CommandQueue, QueuedCommand};
use super::error::CallError;
use super::message;
use super::routes::{Inbox, Routes};
use super::transport::{CdpTransport, TransportError};
use super::writer::Writer;
use crate::timer::sleep_until_opt;

pub(super) type ReplySender = oneshot::Sender<Result<Bytes, CallError>>;

/// Returns the last lines of Chromium's stderr, for the errors of calls that its exit cut off.
pub(super) type LastWords = Box<dyn Fn() -> Option<String> + Send + Sync>;

/// Starts the task. The inbox is that of the root session. The connection ends with the transport, or
/// when the last handle is dropped.
pub fn connect(transport: CdpTransport, last_words: LastWords) -> (Browser, Inbox) {
    let (routes, inbox) = Routes::new();
    let (hang_up_sender, hang_up) = watch::channel(None);
    let (ended_sender, ended) = watch::channel(None);
    let (queue, commands) = CommandQueue::new(hang_up_sender, ended);
    let queue = Arc::new(queue);
    let connection = ConnectionTask {
        queue: Arc::downgrade(&queue),
        commands,
        hang_up,
        calls: PendingCalls::default(),
        routes,
        writer: Writer::new(transport.sink),
    };
    tokio::spawn(connection.run(transport.stream, last_words, ended_sender));
    (Browser { id: Root, queue }, inbox)
}

enum End {
    Failed(TransportError),
    /// The bridge closed it, for this reason.
    HungUp(Arc<str>),
    /// The last handle was dropped.
    Unused,
}

/// Waits until the bridge hangs up, and returns its reason.
async fn hung_up(hang_up: &mut watch::Receiver<Option<Arc<str>>>) -> Arc<str> {
    if let Ok(reason) = hang_up.wait_for(Option::is_some).await
        && let Some(reason) = reason.clone()
    {
        return reason;
    }
    // All handles were dropped, which the end of the command queue reports.
    std::future::pending().await
}

pub(super) struct ConnectionTask {
    /// Weak, so that the task ends when the last handle is dropped.
    pub(super) queue: Weak<CommandQueue>,
    commands: mpsc::Receiver<QueuedCommand>,
    hang_up: watch::Receiver<Option<Arc<str>>>,
    pub(super) calls: PendingCalls<ReplySender>,
    pub(super) routes: Routes,
    pub(super) writer: Writer,
}

type FrameStream = Pin<Box<dyn futures::Stream<Item = Result<Bytes, TransportError>> + Send>>;

impl ConnectionTask {
    /// Runs to the end, then fails the calls that are still pending.
    async fn run(
        mut self,
        stream: FrameStream,
        last_words: LastWords,
        ended: watch::Sender<Option<Arc<str>>>,
    ) {
        let reason: Arc<str> = match self.run_inner(stream).await {
            End::Failed(error) => match last_words() {
                Some(lines) => format!("{error}; last lines of its stderr: {lines}").into(),
                None => error.to_string().into(),
            },
            End::HungUp(reason) => reason,
            End::Unused => "the bridge closed the connection, which was unused".into(),
        };
        tracing::debug!(%reason, "the connection to Chromium ended");
        ended.send_replace(Some(Arc::clone(&reason)));
        let closed = |method| {
            let reason = Arc::clone(&reason);
            Err(CallError::Closed { method, reason })
        };
        // Here and below, a caller that was dropped needs no answer.
        for call in self.calls.end_all() {
            let _ = call.reply.send(closed(call.method));
        }
        // Queued commands that were not sent fail in the same way.
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            if let QueuedCommand::Call(call) = command {
                let _ = call.reply.send(closed(call.method));
            }
        }
    }

    async fn run_inner(&mut self, mut stream: FrameStream) -> End {
        loop {
            let deadline = self.calls.next_deadline();
            let expiry = sleep_until_opt(deadline);
            tokio::select! {
                // Deadlines first, so that calls time out punctually; then writing, which is bounded
                // by the queue and so cannot starve reading.
                biased;
                () = expiry => self.expire(),
                reason = hung_up(&mut self.hang_up) => return End::HungUp(reason),
                result = self.writer.drive() => match result {
                    Ok(()) => {}
                    Err(error) => return End::Failed(error),
                },
                command = self.commands.recv(), if self.writer.has_room() => {
                    match command {
                        Some(command) => self.command(command),
                        None => return End::Unused,
                    }
                }
                frame = stream.next() => match frame {
                    Some(Ok(frame)) => self.frame(&frame),
                    Some(Err(error)) => return End::Failed(error),
                    None => return End::Failed(TransportError::HungUp),
                },
            }
        }
    }

    fn expire(&mut self) {
        let now = Instant::now();
        for call in self.calls.expire(now) {
            let (method, after) = (call.method, now - call.sent);
            let _ = call.reply.send(Err(CallError::Timeout { method, after }));
        }
    }

    fn command(&mut self, command: QueuedCommand) {
        let call = match command {
            QueuedCommand::Call(call) => call,
            QueuedCommand::Forget(id) => {
                self.calls.take(id);
                return;
            }
            QueuedCommand::RouteRaw(session, route) => return self.routes.add_raw(session, route),
        };
        let Call {
            id,
            session,
            method,
            params,
            deadline,
            reply,
            place: _,
        } = call;
        if reply.is_closed() {
            return;
        }
        match message::command(id, &method, &params, session.as_ref()) {
            Ok(frame) => {
                self.writer.push(frame);
                let pending = PendingCall {
                    session,
                    method,
                    sent: Instant::now(),
                    reply,
                };
                self.calls.insert(id, pending, deadline);
            }
            Err(error) => {
                let problem = error.to_string().into();
                let _ = reply.send(Err(CallError::Shape { method, problem }));
            }
        }
    }
}
