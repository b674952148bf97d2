//! The one task that reads and writes the transport.
//!
//! It matches answers to calls, hands events to inboxes, and knows four things about targets
//! because Chromium leaves them to its client: a session's route must exist before the next
//! frame is read, and calls that were pending when a session was detached, when its renderer
//! crashed, or when the transport ended will never be answered, so they are failed here.

use std::pin::Pin;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use futures::StreamExt as _;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::calls::{Calls, Pending};
use super::client::Browser;
use super::command_queue::{Call, Command, CommandQueue};
use super::error::CallError;
use super::message;
use super::routes::{Inbox, Routes};
use super::transport::{Transport, TransportError};
use super::writer::Writer;

pub(super) type ReplySender = oneshot::Sender<Result<Bytes, CallError>>;

/// Chromium's last words, for the errors of calls that its end cut off.
pub type LastWords = Box<dyn Fn() -> Option<String> + Send + Sync>;

/// Starts the task. The inbox is the browser's own; the connection ends when the transport does,
/// or when the last handle is dropped.
pub fn connect(transport: Transport, last_words: LastWords) -> (Browser, Inbox) {
    let (routes, inbox) = Routes::new();
    let (hang_up_sender, hang_up) = watch::channel(None);
    let (ended_sender, ended) = watch::channel(None);
    let (queue, commands) = CommandQueue::new(hang_up_sender, ended);
    let queue = Arc::new(queue);
    let connection = Connection {
        queue: Arc::downgrade(&queue),
        commands,
        hang_up,
        calls: Calls::default(),
        routes,
        writer: Writer::new(transport.sink),
    };
    tokio::spawn(async move {
        connection
            .run(transport.stream, last_words, ended_sender)
            .await;
    });
    (Browser { queue }, inbox)
}

/// How a connection ends.
enum End {
    /// The transport ended by itself.
    Failed(TransportError),
    /// The bridge ended it, for this reason.
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

pub(super) struct Connection {
    /// Weak, so that the task does not keep itself alive.
    pub(super) queue: Weak<CommandQueue>,
    commands: mpsc::Receiver<Command>,
    hang_up: watch::Receiver<Option<Arc<str>>>,
    pub(super) calls: Calls<ReplySender>,
    pub(super) routes: Routes,
    pub(super) writer: Writer,
}

type FrameStream = Pin<Box<dyn futures::Stream<Item = Result<Bytes, TransportError>> + Send>>;

impl Connection {
    /// Runs to the end, then fails whatever is still pending.
    async fn run(
        mut self,
        stream: FrameStream,
        last_words: LastWords,
        ended: watch::Sender<Option<Arc<str>>>,
    ) {
        let reason: Arc<str> = match self.run_inner(stream).await {
            End::Failed(error) => match last_words() {
                Some(words) => format!("{error}; its last words: {words}").into(),
                None => error.to_string().into(),
            },
            End::HungUp(reason) => reason,
            End::Unused => "the bridge let go of the browser".into(),
        };
        tracing::debug!(%reason, "the connection to Chromium ended");
        ended.send_replace(Some(Arc::clone(&reason)));
        for call in self.calls.end_all() {
            let (method, reason) = (call.method.clone(), Arc::clone(&reason));
            finish(call, Err(CallError::Closed { method, reason }));
        }
        // Commands that had been queued but not sent are cut off in the same way.
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            if let Command::Call(call) = command {
                let reason = Arc::clone(&reason);
                let _ = call.reply.send(Err(CallError::Closed {
                    method: call.method,
                    reason,
                }));
            }
        }
    }

    async fn run_inner(&mut self, mut stream: FrameStream) -> End {
        loop {
            let deadline = self.calls.next_deadline();
            let expiry = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // Deadlines first, because they are promises; then what goes out, which is
                // bounded by the callers' own limits and so cannot starve the reading.
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
            let after = now - call.sent;
            let method = call.method.clone();
            finish(call, Err(CallError::Timeout { method, after }));
        }
    }

    fn command(&mut self, command: Command) {
        let call = match command {
            Command::Call(call) => call,
            Command::Forget(id) => {
                self.calls.take(id);
                return;
            }
            Command::RouteRaw(session, route) => return self.routes.add_raw(session, route),
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
                let pending = Pending {
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

/// Delivers an outcome; a caller that has gone away does not want it.
pub(super) fn finish(call: Pending<ReplySender>, outcome: Result<Bytes, CallError>) {
    let _ = call.reply.send(outcome);
}
