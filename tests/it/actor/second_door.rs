//! A door without a WebSocket, as thin as a door can be, on the fake Chromium.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge::operations::client_quota::ClientQuota;
use cdp_bridge::operations::sessions::{
    BadOption, NoSessionTokens, SessionLimits, SessionOptions, SessionTraffic,
};
use cdp_bridge::operations::{
    Caller, ClientLimits, EventBus, Facts, FrameSlot, IdempotencyConfig, Keeping, OnDisconnect,
    OperationOutcome, OperationServices, OperationSettings, Operations, Permissions, Principal,
    Published, Reach, Scope, StagingLimits, StreamSinks, Tap, Timeouts, UrlPolicy,
};
use cdp_bridge::policy::{Denied, EvaluatePolicy};
use cdp_bridge::store::StoreHandle;
use cdp_bridge_protocol::request::PagePermission;
use cdp_bridge_protocol::{Request, RequestKind, TabId};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::harness::{Bridge, LIMIT};

#[derive(Debug)]
struct Anywhere;

impl UrlPolicy for Anywhere {
    fn check(&self, _: &Scope, url: &str) -> Result<String, Denied> {
        Ok(url.to_owned())
    }

    fn narrow(&self, _: &Scope, _: &SessionOptions) -> Result<(), BadOption> {
        Ok(())
    }

    fn forget(&self, _: &Scope) {}
}

#[derive(Debug)]
pub(super) struct Sinks(pub(super) watch::Sender<()>);

impl StreamSinks for Sinks {
    fn frames(&self, _: TabId) -> FrameSlot {
        FrameSlot::new(Arc::default())
    }

    fn console(&self, _: TabId) -> watch::Receiver<()> {
        self.0.subscribe()
    }

    fn follow(&self, _: Scope) {}
}

pub(super) struct Door {
    _bridge: Bridge,
    pub(super) operations: Arc<Operations>,
    pub(super) caller: Caller,
    pub(super) facts: mpsc::Receiver<Arc<Published>>,
    pub(super) slow: mpsc::Receiver<Arc<Published>>,
}

impl Door {
    pub(super) async fn open(permissions: Permissions, tap: Arc<dyn Tap>) -> Self {
        let bus = EventBus::new();
        let (facts, slow) = (
            bus.subscribe("recorder", 1024, None),
            bus.subscribe("slow", 1, None),
        );
        let bridge = Bridge::publishing_to(Arc::new(bus.clone())).await;
        let settings = OperationSettings {
            timeouts: Timeouts::by_class(|_| LIMIT),
            idempotency: IdempotencyConfig {
                window: Duration::from_mins(1),
                keys: 9,
            },
            staging: StagingLimits {
                files: 9,
                bytes: 1 << 20,
                bytes_of_all: 1 << 20,
                time: LIMIT,
            },
            logged_out_default: false,
            evaluate: EvaluatePolicy::Allow,
            permissions: PagePermission::ALL.to_vec(),
            sessions: SessionLimits::default(),
            on_disconnect: OnDisconnect::Close,
        };
        let services = OperationServices {
            registry: bridge.registry.clone(),
            tabs: Arc::new(bridge.supervisor.clone()),
            policy: Arc::new(Anywhere),
            facts: Facts(Arc::new(bus)),
            keeping: Keeping::off(),
            session_tokens: Arc::new(NoSessionTokens),
            traffic: SessionTraffic::default(),
            webhooks: cdp_bridge::webhooks::Webhooks::off(),
            store: StoreHandle::off(),
            master_key: None,
        };
        let operations = Arc::new(Operations::new(settings, services, [tap]));
        let limits = ClientLimits {
            max_tabs: 9,
            max_inflight: 9,
            rate_per_second: 0,
            max_connections: 1,
        };
        let principal = Principal {
            scope: "a".into(),
            reach: Reach::Client,
            permissions,
            quota: ClientQuota::new(limits, Instant::now()),
            is_anonymous: false,
            key: None,
            has_session_token: false,
            peer: None,
            valid_until: None,
            valid: never_revoked(),
        };
        let caller = operations.caller("test", principal);
        Self {
            _bridge: bridge,
            operations,
            caller,
            facts,
            slow,
        }
    }

