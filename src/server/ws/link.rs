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
use crate::operations::{Principal, ScopePresence, SessionId};
use crate::server::state::ServerState;
use crate::server::wire_error;
use crate::server::ws::connection::NewConnection;
use crate::server::ws::door::WebSocketDoor;
use crate::server::ws::history::HistoryLimits;
use crate::server::ws::links::{ConnectionSeq, LinkRequest};
use crate::server::ws::outbox::Outbox;
use crate::server::ws::resume_token::{ResumeOffer, ResumeToken};

/// What outlives one connection of a client.
#[derive(Debug)]
pub struct Link {
    pub(crate) principal: Principal,
    pub(crate) outbox: Outbox,
    pub(crate) door: WebSocketDoor,
    /// None where the link ends with its connection.
    pub(crate) requests: Option<mpsc::Receiver<LinkRequest>>,
    /// Of the connection that holds the link, or held it last.
    pub(crate) seq: ConnectionSeq,
    state: Arc<ServerState>,
    /// Dropped after [`Link::drop`], so that a client's tabs are closed last.
    _presence: ScopePresence,
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
        tracing::info!(client = %connection.principal.scope.client, "a session could not be resumed");
        let link = Self::new(connection, state);
        link.outbox
            .greet(&Message::unasked(wire_error::resume_failed()));
        link
    }

    fn new(connection: &NewConnection, state: &Arc<ServerState>) -> Self {
        let settings = &state.settings;
        let principal = connection.principal.clone();
        let scope = principal.scope.clone();
        let operations = Arc::clone(state.operations());
        let caller = operations.caller("websocket", principal.clone());
        let keep = (!settings.config.resume_window.is_zero()).then_some(HistoryLimits {
            bytes: settings.config.resume_bytes,
            window: settings.config.resume_window,
        });
        let outbox = Outbox::new(
            caller.id(),
            connection.encoding,
            settings.flow.chunk_bytes,
            settings.config.outbound_bytes,
            state.send_budgets.link_of(&scope.client),
            keep,
        );
        let opened = keep.and_then(|_| state.links.open(&principal, &outbox));
        let (token, requests) = opened.unzip();
        let presence = operations.attend(scope.clone());
        // Events are queued from here on, and `welcome` is then put in front of them, so that a tab that
        // changes in between is either in the welcome or in an event after it.
        state.hub.join(scope, outbox.clone());
        outbox.greet(&welcome(state, &principal, token));
        Self {
            door: WebSocketDoor::new(operations, caller, outbox.clone(), Arc::clone(&state.hub)),
            principal,
            outbox,
            requests,
            seq: connection.seq,
            state: Arc::clone(state),
            _presence: presence,
        }
    }

    async fn resume(
        offer: &ResumeOffer,
        connection: &NewConnection,
        state: &Arc<ServerState>,
    ) -> Option<Self> {
        let principal = &connection.principal;
        let holder = state.links.find(offer, principal, connection.encoding)?;
        let (reply, handed_over) = oneshot::channel();
        let seq = connection.seq;
        let request = LinkRequest::HandOver { seq, reply };
        holder.send(request).await.ok()?;
        let mut link = handed_over.await.ok()?;
        link.principal = connection.principal.clone();
        link.seq = seq;
        let outbox = &link.outbox;
        // The cursor was valid when it was compared, and numbers only grow.
        let gap = outbox.rewind(offer.cursor).ok()?;
        let next = gap.map_or(offer.cursor, |gap| gap.to) + 1;
        metrics::resumed(if gap.is_some() { "gap" } else { "whole" });
        let token = state.links.resumed(&offer.token);
        outbox.greet(&welcome(state, &connection.principal, token));
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
        let tabs = self.state.operations().tabs_of(&self.principal.scope);
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
            if let LinkRequest::HandOver { seq: newer, reply } = Self::next_request(requests).await
                && newer >= seq
            {
                return reply;
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
        let client = self.principal.scope.client.clone();
        let session_ended = state.operations().session_end(&self.principal.scope);
        tokio::pin!(session_ended);
        let reason = loop {
            let request = tokio::select! {
                request = Self::next_request(&mut self.requests) => request,
                () = sleep_until(end) => break "the client did not come back",
                () = state.drain().reached(DrainPhase::Closing) => break "the bridge is stopping",
                () = self.principal.revoked() => break "its token was removed",
                _ = &mut session_ended => break "the session has ended",
            };
            match request {
                LinkRequest::GiveUp => {
                    metrics::dropped("session", "too_many_away");
                    break "too many sessions wait for their clients";
                }
                // The client has given up that connection for a later one.
                LinkRequest::HandOver { seq, .. } if seq < self.seq => {}
                LinkRequest::HandOver { reply, .. } => match reply.send(self) {
                    Ok(()) => return,
                    // The connection that asked has ended already.
                    Err(back) => self = back,
                },
            }
        };
        tracing::info!(%client, connection = id.0, reason, "session ended");
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let id = self.outbox.id();
        self.state.links.close(id);
        self.state.hub.leave(&self.principal.scope.client, id);
        self.outbox.end();
    }
}

fn welcome(state: &ServerState, principal: &Principal, token: Option<ResumeToken>) -> Message {
    let session = Some(SessionId::of(&principal.scope));
    Message::unasked(Welcome {
        protocol: PROTOCOL_VERSION,
        server: concat!("cdp-bridge ", env!("CARGO_PKG_VERSION")).to_owned(),
        browser: state.services.browser.version(),
        limits: state.settings.limits_with(principal.quota.limits()),
        session_id: session
            .filter(|it| !it.is_default())
            .map(|it| it.to_string()),
        tabs: state.operations().tabs_of(&principal.scope),
        resume_token: token.map(|token| token.to_string()),
    })
}
