//! The target that a tab lives in at the moment, with the page in it.

use std::borrow::Cow;
use std::time::Duration;

use cdp_bridge_protocol::event::{DialogKind, Handled, RebuildReason};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::{Instant, sleep};

use super::commands::set_up::network;
use super::commands::title::title;
use super::network_domain::NetworkDomainToggle;
use super::page::Page;
use super::page_actions::PageDriver;
use super::page_actions::page_events::PageEvents;
use super::target::Target;
use crate::cdp::methods::{
    AuthAnswer, ContinueRequest, ContinueWithAuth, DisableNetwork, Evaluate, GetVersion,
    HandleDialog, Method, TerminateExecution,
};
use crate::cdp::{Attachment, CallError, SessionEvent};

/// How long small calls may take whose outcome nobody waits for.
const ASIDE_LIMIT: Duration = Duration::from_secs(5);

/// A target and its page.
pub struct Live {
    /// The target.
    pub target: Target,
    /// What its events told so far.
    pub page: Page,
    /// What tells the hands on the page of its events.
    page_events: PageEvents,
    /// Why it is of no use any more, if it is not; only a new target helps.
    pub loss: Option<Loss>,
    /// Its session is over: it says nothing any more.
    pub is_over: bool,
    /// The page was asked for the smallest answer there is.
    probe: Option<BoxFuture<'static, bool>>,
    /// So was the browser.
    witness: Option<BoxFuture<'static, bool>>,
    /// Whether the page's network is listened to.
    network: NetworkDomainToggle,
    /// The title is being asked for.
    title: Option<BoxFuture<'static, Option<String>>>,
}

/// How a tab lost the target that it lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Its renderer died, or was given up.
    Crashed,
    /// The browser died, or let go of the bridge.
    BrowserExited,
    /// Its session is over, and it is not known yet whether it is the page or the browser that went.
    Detached,
}

impl From<Loss> for RebuildReason {
    fn from(loss: Loss) -> Self {
        match loss {
            Loss::Crashed => Self::Crashed,
            Loss::BrowserExited => Self::BrowserExited,
            Loss::Detached => Self::Detached,
        }
    }
}

/// What comes from a target.
pub enum News {
    /// An event; none when the session is over.
    Event(Option<SessionEvent>),
    /// The page's title has been read.
    Title(Option<String>),
    /// The probe has ended; true if the page gave an answer, whatever it was.
    Probed(bool),
    /// Whether the browser answers.
    Witnessed(bool),
}

impl Live {
    /// Moves into a target.
    pub fn new(target: Target) -> Self {
        let page = Page::new(target.id.clone(), target.url.clone());
        let page_events = PageEvents::new(&target);
        Self {
            target,
            page,
            page_events,
            loss: None,
            is_over: false,
            probe: None,
            witness: None,
            network: NetworkDomainToggle::default(),
            title: None,
        }
    }

    /// Whether anything may be asked of it.
    pub fn is_usable(&self) -> bool {
        self.loss.is_none()
    }

    /// Whether the browser that it was in is gone, and everything with it.
    pub fn is_without_browser(&self) -> bool {
        self.loss == Some(Loss::BrowserExited)
    }

    /// Whether it is not known yet what became of it.
    pub fn is_parting(&self) -> bool {
        self.loss == Some(Loss::Detached)
    }

    /// What comes next. Events come first: they may make a title that was read a past one. Once the
    /// session is over, only the browser has something to say.
    pub async fn news(&mut self) -> News {
        tokio::select! {
            biased;
            event = self.target.inbox.next(), if !self.is_over => News::Event(self.heard(event)),
            event = self.page_events.next_frame_event(), if !self.is_over => News::Event(Some(SessionEvent::Raw(event))),
            Some(answers) = async { Some(self.witness.as_mut()?.await) } => {
                self.witness = None;
                News::Witnessed(answers)
            }
            Some(title) = async { Some(self.title.as_mut()?.await) } => {
                self.title = None;
                News::Title(title)
            }
            Some(answered) = async { Some(self.probe.as_mut()?.await) } => {
                self.probe = None;
                News::Probed(answered)
            }
            else => std::future::pending().await,
        }
    }

    /// Tells the hands of an event.
    fn heard(&self, event: Option<SessionEvent>) -> Option<SessionEvent> {
        if let Some(SessionEvent::Raw(event)) = &event {
            self.page_events.on_event(event);
        }
        event
    }

    /// A page's own session attaches its frames of other processes only, which are for the hands.
    pub fn attached(&self, frame: Attachment) {
        self.page_events.attached(frame);
    }

    /// The hands on the page.
    pub fn driver(&self) -> &PageDriver {
        self.page_events.driver()
    }

    /// Reads the title anew. Chromium reports a target's title only as it is at the commit, when
    /// the document has none yet. The latest reading counts, so that it takes the place of one at
    /// work.
    pub fn read_title(&mut self) {
        let (browser, id) = (self.target.browser.clone(), self.target.id.clone());
        self.title = Some(title(browser, id, ASIDE_LIMIT).boxed());
    }

    /// Asks the browser, after a pause, whether it answers.
    pub fn ask_browser(&mut self, pause: Duration, limit: Duration) {
        let browser = self.target.browser.clone();
        let witness = async move {
            sleep(pause).await;
            browser.call(GetVersion {}, limit).await.is_ok()
        };
        self.witness = Some(witness.boxed());
    }

    /// Asks the page for the smallest answer there is.
    pub fn probe(&mut self, limit: Duration) {
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
        self.probe = Some(probe.boxed());
    }

    /// Ends the script that runs in the page.
    pub fn terminate(&self) {
        self.aside(&TerminateExecution {});
    }

    /// The page has got a document, and loads what belongs to it.
    pub fn committed(&mut self, now: Instant) {
        self.network.committed(now);
    }

    /// When [`Live::listen_no_more`] is due.
    pub fn next_wake(&self) -> Option<Instant> {
        self.network.due_at()
    }

    /// Stops listening to a page's network if the page takes its time to load.
    pub fn listen_no_more(&mut self, now: Instant) {
        if self.network.disables(now) {
            self.aside(&DisableNetwork {});
        }
    }

    /// Listens again: the page has loaded, or goes somewhere.
    pub fn listen(&mut self) {
        if self.network.enables() {
            self.aside(&network());
        }
    }

    /// Answers a dialog at once, because the page stands still until somebody does. Leaving a
    /// page is always allowed: a navigation was asked for.
    pub fn answer_dialog(&self, kind: DialogKind, accept: bool) -> Handled {
        let accept = accept || kind == DialogKind::Beforeunload;
        self.aside(&HandleDialog { accept });
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
        self.aside(&ContinueWithAuth {
            request_id,
            auth_challenge_response,
        });
    }

    /// Sends a document on that was paused so that its authentication can be answered.
    pub fn continue_request(&self, request_id: String) {
        self.aside(&ContinueRequest { request_id });
    }

    /// Makes a call without waiting for its outcome, which the actor must not do. It is queued
    /// before this returns, so that it is sent ahead of the actor's later calls.
    fn aside<M: Method + 'static>(&self, method: &M) {
        let call = self.target.session.start_call(method, ASIDE_LIMIT);
        tokio::spawn(async move {
            if let Err(error) = call.await {
                tracing::debug!(%error, "a CDP call whose result is not needed failed");
            }
        });
    }
}
