//! The tabs, between a fake Chromium and a recording listener.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cdp_bridge::browser::prepare::prepare;
use cdp_bridge::cdp::{self, Browser};
use cdp_bridge::flow::FlowConfig;
use cdp_bridge::locator::Locator;
use cdp_bridge::policy::{AuthPolicy, DialogPolicy, PopupPolicy};
use cdp_bridge::tabs::page_actions::{
    ActionMode, Condition, Conditions, PageOperation, PointerTarget, UrlPattern,
};
use cdp_bridge::tabs::{
    Answer, AnswerKind, Area, Audience, AuthAnswer, CallId, CallerId, CancelReport, Capture,
    Change, Credentials, DialogAnswer, Fact, FactKind, FactSink, NewTab, Outcome, Registry, Reply,
    Scope, SetupRequest, Shot, ShotLook, Subscriber, SupervisorHandle, TabError, TabMessage,
    TabSettings, TabShares, TabsConfig, Way,
};
use cdp_bridge_protocol::event::CloseReason;
use cdp_bridge_protocol::request::{
    ColorScheme, Emulate, ImageFormat, MouseButton, SnapshotFormat, Viewport, WaitUntil, What,
};
use cdp_bridge_protocol::{RequestKind, TabId};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep, timeout};

use super::describe::{code, describe_fact, describe_outcome};
use super::proxies::CountedProxies;
use crate::fake::Fake;

/// The default time limit of a request.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

pub(crate) const MS: Duration = Duration::from_millis(1);

/// The defaults of the configuration.
pub(crate) fn settings() -> TabSettings {
    TabSettings {
        config: TabsConfig {
            max: 20,
            idle_timeout: Duration::from_hours(24),
            hang_timeout: 15_000 * MS,
            ..TabsConfig::default()
        },
        flow: FlowConfig {
            max_snapshot_nodes: 100,
            max_snapshot_bytes: 10_000,
            max_screenshot_pixels: 10_000_000,
            max_download_bytes: 1000,
            kept_downloads: 4,
            kept_download_bytes: 2000,
            ..FlowConfig::default()
        },
        dialogs: DialogPolicy::Dismiss,
        http_auth: AuthPolicy::Cancel,
        answer_timeout: 30_000 * MS,
        popups: PopupPolicy::Adopt,
        viewport: Viewport {
            width: 800,
            height: 600,
            device_scale_factor: None,
        },
        shares: TabShares::default(),
        max_waiting_changes: 32,
        use_default_context: false,
        navigate_timeout: LIMIT,
        open_timeout: LIMIT,
    }
}

/// All events and answers, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Heard {
    fn push(&self, line: String) {
        self.lines.lock().unwrap().push(line);
    }
}

impl FactSink for Heard {
    fn publish(&self, fact: Fact) {
        let line = match (&fact.kind, &fact.audience) {
            (FactKind::NavigationFailed(failure), _) => {
                let tab = fact.tab.expect("it is known which tab failed");
                format!("failure {tab} {}", code(&failure.error))
            }
            (_, Audience::Everyone) => format!("all: {}", describe_fact(&fact)),
            (_, Audience::Subscribers(_, callers)) => {
                let to: Vec<_> = callers.iter().map(|id| format!("c{}", id.0)).collect();
                format!("{} (to {})", describe_fact(&fact), to.join(", "))
            }
            (_, Audience::Scope(scope) | Audience::Session(scope)) => {
                let mut line = describe_fact(&fact);
                if *scope != Scope::from("a") {
                    line = format!("{scope}: {line}");
                }
                if let Some(call) = fact.cause {
                    line = format!("{line} (but c{})", call.caller.0);
                }
                line
            }
        };
        self.push(line);
    }
}

/// The tabs with their surroundings.
pub(crate) struct Bridge {
    pub(crate) fake: Fake,
    pub(crate) supervisor: SupervisorHandle,
    pub(crate) registry: Registry,
    pub(crate) heard: Heard,
    pub(crate) proxies: CountedProxies,
    /// Kept as the browser's supervisor keeps it.
    pub(crate) browser: Mutex<Option<Browser>>,
    requests: Arc<AtomicU64>,
}

