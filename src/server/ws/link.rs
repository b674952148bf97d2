//! A link: what a client keeps when its connection is cut and resumed (on the wire, its session).
//!
//! Exactly one task holds a link: that of its connection, or, after a cut, one that waits for the client. A
//! connection that resumes a link asks the holder to hand it over.

use std::sync::Arc;

use cdp_bridge_protocol::event::{Gap, Resumed, Tabs, Welcome};
use cdp_bridge_protocol::{Message, PROTOCOL_VERSION, RequestId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::metrics;
use crate::operations::drain::DrainPhase;
use crate::operations::{Caller, Permissions};
use crate::server::edge::auth::Identity;
use crate::server::state::ServerState;
use crate::server::wire_error;
use crate::server::ws::connection::NewConnection;
use crate::server::ws::door::WebSocketDoor;
use crate::server::ws::history::HistoryLimits;
use crate::server::ws::link_guard::LinkGuard;
use crate::server::ws::links::{ConnectionSeq, HandOver, LinkRequest};
use crate::server::ws::outbox::Outbox;
use crate::server::ws::resume_token::{ResumeOffer, ResumeToken};

/// What outlives one connection of a client.
#[derive(Debug)]
pub struct Link {
    pub(crate) identity: Identity,
    pub(crate) outbox: Outbox,
    pub(crate) door: WebSocketDoor,
    /// None where the link ends with its connection.
    pub(crate) requests: Option<mpsc::Receiver<LinkRequest>>,
    /// Of the connection that holds the link, or held it last.
    pub(crate) seq: ConnectionSeq,
    state: Arc<ServerState>,
    _guard: LinkGuard,
}

impl Link {
    /// The link of a new connection: a new one, or the one that it resumes. Its first messages are queued.
    pub(crate) async fn of(connection: &NewConnection, state: &Arc<ServerState>) -> Self {
        let Some(offer) = &connection.resume else {
            return Self::new(connection, state);
        };
        if let Some(link) = Self::resume(offer, connection, state).await {
            return link;
        }
        metrics::resumed("failed");
        tracing::info!(client = %connection.identity.client, "a session could not be resumed");
        let link = Self::new(connection, state);
        link.outbox
            .greet(&Message::unasked(wire_error::resume_failed()));
        link
    }

    fn new(connection: &NewConnection, state: &Arc<ServerState>) -> Self {
        let settings = &state.settings;
        let identity = connection.identity.clone();
        let client = identity.client.clone();
        let keep = (!settings.config.resume_window.is_zero()).then_some(HistoryLimits {
            bytes: settings.config.resume_bytes,
            window: settings.config.resume_window,
        });
        let outbox = Outbox::new(
            state.operations().new_caller_id(),
            connection.encoding,
            settings.flow.chunk_bytes,
            settings.config.outbound_bytes,
            keep,
        );
        let opened = keep.and_then(|_| state.links.open(&client, &outbox));
        let (token, requests) = opened.unzip();
        // Events are queued from here on, and `welcome` is then put in front of them, so that a tab that
        // changes in between is either in the welcome or in an event after it.
        let guard = LinkGuard::new(state, identity.scope(), outbox.clone());
        outbox.greet(&welcome(state, &identity, token));
        let quota = Arc::clone(&identity.quota);
        let caller = Caller::new(outbox.id(), identity.scope(), Permissions::ALL, quota)
            .with_streams(outbox.clone());
        let operations = Arc::clone(state.operations());
        Self {
            door: WebSocketDoor::new(operations, caller, outbox.clone()),
            identity,
            outbox,
            requests,
            seq: connection.seq,
            state: Arc::clone(state),
            _guard: guard,
        }
    }

    async fn resume(
        offer: &ResumeOffer,
        connection: &NewConnection,
        state: &Arc<ServerState>,
    ) -> Option<Self> {
        let client = &connection.identity.client;
        let holder = state.links.find(offer, client, connection.encoding)?;
        let (reply, handed_over) = oneshot::channel();
        let seq = connection.seq;
        let request = LinkRequest::HandOver(HandOver { seq, reply });
        holder.send(request).await.ok()?;
        let mut link = handed_over.await.ok()?;
        link.identity = connection.identity.clone();
        link.seq = seq;
        let outbox = &link.outbox;
        // The cursor was valid when it was compared, and numbers only grow.
        let gap = outbox.rewind(offer.cursor).ok()?;
        let next = gap.map_or(offer.cursor, |gap| gap.to) + 1;
        metrics::resumed(if gap.is_some() { "gap" } else { "whole" });
        let token = state.links.resumed(&offer.token);
        outbox.greet(&welcome(state, &connection.identity, token));
        let in_flight = link.unanswered();
        outbox.greet(&Message::unasked(Resumed { next, in_flight }));
        if let Some(gap) = gap {
            link.send_gap(gap);
        }
        outbox.come_back();
        Some(link)
    }

    /// Sends the gap and the tabs. Every change since is in the list or in an event after it, as with `welcome`.
    fn send_gap(&self, gap: Gap) {
        let tabs = self.state.operations().tabs_of(&self.identity.scope());
        self.outbox.greet(&Message::unasked(gap));
        self.outbox.greet(&Message::unasked(Tabs { tabs }));
    }

    /// Requests whose answers the client has not received. Those in flight are collected first: one that is
    /// answered in between is found twice, not missed.
    fn unanswered(&self) -> Vec<RequestId> {
        let mut ids = self.door.unanswered();
        ids.extend(self.outbox.answers());
        ids.sort();
        ids.dedup();
        ids
    }

    /// Waits until a later connection asks for the link.
    pub(crate) async fn handed_over(
        requests: &mut Option<mpsc::Receiver<LinkRequest>>,
        seq: ConnectionSeq,
    ) -> oneshot::Sender<Self> {
        loop {
            // A request to give up was sent while the link still waited for its client.
            if let LinkRequest::HandOver(hand_over) = Self::next_request(requests).await
                && hand_over.seq >= seq
            {
                return hand_over.reply;
            }
        }
    }

    /// The next request to the holder; pending for ever where the link cannot be resumed.
    async fn next_request(requests: &mut Option<mpsc::Receiver<LinkRequest>>) -> LinkRequest {
        let request = match requests {
            Some(requests) => requests.recv().await,
            None => None,
        };
        match request {
            Some(request) => request,
            None => std::future::pending().await,
        }
    }

    /// Holds the link until its client resumes it, or has not in time.
    pub(crate) async fn wait_for_client(mut self) {
        self.outbox.go_away();
        let state = Arc::clone(&self.state);
        let id = self.outbox.id();
        state.links.is_away(id);
        let end = Instant::now() + state.settings.config.resume_window;
        let client = self.identity.client.clone();
        let reason = loop {
            let request = tokio::select! {
                request = Self::next_request(&mut self.requests) => request,
                () = sleep_until(end) => break "the client did not come back",
                () = state.drain().reached(DrainPhase::Closing) => break "the bridge is stopping",
                () = state.auth.revoked(&self.identity) => break "its token was removed",
            };
            match request {
                LinkRequest::GiveUp => {
                    metrics::dropped("session", "too_many_away");
                    break "too many sessions wait for their clients";
                }
                // The client has given up that connection for a later one.
                LinkRequest::HandOver(hand_over) if hand_over.seq < self.seq => {}
                LinkRequest::HandOver(hand_over) => match hand_over.reply.send(self) {
                    Ok(()) => return,
                    // The connection that asked has ended already.
                    Err(back) => self = back,
                },
            }
        };
        tracing::info!(%client, connection = id.0, reason, "session ended");
    }
}

fn welcome(state: &ServerState, identity: &Identity, token: Option<ResumeToken>) -> Message {
    Message::unasked(Welcome {
        protocol: PROTOCOL_VERSION,
        server: concat!("cdp-bridge ", env!("CARGO_PKG_VERSION")).to_owned(),
        browser: state.services.browser.version(),
        limits: state.settings.limits_with(identity.quota.limits()),
        tabs: state.operations().tabs_of(&identity.scope()),
        resume_token: token.map(|token| token.to_string()),
    })
}
