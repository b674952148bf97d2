//! The one task that reads and writes the transport.
//!
//! It matches answers to calls, hands events to inboxes, and knows four things about targets
//! because Chromium leaves them to its client: a session's route must exist before the next
//! frame is read, and calls that were pending when a session was detached, when its renderer
//! crashed, or when the transport ended will never be answered, so they are failed here.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::StreamExt as _;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::calls::{Calls, Pending};
use super::client::{Browser, Call, Command, Session, Shared};
use super::console::shortened;
use super::error::{CallError, SessionEnd};
use super::events::{
    AttachedToTarget, DetachedFromTarget, EventKind, TargetCrashed, TargetInfoChanged,
};
use super::ids::SessionId;
use super::message::{self, ErrorReply, Frame};
use super::methods::{DetachFromTarget, Method, RunIfWaitingForDebugger};
use super::routes::{Attachment, Event, Inbox, RawEvent, Routes, Undelivered};
use super::transport::{Transport, TransportError};
use crate::metrics;
use crate::timer::sleep_until_opt;

/// How many commands may wait for the task. Callers beyond that wait, within their time limits.
const COMMAND_QUEUE: usize = 256;

/// How many commands may wait for the transport before the task takes no more of them.
const WRITE_QUEUE: usize = 64;

type Reply = oneshot::Sender<Result<Bytes, CallError>>;

/// Chromium's last words, for the errors of calls that its end cut off.
pub type LastWords = Box<dyn Fn() -> Option<String> + Send + Sync>;

/// Starts the task. The inbox is the browser's own; the connection ends when the transport does,
/// or when the last handle is dropped.
pub fn connect(transport: Transport, last_words: LastWords) -> (Browser, Inbox) {
    let (sender, commands) = mpsc::channel(COMMAND_QUEUE);
    let (routes, inbox) = Routes::new();
    let (hang_up, wishes) = watch::channel(None);
    let (ended_sender, ended) = watch::channel(None);
    let shared = Arc::new(Shared {
        commands: sender,
        next_id: AtomicU64::new(1),
        hang_up,
        ended,
    });
    let connection = Connection {
        shared: Arc::downgrade(&shared),
        commands,
        wishes,
        calls: Calls::default(),
        routes,
        writer: Writer {
            transport_sink: transport.sink,
            queue: VecDeque::new(),
            unflushed: false,
        },
    };
    tokio::spawn(async move {
        connection
            .run(transport.stream, last_words, ended_sender)
            .await;
    });
    (Browser { shared }, inbox)
}

/// How a connection ends.
enum End {
    /// The transport ended by itself.
    Failed(TransportError),
    /// The bridge ended it, for this reason.
    HungUp(Arc<str>),
    /// The last handle was dropped.
    LetGo,
}

/// Waits until the bridge has said why the connection is to end.
async fn said(wishes: &mut watch::Receiver<Option<Arc<str>>>) -> Arc<str> {
    if let Ok(said) = wishes.wait_for(Option::is_some).await
        && let Some(reason) = said.clone()
    {
        return reason;
    }
    // All handles are gone, which the commands tell.
    std::future::pending().await
}

struct Connection {
    /// Weak, so that the task does not keep itself alive.
    shared: Weak<Shared>,
    commands: mpsc::Receiver<Command>,
    /// Why the bridge has had enough of this browser.
    wishes: watch::Receiver<Option<Arc<str>>>,
    calls: Calls<Reply>,
    routes: Routes,
    writer: Writer,
}

