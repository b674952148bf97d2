//! The daemon: wires the modules together, and owns the order of start and stop.

mod api_keys;
pub mod audit_commands;
mod blocked_requests;
pub(crate) mod browser_source;
mod browser_status;
mod client_rules;
mod clients;
mod clients_in_force;
pub mod kept;
pub mod key_commands;
mod key_watch;
mod master_key;
mod policies;
mod proxies;
mod reload;
mod retention;
pub(crate) mod room_settings;
mod scope_proxies;
mod state_directory;
pub mod store_commands;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use self::api_keys::with_clients_of;
use self::browser_status::SupervisedBrowser;
use self::clients_in_force::{ClientsInForce, Parts};
use self::policies::Policies;
use self::proxies::ContextProxies;
use self::scope_proxies::SessionPolicies;
use crate::audit::{Actor, AuditAction, AuditDetail, AuditEntry, AuditObject};
use crate::browser::connect::BrowserConnectError;
use crate::browser::find::FindError;
use crate::browser::supervisor::{BrowserSupervisor, Lifecycle};
use crate::browser::sweep::sweep;
use crate::clock::epoch_ms;
use crate::config::Config;
use crate::egress::{
    Egress, OutgoingDialer, PeerCheck, ProxyLimits, ProxyListener, SystemResolver,
};
use crate::exposition::Exposition;
use crate::open_files;
use crate::operations::keeping::RestoreReport;
use crate::operations::sessions::{EndReason, SessionTraffic};
use crate::operations::{CallLog, EventBus, Facts, Keeping, OperationServices, Operations, Tap};
use crate::policy::DownloadPolicy;
use crate::sealing::MasterKey;
use crate::server::session_tokens::SessionTokenMint;
use crate::server::{BindError, Credentials, Listen, Server, Services};
use crate::store::StoreHandle;
use crate::tabs::{Fact, FactKind, FactSink, Registry, SupervisorHandle};
use crate::tokens::TokenKeys;
use crate::webhooks::Webhooks;

pub use self::kept::{Kept, KeptError};
pub use self::reload::ReloadError;
pub use self::room_settings::SettingsError;

/// Time limit for closing all tabs when the bridge stops. After it Chromium is ended anyway.
const TABS_LIMIT: Duration = Duration::from_secs(3);

/// How long a stop waits for webhooks that are due.
const WEBHOOKS_LIMIT: Duration = Duration::from_secs(2);