    pub(super) async fn ask(&self, kind: RequestKind, tab: u64) -> OperationOutcome {
        let mut json = json!({"type": kind.as_str()});
        if !matches!(
            kind,
            RequestKind::Ping
                | RequestKind::ListTabs
                | RequestKind::CreateTab
                | RequestKind::Cancel
                | RequestKind::StageFile
                | RequestKind::CreateSession
                | RequestKind::GetSession
                | RequestKind::ListSessions
                | RequestKind::EndSession
                | RequestKind::GetHistory
                | RequestKind::GetUsage
        ) {
            json["tabId"] = json!(TabId::new(tab).to_string());
        }
        for (name, value) in fields(kind).as_object().unwrap() {
            json[name] = value.clone();
        }
        let request = Request::parse(&json.to_string()).unwrap();
        self.operations.execute(&self.caller, request).await
    }
}

/// The fields of a request beside its tab.
fn fields(kind: RequestKind) -> Value {
    match kind {
        RequestKind::Ping
        | RequestKind::ListTabs
        | RequestKind::CreateSession
        | RequestKind::ListSessions
        | RequestKind::GetHistory
        | RequestKind::GetUsage
        | RequestKind::CloseTab
        | RequestKind::ActivateTab
        | RequestKind::GetDomSnapshot
        | RequestKind::GetScreenshot
        | RequestKind::StartScreencast
        | RequestKind::StopScreencast
        | RequestKind::GetAxSnapshot
        | RequestKind::ListFrames
        | RequestKind::PrintToPdf
        | RequestKind::GoBack
        | RequestKind::GoForward
        | RequestKind::Reload => json!({}),
        RequestKind::GetSession | RequestKind::EndSession => json!({"sessionId": "default"}),
        RequestKind::CreateTab | RequestKind::Navigate => json!({"url": "http://a.test/"}),
        RequestKind::SetLoggedOutMode => json!({"enabled": true}),
        RequestKind::Click
        | RequestKind::Hover
        | RequestKind::Focus
        | RequestKind::Check
        | RequestKind::Uncheck
        | RequestKind::ScrollIntoView
        | RequestKind::WaitFor => json!({"selector": "a"}),
        RequestKind::Fill => json!({"selector": "a", "value": "x"}),
        RequestKind::Type => json!({"text": "x"}),
        RequestKind::Press => json!({"key": "Enter"}),
        RequestKind::Select => json!({"selector": "a", "values": ["x"]}),
        RequestKind::Scroll => json!({"to": "top"}),
        RequestKind::Mouse => json!({"action": "move", "x": 1, "y": 2}),
        RequestKind::Keyboard => json!({"action": "down", "key": "Shift"}),
        RequestKind::AnswerDialog => json!({"dialogId": "g1", "accept": true}),
        RequestKind::AnswerAuth => json!({"authId": "a1", "cancel": true}),
        RequestKind::SetCredentials => json!({"credentials": []}),
        RequestKind::Drag => json!({"from": "a", "to": "b"}),
        RequestKind::Upload => json!({"selector": "a", "files": []}),
        RequestKind::Evaluate => json!({"expression": "1"}),
        RequestKind::Query => json!({"selector": "a", "what": "text"}),
        RequestKind::GetContent => json!({"format": "markdown"}),
        RequestKind::GetDownload => json!({"downloadId": "d1"}),
        RequestKind::Cancel => json!({"targetRequestId": "none"}),
        RequestKind::StageFile => json!({"name": "a", "size": 1, "data": "QQ=="}),
        RequestKind::Emulate => json!({"colorScheme": "dark"}),
        RequestKind::SetPermissions => json!({"permissions": ["geolocation"]}),
        RequestKind::AddInitScript => json!({"script": "1"}),
        RequestKind::RemoveInitScript => json!({"scriptId": "s1"}),
        RequestKind::Subscribe => json!({"events": ["consoleMessage"]}),
    }
}

/// A credential that stays valid.
fn never_revoked() -> watch::Receiver<()> {
    let (sender, valid) = watch::channel(());
    std::mem::forget(sender);
    valid
}
