//! Replies and facts that are recorded, and a policy without a proxy, for the tests of a tab's parts.

use std::io;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use cdp_bridge_protocol::event::TabState;
use cdp_bridge_protocol::request::Viewport;
use cdp_bridge_protocol::{RequestKind, TabId};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::flow::FlowConfig;
use crate::policy::{AuthPolicy, ConnectFailure, Denied, DialogPolicy, PopupPolicy};
use crate::tabs::context_proxy::{ContextProxy, ProxyProvider};
use crate::tabs::error::TabError;
use crate::tabs::fact::{Fact, FactSink};
use crate::tabs::identity::{CallId, CallerId, Scope};
use crate::tabs::reply::{AnswerKind, Outcome, Reply};
use crate::tabs::settings::{TabSettings, TabShares, TabsConfig};
use crate::tabs::view::TabView;

/// The answers to one request.
pub(super) struct Outcomes(mpsc::Receiver<Outcome>);

impl Outcomes {
    pub(super) fn error(&self) -> TabError {
        self.0.try_recv().unwrap().unwrap_err().error
    }

    pub(super) fn answer(&self) -> AnswerKind {
        self.0.try_recv().unwrap().unwrap().kind
    }

    /// Whether no further answer can come.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.0.try_recv(), Err(mpsc::TryRecvError::Disconnected))
    }
}

pub(super) fn reply(kind: RequestKind, limit: Duration) -> (Reply, Outcomes) {
    let (sender, outcomes) = mpsc::channel();
    let now = Instant::now();
    let call = CallId {
        caller: CallerId(1),
        number: 1,
    };
    let reply = Reply::new(kind, call, true, now, now + limit, move |outcome| {
        // A test need not look at every outcome.
        let _unread = sender.send(outcome);
    });
    (reply, Outcomes(outcomes))
}

#[derive(Default)]
pub(super) struct RecordedFacts(Mutex<Vec<Fact>>);

impl RecordedFacts {
    pub(super) fn take(&self) -> Vec<Fact> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl FactSink for RecordedFacts {
    fn publish(&self, fact: Fact) {
        self.0.lock().unwrap().push(fact);
    }
}

/// Refuses everything at `denied.test`.
pub(super) struct FakeOutlets {
    pub(super) changes: watch::Receiver<()>,
    pub(super) obstacle: Option<ConnectFailure>,
}

impl ProxyProvider for FakeOutlets {
    fn open(&self, _: &Scope, _: Option<TabId>) -> io::Result<ContextProxy> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn keeps_downloads(&self, _: &Scope) -> bool {
        false
    }

    fn changes(&self, _: &Scope) -> watch::Receiver<()> {
        self.changes.clone()
    }

    fn check(&self, _: &Scope, url: &str) -> Result<(), Denied> {
        if url.contains("denied.test") {
            let scheme = "denied".to_owned();
            return Err(Denied::Scheme { scheme });
        }
        Ok(())
    }

    fn connect_failure(&self, _: &Scope, _: &str) -> Option<ConnectFailure> {
        self.obstacle.clone()
    }
}

pub(super) fn settings() -> TabSettings {
    TabSettings {
        config: TabsConfig::default(),
        flow: FlowConfig::default(),
        dialogs: DialogPolicy::default(),
        http_auth: AuthPolicy::default(),
        answer_timeout: Duration::from_secs(30),
        popups: PopupPolicy::default(),
        viewport: Viewport {
            width: 800,
            height: 600,
            device_scale_factor: None,
        },
        shares: TabShares::default(),
        max_waiting_changes: 4,
        use_default_context: false,
        navigate_timeout: Duration::from_secs(30),
        open_timeout: Duration::from_secs(30),
    }
}

pub(super) fn view() -> TabView {
    TabView {
        id: TabId::new(1),
        created_by: None,
        target: None,
        opener: None,
        created_at_ms: 0,
        scope: "a".into(),
        url: "about:blank".to_owned(),
        going_to: None,
        title: String::new(),
        logged_out: false,
        emulation: Arc::default(),
        scripts: crate::tabs::page_setup::init_scripts::InitScripts::default(),
        state: TabState::Creating,
        activated: 0,
        last_used: Instant::now(),
    }
}