/// Why the bridge did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    NoBrowser(#[from] FindError),
    #[error(transparent)]
    Browser(#[from] BrowserConnectError),
    #[error("the browser's proxy cannot listen on 127.0.0.1: {0}")]
    Proxy(io::Error),
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The store is required and cannot be used.
    #[error(transparent)]
    Store(#[from] KeptError),
}

/// Checks the values that only their modules can judge, such as the patterns of the allowlist.
pub fn check(config: &Config) -> Result<(), SettingsError> {
    client_rules::read(config)?;
    room_settings::server(config, None)?;
    room_settings::webhooks(config)?;
    Ok(())
}

/// A running bridge.
#[derive(Debug)]
pub struct Daemon {
    address: Listen,
    browser: BrowserSupervisor,
    tabs: SupervisorHandle,
    server: JoinHandle<()>,
    operations: Arc<Operations>,
    clients: Arc<ClientsInForce>,
    key_watch: JoinHandle<()>,
    token_keys: Arc<TokenKeys>,
    store: StoreHandle,
    /// Deletes what is kept for longer than the configuration says.
    retention: JoinHandle<()>,
    /// The configuration at the start. A reload replaces only parts of it.
    started_with: Config,
    /// The proxy listener for traffic outside the bridge's browser contexts; open while Chromium runs.
    _process_wide: ProxyListener,
}

impl Daemon {
    /// Starts everything. The address is bound first, so that a port in use is found before Chromium is
    /// launched.
    #[expect(
        clippy::too_many_lines,
        reason = "every part is made here, in its order"
    )]
    pub async fn start(
        config: &Config,
        exposition: Option<Exposition>,
    ) -> Result<Self, StartError> {
        let started_with = config;
        let Kept { store, master_key } = Kept::to_serve(config).await?;
        let read_keys = key_watch::at_start(config, &store).await;
        let keys = read_keys.keys.clone();
        let with_all_keys = with_clients_of(&keys.keys, config, epoch_ms());
        let profile_owner = browser_source::client_of_default_context(&with_all_keys);
        let admitted = keys.admitted(config, profile_owner.as_ref(), epoch_ms());
        // From here on with the clients of the keys.
        let config = &admitted.config;
        let policies = Arc::new(Policies::new(client_rules::read(config)?));
        let egress = egress();
        let traffic = SessionTraffic::default();
        let (reports, blocked) = mpsc::channel(blocked_requests::QUEUE);
        let proxies = ContextProxies {
            egress: egress.clone(),
            policies: Arc::clone(&policies),
            upstreams: Arc::default(),
            reports,
            traffic: traffic.clone(),
            is_local: browser_source::is_local(config),
        };
        let session_policies = SessionPolicies::of(&proxies, config);
        let process_wide = process_wide(config, &proxies)?;
        let source = browser_source::browser_source(config, process_wide.address())?;
        warn_about_foreign_browser(config, proxies.is_local);
        let (registry, bus) = (Registry::default(), EventBus::new());
        let facts: Arc<dyn FactSink> = Arc::new(bus.clone());
        let tabs = SupervisorHandle::start(
            room_settings::tabs(config),
            Arc::clone(&facts),
            Arc::new(proxies),
            registry.clone(),
        );
        tokio::spawn(blocked_requests::publish(Arc::clone(&facts), blocked));
        let status = SupervisedBrowser::default();
        let mut server_settings = room_settings::server(started_with, master_key.as_ref())?;
        let credentials = clients::credentials(started_with, config, &admitted.keys)?;
        server_settings.credentials = Credentials {
            is_required: credentials.is_required || keys.require_credentials(),
            ..credentials
        };
        let token_keys = Arc::clone(&server_settings.token_keys);
        let session_tokens = SessionTokenMint::new(Arc::clone(&token_keys));
        let webhooks = webhooks(config, &store, master_key.as_ref())?;
        let operations = application(
            config,
            OperationServices {
                registry,
                tabs: Arc::new(tabs.clone()),
                policy: Arc::new(session_policies),
                facts: Facts(Arc::clone(&facts)),
                keeping: keeping(config, &store, master_key.as_ref()),
                session_tokens: Arc::<SessionTokenMint>::clone(&session_tokens),
                traffic,
                webhooks,
                store: store.clone(),
                master_key: master_key.clone(),
            },
            &bus,
        );
        let services = Services {
            operations: Arc::clone(&operations),
            bus,
            browser: Arc::new(status.clone()),
            render_metrics: metrics_text(exposition),
        };
        if master_key.is_none() {
            note_random_secret(config);
        }
        let server = Server::bind(server_settings, services).await?;
        session_tokens.listens(server.local_addr(), config.server.tls.is_some());
        // Not awaited: it removes profiles that earlier runs left behind.
        tokio::task::spawn_blocking(sweep);
        let (lifecycle, mut changes) = mpsc::channel(4);
        let restart = config.browser.restart.clone();
        let browser = BrowserSupervisor::start(source, restart, lifecycle).await?;
        status.follow(browser.status());
        let mut follower = BrowserFollower {
            peer_check: egress.peer_check().clone(),
            tabs: tabs.clone(),
            facts,
            operations: Arc::clone(&operations),
            last_reason: None,
        };
        // The tabs get the browser before requests are accepted, so that the first request does not fail
        // with "no browser".
        if let Some(up) = changes.recv().await {
            follower.on_change(up).await;
        }
        bring_back(config, &operations).await?;
        tokio::spawn(follower.run(changes));
        let parts = Parts {
            replacer: server.replacer(),
            policies,
            tabs: tabs.clone(),
            operations: Arc::clone(&operations),
        };
        let clients = ClientsInForce::new(parts, started_with, keys, profile_owner);
        let clients = Arc::new(clients);
        let following = Arc::clone(&clients);
        let watch = key_watch::follow(read_keys, move |keys| {
            let clients = Arc::clone(&following);
            async move { clients.put_keys(keys).await }
        });
        operations
            .audit()
            .offer(of_daemon(AuditAction::DaemonStart));

        Ok(Self {
            address: server.local_addr().clone(),
            browser,
            tabs,
            clients,
            key_watch: tokio::spawn(watch),
            token_keys,
            server: tokio::spawn(server.run()),
            operations,
            retention: tokio::spawn(retention::run(store.clone(), config.store.clone())),
            store,
            started_with: started_with.clone(),
            _process_wide: process_wide,
        })
    }

    /// The bound address, with the actual port where port 0 was asked for.
    pub fn address(&self) -> &Listen {
        &self.address
    }

    /// Graceful stop: refuses new requests, waits for running ones, closes the tabs and the connections,
    /// and ends Chromium.
    pub async fn stop(self) {
        self.key_watch.abort();
        let close_tabs = async {
            let ended = async {
                if !self.operations.suspend().await {
                    self.operations.end_all_sessions(EndReason::Shutdown).await;
                }
                self.tabs.shut_down().await;
            };
            if timeout(TABS_LIMIT, ended).await.is_err() {
                tracing::warn!("some tabs did not close in time; ending Chromium closes them");
            }
        };
        let answers_limit = self.started_with.server.drain_timeout;
        self.operations
            .drain()
            .stop(answers_limit, close_tabs)
            .await;
        // The webhooks of the sessions that have just ended, while there is time.
        self.operations.webhooks().settle(WEBHOOKS_LIMIT).await;
        self.browser.stop().await;
        if let Err(error) = self.server.await {
            tracing::error!(%error, "the server failed");
        }
        self.operations
            .audit()
            .offer(of_daemon(AuditAction::DaemonStop));
        self.retention.abort();
        self.store.close().await;
    }
}

