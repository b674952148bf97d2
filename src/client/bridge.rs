//! The client handle.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::event::Welcome;
use cdp_bridge_protocol::request::Ask;
use cdp_bridge_protocol::{Request, RequestBody};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::address::Address;
use super::backoff::ReconnectBackoff;
use super::connection::Connection;
use super::disconnect::Disconnect;
use super::error::{ConnectError, RequestError};
use super::events::Events;
use super::options::Options;
use super::pending::PendingRequests;
use super::received::Received;
use super::reconnect::{ClientCommand, ReconnectTask, Stage};

/// Time limit for `welcome`, which the bridge sends at once.
const WELCOME_LIMIT: Duration = Duration::from_secs(10);
/// Capacity of the queue of requests to send; [`Bridge::request`] waits while it is full.
const QUEUE: usize = 64;

/// A client of a bridge; clones share its connection, which is resumed automatically when it is lost.
///
/// The connection and its session end when [`close`](Self::close) is called or the last clone is dropped. Tabs stay open.
#[derive(Debug, Clone)]
pub struct Bridge {
    commands: mpsc::Sender<ClientCommand>,
    events: broadcast::WeakSender<Arc<Received>>,
    welcome: watch::Receiver<Arc<Welcome>>,
    closing: watch::Receiver<Option<Disconnect>>,
    stop: CancellationToken,
}

impl Bridge {
    /// Connects to `ws://HOST:PORT/ws`, `wss://…`, `HOST:PORT` or `unix:/PATH`, and waits for `welcome`.
    pub async fn connect(url: &str, options: Options) -> Result<Self, ConnectError> {
        let address = Address::parse(url)?;
        let mut connection = Connection::open(&address, &options).await?;
        let greeted = tokio::time::timeout(WELCOME_LIMIT, connection.next()).await;
        let greeted = greeted.map_err(|_| ConnectError::NoAnswer {
            address: address.to_string(),
            limit: WELCOME_LIMIT,
        })?;
        let first = match greeted {
            Received::Message(message) => message.event,
            Received::Closed(closing) => {
                let address = address.to_string();
                return Err(ConnectError::NoWelcome { address, closing });
            }
            other => return Err(no_welcome(&address, other.name())),
        };
        let cdp_bridge_protocol::Event::Welcome(welcome) = first else {
            return Err(no_welcome(&address, first.name()));
        };
        let (commands, asked) = mpsc::channel(QUEUE);
        let (events, _) = broadcast::channel(options.waiting_events.max(1));
        let (welcomes, welcome) = watch::channel(Arc::new(welcome));
        let (ended, closing) = watch::channel(None);
        let stop = CancellationToken::new();
        let bridge = Self {
            commands,
            events: events.downgrade(),
            welcome,
            closing,
            stop: stop.clone(),
        };
        let reconnect = ReconnectTask {
            address,
            options,
            commands: asked,
            events,
            welcome: welcomes,
            closing: ended,
            stop,
            pending: PendingRequests::default(),
            stage: Stage::default(),
            deadline: None,
            backoff: ReconnectBackoff::default(),
        };
        tokio::spawn(reconnect.run(connection));
        Ok(bridge)
    }

    /// The `welcome` of the latest connection: the bridge's limits, and the tabs at that time.
    pub fn welcome(&self) -> Arc<Welcome> {
        self.welcome.borrow().clone()
    }

    /// Sends a request with the bridge's configured time limit, and waits for the answer. Dropping the future stops the
    /// wait, not the request; to end that, send it with an id by [`Self::request`], and then a
    /// [`Cancel`](cdp_bridge_protocol::request::Cancel).
    pub async fn ask<R: Ask>(&self, request: R) -> Result<R::Answer, RequestError> {
        let body: RequestBody = request.into();
        let kind = body.kind().as_str();
        let received = self.request(body.into()).await?;
        let answer = received.name().to_owned();
        let incoming = received.into_incoming();
        let typed = incoming.and_then(R::answer);
        typed.ok_or(RequestError::WrongAnswer { kind, answer })
    }

