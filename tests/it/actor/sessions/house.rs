//! Operations with the fake Chromium behind them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cdp_bridge::operations::client_quota::ClientQuota;
use cdp_bridge::operations::sessions::{
    BadOption, CreatedSession, EndReason, NoSessionTokens, SessionId, SessionLimits,
    SessionOptions, SessionStatus, SessionTraffic, SessionsConfig,
};
use cdp_bridge::operations::{
    Caller, ClientLimits, EventBus, FactKind, FactListener, Facts, IdempotencyConfig, Keeping,
    OnDisconnect, OperationOutcome, OperationServices, OperationSettings, Operations, Permissions,
    Principal, Published, Reach, Scope, SessionError, StagingLimits, Success, Timeouts, UrlPolicy,
};
use cdp_bridge::policy::{Denied, EvaluatePolicy};
use cdp_bridge::sealing::MasterKey;
use cdp_bridge::store::fake::FakeBackend;
use cdp_bridge::store::{Backend as _, StoreHandle};
use cdp_bridge_protocol::event::RebuildReason;
use cdp_bridge_protocol::{Request, TabId};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::line::Line;
use crate::actor::harness::{Bridge, LIMIT};

/// What was published of sessions: the session, its status, and why it has ended.
pub(super) type Told = (SessionId, SessionStatus, Option<EndReason>);

/// Remembers what was published of sessions.
#[derive(Debug, Default)]
pub(super) struct Heard {
    sessions: Mutex<Vec<Told>>,
    rebuilt: Mutex<Vec<(TabId, &'static str)>>,
    closed: Mutex<Vec<TabId>>,
}

impl FactListener for Heard {
    fn on_fact(&self, published: &Arc<Published>) {
        let fact = &published.fact;
        if let (FactKind::SessionStateChanged { status, end_reason }, Some(scope)) =
            (&fact.kind, fact.audience.scope())
        {
            let told = (SessionId::of(scope), *status, *end_reason);
            self.sessions.lock().unwrap().push(told);
        }
        match (&fact.kind, fact.tab) {
            (FactKind::TabRebuilt { reason, .. }, Some(tab)) => {
                let is_restart = *reason == RebuildReason::Restarted;
                let reason = if is_restart { "restarted" } else { "lost" };
                self.rebuilt.lock().unwrap().push((tab, reason));
            }
            (FactKind::TabClosed { .. }, Some(tab)) => self.closed.lock().unwrap().push(tab),
            _ => {}
        }
    }
}

/// Counts the scopes whose policy is narrowed.
#[derive(Debug, Default)]
pub(super) struct Narrowed {
    scopes: Mutex<HashSet<Scope>>,
    refuses: bool,
}

impl Narrowed {
    pub(super) fn count(&self) -> usize {
        self.scopes.lock().unwrap().len()
    }
}

impl UrlPolicy for Narrowed {
    fn check(&self, _: &Scope, url: &str) -> Result<String, Denied> {
        Ok(url.to_owned())
    }

    fn narrow(&self, scope: &Scope, options: &SessionOptions) -> Result<(), BadOption> {
        if self.refuses || options.allowlist.as_ref().is_some_and(Vec::is_empty) {
            return Err(BadOption::new("allowlist", "must not be empty"));
        }
        self.scopes.lock().unwrap().insert(scope.clone());
        Ok(())
    }

    fn forget(&self, scope: &Scope) {
        self.scopes.lock().unwrap().remove(scope);
    }
}

pub(super) struct House {
    pub(super) bridge: Bridge,
    pub(super) operations: Arc<Operations>,
    pub(super) heard: Arc<Heard>,
    pub(super) narrowed: Arc<Narrowed>,
    /// What outlives a process.
    pub(super) backend: Arc<FakeBackend>,
    /// The way of this process to it.
    line: Arc<Line>,
    /// Of the next process.
    pub(super) settings: HouseSettings,
}

/// How a house is built.
#[derive(Debug, Clone)]
pub(super) struct HouseSettings {
    pub(super) config: SessionsConfig,
    pub(super) on_disconnect: OnDisconnect,
    /// Nothing is made that cannot be kept.
    pub(super) store_required: bool,
    /// No session fits the rules any more.
    pub(super) refuses: bool,
}

impl Default for HouseSettings {
    fn default() -> Self {
        Self {
            config: config(),
            on_disconnect: OnDisconnect::Close,
            store_required: false,
            refuses: false,
        }
    }
}

pub(super) fn config() -> SessionsConfig {
    SessionsConfig {
        max: 4,
        max_per_client: 3,
        creates_per_minute: 10_000,
        queue: 3,
        ..SessionsConfig::default()
    }
}

impl House {
    pub(super) async fn open() -> Self {
        Self::with(config()).await
    }

    pub(super) async fn with(config: SessionsConfig) -> Self {
        let settings = HouseSettings {
            config,
            ..HouseSettings::default()
        };
        Self::over(settings, Arc::default()).await
    }

    /// The process is gone from one moment to the next, and another one begins.
    pub(super) async fn killed(self) -> Self {
        self.line.cut();
        let (settings, backend) = (self.settings.clone(), Arc::clone(&self.backend));
        self.bridge.fake.hang_up();
        drop(self);
        Self::over(settings, backend).await
    }

    /// The process stops in order, and another one begins.
    pub(super) async fn restarted(self) -> Self {
        assert!(self.operations.suspend().await, "it keeps what there is");
        self.bridge.supervisor.shut_down().await;
        self.killed().await
    }