/// What the audit has of the daemon itself.
fn of_daemon(action: AuditAction) -> AuditEntry {
    let detail = AuditDetail {
        version: Some(env!("CARGO_PKG_VERSION")),
        ..AuditDetail::default()
    };
    AuditEntry::new(Actor::Daemon, action, AuditObject::Daemon).with_detail(detail)
}

/// What keeps sessions and tabs beyond the process.
fn keeping(config: &Config, store: &StoreHandle, key: Option<&MasterKey>) -> Keeping {
    match key {
        Some(key) => Keeping::new(store.clone(), key, config.store.required),
        None => Keeping::off(),
    }
}

/// Brings back the sessions and tabs of the process before. No request is accepted yet.
async fn bring_back(config: &Config, operations: &Arc<Operations>) -> Result<(), StartError> {
    let started = Instant::now();
    match operations.restore().await {
        Ok(report) if report == RestoreReport::default() => {}
        Ok(RestoreReport {
            sessions,
            ended,
            tabs,
        }) => {
            let took = started.elapsed();
            tracing::info!(sessions, ended, tabs, ?took, "sessions and tabs came back");
        }
        Err(error) if config.store.required => return Err(KeptError::from(error).into()),
        Err(error) => {
            tracing::error!(
                %error,
                "what an earlier process has kept cannot be read: its sessions and tabs do not come back, and no further                  ones are kept until the bridge is started again"
            );
        }
    }
    Ok(())
}

/// Writes `/metrics`, which is empty without an exposition.
fn metrics_text(exposition: Option<Exposition>) -> Arc<dyn Fn() -> String + Send + Sync> {
    Arc::new(move || {
        let exposition = exposition.as_ref();
        exposition.map_or_else(String::new, Exposition::render)
    })
}

/// The proxies of pages.
fn egress() -> Egress {
    let limits = ProxyLimits {
        max_connections_of_all: open_files::connections_of_pages(),
        ..ProxyLimits::default()
    };
    Egress::new(Arc::new(SystemResolver), limits)
}

