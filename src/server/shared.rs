//! What everything in the server shares.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cdp_bridge_protocol::handshake::CloseCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::allowance::{Allowance, Seat};
use super::auth::Authenticator;
use super::connection_id::ConnectionId;
use super::drain::{Counted, Drain, Phase, going_away};
use super::edge::Edge;
use super::health::Health;
use super::hub::Hub;
use super::lanes::Ending;
use super::once::Once;
use super::peers::Peers;
use super::ports::{BrowserStatus, OpensTabs, UrlPolicy};
use super::sessions::{Arrival, Sessions};
use super::settings::ServerSettings;
use super::tls::TlsPort;
use crate::metrics;
use crate::tabs::{CallId, CallerId, Registry};

/// The rest of the bridge, as the server needs it.
#[derive(Clone)]
pub struct Deps {
    /// Where events go; the tabs tell it what happened.
    pub hub: Arc<Hub>,
    /// The directory of tabs.
    pub registry: Registry,
    /// Opens tabs.
    pub opener: Arc<dyn OpensTabs>,
    /// Judges URLs.
    pub policy: Arc<dyn UrlPolicy>,
    /// Knows Chromium.
    pub browser: Arc<dyn BrowserStatus>,
    /// Writes `/metrics`.
    pub render_metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// The state of one server.
#[derive(Debug)]
pub struct Shared {
    pub(super) settings: ServerSettings,
    pub(super) deps: Deps,
    pub(super) edge: Edge,
    pub(super) auth: Authenticator,
    /// What the server proves itself with, where it speaks TLS.
    pub(super) tls: Option<TlsPort>,
    pub(super) peers: Arc<Peers>,
    pub(super) health: Health,
    pub(super) drain: Drain,
    pub(super) sessions: Sessions,
    pub(super) once: Arc<Once>,
    pub(super) started: Instant,
    /// Where it listens, as a person reads it.
    pub(super) listening: String,
    slots: Arc<Semaphore>,
    connections: AtomicU64,
    calls: AtomicU64,
    arrivals: AtomicU64,
}

/// A connection's place among those that are allowed, and among those that a stop waits for.
#[derive(Debug)]
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
    _seat: Seat,
    _socket: Counted,
}

impl Shared {
    /// The state of a server that listens here. `settings.config.listen` is the address that was bound.
    pub(super) fn new(settings: ServerSettings, tls: Option<TlsPort>, deps: Deps) -> Self {
        Self {
            edge: Edge::new(
                &settings.config.listen,
                &settings.config.allowed_hosts,
                &settings.config.allowed_origins,
            ),
            auth: Authenticator::new(&settings.clients, settings.limits),
            tls,
            peers: Peers::new(settings.config.max_connections_per_address),
            health: Health::new(Arc::clone(&deps.browser)),
            drain: Drain::default(),
            sessions: Sessions::new(settings.config.max_connections),
            once: Arc::new(Once::new(settings.config.idempotency())),
            started: Instant::now(),
            listening: settings.config.listen.to_string(),
            slots: Arc::new(Semaphore::new(
                settings.config.max_connections.min(Semaphore::MAX_PERMITS),
            )),
            connections: AtomicU64::new(1),
            calls: AtomicU64::new(1),
            arrivals: AtomicU64::new(1),
            settings,
            deps,
        }
    }

    /// A place for one more connection of a client, or what it is closed with instead.
    pub(super) fn slot(&self, client: &Arc<Allowance>) -> Result<Slot, Ending> {
        // Counted before the phase is looked at, so that a stop that begins now waits for it.
        let socket = self.drain.socket();
        if self.drain.phase() != Phase::Serving {
            return Err(going_away());
        }
        let seat = client.connect().map_err(|_| {
            metrics::client_limit("connections");
            Ending::new(
                CloseCode::TryAgainLater,
                "this client has as many connections as it may have",
            )
        })?;
        let permit = Arc::clone(&self.slots).try_acquire_owned().map_err(|_| {
            Ending::new(
                CloseCode::TryAgainLater,
                "the connection limit is reached (server.max_connections)",
            )
        })?;
        Ok(Slot {
            _permit: permit,
            _seat: seat,
            _socket: socket,
        })
    }

    /// Whether one more connection would be let in, as far as their number goes.
    pub(super) fn has_room(&self) -> bool {
        self.slots.available_permits() > 0
    }

    /// The place of a connection that is being made among all of them.
    pub(super) fn arrival(&self) -> Arrival {
        Arrival(self.arrivals.fetch_add(1, Ordering::Relaxed))
    }

    /// A call of this caller.
    pub(super) fn next_call(&self, caller: CallerId) -> CallId {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        CallId { caller, number }
    }

    /// A connection's id.
    pub(super) fn next_connection(&self) -> ConnectionId {
        ConnectionId(self.connections.fetch_add(1, Ordering::Relaxed))
    }
}
