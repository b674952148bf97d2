//! The target that a tab lives in at the moment, with the page in it.

use std::borrow::Cow;
use std::time::Duration;

use cdp_bridge_protocol::event::{DialogKind, Handled, RebuildReason};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::{Instant, sleep};

use super::commands::set_up::network;
use super::commands::title::title;
use super::hands::HandsOn;
use super::hands::page::Ears;
use super::network_domain::NetworkDomainToggle;
use super::page::Page;
use super::target::Target;
use crate::cdp::methods::{
    AuthAnswer, ContinueRequest, ContinueWithAuth, DisableNetwork, Evaluate, GetVersion,
    HandleDialog, Method, TerminateExecution,
};
use crate::cdp::{Attachment, CallError, SessionEvent};

/// How long small calls may take whose outcome nobody waits for.
const UNAWAITED_LIMIT: Duration = Duration::from_secs(5);

/// A target and its page.
pub struct AttachedTarget {
    /// The target.
    pub target: Target,
    /// What its events told so far.
    pub page: Page,
    /// What tells the hands on the page of its events.
    ears: Ears,
    /// Why it is of no use any more, if it is not; only a new target helps.
    pub loss: Option<LossReason>,
    /// Its session is over: it says nothing any more.
    pub is_over: bool,
    /// The page was asked for the smallest answer there is.
    page_probe: Option<BoxFuture<'static, bool>>,
    /// So was the browser.
    browser_probe: Option<BoxFuture<'static, bool>>,
    /// Whether the page's network is listened to.
    network: NetworkDomainToggle,
    /// The title is being asked for.
    title: Option<BoxFuture<'static, Option<String>>>,
}

/// How a tab lost the target that it lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossReason {
    /// Its renderer died, or was given up.
    Crashed,
    /// The browser died, or let go of the bridge.
    BrowserExited,
    /// Its session is over, and it is not known yet whether it is the page or the browser that went.
    Detached,
}

impl From<LossReason> for RebuildReason {
    fn from(loss: LossReason) -> Self {
        match loss {
            LossReason::Crashed => Self::Crashed,
            LossReason::BrowserExited => Self::BrowserExited,
            LossReason::Detached => Self::Detached,
        }
    }
}

/// What comes from a target.
pub enum TargetSignal {
    /// An event; none when the session is over.
    Event(Option<SessionEvent>),
    /// The page's title has been read.
    Title(Option<String>),
    /// The probe has ended; true if the page gave an answer, whatever it was.
    PageProbed(bool),
    /// Whether the browser answers.
    BrowserProbed(bool),
}

impl AttachedTarget {
    /// Moves into a target.
    pub fn new(target: Target) -> Self {
        let page = Page::new(target.id.clone(), target.url.clone());
        let ears = Ears::new(&target);
        Self {
            target,
            page,
            ears,
            loss: None,
            is_over: false,
            page_probe: None,
            browser_probe: None,
            network: NetworkDomainToggle::default(),
            title: None,
        }
    }

    /// Whether anything may be asked of it.
    pub fn is_usable(&self) -> bool {
        self.loss.is_none()
    }

    /// Whether the browser that it was in is gone, and everything with it.
    pub fn lost_browser(&self) -> bool {
        self.loss == Some(LossReason::BrowserExited)
    }

    /// Whether it is not known yet what became of it.
    pub fn is_detached(&self) -> bool {
        self.loss == Some(LossReason::Detached)
    }

    /// What comes next. Events come first: they may make a title that was read a past one. Once the
    /// session is over, only the browser has something to say.
    pub async fn next_signal(&mut self) -> TargetSignal {
        tokio::select! {
            biased;
            event = self.target.inbox.next(), if !self.is_over => TargetSignal::Event(self.heard(event)),
            event = self.ears.of_frames(), if !self.is_over => TargetSignal::Event(Some(SessionEvent::Raw(event))),
            Some(answers) = async { Some(self.browser_probe.as_mut()?.await) } => {
                self.browser_probe = None;
                TargetSignal::BrowserProbed(answers)
            }
            Some(title) = async { Some(self.title.as_mut()?.await) } => {
                self.title = None;
                TargetSignal::Title(title)
            }
            Some(answered) = async { Some(self.page_probe.as_mut()?.await) } => {
                self.page_probe = None;
                TargetSignal::PageProbed(answered)
            }
            else => std::future::pending().await,
        }
    }

