//! One Coordinator's session: everything that outlives its connection.
//!
//! Exactly one task holds a session: that of its connection, or, after that was cut, one that
//! waits for the client to come back. A connection that goes on with a session is handed it by
//! whoever holds it.

use std::sync::Arc;

use cdp_bridge_protocol::event::{Gap, Resumed, Tabs, Welcome};
use cdp_bridge_protocol::{Message, PROTOCOL_VERSION, RequestId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::auth::Identity;
use super::connection::Visitor;
use super::dispatch::Dispatcher;
use super::drain::Phase;
use super::history::Keep;
use super::inflight::InFlight;
use super::outbox::Outbox;
use super::presence::Presence;
use super::resume_token::{ResumeOffer, ResumeToken};
use super::sessions::{Arrival, Ask, HandOver};
use super::shared::Shared;
use super::wire_error;
use crate::metrics;

/// A session.
#[derive(Debug)]
pub struct Session {
    pub(super) identity: Identity,
    pub(super) outbox: Outbox,
    pub(super) dispatcher: Dispatcher,
    /// None where it ends with its connection.
    pub(super) asks: Option<mpsc::Receiver<Ask>>,
    /// Of the connection that holds it, or held it last.
    pub(super) arrival: Arrival,
    inflight: InFlight,
    shared: Arc<Shared>,
    _presence: Presence,
}

impl Session {
    /// The session of a connection that has just been made: a new one, or the one it asks for.
    /// Its first messages wait to be written.
    pub(super) async fn of(visitor: &Visitor, shared: &Arc<Shared>) -> Self {
        let Some(offer) = &visitor.resume else {
            return Self::new(visitor, shared);
        };
        if let Some(session) = Self::resume(offer, visitor, shared).await {
            return session;
        }
        metrics::resumed("failed");
        tracing::info!(client = %visitor.identity.client, "a session could not be resumed");
        let session = Self::new(visitor, shared);
        session
            .outbox
            .greet(&Message::unasked(wire_error::resume_failed()));
        session
    }

    fn new(visitor: &Visitor, shared: &Arc<Shared>) -> Self {
        let settings = &shared.settings;
        let identity = visitor.identity.clone();
        let client = identity.client.clone();
        let keep = (!settings.config.resume_window.is_zero()).then_some(Keep {
            bytes: settings.config.resume_bytes,
            window: settings.config.resume_window,
        });
        let outbox = Outbox::new(
            shared.next_connection(),
            visitor.encoding,
            settings.flow.chunk_bytes,
            settings.config.outbound_bytes,
            keep,
        );
        let opened = keep.and_then(|_| shared.sessions.open(&client, &outbox));
        let (token, asks) = opened.unzip();
        // Events are heard from here on, and `welcome` is then put in front of them, so that a tab
        // that changes in between is either in the welcome or in an event after it.
        let presence = Presence::new(shared, identity.scope(), outbox.clone());
        outbox.greet(&welcome(shared, &identity, token));
        let allowance = Arc::clone(&identity.allowance);
        let inflight = InFlight::new(Arc::clone(&allowance));
        Self {
            dispatcher: Dispatcher::new(
                Arc::clone(shared),
                identity.scope(),
                allowance,
                outbox.clone(),
                inflight.clone(),
            ),
            identity,
            outbox,
            asks,
            arrival: visitor.arrival,
            inflight,
            shared: Arc::clone(shared),
            _presence: presence,
        }
    }

    async fn resume(offer: &ResumeOffer, visitor: &Visitor, shared: &Arc<Shared>) -> Option<Self> {
        let client = &visitor.identity.client;
        let holder = shared.sessions.find(offer, client, visitor.encoding)?;
        let (reply, handed_over) = oneshot::channel();
        let arrival = visitor.arrival;
        let ask = Ask::HandOver(HandOver { arrival, reply });
        holder.send(ask).await.ok()?;
        let mut session = handed_over.await.ok()?;
        session.identity = visitor.identity.clone();
        session.arrival = arrival;
        let outbox = &session.outbox;
        // It cannot have become wrong since it was compared: numbers only grow.
        let gap = outbox.rewind(offer.cursor).ok()?;
        let next = gap.map_or(offer.cursor, |gap| gap.to) + 1;
        metrics::resumed(if gap.is_some() { "gap" } else { "whole" });
        let token = shared.sessions.resumed(&offer.token);
        outbox.greet(&welcome(shared, &visitor.identity, token));
        let in_flight = session.unanswered();
        outbox.greet(&Message::unasked(Resumed { next, in_flight }));
        if let Some(gap) = gap {
            session.tell_gap(gap);
        }
        outbox.come_back();
        Some(session)
    }

    /// Every change since is in the list of tabs or in an event after it, as with `welcome`.
    fn tell_gap(&self, gap: Gap) {
        let tabs = self.shared.deps.registry.list(&self.identity.scope());
        self.outbox.greet(&Message::unasked(gap));
        self.outbox.greet(&Message::unasked(Tabs { tabs }));
    }

    /// Requests whose answers the client has still to get. Those that run are asked for first: one
    /// that is answered in between is found twice and not missed.
    fn unanswered(&self) -> Vec<RequestId> {
        let mut ids = self.inflight.ids();
        ids.extend(self.outbox.answers());
        ids.sort();
        ids.dedup();
        ids
    }

    /// Waits until a later connection goes on with the session.
    pub(super) async fn wanted(
        asks: &mut Option<mpsc::Receiver<Ask>>,
        arrival: Arrival,
    ) -> oneshot::Sender<Self> {
        loop {
            // Whoever thought that the session still waited for its client was late.
            if let Ask::HandOver(ask) = Self::asked(asks).await
                && ask.arrival >= arrival
            {
                return ask.reply;
            }
        }
    }

    /// Waits until a task asks for the session, or for its end. Never ends where it cannot be
    /// resumed.
    async fn asked(asks: &mut Option<mpsc::Receiver<Ask>>) -> Ask {
        let asked = match asks {
            Some(asks) => asks.recv().await,
            None => None,
        };
        match asked {
            Some(ask) => ask,
            None => std::future::pending().await,
        }
    }

    /// Holds the session until its client comes back, or does not come back in time.
    pub(super) async fn wait_for_client(mut self) {
        self.outbox.go_away();
        let shared = Arc::clone(&self.shared);
        let id = self.outbox.id();
        shared.sessions.is_away(id);
        let end = Instant::now() + shared.settings.config.resume_window;
        let client = self.identity.client.clone();
        let reason = loop {
            let ask = tokio::select! {
                ask = Self::asked(&mut self.asks) => ask,
                () = sleep_until(end) => break "the client did not come back",
                () = shared.drain.reached(Phase::Closing) => break "the bridge is stopping",
                () = shared.auth.revoked(&self.identity) => break "its token was removed",
            };
            match ask {
                Ask::GiveUp => {
                    metrics::dropped("session", "too_many_away");
                    break "too many sessions wait for their clients";
                }
                Ask::HandOver(ask) if ask.arrival < self.arrival => {}
                Ask::HandOver(ask) => match ask.reply.send(self) {
                    Ok(()) => return,
                    // The connection that asked is gone already.
                    Err(back) => self = back,
                },
            }
        };
        tracing::info!(%client, connection = id.0, reason, "a session is over");
    }
}

fn welcome(shared: &Shared, identity: &Identity, token: Option<ResumeToken>) -> Message {
    Message::unasked(Welcome {
        protocol: PROTOCOL_VERSION,
        server: concat!("cdp-bridge ", env!("CARGO_PKG_VERSION")).to_owned(),
        browser: shared.deps.browser.version(),
        limits: shared.settings.limits_with(identity.allowance.limits()),
        tabs: shared.deps.registry.list(&identity.scope()),
        resume_token: token.map(|token| token.to_string()),
    })
}
