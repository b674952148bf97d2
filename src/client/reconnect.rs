//! The task behind a [`Bridge`](super::Bridge): it owns the connection, and reconnects and resumes the session when it is
//! lost.

use std::sync::Arc;

use cdp_bridge_protocol::event::Welcome;
use cdp_bridge_protocol::{ErrorCode, Event, Request, RequestId};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::address::Address;
use super::backoff::ReconnectBackoff;
use super::connection::{Connection, Resume};
use super::disconnect::Disconnect;
use super::options::Options;
use super::pending::{AnswerSender, PendingRequests};
use super::received::Received;

/// Close code for a protocol error (RFC 6455 section 7.4.1).
const PROTOCOL_ERROR: u16 = 1002;

/// A request from a handle, and where its answer goes.
#[derive(Debug)]
pub(super) struct ClientCommand {
    pub(super) request: Request,
    pub(super) answer: AnswerSender,
}

/// The state of the session on the current connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stage {
    /// The session was offered for resumption after this cursor; the bridge has not replied yet.
    Resuming { cursor: u64 },
    /// Requests may be sent.
    #[default]
    Ready,
}

/// Why the current connection is given up.
#[derive(Debug)]
enum End {
    /// The client was closed.
    Wanted,
    /// The peer closed it, or the network failed.
    Cut(Disconnect),
    /// The session was not resumed in time.
    Unresumed,
}

/// Owns the connection and its unanswered requests.
#[derive(Debug)]
pub(super) struct ReconnectTask {
    pub(super) address: Address,
    pub(super) options: Options,
    pub(super) commands: mpsc::Receiver<ClientCommand>,
    pub(super) events: broadcast::Sender<Arc<Received>>,
    pub(super) welcome: watch::Sender<Arc<Welcome>>,
    pub(super) closing: watch::Sender<Option<Disconnect>>,
    pub(super) stop: CancellationToken,
    pub(super) pending: PendingRequests,
    pub(super) stage: Stage,
    /// When a lost session is given up; set while it is not resumed.
    pub(super) deadline: Option<Instant>,
    pub(super) backoff: ReconnectBackoff,
}

impl ReconnectTask {
    /// Runs until the session ends.
    pub(super) async fn run(mut self, connection: Connection) {
        let closing = self.keep(connection).await;
        self.pending.fail(&closing);
        self.commands.close();
        self.closing.send_replace(Some(closing));
        // Requests still queued are dropped with their senders; their callers read the reason from `closing`.
    }

    async fn keep(&mut self, mut connection: Connection) -> Disconnect {
        loop {
            match self.converse(&mut connection).await {
                End::Wanted => {
                    connection.close().await;
                    return Disconnect {
                        code: Some(1000),
                        reason: String::new(),
                    };
                }
                End::Unresumed => {
                    connection.close().await;
                    let limit = self.options.resume_for.as_secs_f64();
                    let reason = format!("the session was not resumed within {limit} s");
                    return Disconnect::without_code(reason);
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

    /// Sends requests and dispatches messages, until the connection ends.
    async fn converse(&mut self, connection: &mut Connection) -> End {
        let stop = self.stop.clone();
        loop {
            tokio::select! {
                // Closing has priority, then received messages, then new requests.
                biased;
                () = stop.cancelled() => return End::Wanted,
                () = passed(self.deadline) => return End::Unresumed,
                received = connection.next() => match received {
                    Received::Closed(closing) => return End::Cut(closing),
                    // It may have been an answer, so carrying on could leave a request waiting for ever.
                    Received::Unreadable(reason) => {
                        let code = Some(PROTOCOL_ERROR);
                        return End::Cut(Disconnect { code, reason });
                    }
                    received => self.note(connection, received).await,
                },
                command = self.commands.recv(), if self.stage == Stage::Ready => {
                    let Some(ClientCommand { request, answer }) = command else {
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
                        // If messages were lost, `resumed.next` skips them and a `gap` follows.
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
            // There may be no subscriber.
            let _ = self.events.send(Arc::new(received));
        }
    }

    /// The session is resumed, or replaced: sends the requests that the bridge has not received.
    async fn go_on(&mut self, connection: &Connection, in_flight: &[RequestId], lost: bool) {
        for text in self.pending.send_again(in_flight, lost) {
            connection.send(text).await;
        }
        self.stage = Stage::Ready;
        self.deadline = None;
        self.backoff.go_on(Instant::now());
    }

    /// Opens a connection that offers the session for resumption; `None` if the time for that is over or the client was
    /// closed.
    async fn reconnect(&mut self, resume: Resume) -> Option<Connection> {
        self.stage = Stage::Resuming {
            cursor: resume.cursor(),
        };
        let now = Instant::now();
        self.backoff.cut(now);
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

    /// Retries with backoff until a connection is open or the error is permanent.
    async fn connect(&mut self, resume: Resume) -> Option<Connection> {
        let mut resume = Some(resume);
        loop {
            sleep(self.backoff.next(fastrand::f64())).await;
            match Connection::resume(&self.address, &self.options, &mut resume).await {
                Ok(connection) => return Some(connection),
                Err(error) if error.may_pass() => {}
                Err(_) => return None,
            }
        }
    }
}

/// Waits for the deadline; for ever if there is none.
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