impl Bridge {
    pub(crate) async fn start() -> Self {
        Self::with(settings()).await
    }

    pub(crate) async fn with(settings: TabSettings) -> Self {
        let heard = Heard::default();
        let facts = Arc::new(heard.clone());
        Self::with_facts(settings, heard, facts).await
    }

    /// Tabs whose facts go to this sink, and are not in the log.
    pub(crate) async fn publishing_to(facts: Arc<dyn FactSink>) -> Self {
        Self::with_facts(settings(), Heard::default(), facts).await
    }

    async fn with_facts(settings: TabSettings, heard: Heard, facts: Arc<dyn FactSink>) -> Self {
        let registry = Registry::default();
        let proxies = CountedProxies::default();
        let proxy_provider = Arc::new(proxies.clone());
        let supervisor = SupervisorHandle::start(settings, facts, proxy_provider, registry.clone());
        let bridge = Self {
            fake: Fake::new(),
            supervisor,
            registry,
            heard,
            proxies,
            browser: Mutex::new(None),
            requests: Arc::default(),
        };
        bridge
            .fake
            .page("http://a.test/", "<html><title>A</title></html>");
        bridge
            .fake
            .page("http://b.test/", "<html><title>B</title></html>");
        bridge.connect().await;
        bridge
    }

    /// Starts the browser, for the first time or again.
    pub(crate) async fn connect(&self) {
        self.connect_with(None).await;
    }

    /// The same, with a download directory.
    pub(crate) async fn connect_with(&self, files: Option<PathBuf>) {
        let (browser, inbox) = cdp::connect(self.fake.transport(), Box::new(|| None));
        *self.browser.lock().unwrap() = Some(browser.clone());
        match prepare(&browser, LIMIT).await {
            Ok(version) => {
                let supervisor = &self.supervisor;
                supervisor.browser_up(browser, inbox, version, files).await;
            }
            Err(error) => tracing::debug!(%error, "the fake cannot be used"),
        }
    }

    /// Kills the browser, which its supervisor reports.
    pub(crate) async fn outage(&self) {
        self.fake.hang_up();
        self.settle().await;
        let reason = "it was killed".to_owned();
        self.supervisor.browser_down(reason).await;
        self.settle().await;
    }

    /// Connection 1 of the client `a`.
    pub(crate) fn client(&self) -> Client<'_> {
        Client {
            bridge: self,
            name: "a".into(),
            caller: CallerId(1),
            limit: LIMIT,
        }
    }

    /// A tab at this URL, with its first page loaded, and its target. Clears the log.
    pub(crate) async fn tab(&self, url: &str) -> (TabId, String) {
        let before = self.fake.targets();
        let tab = self.client().create(url).tab().await;
        self.settle().await;
        self.forget();
        let mut targets = self.fake.targets();
        targets.retain(|target| !before.contains(target));
        (tab, targets.pop().unwrap())
    }

    /// Runs all tasks until they wait for the clock.
    pub(crate) async fn settle(&self) {
        // The paused clock only advances when all tasks are idle.
        sleep(MS).await;
    }

    /// The log so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.heard.lines.lock().unwrap().clone()
    }

    /// Takes the log so far.
    pub(crate) fn forget(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lines.lock().unwrap())
    }

    /// Waits, however long it takes, for this log entry.
    pub(crate) async fn hear(&self, line: &str) {
        let saying = async {
            while !self.lines().iter().any(|said| said == line) {
                sleep(MS).await;
            }
        };
        let said = timeout(Duration::from_mins(10), saying).await;
        assert!(
            said.is_ok(),
            "{line:?} was never said, but: {:#?}",
            self.lines()
        );
    }

    /// The calls to Chromium since the given number of calls, without set-up calls.
    pub(crate) fn methods_since(&self, count: usize) -> Vec<String> {
        let calls = self.fake.calls().into_iter().skip(count);
        calls.map(|call| call.method).collect()
    }
}

/// A connection that sends requests.
#[derive(Clone)]
pub(crate) struct Client<'a> {
    bridge: &'a Bridge,
    name: Scope,
    caller: CallerId,
    limit: Duration,
}

