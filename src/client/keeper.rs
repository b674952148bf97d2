//! The task behind a [`Bridge`](super::Bridge): it owns the connection, and makes a new one where it
//! is cut.

use std::sync::Arc;

use cdp_bridge_protocol::event::Welcome;
use cdp_bridge_protocol::{ErrorCode, Event, Request, RequestId};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::address::Address;
use super::closing::Closing;
use super::connection::{Connection, Resume};
use super::options::Options;
use super::pauses::Pauses;
use super::pending::{Answer, Pending};
use super::received::Received;

/// The close code of a peer that does not keep to the protocol (RFC 6455 section 7.4.1).
const PROTOCOL_ERROR: u16 = 1002;

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
    /// The bridge has not gone on with the session in time.
    Unresumed,
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
    /// When a session that was cut is given up, until it goes on.
    deadline: Option<Instant>,
    pauses: Pauses,
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
            deadline: None,
            pauses: Pauses::default(),
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
                End::Unresumed => {
                    connection.close().await;
                    let limit = self.options.resume_for.as_secs_f64();
                    return Closing {
                        code: None,
                        reason: format!(
                            "the bridge did not say within {limit} s of the cut whether it goes on with the session"
                        ),
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
                () = passed(self.deadline) => return End::Unresumed,
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
        self.deadline = None;
        self.pauses.go_on(Instant::now());
    }

    /// A new connection that offers to go on with the session; nothing once that makes no sense any
    /// more.
    async fn reconnect(&mut self, resume: Resume) -> Option<Connection> {
        self.stage = Stage::Resuming {
            cursor: resume.cursor(),
        };
        let now = Instant::now();
        self.pauses.cut(now);
        let deadline = *self.deadline.get_or_insert(now + self.options.resume_for);
        if now >= deadline {
            return None;
        }
        let stop = self.stop.clone();
        tokio::select! {
            biased;
            () = stop.cancelled() => None,
            connected = timeout_at(deadline, self.connect(resume)) => connected.ok().flatten(),
        }
    }

    /// Tries until there is a connection, or there will be none.
    async fn connect(&mut self, resume: Resume) -> Option<Connection> {
        let mut resume = Some(resume);
        loop {
            sleep(self.pauses.next(fastrand::f64())).await;
            match Connection::resume(&self.address, &self.options, &mut resume).await {
                Ok(connection) => return Some(connection),
                Err(error) if error.may_pass() => {}
                Err(_) => return None,
            }
        }
    }
}

/// Waits for a deadline, for ever where there is none.
async fn passed(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cdp_bridge_protocol::request::Ping;
    use tokio::time::timeout;

    use super::*;
    use crate::client::Bridge;
    use crate::client::error::RequestError;
    use crate::client::testing::{FakeBridge, Reply, greeting};

    /// Longer than anything takes here, and shorter than what a connection may take.
    const SOON: Duration = Duration::from_secs(5);

    fn resumed() -> Reply {
        Reply::event("resumed", serde_json::json!({"next": 1, "inFlight": []}))
    }

    async fn connect(fake: &FakeBridge, resume_for: Duration) -> Bridge {
        let options = Options {
            resume_for,
            ..Options::default()
        };
        Bridge::connect(&fake.address, options).await.unwrap()
    }

    #[tokio::test]
    async fn a_bridge_that_has_no_room_is_come_back_to_with_growing_pauses() {
        let (seen, mut connections) = watch::channel(0);
        let fake = FakeBridge::scripted(move |number| {
            seen.send_replace(number);
            let welcome = (number == 1).then(|| greeting(Some("token")));
            Some(welcome.into_iter().chain([Reply::Close(1013)]).collect())
        })
        .await;
        let bridge = connect(&fake, Duration::from_millis(500)).await;
        timeout(SOON, bridge.closed()).await.unwrap();
        let second = connections.wait_for(|number| *number >= 2);
        timeout(SOON, second).await.unwrap().unwrap();
        // The first one, one at once, and more after at least 25, 50, 100 and 200 ms.
        let count = *connections.borrow();
        assert!(count <= 6, "{count} connections");
    }

    #[tokio::test]
    async fn a_session_that_is_closed_as_soon_as_it_is_resumed_is_come_back_to_with_pauses() {
        let (seen, mut connections) = watch::channel(0);
        let fake = FakeBridge::scripted(move |number| {
            seen.send_replace(number);
            let script = [greeting(Some("token")), resumed(), Reply::Close(4008)];
            Some(script.into())
        })
        .await;
        let start = Instant::now();
        let bridge = connect(&fake, Duration::from_secs(30)).await;
        let fifth = connections.wait_for(|number| *number >= 5);
        timeout(SOON, fifth).await.unwrap().unwrap();
        // The pauses before the third, fourth and fifth.
        assert!(start.elapsed() >= Duration::from_millis(25 + 50 + 100));
        timeout(SOON, bridge.close()).await.unwrap();
    }

    #[tokio::test]
    async fn closing_does_not_wait_for_a_connection_that_is_being_made() {
        let (seen, mut connections) = watch::channel(0);
        let fake = FakeBridge::scripted(move |number| {
            seen.send_replace(number);
            (number == 1).then(|| vec![greeting(Some("token")), Reply::Close(1011)])
        })
        .await;
        let bridge = connect(&fake, Duration::from_secs(30)).await;
        let second = connections.wait_for(|number| *number == 2);
        timeout(SOON, second).await.unwrap().unwrap();
        timeout(SOON, bridge.close()).await.unwrap();
    }

    #[tokio::test]
    async fn a_bridge_that_does_not_say_whether_the_session_goes_on_leaves_nobody_waiting() {
        let fake = FakeBridge::scripted(|number| {
            let mut script = vec![greeting(Some("token"))];
            if number == 1 {
                script.push(Reply::Close(1011));
            }
            Some(script)
        })
        .await;
        let bridge = connect(&fake, Duration::from_secs(1)).await;
        let asked = timeout(SOON, bridge.ask(Ping {})).await.unwrap();
        let Err(RequestError::Over(closing)) = asked else {
            panic!("the session is over");
        };
        assert_eq!(closing.code, None);
        assert!(closing.reason.contains("within 1 s"), "{closing}");
    }
}