type FrameStream =
    std::pin::Pin<Box<dyn futures::Stream<Item = Result<Bytes, TransportError>> + Send>>;

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
            End::LetGo => "the bridge let go of the browser".into(),
        };
        tracing::debug!(%reason, "the connection to Chromium ended");
        ended.send_replace(Some(Arc::clone(&reason)));
        for call in self.calls.end_all() {
            let (method, reason) = (call.method, Arc::clone(&reason));
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
            let expiry = sleep_until_opt(deadline);
            tokio::select! {
                // Deadlines first, because they are promises; then what goes out, which is
                // bounded by the callers' own limits and so cannot starve the reading.
                biased;
                () = expiry => self.expire(),
                reason = said(&mut self.wishes) => return End::HungUp(reason),
                result = self.writer.drive() => match result {
                    Ok(()) => {}
                    Err(error) => return End::Failed(error),
                },
                command = self.commands.recv(), if self.writer.queue.len() < WRITE_QUEUE => {
                    match command {
                        Some(command) => self.command(command),
                        None => return End::LetGo,
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
            let method = call.method;
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
        };
        let Call {
            id,
            session,
            method,
            params,
            deadline,
            reply,
        } = call;
        if reply.is_closed() {
            return;
        }
        match message::command(id, method, &params, session.as_ref()) {
            Ok(frame) => {
                self.writer.queue.push_back(frame);
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

    fn frame(&mut self, frame: &Bytes) {
        match Frame::parse(frame) {
            Ok(Frame::Response { id, outcome }) => self.response(id, outcome),
            Ok(Frame::Event {
                session,
                method,
                params,
            }) => {
                let Some(kind) = EventKind::from_method(&method) else {
                    return;
                };
                if kind.wants(&params) {
                    let params = shortened(kind, params);
                    self.event(session.as_ref(), RawEvent { kind, params });
                }
            }
            Err(error) => tracing::warn!(%error, "a frame of Chromium was passed over"),
        }
    }

    fn response(&mut self, id: u64, outcome: Result<Bytes, ErrorReply>) {
        // A call that ran out of time, or whose session ended, may still be answered.
        let Some(call) = self.calls.take(id) else {
            return;
        };
        metrics::cdp_round_trip(call.method, call.sent.elapsed());
        let method = call.method;
        let outcome = outcome.map_err(|ErrorReply { code, message }| {
            if message.contains("Session with given id not found") {
                return CallError::SessionEnded {
                    method,
                    end: SessionEnd::Detached,
                };
            }
            CallError::Protocol {
                method,
                code,
                message,
            }
        });
        finish(call, outcome);
    }

    fn event(&mut self, session: Option<&SessionId>, event: RawEvent) {
        match event.kind {
            EventKind::AttachedToTarget => return self.attached(session, &event),
            EventKind::DetachedFromTarget => {
                if let Some(DetachedFromTarget { session_id }) = event.decode() {
                    self.routes.remove(&session_id);
                    self.end_calls(&session_id, SessionEnd::Detached);
                }
                return;
            }
            EventKind::InspectorTargetCrashed => {
                if let Some(session) = session {
                    self.end_calls(session, SessionEnd::Crashed);
                }
            }
            EventKind::TargetCrashed => {
                if let Some(TargetCrashed { target_id, .. }) = event.decode() {
                    for session in self.routes.sessions_of(&target_id) {
                        self.end_calls(&session, SessionEnd::Crashed);
                        self.deliver(Some(&session), event.clone());
                    }
                }
                return;
            }
            // The browser says it, but it concerns whoever looks after that target.
            EventKind::TargetInfoChanged => {
                if let Some(TargetInfoChanged { target_info }) = event.decode() {
                    for session in self.routes.sessions_of(&target_info.target_id) {
                        self.deliver(Some(&session), event.clone());
                    }
                }
                return;
            }
            _ => {}
        }
        self.deliver(session, event);
    }

    fn deliver(&self, session: Option<&SessionId>, event: RawEvent) {
        if let Err(Undelivered(_)) = self.routes.deliver(session, Event::Raw(event)) {
            metrics::dropped("cdpEvent", "inboxFull");
        }
    }

    /// Makes the new session's route before the next frame is read, then hands it on.
    fn attached(&mut self, parent: Option<&SessionId>, event: &RawEvent) {
        let Some(AttachedToTarget {
            session_id,
            target_info,
            waiting_for_debugger,
        }) = event.decode()
        else {
            return;
        };
        let Some(shared) = self.shared.upgrade() else {
            return;
        };
        let inbox = self
            .routes
            .insert(session_id.clone(), target_info.target_id.clone());
        let attachment = Attachment {
            session: Session {
                id: session_id.clone(),
                shared,
            },
            inbox,
            info: target_info,
            waiting_for_debugger,
        };
        let event = Event::Attached(Box::new(attachment));
        if let Err(Undelivered(_)) = self.routes.deliver(parent, event) {
            // Nobody will look after this target: let it run and let go of it, so that it does
            // not stand still for ever.
            metrics::dropped("cdpAttach", "inboxFull");
            self.routes.remove(&session_id);
            self.send_own(&RunIfWaitingForDebugger {}, Some(&session_id));
            self.send_own(&DetachFromTarget { session_id }, None);
        }
    }

    fn end_calls(&mut self, session: &SessionId, end: SessionEnd) {
        for call in self.calls.end_session(session) {
            let method = call.method;
            finish(call, Err(CallError::SessionEnded { method, end }));
        }
    }

    /// Sends a command of the task's own, whose answer nobody waits for.
    fn send_own<M: Method>(&mut self, method: &M, session: Option<&SessionId>) {
        let Some(shared) = self.shared.upgrade() else {
            return;
        };
        let id = shared.next_id.fetch_add(1, Ordering::Relaxed);
        if let Ok(frame) = message::command(id, M::NAME, method, session) {
            self.writer.queue.push_back(frame);
        }
    }
}

/// Delivers an outcome; a caller that has gone away does not want it.
fn finish(call: Pending<Reply>, outcome: Result<Bytes, CallError>) {
    let _ = call.reply.send(outcome);
}

/// The outgoing half. Its state survives being dropped in the middle of [`Writer::drive`].
struct Writer {
    transport_sink: std::pin::Pin<Box<dyn futures::Sink<Bytes, Error = TransportError> + Send>>,
    queue: VecDeque<Bytes>,
    unflushed: bool,
}

impl Writer {
    /// Writes what is queued; never ends while there is nothing to write.
    async fn drive(&mut self) -> Result<(), TransportError> {
        poll_fn(|context| self.poll_drive(context)).await
    }

    fn poll_drive(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        while !self.queue.is_empty() {
            ready!(self.transport_sink.as_mut().poll_ready(context))?;
            if let Some(frame) = self.queue.pop_front() {
                self.transport_sink.as_mut().start_send(frame)?;
                self.unflushed = true;
            }
        }
        if !self.unflushed {
            return Poll::Pending;
        }
        ready!(self.transport_sink.as_mut().poll_flush(context))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }
}