impl Client<'_> {
    pub(crate) fn named(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    pub(crate) fn on_connection(mut self, number: u64) -> Self {
        self.caller = CallerId(number);
        self
    }

    pub(crate) fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    pub(crate) fn create(&self, url: &str) -> Asked {
        self.create_tab(url, false, None)
    }

    pub(crate) fn create_logged_out(&self, url: &str) -> Asked {
        self.create_tab(url, true, None)
    }

    pub(crate) fn create_tab(
        &self,
        url: &str,
        logged_out: bool,
        viewport: Option<Viewport>,
    ) -> Asked {
        let (reply, asked) = self.reply(RequestKind::CreateTab);
        let tab = NewTab {
            scope: self.name.clone(),
            url: url.to_owned(),
            logged_out,
            viewport,
            wait_until: None,
        };
        self.bridge.supervisor.create(tab, reply);
        asked
    }

    pub(crate) fn navigate(&self, tab: TabId, url: &str) -> Asked {
        let url = url.to_owned();
        let until = WaitUntil::Commit;
        self.change(tab, RequestKind::Navigate, Change::Navigate { url, until })
    }

    pub(crate) fn activate(&self, tab: TabId) -> Asked {
        self.change(tab, RequestKind::ActivateTab, Change::Activate)
    }

    pub(crate) fn switch(&self, tab: TabId, enabled: bool) -> Asked {
        let change = Change::SetLoggedOut { enabled };
        self.change(tab, RequestKind::SetLoggedOutMode, change)
    }

    /// Emulates a color scheme and a time zone.
    pub(crate) fn emulate(&self, tab: TabId, zone: &str) -> Asked {
        let request = Emulate {
            color_scheme: ColorScheme::Dark.into(),
            timezone_id: zone.to_owned().into(),
            ..Emulate::of(tab)
        };
        let change = Change::SetUp(Box::new(SetupRequest::Emulate(Box::new(request))));
        self.change(tab, RequestKind::Emulate, change)
    }

    pub(crate) fn html(&self, tab: TabId) -> Asked {
        self.snapshot(tab, SnapshotFormat::Html)
    }

    pub(crate) fn snapshot(&self, tab: TabId, format: SnapshotFormat) -> Asked {
        self.capture(
            tab,
            RequestKind::GetDomSnapshot,
            Capture::Snapshot { format },
        )
    }

    pub(crate) fn screenshot(&self, tab: TabId) -> Asked {
        self.shot(tab, ImageFormat::Jpeg, false)
    }

    pub(crate) fn shot(&self, tab: TabId, format: ImageFormat, full_page: bool) -> Asked {
        let area = if full_page {
            Area::Whole
        } else {
            Area::Visible
        };
        let capture = Capture::Screenshot(Shot {
            area,
            format,
            quality: 70,
            look: ShotLook::default(),
        });
        self.capture(tab, RequestKind::GetScreenshot, capture)
    }

    /// Clicks an element.
    pub(crate) fn click(&self, tab: TabId, selector: &str) -> Asked {
        let target = PointerTarget::Element(locator(selector), None);
        let click = PageOperation::click(
            target,
            MouseButton::Left,
            1,
            Vec::new(),
            ActionMode::default(),
        );
        self.act(tab, RequestKind::Click, click)
    }

    pub(crate) fn fill(&self, tab: TabId, selector: &str, value: &str) -> Asked {
        let fill = PageOperation::fill(locator(selector), value.into(), ActionMode::default());
        self.act(tab, RequestKind::Fill, fill)
    }

    pub(crate) fn query(&self, tab: TabId, selector: &str) -> Asked {
        let query = PageOperation::query(locator(selector), What::Text);
        self.look(tab, RequestKind::Query, query)
    }

    pub(crate) fn wait_for_url(&self, tab: TabId, glob: &str) -> Asked {
        self.look(
            tab,
            RequestKind::WaitFor,
            PageOperation::wait(Conditions {
                all: vec![Condition::Url(UrlPattern::Glob(glob.to_owned()))],
                is_any: false,
            }),
        )
    }

    pub(crate) fn travel(&self, tab: TabId, way: Way) -> Asked {
        self.change(
            tab,
            RequestKind::GoBack,
            Change::Travel(way, WaitUntil::Commit),
        )
    }

    pub(crate) fn answer_dialog(&self, tab: TabId, dialog: &str, accept: bool) -> Asked {
        let (reply, asked) = self.reply(RequestKind::AnswerDialog);
        let answer = DialogAnswer {
            dialog: dialog.to_owned(),
            accept,
            text: None,
        };
        self.send(tab, TabMessage::AnswerDialog(answer, reply));
        asked
    }

    /// Answers a server with a password, or cancels.
    pub(crate) fn answer_auth(&self, tab: TabId, auth: &str, password: Option<&str>) -> Asked {
        let (reply, asked) = self.reply(RequestKind::AnswerAuth);
        let answer = AuthAnswer {
            auth: auth.to_owned(),
            login: password.map(|password| ("ada".into(), password.into())),
        };
        self.send(tab, TabMessage::AnswerAuth(answer, reply));
        asked
    }

    pub(crate) fn set_credentials(&self, tab: TabId, origin: &str, password: &str) -> Asked {
        let (reply, asked) = self.reply(RequestKind::SetCredentials);
        let credentials = Credentials {
            origin: origin.to_owned(),
            username: "ada".into(),
            password: password.into(),
        };
        self.send(tab, TabMessage::SetCredentials(vec![credentials], reply));
        asked
    }

    /// A client of the tab's scope comes back.
    pub(crate) fn come_back(&self, tab: TabId) {
        self.send(tab, TabMessage::Attended);
    }

    /// The last client of the tab's scope leaves.
    pub(crate) fn leave(&self, tab: TabId) {
        self.send(tab, TabMessage::Unattended);
    }

    /// Subscribes to the console until the returned guard is dropped.
    pub(crate) fn subscribe(&self, tab: TabId) -> (Asked, watch::Sender<()>) {
        let (reply, asked) = self.reply(RequestKind::Subscribe);
        let (present, receiver) = watch::channel(());
        let subscriber = Subscriber::new(self.caller, receiver);
        self.send(tab, TabMessage::Subscribe(subscriber, reply));
        (asked, present)
    }

    pub(crate) fn download(&self, tab: TabId, id: &str) -> Asked {
        let (reply, asked) = self.reply(RequestKind::GetDownload);
        self.send(tab, TabMessage::Download(id.to_owned(), reply));
        asked
    }

    pub(crate) fn unsubscribe(&self, tab: TabId) -> Asked {
        let (reply, asked) = self.reply(RequestKind::Subscribe);
        self.send(tab, TabMessage::Unsubscribe(reply));
        asked
    }

    fn look(&self, tab: TabId, kind: RequestKind, query: PageOperation) -> Asked {
        let (reply, asked) = self.reply(kind);
        self.send(tab, TabMessage::Query(query, reply));
        asked
    }

    fn act(&self, tab: TabId, kind: RequestKind, action: PageOperation) -> Asked {
        let (reply, asked) = self.reply(kind);
        self.send(tab, TabMessage::Act(action, reply));
        asked
    }

    pub(crate) fn close(&self, tab: TabId) -> Asked {
        let (reply, asked) = self.reply(RequestKind::CloseTab);
        self.send(tab, TabMessage::Close(CloseReason::Requested, Some(reply)));
        asked
    }

    fn change(&self, tab: TabId, kind: RequestKind, change: Change) -> Asked {
        let (reply, asked) = self.reply(kind);
        self.send(tab, TabMessage::Change(change, reply));
        asked
    }

    fn capture(&self, tab: TabId, kind: RequestKind, capture: Capture) -> Asked {
        let (reply, asked) = self.reply(kind);
        self.send(tab, TabMessage::Capture(capture, reply));
        asked
    }

    /// Cancels a request about a tab.
    pub(crate) fn cancel(&self, tab: TabId, asked: &Asked) -> Cancelling {
        let (report, cancelling) = self.report(asked);
        self.send(tab, TabMessage::Cancel(asked.call, report));
        cancelling
    }

    /// Cancels a request that opens a tab.
    pub(crate) fn cancel_create(&self, asked: &Asked) -> Cancelling {
        let (report, cancelling) = self.report(asked);
        self.bridge.supervisor.cancel_create(asked.call, report);
        cancelling
    }

    fn report(&self, asked: &Asked) -> (CancelReport, Cancelling) {
        let heard = self.bridge.heard.clone();
        let name = asked.kind.as_str();
        let (deliver, cancelled) = oneshot::channel();
        let report = CancelReport::new(move |cancelled| {
            heard.push(format!("cancel {name} => {cancelled}"));
            let _ = deliver.send(cancelled);
        });
        (report, Cancelling(cancelled))
    }

    fn send(&self, tab: TabId, message: TabMessage) {
        let handle = self.bridge.registry.get(&self.name, tab);
        handle.expect("the tab is on the list").send(message);
    }

    /// A reply that can be delivered only once, and the receiver of its outcome.
    fn reply(&self, kind: RequestKind) -> (Reply, Asked) {
        let number = self.bridge.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let heard = self.bridge.heard.clone();
        let (deliver, outcome) = oneshot::channel();
        let now = Instant::now();
        let deadline = now + self.limit;
        let call = CallId {
            caller: self.caller,
            number,
        };
        let reply = Reply::new(kind, call, true, now, deadline, move |outcome| {
            heard.push(format!(
                "{} => {}",
                kind.as_str(),
                describe_outcome(&outcome)
            ));
            let _ = deliver.send((Instant::now(), outcome));
        });
        let asked = Asked {
            number,
            call,
            kind,
            at: now,
            outcome,
        };
        (reply, asked)
    }
}

