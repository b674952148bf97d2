//! The task behind a [`Bridge`](super::Bridge): it owns the connection, and makes a new one where it
//! is cut.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::event::Welcome;
use cdp_bridge_protocol::{ErrorCode, Event, Request, RequestId};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::address::Address;
use super::closing::Closing;
use super::connection::{Connection, Resume};
use super::options::Options;
use super::pending::{Answer, Pending};
use super::received::Received;

/// The pause before a second attempt; it doubles from one to the next.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The close code of a peer that does not keep to the protocol (RFC 6455 section 7.4.1).
const PROTOCOL_ERROR: u16 = 1002;
/// The longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What a handle asks.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) request: Request,
    pub(super) answer: Answer,
}

/// How far a connection is with its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has offered to go on, after this cursor, and the bridge has not said whether it does.
    Resuming { cursor: u64 },
    /// Requests may be sent.
    Ready,
}

/// Why a connection is left.
#[derive(Debug)]
enum End {
    /// The program wants it.
    Wanted,
    /// The other side, or the network.
    Cut(Closing),
}

/// Owns the connection and its unanswered requests.
#[derive(Debug)]
pub(super) struct Keeper {
    address: Address,
    options: Options,
    questions: mpsc::Receiver<Question>,
    events: broadcast::Sender<Arc<Received>>,
    welcome: watch::Sender<Arc<Welcome>>,
    closing: watch::Sender<Option<Closing>>,
    stop: CancellationToken,
    pending: Pending,
    stage: Stage,
    /// When the connection was cut, until the session goes on.
    cut_at: Option<Instant>,
}

impl Keeper {
    pub(super) fn new(
        address: Address,
        options: Options,
        questions: mpsc::Receiver<Question>,
        events: broadcast::Sender<Arc<Received>>,
        welcome: watch::Sender<Arc<Welcome>>,
        closing: watch::Sender<Option<Closing>>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            address,
            options,
            questions,
            events,
            welcome,
            closing,
            stop,
            pending: Pending::default(),
            stage: Stage::Ready,
            cut_at: None,
        }
    }

    /// Keeps the session going until it is over for good.
    pub(super) async fn run(mut self, connection: Connection) {
        let closing = self.keep(connection).await;
        self.pending.fail(&closing);
        self.questions.close();
        self.closing.send_replace(Some(closing));
        // Questions that came meanwhile find their answer's sender gone, and the reason above.
    }

    async fn keep(&mut self, mut connection: Connection) -> Closing {
        loop {
            match self.converse(&mut connection).await {
                End::Wanted => {
                    connection.close().await;
                    return Closing {
                        code: Some(1000),
                        reason: String::new(),
                    };
                }
                End::Cut(closing) if closing.is_final() => return closing,
                End::Cut(closing) => {
                    let Some(resume) = connection.into_resume().await else {
                        return closing;
                    };
                    match self.reconnect(resume).await {
                        Some(next) => connection = next,
                        None => return closing,
                    }
                }
            }
        }
    }

    /// Sends questions and hands on what comes, until the connection ends.
    async fn converse(&mut self, connection: &mut Connection) -> End {
        let stop = self.stop.clone();
        loop {
            tokio::select! {
                // What came is handed on before more is asked; an end that is wanted is not kept
                // waiting by either.
                biased;
                () = stop.cancelled() => return End::Wanted,
                received = connection.next() => match received {
                    Received::Closed(closing) => return End::Cut(closing),
                    // It may have been an answer, which somebody would wait for in vain.
                    Received::Unreadable(reason) => {
                        let code = Some(PROTOCOL_ERROR);
                        return End::Cut(Closing { code, reason });
                    }
                    received => self.note(connection, received).await,
                },
                question = self.questions.recv(), if self.stage == Stage::Ready => {
                    let Some(Question { request, answer }) = question else {
                        return End::Wanted;
                    };
                    if let Some(text) = self.pending.add(request, answer) {
                        connection.send(text).await;
                    }
                }
            }
        }
    }

    async fn note(&mut self, connection: &Connection, received: Received) {
        if let Received::Message(message) = &received {
            match &message.event {
                Event::Welcome(welcome) => {
                    self.welcome.send_replace(Arc::new(welcome.clone()));
                }
                Event::Resumed(resumed) => {
                    if let Stage::Resuming { cursor } = self.stage {
                        // A `gap` comes next where the session goes on with a later message.
                        let lost = resumed.next > cursor + 1;
                        self.go_on(connection, &resumed.in_flight, lost).await;
                    }
                }
                Event::Error(error)
                    if error.code == ErrorCode::ResumeFailed && message.request_id.is_none() =>
                {
                    self.go_on(connection, &[], true).await;
                }
                _ => {}
            }
        }
        if received.request_id().is_some() {
            self.pending.came(received);
        } else {
            // Nobody may be listening.
            let _ = self.events.send(Arc::new(received));
        }
    }

    /// The connection is in order: requests that the bridge does not know are sent.
    async fn go_on(&mut self, connection: &Connection, in_flight: &[RequestId], lost: bool) {
        for text in self.pending.send_again(in_flight, lost) {
            connection.send(text).await;
        }
        self.stage = Stage::Ready;
        self.cut_at = None;
    }

    /// A new connection that offers to go on with the session; nothing once that makes no sense any
    /// more.
    async fn reconnect(&mut self, resume: Resume) -> Option<Connection> {
        self.stage = Stage::Resuming {
            cursor: resume.cursor(),
        };
        let mut resume = Some(resume);
        let cut_at = *self.cut_at.get_or_insert_with(Instant::now);
        let deadline = cut_at + self.options.resume_for;
        let mut pause = FIRST_PAUSE;
        loop {
            if Instant::now() >= deadline || self.stop.is_cancelled() {
                return None;
            }
            let opening = Connection::resume(&self.address, &self.options, &mut resume);
            match timeout_at(deadline, opening).await.ok()? {
                Ok(connection) => return Some(connection),
                Err(error) if error.may_pass() => {}
                Err(_) => return None,
            }
            // Coordinators of one bridge that went away shall not all come back in one moment.
            let jitter = pause.mul_f64(0.5 + fastrand::f64());
            tokio::select! {
                () = sleep(jitter) => {}
                () = self.stop.cancelled() => return None,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
