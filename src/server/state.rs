//! What all connections of a server share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

use super::admin::health::BrowserHealth;
use super::edge::auth::Authenticator;
use super::edge::host_origin_check::HostOriginCheck;
use super::edge::per_ip_limit::PerIpLimit;
use super::edge::tls::TlsPort;
use super::ports::BrowserStatus;
use super::rest::state::RestState;
use super::settings::ServerSettings;
use super::sse::event_logs::EventLogs;
use super::ws::client_send_budget::ClientSendBudgets;
use super::ws::hub::Hub;
use super::ws::links::{ConnectionSeq, Links};
use crate::log_limit::LogLimit;
use crate::metrics;
use crate::operations::client_quota::{ClientQuota, QuotaPermit};
use crate::operations::drain::{CountGuard, Drain, DrainPhase};
use crate::operations::{EventBus, FactListener, Operations};
use crate::tokens::TokenKeys;

/// What a server is given to work with.
#[derive(Clone)]
pub struct Services {
    /// Carries out requests.
    pub operations: Arc<Operations>,
    /// What happens, for doors that send events.
    pub bus: EventBus,
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

/// Log lines about connections and requests that are refused.
#[derive(Debug, Default)]
pub(crate) struct LogLimits {
    pub(crate) host_and_origin: LogLimit,
    pub(crate) tls: LogLimit,
    pub(crate) plain_text: LogLimit,
    pub(crate) not_admitted: LogLimit,
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
    pub(crate) log_limits: LogLimits,
    pub(crate) health: BrowserHealth,
    pub(crate) hub: Arc<Hub>,
    pub(crate) links: Links,
    pub(crate) event_logs: Arc<EventLogs>,
    pub(crate) send_budgets: ClientSendBudgets,
    pub(crate) started: Instant,
    pub(crate) rest: RestState,
    /// What signs the tokens of sessions.
    pub(crate) tokens: Arc<TokenKeys>,
    connection_seq: AtomicU64,
}

/// Counts a connection against the limits of its client and of the server, and among those that a stop waits
/// for, until it is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    _client: QuotaPermit,
    _connection: CountGuard,
}

/// Why a connection is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAdmitted {
    /// The bridge is stopping.
    Stopping,
    /// The client has as many connections as it may.
    ClientLimit,
    /// There are as many connections as the server allows.
    Limit,
}

impl ServerState {
    /// `settings.config.listen` is the address that was bound.
    pub(crate) fn new(settings: ServerSettings, tls: Option<TlsPort>, services: Services) -> Self {
        let hub = Arc::<Hub>::default();
        services
            .bus
            .listen(Arc::clone(&hub) as Arc<dyn FactListener>);
        let event_logs = Arc::new(EventLogs::new(settings.config.resume_bytes));
        services
            .bus
            .listen(Arc::clone(&event_logs) as Arc<dyn FactListener>);
        Self {
            host_origin_check: HostOriginCheck::new(
                &settings.config.listen,
                &settings.config.allowed_hosts,
                &settings.config.allowed_origins,
            ),
            auth: Authenticator::new(
                &settings.credentials,
                settings.limits,
                services.operations.audit().clone(),
            ),
            tls,
            log_limits: LogLimits::default(),
            per_ip: PerIpLimit::new(settings.config.max_connections_per_address),
            health: BrowserHealth::new(Arc::clone(&services.browser)),
            hub,
            event_logs,
            links: Links::new(settings.config.max_connections),
            send_budgets: {
                let config = &settings.config;
                ClientSendBudgets::new(config.outbound_bytes_of_client.max(config.outbound_bytes))
            },
            started: Instant::now(),
            rest: RestState::new(settings.config.idempotency()),
            tokens: Arc::clone(&settings.token_keys),
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

    /// Admits one more connection that stays open.
    pub(crate) fn admit(&self, client: &Arc<ClientQuota>) -> Result<ConnectionPermit, NotAdmitted> {
        // Counted before the phase is read, so that a stop that begins now waits for it.
        let (client, connection) = (client.connect(), self.drain().connection());
        if self.drain().phase() != DrainPhase::Serving {
            return Err(NotAdmitted::Stopping);
        }
        let client = client.map_err(|_| {
            metrics::client_limit("connections");
            NotAdmitted::ClientLimit
        })?;
        if connection.number > self.settings.config.max_connections {
            return Err(NotAdmitted::Limit);
        }
        Ok(ConnectionPermit {
            _client: client,
            _connection: connection,
        })
    }

    /// Whether one more connection would be admitted, as far as their number goes.
    pub(crate) fn has_room(&self) -> bool {
        self.drain().connections() < self.settings.config.max_connections
    }

    /// The position of a new connection in the order in which all were made.
    pub(crate) fn next_connection_seq(&self) -> ConnectionSeq {
        ConnectionSeq(self.connection_seq.fetch_add(1, Ordering::Relaxed))
    }
}
