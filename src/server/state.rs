//! What all connections of a server share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cdp_bridge_protocol::handshake::CloseCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::admin::health::BrowserHealth;
use super::edge::auth::Authenticator;
use super::edge::host_origin_check::HostOriginCheck;
use super::edge::per_ip_limit::PerIpLimit;
use super::edge::tls::TlsPort;
use super::ports::BrowserStatus;
use super::settings::ServerSettings;
use super::stop::GOING_AWAY;
use super::ws::hub::Hub;
use super::ws::links::{ConnectionSeq, Links};
use super::ws::send_queue::ConnectionClose;
use crate::metrics;
use crate::operations::client_quota::{ClientConnectionPermit, ClientQuota};
use crate::operations::drain::{CountGuard, Drain, DrainPhase};
use crate::operations::{EventBus, Operations};

/// What a server is given to work with.
#[derive(Clone)]
pub struct Services {
    /// Carries out requests.
    pub operations: Arc<Operations>,
    /// What happens, for doors that send events.
    pub bus: EventBus,
    /// Sends facts to the links of the WebSocket door.
    pub hub: Arc<Hub>,
    /// The state of Chromium.
    pub browser: Arc<dyn BrowserStatus>,
    /// Writes `/metrics`.
    pub render_metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").finish_non_exhaustive()
    }
}

/// The state of one server.
#[derive(Debug)]
pub struct ServerState {
    pub(crate) settings: ServerSettings,
    pub(crate) services: Services,
    pub(crate) host_origin_check: HostOriginCheck,
    pub(crate) auth: Authenticator,
    /// Certificate and key in force, where the server speaks TLS.
    pub(crate) tls: Option<TlsPort>,
    pub(crate) per_ip: Arc<PerIpLimit>,
    pub(crate) health: BrowserHealth,
    pub(crate) links: Links,
    pub(crate) started: Instant,
    /// The address it listens on, for people to read.
    pub(crate) listening: String,
    connections: Arc<Semaphore>,
    connection_seq: AtomicU64,
}

/// Counts a connection against the limits of its client and of the server, and among those that a stop waits
/// for, until it is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    _all: OwnedSemaphorePermit,
    _client: ClientConnectionPermit,
    _drain: CountGuard,
}

impl ServerState {
    /// `settings.config.listen` is the address that was bound.
    pub(crate) fn new(settings: ServerSettings, tls: Option<TlsPort>, services: Services) -> Self {
        let limit = settings.config.max_connections.min(Semaphore::MAX_PERMITS);
        Self {
            host_origin_check: HostOriginCheck::new(
                &settings.config.listen,
                &settings.config.allowed_hosts,
                &settings.config.allowed_origins,
            ),
            auth: Authenticator::new(&settings.clients, settings.limits),
            tls,
            per_ip: PerIpLimit::new(settings.config.max_connections_per_address),
            health: BrowserHealth::new(Arc::clone(&services.browser)),
            links: Links::new(settings.config.max_connections),
            started: Instant::now(),
            listening: settings.config.listen.to_string(),
            connections: Arc::new(Semaphore::new(limit)),
            connection_seq: AtomicU64::new(1),
            settings,
            services,
        }
    }

    pub(crate) fn operations(&self) -> &Arc<Operations> {
        &self.services.operations
    }

    pub(crate) fn drain(&self) -> &Drain {
        self.services.operations.drain()
    }

    /// Admits one more connection of a client; `Err` says how to close it.
    pub(crate) fn admit(
        &self,
        client: &Arc<ClientQuota>,
    ) -> Result<ConnectionPermit, ConnectionClose> {
        // Counted before the phase is read, so that a stop that begins now waits for it.
        let drain = self.drain().connection();
        if self.drain().phase() != DrainPhase::Serving {
            return Err(GOING_AWAY);
        }
        let client = client.connect().map_err(|_| {
            metrics::client_limit("connections");
            ConnectionClose::new(
                CloseCode::TryAgainLater,
                "the connection limit of this client is reached",
            )
        })?;
        let all = Arc::clone(&self.connections)
            .try_acquire_owned()
            .map_err(|_| {
                ConnectionClose::new(
                    CloseCode::TryAgainLater,
                    "the connection limit is reached (server.max_connections)",
                )
            })?;
        Ok(ConnectionPermit {
            _all: all,
            _client: client,
            _drain: drain,
        })
    }

    /// Whether one more connection would be admitted, as far as their number goes.
    pub(crate) fn has_room(&self) -> bool {
        self.connections.available_permits() > 0
    }

    /// The position of a new connection in the order in which all were made.
    pub(crate) fn next_connection_seq(&self) -> ConnectionSeq {
        ConnectionSeq(self.connection_seq.fetch_add(1, Ordering::Relaxed))
    }
}