    /// Sends a request with a time limit, an id or an idempotency key, and returns the answer untyped.
    pub async fn request(&self, request: Request) -> Result<Received, RequestError> {
        let (answer, answered) = oneshot::channel();
        let command = ClientCommand { request, answer };
        if self.commands.send(command).await.is_err() {
            return Err(self.over());
        }
        answered.await.unwrap_or_else(|_| Err(self.over()))
    }

    /// Subscribes to the events that answer no request. Each subscriber has its own queue of [`Options::waiting_events`];
    /// one that is too slow loses the oldest events and gets their number ([`Missed`](super::Missed)).
    pub fn events(&self) -> Events {
        Events::new(self.events.upgrade().map(|events| events.subscribe()))
    }

    /// Waits until the connection is closed and will not be resumed; returns how it ended.
    pub async fn closed(&self) -> Disconnect {
        let mut closing = self.closing.clone();
        let ended = closing.wait_for(Option::is_some).await;
        ended
            .ok()
            .and_then(|closing| closing.clone())
            .unwrap_or_default()
    }

    /// Closes the connection and its session. Unanswered requests fail; tabs stay open.
    pub async fn close(&self) {
        self.stop.cancel();
        self.closed().await;
    }

    fn over(&self) -> RequestError {
        RequestError::Over(self.closing.borrow().clone().unwrap_or_default())
    }
}

fn no_welcome(address: &Address, first: &str) -> ConnectError {
    ConnectError::NoWelcome {
        address: address.to_string(),
        closing: Disconnect::without_code(format!("expected `welcome`, received `{first}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::{FakeBridge, Reply};
    use cdp_bridge_protocol::request::Ping;
    use futures::StreamExt as _;

    #[tokio::test]
    async fn what_is_none_of_the_protocol_leaves_nobody_waiting() {
        let fake = FakeBridge::answering(|_| vec![Reply::json("nonsense")]).await;
        let bridge = Bridge::connect(&fake.address, Options::default())
            .await
            .unwrap();
        let error = bridge.ask(Ping {}).await.unwrap_err();
        assert!(matches!(error, RequestError::Over(closing) if closing.code == Some(1002)));
    }

    #[tokio::test]
    async fn an_answer_of_another_type_and_an_event_that_is_not_known_are_told_as_such() {
        let fake = FakeBridge::answering(|request| {
            vec![
                Reply::event("tabGlowing", serde_json::json!({})),
                Reply::to(
                    &request,
                    "screencastStopped",
                    serde_json::json!({"id": "t1"}),
                ),
            ]
        })
        .await;
        let bridge = Bridge::connect(&fake.address, Options::default())
            .await
            .unwrap();
        let mut events = bridge.events();
        let error = bridge.ask(Ping {}).await.unwrap_err().to_string();
        assert!(
            error.contains("unexpected answer to ping: `screencastStopped`"),
            "{error}"
        );
        assert_eq!(events.next().await.unwrap().unwrap().name(), "tabGlowing");
    }

    #[tokio::test]
    async fn closing_fails_what_is_unanswered_and_ends_the_streams() {
        let fake = FakeBridge::answering(|_| Vec::new()).await;
        let bridge = Bridge::connect(&fake.address, Options::default())
            .await
            .unwrap();
        let events = bridge.events();
        let asking = tokio::spawn({
            let bridge = bridge.clone();
            async move { bridge.ask(Ping {}).await }
        });
        tokio::task::yield_now().await;
        bridge.close().await;
        let over = asking.await.unwrap().unwrap_err();
        assert!(matches!(over, RequestError::Over(closing) if closing.code == Some(1000)));
        drop(bridge);
        assert_eq!(events.collect::<Vec<_>>().await, Vec::new());
    }
}