/// What tells of what has happened.
fn webhooks(
    config: &Config,
    store: &StoreHandle,
    key: Option<&MasterKey>,
) -> Result<Webhooks, SettingsError> {
    Ok(match room_settings::webhooks(config)? {
        Some((rules, signer)) => {
            let dialer = OutgoingDialer::default();
            Webhooks::start(rules, signer, dialer, store.clone(), key)
        }
        None => Webhooks::off(),
    })
}

/// What carries out requests, with those that observe it.
fn application(config: &Config, services: OperationServices, bus: &EventBus) -> Arc<Operations> {
    let settings = room_settings::operations(config);
    let taps = [Arc::new(CallLog) as Arc<dyn Tap>];
    let operations = Arc::new(Operations::new(settings, services, taps));
    bus.listen(operations.usage_counter());
    bus.listen(operations.history_listener());
    operations
}

/// The proxy listener for traffic outside the bridge's browser contexts.
fn process_wide(config: &Config, proxies: &ContextProxies) -> Result<ProxyListener, StartError> {
    let default_client = browser_source::client_of_default_context(config);
    let listener = proxies.process_wide(default_client.as_ref());
    listener.map_err(StartError::Proxy)
}

fn note_random_secret(config: &Config) {
    if config.auth.session_secret.is_none() {
        tracing::info!(
            "tokens of sessions are signed with a random secret and end with this process, because \
             auth.session_secret is not set"
        );
    }
}

/// Warns of what the bridge cannot enforce in a browser that it did not launch.
fn warn_about_foreign_browser(config: &Config, is_local: bool) {
    if config.browser.connect.is_none() {
        return;
    }
    if config.policy.downloads == DownloadPolicy::Keep {
        tracing::warn!(
            "browser.connect: downloads are denied, because policy.downloads = \"keep\" needs a Chromium \
             that the bridge launches"
        );
    }
    if is_local {
        tracing::warn!(
            "browser.connect: the bridge did not set the switches of this Chromium. WebRTC may send UDP past \
             the proxy, Chromium may resolve names itself, and any process on this machine may use the \
             proxies of its tabs"
        );
    } else {
        tracing::warn!(
            "browser.connect: this Chromium runs on another machine and cannot use the bridge's proxy: \
             policy restricts where tabs navigate, but not what their pages load"
        );
    }
}

/// Passes changes of the browser's state to the proxy, the tabs and the clients, in this order.
struct BrowserFollower {
    peer_check: PeerCheck,
    tabs: SupervisorHandle,
    facts: Arc<dyn FactSink>,
    operations: Arc<Operations>,
    last_reason: Option<String>,
}

impl BrowserFollower {
    async fn run(mut self, mut changes: mpsc::Receiver<Lifecycle>) {
        while let Some(change) = changes.recv().await {
            self.on_change(change).await;
        }
    }

    async fn on_change(&mut self, change: Lifecycle) {
        match change {
            Lifecycle::Up {
                browser,
                inbox,
                version,
                pid,
                files,
                restarts,
            } => {
                match pid {
                    Some(pid) => self.peer_check.allow_process_group(pid),
                    None => self.peer_check.allow_all(),
                }
                self.tabs.browser_up(browser, inbox, version, files).await;
                if restarts > 0 {
                    let reason = self.last_reason.take();
                    let up = FactKind::BrowserUp { reason, restarts };
                    self.facts.publish(Fact::of_browser(up));
                }
            }
            Lifecycle::GivenUp { reason } => {
                self.tabs.browser_given_up(reason).await;
                let lost = self.operations.end_all_sessions(EndReason::BrowserLost);
                lost.await;
            }
            Lifecycle::Down { reason, restarts } => {
                self.peer_check.deny_all();
                self.tabs
                    .browser_down("it ended and is being started again".to_owned())
                    .await;
                self.last_reason = Some(reason.clone());
                let reason = Some(reason);
                let down = FactKind::BrowserDown { reason, restarts };
                self.facts.publish(Fact::of_browser(down));
            }
        }
    }
}