fn locator(selector: &str) -> Locator {
    Locator::parse(selector).expect("a locator")
}

/// A pending cancellation.
pub(crate) struct Cancelling(oneshot::Receiver<bool>);

impl Cancelling {
    /// Whether the request was cancelled.
    pub(crate) async fn report(self) -> bool {
        let reported = timeout(Duration::from_hours(1), self.0).await;
        reported.expect("it is reported").expect("it is reported")
    }
}

/// A pending request.
pub(crate) struct Asked {
    pub(crate) number: u64,
    pub(crate) call: CallId,
    pub(crate) kind: RequestKind,
    at: Instant,
    outcome: oneshot::Receiver<(Instant, Outcome)>,
}

impl Asked {
    /// The outcome, and how long it took.
    pub(crate) async fn timed(self) -> (Duration, Outcome) {
        let Self {
            kind, at, outcome, ..
        } = self;
        let Ok(answered) = timeout(Duration::from_hours(1), outcome).await else {
            panic!("{} was not answered", kind.as_str());
        };
        let Ok((when, outcome)) = answered else {
            panic!("{} was forgotten", kind.as_str());
        };
        (when - at, outcome)
    }

    pub(crate) async fn outcome(self) -> Outcome {
        self.timed().await.1
    }

    /// Whether it has been answered.
    pub(crate) fn is_answered(&self) -> bool {
        !self.outcome.is_empty()
    }