    /// Tells the hands of an event.
    fn heard(&self, event: Option<SessionEvent>) -> Option<SessionEvent> {
        if let Some(SessionEvent::Raw(event)) = &event {
            self.ears.hear(event);
        }
        event
    }

    /// A page's own session attaches its frames of other processes only, which are for the hands.
    pub fn frame_attached(&self, frame: Attachment) {
        self.ears.attached(frame);
    }

    /// The hands on the page.
    pub fn hands(&self) -> &HandsOn {
        self.ears.hands()
    }

    /// Reads the title anew. Chromium reports a target's title only as it is at the commit, when
    /// the document has none yet. The latest reading counts, so that it takes the place of one at
    /// work.
    pub fn read_title(&mut self) {
        let (browser, id) = (self.target.browser.clone(), self.target.id.clone());
        self.title = Some(title(browser, id, UNAWAITED_LIMIT).boxed());
    }

    /// Asks the browser, after a pause, whether it answers.
    pub fn probe_browser(&mut self, pause: Duration, limit: Duration) {
        let browser = self.target.browser.clone();
        let browser_probe = async move {
            sleep(pause).await;
            browser.call(GetVersion {}, limit).await.is_ok()
        };
        self.browser_probe = Some(browser_probe.boxed());
    }

    /// Asks the page for the smallest answer there is.
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

    /// Ends the script that runs in the page.
    pub fn terminate(&self) {
        self.send_unawaited(&TerminateExecution {});
    }

    /// The page has got a document, and loads what belongs to it.
    pub fn committed(&mut self, now: Instant) {
        self.network.committed(now);
    }

    /// When [`AttachedTarget::disable_network_if_slow`] is due.
    pub fn next_wake(&self) -> Option<Instant> {
        self.network.due_at()
    }

    /// Stops listening to a page's network if the page takes its time to load.
    pub fn disable_network_if_slow(&mut self, now: Instant) {
        if self.network.disables(now) {
            self.send_unawaited(&DisableNetwork {});
        }
    }

    /// Listens again: the page has loaded, or goes somewhere.
    pub fn enable_network(&mut self) {
        if self.network.enables() {
            self.send_unawaited(&network());
        }
    }

    /// Answers a dialog at once, because the page stands still until somebody does. Leaving a
    /// page is always allowed: a navigation was asked for.
    pub fn answer_dialog(&self, kind: DialogKind, accept: bool) -> Handled {
        let accept = accept || kind == DialogKind::Beforeunload;
        self.send_unawaited(&HandleDialog { accept });
        if accept {
            Handled::Accepted
        } else {
            Handled::Dismissed
        }
    }

    /// Leaves a prompt for a password unanswered, so that the server's own page for it is shown.
    pub fn cancel_auth(&self, request_id: String) {
        let auth_challenge_response = AuthAnswer {
            response: "CancelAuth",
        };
        self.send_unawaited(&ContinueWithAuth {
            request_id,
            auth_challenge_response,
        });
    }

    /// Sends a document on that was paused so that its authentication can be answered.
    pub fn continue_request(&self, request_id: String) {
        self.send_unawaited(&ContinueRequest { request_id });
    }

    /// Makes a call without waiting for its outcome, which the actor must not do. It is queued
    /// before this returns, so that it is sent ahead of the actor's later calls.
    fn send_unawaited<M: Method + 'static>(&self, method: &M) {
        let call = self.target.session.start_call(method, UNAWAITED_LIMIT);
        tokio::spawn(async move {
            if let Err(error) = call.await {
                tracing::debug!(%error, "a CDP call whose result is not needed failed");
            }
        });
    }
}
