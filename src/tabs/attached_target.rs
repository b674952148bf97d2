//! The target that a tab is attached to, with the state of its page.

use std::borrow::Cow;
use std::time::Duration;

use cdp_bridge_protocol::event::RebuildReason;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::{Instant, sleep};

use super::commands::http_auth::AuthRequests;
use super::commands::set_up::network;
use super::commands::target::title;
use super::network_domain::NetworkDomainToggle;
use super::page::Page;
use super::page_actions::PageDriver;
use super::page_actions::page_events::PageEvents;
use super::pending_call::take_done;
use super::target::Target;
use super::title_watch::TitleWatch;
use super::unawaited::{UNAWAITED_LIMIT, send_unawaited};
use crate::cdp::events::{EventKind, OfRequest};
use crate::cdp::methods::{
    ContinueRequest, DisableFetch, DisableNetwork, EmptyResult, Evaluate, GetVersion, HandleDialog,
    Method, StopLoading, TerminateExecution,
};
use crate::cdp::{Attachment, CallError, RawEvent, SessionEvent, TargetSession};

/// Longer than the browser's main process takes to process a commit.
const COMMIT_DELAY: Duration = Duration::from_secs(1);

pub struct AttachedTarget {
    pub target: Target,
    /// The state of the page according to its events.
    pub page: Page,
    /// Forwards events to the code that acts on the page.
    page_events: PageEvents,
    /// Set once the target is unusable; the tab needs a new one then. While it is `Detached`, it is not known
    /// whether the page or the browser has gone.
    pub loss: Option<RebuildReason>,
    /// The session has ended; no further events arrive.
    pub is_over: bool,
    /// Liveness probe of the page in flight.
    page_probe: Option<BoxFuture<'static, bool>>,
    /// Liveness probe of the browser in flight, to tell a hung page from a hung browser.
    browser_probe: Option<BoxFuture<'static, bool>>,
    network: NetworkDomainToggle,
    title: Option<BoxFuture<'static, Option<String>>>,
    /// What the document said itself, until it has another title.
    own_title: Option<String>,
    title_watch: TitleWatch,
    /// The last URL that the main frame committed, and when.
    committed: Option<(Instant, String)>,
}

pub enum TargetSignal {
    /// `None` when the session has ended.
    Event(Option<SessionEvent>),
    /// An event of a frame in another process, with the frame's session.
    FrameEvent(TargetSession, RawEvent),
    /// The title that was read; `None` if that failed.
    Title(Option<String>),
    /// The document has another title, which is to be read.
    TitleChanged,
    /// Whether the page answered the probe, with a result or an error.
    PageProbed(bool),
    /// Whether the browser answered the probe.
    BrowserProbed(bool),
}

impl AttachedTarget {
    pub fn new(target: Target) -> Self {
        let page = Page::new(target.id.clone(), target.url.clone());
        let page_events = PageEvents::new(&target);
        if target.auth == AuthRequests::Asked {
            let asked = target.auth.enable(std::iter::empty());
            page_events.driver().pause_in_frames(asked);
        }
        Self {
            target,
            page,
            page_events,
            loss: None,
            is_over: false,
            page_probe: None,
            browser_probe: None,
            network: NetworkDomainToggle::default(),
            title: None,
            own_title: None,
            title_watch: TitleWatch::default(),
            committed: None,
        }
    }

    pub fn is_usable(&self) -> bool {
        self.loss.is_none()
    }

    pub fn lost_browser(&self) -> bool {
        self.loss == Some(RebuildReason::BrowserExited)
    }

    /// The next signal. Events come first, because they may outdate a title that was read. After the
    /// end of the session only the probe of the browser is left.
    pub async fn next_signal(&mut self) -> TargetSignal {
        tokio::select! {
            biased;
            event = self.target.inbox.next(), if !self.is_over => TargetSignal::Event(self.heard(event)),
            (session, event) = self.page_events.next_frame_event(), if !self.is_over => TargetSignal::FrameEvent(session, event),
            answers = take_done(&mut self.browser_probe) => TargetSignal::BrowserProbed(answers),
            title = take_done(&mut self.title) => TargetSignal::Title(title),
            () = self.title_watch.changed(), if !self.is_over => TargetSignal::TitleChanged,
            answered = take_done(&mut self.page_probe) => TargetSignal::PageProbed(answered),
        }
    }

    fn heard(&self, event: Option<SessionEvent>) -> Option<SessionEvent> {
        if let Some(SessionEvent::Raw(event)) = &event {
            self.page_events.on_event(event);
            if event.kind == EventKind::RequestPaused {
                self.continue_request(event.decode());
            }
        }
        event
    }

    /// The session of a page attaches only the page's own frames in other processes.
    pub fn frame_attached(&self, frame: Attachment) {
        self.page_events.attached(frame);
    }

    pub fn driver(&self) -> &PageDriver {
        self.page_events.driver()
    }

