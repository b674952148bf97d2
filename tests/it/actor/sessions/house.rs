//! Operations with the fake Chromium behind them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cdp_bridge::operations::client_quota::ClientQuota;
use cdp_bridge::operations::sessions::{
    BadOption, CreatedSession, EndReason, MemoryStore, NoSessionTokens, SessionId, SessionLimits,
    SessionOptions, SessionStatus, SessionTraffic, SessionsConfig,
};
use cdp_bridge::operations::{
    Caller, ClientLimits, EventBus, FactKind, FactListener, Facts, IdempotencyConfig, OnDisconnect,
    OperationOutcome, OperationServices, OperationSettings, Operations, Permissions, Principal,
    Published, Reach, Scope, SessionError, StagingLimits, Success, Timeouts, UrlPolicy,
};
use cdp_bridge::policy::{Denied, EvaluatePolicy};
use cdp_bridge::store::StoreHandle;
use cdp_bridge_protocol::{Request, TabId};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::actor::harness::{Bridge, LIMIT};

/// What was published of sessions: the session, its status, and why it has ended.
pub(super) type Told = (SessionId, SessionStatus, Option<EndReason>);

/// Remembers what was published of sessions.
#[derive(Debug, Default)]
pub(super) struct Heard(Mutex<Vec<Told>>);

impl FactListener for Heard {
    fn on_fact(&self, published: &Arc<Published>) {
        let fact = &published.fact;
        if let (FactKind::SessionStateChanged { status, end_reason }, Some(scope)) =
            (&fact.kind, fact.audience.scope())
        {
            let told = (SessionId::of(scope), *status, *end_reason);
            self.0.lock().unwrap().push(told);
        }
    }
}

/// Counts the scopes whose policy is narrowed.
#[derive(Debug, Default)]
pub(super) struct Narrowed(Mutex<HashSet<Scope>>);

impl Narrowed {
    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl UrlPolicy for Narrowed {
    fn check(&self, _: &Scope, url: &str) -> Result<String, Denied> {
        Ok(url.to_owned())
    }

    fn narrow(&self, scope: &Scope, options: &SessionOptions) -> Result<(), BadOption> {
        if options.allowlist.as_ref().is_some_and(Vec::is_empty) {
            return Err(BadOption::new("allowlist", "must not be empty"));
        }
        self.0.lock().unwrap().insert(scope.clone());
        Ok(())
    }

    fn forget(&self, scope: &Scope) {
        self.0.lock().unwrap().remove(scope);
    }
}

pub(super) struct House {
    pub(super) bridge: Bridge,
    pub(super) operations: Arc<Operations>,
    pub(super) heard: Arc<Heard>,
    pub(super) narrowed: Arc<Narrowed>,
    pub(super) store: Arc<MemoryStore>,
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
        let bus = EventBus::new();
        let heard = Arc::<Heard>::default();
        bus.listen(Arc::<Heard>::clone(&heard));
        let bridge = Bridge::publishing_to(Arc::new(bus.clone())).await;
        let settings = OperationSettings {
            timeouts: Timeouts::by_class(|_| LIMIT),
            idempotency: IdempotencyConfig {
                window: Duration::from_mins(1),
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
            on_disconnect: OnDisconnect::Close,
        };
        let (narrowed, store) = (Arc::<Narrowed>::default(), Arc::<MemoryStore>::default());
        let services = OperationServices {
            registry: bridge.registry.clone(),
            tabs: Arc::new(bridge.supervisor.clone()),
            policy: Arc::<Narrowed>::clone(&narrowed),
            facts: Facts(Arc::new(bus.clone())),
            session_store: Arc::<MemoryStore>::clone(&store),
            session_tokens: Arc::new(NoSessionTokens),
            traffic: SessionTraffic::default(),
            store: StoreHandle::off(),
            master_key: None,
        };
        let operations = Arc::new(Operations::new(settings, services, []));
        bus.listen(operations.usage_counter());
        Self {
            bridge,
            operations,
            heard,
            narrowed,
            store,
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
        std::mem::take(&mut self.heard.0.lock().unwrap())
    }

    /// What was published of one session, as long as none of it is taken.
    pub(super) fn told_of(&self, id: SessionId) -> Vec<(SessionStatus, Option<EndReason>)> {
        let told = self.heard.0.lock().unwrap();
        let of_it = told.iter().filter(|(of, ..)| *of == id);
        of_it
            .map(|(_, status, reason)| (*status, *reason))
            .collect()
    }

    /// Nothing of any session is left, except records.
    pub(super) fn assert_empty(&self) {
        let fake = &self.bridge.fake;
        assert_eq!(fake.targets(), [""; 0], "targets");
        assert_eq!(fake.contexts(), [""; 0], "contexts");
        assert_eq!(self.bridge.proxies.open_now(), 0, "proxies");
        assert_eq!(self.narrowed.count(), 0, "policies");
        assert!(self.bridge.registry.is_empty(), "tabs");
        assert!(self.store.records().is_empty(), "records of live sessions");
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