    /// The answer, which must be a success.
    pub(crate) async fn answer(self) -> Answer {
        let kind = self.kind;
        match self.outcome().await {
            Ok(answer) => answer,
            Err(failure) => panic!("{} failed: {failure}", kind.as_str()),
        }
    }

    /// The answer in one line, which must be a success.
    pub(crate) async fn line(self) -> String {
        describe_outcome(&Ok(self.answer().await))
    }

    /// The tab that was created.
    pub(crate) async fn tab(self) -> TabId {
        let answer = self.answer().await;
        let is_created = matches!(
            &answer.kind,
            AnswerKind::Fact(Fact {
                kind: FactKind::TabCreated { .. },
                ..
            })
        );
        assert!(is_created, "no tab was created: {answer:?}");
        answer.tab
    }

    /// The code of the error.
    pub(crate) async fn code(self) -> &'static str {
        code(&self.error().await)
    }

    /// Whether the request, which must have been cancelled, may have had an effect.
    pub(crate) async fn input_sent(self) -> bool {
        match self.error().await {
            TabError::Cancelled { input_sent } => input_sent,
            error => panic!("it was not cancelled: {error}"),
        }
    }

    pub(crate) async fn error(self) -> TabError {
        let kind = self.kind;
        match self.outcome().await {
            Ok(answer) => panic!("{} succeeded: {answer:?}", kind.as_str()),
            Err(failure) => failure.error,
        }
    }
}