    /// A process over what earlier ones have kept.
    pub(super) async fn over(settings: HouseSettings, backend: Arc<FakeBackend>) -> Self {
        let HouseSettings {
            config,
            on_disconnect,
            store_required,
            refuses,
        } = settings.clone();
        let house_settings = settings;
        let bus = EventBus::new();
        let heard = Arc::<Heard>::default();
        bus.listen(Arc::<Heard>::clone(&heard));
        let bridge = Bridge::publishing_to(Arc::new(bus.clone())).await;
        let settings = OperationSettings {
            timeouts: Timeouts::by_class(|_| LIMIT),
            idempotency: IdempotencyConfig {
                window: Duration::from_hours(24),
                keys: 99,
            },
            staging: StagingLimits {
                files: 9,
                bytes: 1 << 20,
                bytes_of_all: 1 << 20,
                time: LIMIT,
            },
            logged_out_default: true,
            evaluate: EvaluatePolicy::Allow,
            permissions: Vec::new(),
            sessions: SessionLimits {
                config,
                of_client: [("small".into(), 1)].into(),
            },
            on_disconnect,
        };
        let narrowed = Arc::new(Narrowed {
            refuses,
            ..Narrowed::default()
        });
        let line = Line::to(Arc::clone(&backend));
        let store = StoreHandle::start(Arc::<Line>::clone(&line));
        let key = MasterKey::new([7; 32]);
        let services = OperationServices {
            registry: bridge.registry.clone(),
            tabs: Arc::new(bridge.supervisor.clone()),
            policy: Arc::<Narrowed>::clone(&narrowed),
            facts: Facts(Arc::new(bus.clone())),
            keeping: Keeping::new(store.clone(), &key, store_required),
            session_tokens: Arc::new(NoSessionTokens),
            traffic: SessionTraffic::default(),
            webhooks: cdp_bridge::webhooks::Webhooks::off(),
            store,
            master_key: Some(key),
        };
        let operations = Arc::new(Operations::new(settings, services, []));
        bus.listen(operations.usage_counter());
        operations.restore().await.unwrap();
        Self {
            bridge,
            operations,
            heard,
            narrowed,
            backend,
            line,
            settings: house_settings,
        }
    }

    pub(super) fn options(&self) -> SessionOptions {
        self.operations.default_session_options()
    }

    pub(super) async fn create(&self, client: &str) -> CreatedSession {
        let options = self.options();
        self.try_create(client, options).await.unwrap()
    }

    pub(super) async fn try_create(
        &self,
        client: &str,
        options: SessionOptions,
    ) -> Result<CreatedSession, SessionError> {
        self.operations
            .create_session(&principal(client), options)
            .await
    }

    pub(super) fn caller(&self, client: &str) -> Caller {
        self.operations.caller("test", principal(client))
    }

    /// A caller of this client that is limited to a session.
    pub(super) fn caller_in(&self, client: &str, id: SessionId) -> Caller {
        let entered = self.operations.enter_session(&principal(client), id);
        self.operations.caller("test", entered.unwrap())
    }

    pub(super) async fn ask(&self, caller: &Caller, request: Value) -> OperationOutcome {
        let request = Request::parse(&request.to_string()).unwrap();
        self.operations.execute(caller, request).await
    }

    /// Opens a tab in a session.
    pub(super) async fn tab(&self, caller: &Caller, id: SessionId) -> TabId {
        let create =
            json!({"type": "createTab", "sessionId": id.to_string(), "url": "http://a.test/"});
        match self.ask(caller, create).await {
            Ok(Success::Tab(answer)) => answer.tab,
            other => panic!("no tab was opened: {other:?}"),
        }
    }

    /// Takes what was published of sessions so far.
    pub(super) fn told(&self) -> Vec<Told> {
        std::mem::take(&mut self.heard.sessions.lock().unwrap())
    }

    /// The tabs that got another target, in this order.
    pub(super) fn rebuilt(&self) -> Vec<(TabId, &'static str)> {
        self.heard.rebuilt.lock().unwrap().clone()
    }

    /// The tabs that were closed.
    pub(super) fn closed(&self) -> Vec<TabId> {
        self.heard.closed.lock().unwrap().clone()
    }

    /// What was published of one session, as long as none of it is taken.
    pub(super) fn told_of(&self, id: SessionId) -> Vec<(SessionStatus, Option<EndReason>)> {
        let told = self.heard.sessions.lock().unwrap();
        let of_it = told.iter().filter(|(of, ..)| *of == id);
        of_it
            .map(|(_, status, reason)| (*status, *reason))
            .collect()
    }

    /// Nothing of any session is left, except records.
    pub(super) async fn assert_empty(&self) {
        let fake = &self.bridge.fake;
        assert_eq!(fake.targets(), [""; 0], "targets");
        assert_eq!(fake.contexts(), [""; 0], "contexts");
        assert_eq!(self.bridge.proxies.open_now(), 0, "proxies");
        assert_eq!(self.narrowed.count(), 0, "policies");
        assert!(self.bridge.registry.is_empty(), "tabs");
        let live = self.backend.live_sessions().await.unwrap();
        assert_eq!(live, [], "records of live sessions");
    }
}

pub(super) fn principal(client: &str) -> Principal {
    let limits = ClientLimits {
        max_tabs: 9,
        max_inflight: 99,
        rate_per_second: 0,
        max_connections: 9,
    };
    Principal {
        scope: client.into(),
        reach: Reach::Client,
        permissions: Permissions::ALL,
        quota: ClientQuota::new(limits, Instant::now()),
        is_anonymous: false,
        key: None,
        has_session_token: false,
        peer: None,
        valid_until: None,
        valid: never_revoked(),
    }
}

/// A credential that stays valid.
fn never_revoked() -> watch::Receiver<()> {
    let (sender, valid) = watch::channel(());
    std::mem::forget(sender);
    valid
}
