//! The daemon: wires the rooms together, and owns the order of start and stop.

mod blocked;
mod browser_status;
mod client_rules;
mod policies;
mod reload;
pub(crate) mod settings;
mod ways_out;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::browser_status::SupervisedBrowser;
use self::policies::Policies;
use self::ways_out::WaysOut;
use crate::browser::connect::ConnectError;
use crate::browser::find::FindError;
use crate::browser::supervisor::{BrowserSupervisor, Lifecycle};
use crate::browser::sweep::sweep;
use crate::config::{Config, DownloadPolicy};
use crate::egress::{Admission, Egress, Gate, Limits, SystemResolver};
use crate::exposition::Exposition;
use crate::operations::bus::{EventBus, FactListener};
use crate::operations::{CallLog, OperationServices, Operations, Tap};
use crate::server::{BindError, DrainHandle, Hub, Listen, Replacer, Server, Services};
use crate::tabs::{Fact, FactKind, FactSink, Registry, SupervisorHandle};

pub use self::reload::ReloadError;
pub use self::settings::SettingsError;

/// How long all tabs together may take to close when the bridge stops. Chromium is ended after
/// that in any case.
const TABS_LIMIT: Duration = Duration::from_secs(3);

/// The bridge did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A value of the configuration cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is no browser.
    #[error(transparent)]
    NoBrowser(#[from] FindError),
    /// The browser is broken.
    #[error(transparent)]
    Browser(#[from] ConnectError),
    /// The proxy for the browser cannot listen.
    #[error("no port of 127.0.0.1 can be opened for the browser's proxy: {0}")]
    Proxy(io::Error),
    /// The address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
}

/// Whether the bridge can use a configuration whose values are each valid.
pub fn check(config: &Config) -> Result<(), SettingsError> {
    client_rules::read(config)?;
    settings::server(config)?;
    Ok(())
}

/// A bridge that serves.
#[derive(Debug)]
pub struct Bridge {
    address: Listen,
    browser: BrowserSupervisor,
    tabs: SupervisorHandle,
    server: JoinHandle<()>,
    drain: DrainHandle,
    replacer: Replacer,
    policies: Arc<Policies>,
    /// The configuration at the start, which holds for all that is not replaced.
    started_with: Config,
    /// What comes from no browser context of the bridge's goes here, as long as Chromium runs.
    _process_wide: Gate,
}

impl Bridge {
    /// Starts everything. The address is taken first, so that a port in use costs no browser.
    pub async fn start(
        config: &Config,
        exposition: Option<Exposition>,
    ) -> Result<Self, StartError> {
        let policies = Arc::new(Policies::new(client_rules::read(config)?));
        let egress = Egress::new(Arc::new(SystemResolver), Limits::default());
        let (told, coming) = mpsc::channel(blocked::WAITING);
        let ways_out = WaysOut {
            egress: egress.clone(),
            policies: Arc::clone(&policies),
            told,
            is_local: settings::is_local(config),
        };
        let default_client = settings::client_of_default_context(config);
        let process_wide = ways_out.process_wide(default_client.as_ref());
        let process_wide = process_wide.map_err(StartError::Proxy)?;
        let source = settings::browser_source(config, process_wide.address())?;
        say_what_is_not_ours(config, ways_out.is_local);
        let hub = Arc::new(Hub::new());
        let registry = Registry::default();
        let bus = EventBus::new();
        bus.listen(Arc::<Hub>::clone(&hub) as Arc<dyn FactListener>);
        let facts: Arc<dyn FactSink> = Arc::new(bus);
        let tabs = SupervisorHandle::start(
            settings::tabs(config),
            Arc::clone(&facts),
            Arc::new(ways_out),
            registry.clone(),
        );
        tokio::spawn(blocked::tell(Arc::clone(&facts), coming));
        let status = SupervisedBrowser::default();
        let operations = Operations::new(
            settings::operations(config),
            OperationServices {
                registry,
                tabs: Arc::new(tabs.clone()),
                policy: Arc::<Policies>::clone(&policies),
            },
            [Arc::new(CallLog) as Arc<dyn Tap>],
        );
        let services = Services {
            operations: Arc::new(operations),
            hub,
            browser: Arc::new(status.clone()),
            render_metrics: Arc::new(move || {
                exposition
                    .as_ref()
                    .map(Exposition::render)
                    .unwrap_or_default()
            }),
        };
        let server = Server::bind(settings::server(config)?, services).await?;
        // Nobody waits for it: what it removes is in nobody's way.
        tokio::task::spawn_blocking(sweep);

        let (lifecycle, mut changes) = mpsc::channel(4);
        let restart = settings::restart(&config.browser.restart);
        let browser = BrowserSupervisor::start(source, restart, lifecycle).await?;
        status.follow(browser.status());
        let mut follower = Follower {
            admission: egress.admission().clone(),
            tabs: tabs.clone(),
            facts,
            last_reason: None,
        };
        // The tabs have the browser before anybody can ask for one: a first request is not told
        // that there is none.
        if let Some(up) = changes.recv().await {
            follower.tell(up).await;
        }
        tokio::spawn(follower.run(changes));

        let address = server.local_addr().clone();
        let drain = server.handle();
        let replacer = server.replacer();
        // The steps of a stop are taken one by one below, so nothing else ends the server.
        let server = tokio::spawn(server.run(std::future::pending()));
        Ok(Self {
            address,
            browser,
            tabs,
            server,
            drain,
            replacer,
            policies,
            started_with: config.clone(),
            _process_wide: process_wide,
        })
    }

    /// Where it listens; with the real port, where the system chose it.
    pub fn address(&self) -> &Listen {
        &self.address
    }

    /// Stops in good order: no new requests, running ones are answered, tabs are closed,
    /// connections are closed, Chromium is ended.
    pub async fn stop(self) {
        self.drain.begin();
        if !self.drain.answered().await {
            tracing::warn!("some requests were not answered within server.drain_timeout");
        }
        if timeout(TABS_LIMIT, self.tabs.shut_down()).await.is_err() {
            tracing::warn!("some tabs did not close in time; they end with Chromium");
        }
        self.drain.close_sockets().await;
        self.drain.stop();
        self.browser.stop().await;
        if let Err(error) = self.server.await {
            tracing::error!(%error, "the server failed");
        }
    }
}

/// Of a browser that somebody else started, only the contexts are the bridge's.
fn say_what_is_not_ours(config: &Config, is_local: bool) {
    if config.browser.connect.is_none() {
        return;
    }
    if config.policy.downloads == DownloadPolicy::Keep {
        tracing::warn!(
            "browser.connect: what this Chromium downloads cannot be kept (policy.downloads); it is \
             denied"
        );
    }
    if is_local {
        tracing::warn!(
            "browser.connect: the switches of this Chromium are not the bridge's. Its WebRTC may send \
             UDP past the proxy, and it may ask resolvers about names; anyone on this machine may use \
             the proxies of its tabs"
        );
    } else {
        tracing::warn!(
            "browser.connect: this Chromium runs elsewhere and cannot use the bridge's proxy. The \
             policy holds for where tabs go, but not for what their pages load"
        );
    }
}

/// Tells the proxy, the tabs and the Coordinators, in this order, how the browser fares.
struct Follower {
    admission: Admission,
    tabs: SupervisorHandle,
    facts: Arc<dyn FactSink>,
    last_reason: Option<String>,
}

impl Follower {
    async fn run(mut self, mut changes: mpsc::Receiver<Lifecycle>) {
        while let Some(change) = changes.recv().await {
            self.tell(change).await;
        }
    }

    async fn tell(&mut self, change: Lifecycle) {
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
                    Some(pid) => self.admission.browser(pid),
                    None => self.admission.anyone(),
                }
                self.tabs.browser_up(browser, inbox, version, files).await;
                if restarts > 0 {
                    let reason = self.last_reason.take();
                    let up = FactKind::BrowserUp { reason, restarts };
                    self.facts.publish(Fact::of_browser(up));
                }
            }
            Lifecycle::GivenUp { reason } => self.tabs.browser_given_up(reason).await,
            Lifecycle::Down { reason, restarts } => {
                self.admission.nobody();
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