    /// Reads the title again, in place of a reading in flight. Chromium reports a title only at the
    /// commit, when the document has none yet.
    pub fn read_title(&mut self) {
        let (browser, id) = (self.target.browser.clone(), self.target.id.clone());
        self.title = Some(match self.own_title.clone() {
            // Chromium's main process may not know it yet.
            Some(own) => std::future::ready(Some(own)).boxed(),
            None => title(browser, id, UNAWAITED_LIMIT).boxed(),
        });
    }

    /// The document has said its title, which replaces a reading in flight.
    pub fn title_known(&mut self, title: String) {
        self.title = None;
        self.own_title = Some(title);
    }

    /// Reads the title of a document that has changed it.
    pub fn title_changed(&mut self) {
        self.own_title = None;
        self.read_title();
    }

    /// Watches the title of the document from now on.
    pub fn watch_title(&mut self) {
        self.title_watch.watch(&self.target, &self.page.title);
    }

    /// The document whose title was watched is gone.
    pub fn document_replaced(&mut self) {
        self.title_watch.stop();
        self.own_title = None;
    }

    /// The main frame has another document or URL.
    pub fn url_changed(&mut self, now: Instant) {
        self.committed = Some((now, self.page.url.clone()));
        self.own_title = None;
    }

    /// The URL that was committed last, if the browser's main process may not know it yet.
    pub fn just_committed(&self, now: Instant) -> Option<String> {
        let (at, url) = self.committed.as_ref()?;
        (now < *at + COMMIT_DELAY).then(|| url.clone())
    }

    /// Calls the browser after a pause, to find out whether it answers.
    pub fn probe_browser(&mut self, pause: Duration, limit: Duration) {
        let browser = self.target.browser.clone();
        let browser_probe = async move {
            sleep(pause).await;
            browser.call(GetVersion {}, limit).await.is_ok()
        };
        self.browser_probe = Some(browser_probe.boxed());
    }

    /// Evaluates a constant, to find out whether the page answers.
    pub fn probe_page(&mut self, limit: Duration) {
        let session = self.target.session.clone();
        let evaluate = Evaluate {
            expression: Cow::Borrowed("1"),
            return_by_value: true,
            timeout: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
        };
        let probe = async move {
            match session.call_raw(evaluate, limit).await {
                Ok(_) | Err(CallError::Protocol { .. }) => true,
                Err(_) => false,
            }
        };
        self.page_probe = Some(probe.boxed());
    }

    /// Terminates the script that runs in the page.
    pub fn terminate(&self) {
        self.send_unawaited(&TerminateExecution {});
    }

    /// The page has committed a document and loads its resources.
    pub fn committed(&mut self, now: Instant) {
        self.network.committed(now);
    }

    /// When [`AttachedTarget::disable_network_if_slow`] is due.
    pub fn next_wake(&self) -> Option<Instant> {
        self.network.due_at()
    }

    /// Disables network events for a page that takes long to load.
    pub fn disable_network_if_slow(&mut self, now: Instant) {
        if !self.network.take_due(now) {
            return;
        }
        let is_emulated = self.target.setup.current().emulation.needs_network();
        if !is_emulated && !self.driver().awaits_network() {
            self.network.disabled();
            self.send_unawaited(&DisableNetwork {});
        }
    }

    /// Enables network events again, once the page has loaded or navigates.
    pub fn enable_network(&mut self) {
        if self.network.enables() {
            self.send_unawaited(&network());
        }
    }

    /// Answers a dialog at once, because the page is blocked until then.
    pub fn answer_dialog(&self, accept: bool) {
        let prompt_text = None;
        self.send_unawaited(&HandleDialog {
            accept,
            prompt_text,
        });
    }

    /// Answers a dialog. Resolves when Chromium has taken the answer.
    pub fn handle_dialog(
        &self,
        accept: bool,
        prompt_text: Option<String>,
        limit: Duration,
    ) -> impl Future<Output = Result<EmptyResult, CallError>> + Send + use<> {
        let answer = HandleDialog {
            accept,
            prompt_text,
        };
        self.target.session.start_call(&answer, limit)
    }

    /// Has every request to these origins paused, besides those that are anyway.
    pub fn pause_for_auth<'a>(&self, origins: impl Iterator<Item = &'a str>) {
        let paused = self.target.auth.enable(origins);
        match &paused {
            Some(enable) => self.send_unawaited(enable),
            None => self.send_unawaited(&DisableFetch {}),
        }
        self.driver().pause_in_frames(paused);
    }

    /// Continues a request that was paused only so that its authentication could be answered.
    fn continue_request(&self, request: Option<OfRequest>) {
        if let Some(OfRequest { request_id }) = request {
            self.send_unawaited(&ContinueRequest { request_id });
        }
    }

    /// Ends a navigation whose time limit has passed, so that the next one need not wait for it.
    pub fn stop_loading(&self) {
        self.send_unawaited(&StopLoading {});
    }

    fn send_unawaited<M: Method + 'static>(&self, method: &M) {
        send_unawaited(&self.target.session, method);
    }
}
