//! Why a request about a tab failed. The interfaces turn these into wire errors.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::request::{TimeoutClass, WaitUntil};
use cdp_bridge_protocol::{RequestKind, TabId};

use super::downloads::DownloadError;
use super::page_actions::PageActionError;
use super::page_setup::SetupError;
use super::reply::Reply;
use crate::cdp::{CallError, SessionEnd};
use crate::policy::{Denied, ProxyFailure};

/// A failed request, with the CDP session it failed in, to correlate it with the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}")]
pub struct Failure {
    #[source]
    pub error: TabError,
    /// The session of the tab at that time.
    pub session: Option<String>,
}

impl From<TabError> for Failure {
    fn from(error: TabError) -> Self {
        Self {
            error,
            session: None,
        }
    }
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum TabError {
    /// Chromium could not load the URL.
    #[error("{}", nav_failed(.net, *.is_download))]
    NavFailed {
        /// The URL, redacted.
        url: String,
        /// Chromium's `net::ERR_…`.
        net: String,
        /// The URL turned out to be a download.
        is_download: bool,
    },
    /// The session's upstream proxy failed.
    #[error("{failure}")]
    ProxyFailed {
        /// The URL, redacted.
        url: String,
        failure: ProxyFailure,
    },
    /// The tab's history has no entry in that direction.
    #[error("the tab's history has no entry in that direction")]
    NoEntry,
    /// An action on the page or a query of it failed.
    #[error(transparent)]
    PageAction(Box<PageActionError>),
    /// A download is not available.
    #[error(transparent)]
    Download(DownloadError),
    /// There is no such dialog or request for a password, or it waits no more.
    #[error(
        "the tab has no open {what} {:?}: it was answered, its time passed (policy.answer_timeout), or its page is gone",
        shortened(.id)
    )]
    NotAsked {
        /// `dialog`, or `request for a password`.
        what: &'static str,
        /// As the request names it.
        id: String,
    },
    /// Policy denies the URL that the navigation led to.
    #[error("{0}")]
    NavDenied(Denied),
    /// The DOM could not be captured.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// No picture could be taken.
    #[error(transparent)]
    Screenshot(#[from] ScreenshotError),
    /// The page could not be printed.
    #[error(transparent)]
    Print(#[from] PrintError),
    /// What the tab's documents start with could not be changed.
    #[error(transparent)]
    Setup(SetupError),
    /// The time limit passed.
    #[error("{} was not finished within {} ms: {}", .request.as_str(), .limit.as_millis(), .waiting_for)]
    TimedOut {
        /// The request.
        request: RequestKind,
        /// Its time limit.
        limit: Duration,
        /// What it waited for.
        waiting_for: Cow<'static, str>,
    },
    /// The time limit passed while the document loaded.
    #[error(
        "{} was not finished within {} ms: the document is at {}, and has not come to {}",
        .request.as_str(), .limit.as_millis(), .reached.as_str(), .wanted.as_str()
    )]
    NotLoaded {
        /// The request.
        request: RequestKind,
        /// Its time limit.
        limit: Duration,
        /// How far the document should be.
        wanted: WaitUntil,
        /// How far it is.
        reached: WaitUntil,
    },
    /// The target went away.
    #[error("the tab's target went away while the request ran; try again")]
    Detached,
    /// The renderer died.
    #[error("the tab's renderer died while the request ran; the tab is being rebuilt, try again")]
    Crashed,
    /// The tab was closed.
    #[error("the tab was closed")]
    Closed,
    /// A newer request evicted it from the queue.
    #[error("pushed out of the tab's full queue by a newer request; ask less often")]
    Dropped,
    /// The tab has more requests waiting than its queue holds.
    #[error("{limit} requests already wait on this tab; wait for answers before asking more")]
    QueueFull {
        /// The queue's length.
        limit: usize,
    },
    /// No more tabs are allowed.
    #[error("{limit} tabs are open, which is the most allowed (tabs.max); close one first")]
    TooManyTabs {
        /// The most tabs.
        limit: usize,
    },
    /// The free places are those of other clients.
    #[error(
        "of {limit} tabs (tabs.max), those that are still free are kept for other clients; close one first"
    )]
    TabsReserved {
        /// The most tabs of all clients.
        limit: usize,
    },
    /// The client may have no more tabs.
    #[error(
        "{limit} tabs of this client are open, which is the most it may have (limits.tabs of the \
         client in auth.clients); close one first"
    )]
    TooManyOwnTabs {
        /// The most tabs of the client.
        limit: usize,
    },
    /// Chromium is not running.
    #[error("Chromium is not running: {reason}")]
    BrowserDown {
        /// The cause, as far as it is known.
        reason: String,
    },
    /// The bridge is stopping.
    #[error("the bridge is stopping")]
    ShuttingDown,
    /// Chromium refused a call that should have worked.
    #[error("Chromium refused: {0}")]
    Refused(CallError),
    /// No proxy could be opened for the tab.
    #[error("no proxy could be opened for the tab: {0}")]
    ProxyUnavailable(Arc<io::Error>),
    /// The request failed after it had sent input to the page.
    #[error(
        "{0}; input had been sent before, so the action may have taken effect: check before trying again"
    )]
    AfterInput(Box<TabError>),
    /// The request failed after it had sent the tab somewhere.
    #[error(
        "{0}; the tab had gone to another document before: look where it is before trying again"
    )]
    AfterNavigation(Box<TabError>),
    /// The request failed after it had opened a tab.
    #[error("{error}; the tab {tab} is open: navigate it, or close it")]
    AfterOpening {
        /// Why it failed.
        error: Box<TabError>,
        /// The tab.
        tab: TabId,
    },
    /// Its caller has cancelled it.
    #[error("the request was cancelled{}", after_cancel(*.input_sent))]
    Cancelled {
        /// Whether it may have had an effect before.
        input_sent: bool,
    },
    /// An internal error of the bridge.
    #[error("the request was lost inside the bridge")]
    Lost,
}

fn after_cancel(input_sent: bool) -> &'static str {
    if input_sent {
        " after it may have taken effect: check before trying again"
    } else {
        " before it had any effect"
    }
}

/// Why the DOM could not be captured.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SnapshotError {
    /// More elements than are captured.
    #[error("the page has {nodes} elements; at most {max} are captured (flow.max_snapshot_nodes)")]
    TooManyNodes {
        /// Elements in the page.
        nodes: u64,
        /// The limit.
        max: u64,
    },
    /// More bytes than are captured.
    #[error("the snapshot has {bytes} bytes; at most {max} are captured (flow.max_snapshot_bytes)")]
    TooManyBytes {
        /// Size of the snapshot.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// Chromium's error.
    #[error("the page could not be captured: {0}")]
    Call(#[from] CallError),
    /// The page's scripts made the capture throw.
    #[error("the page could not be captured: it threw an exception")]
    Threw,
}

/// Why no picture could be taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ScreenshotError {
    /// The page is larger than the largest picture.
    #[error("the page measures {width} x {height} pixels; {limit_text}")]
    TooLarge {
        /// Pixels across.
        width: u64,
        /// Pixels down.
        height: u64,
        /// The limit that is passed, in pixels.
        limit: u64,
        /// What the limit is.
        limit_text: &'static str,
    },
    /// Chromium's error.
    #[error("no picture could be taken: {0}")]
    Call(#[from] CallError),
    /// The element to picture was not found.
    #[error(transparent)]
    PageAction(Box<PageActionError>),
    /// All places to take a picture in were occupied until the deadline.
    #[error("no place to take a picture in became free")]
    NoPermit,
    /// Chromium sent something that is no picture.
    #[error("Chromium sent no picture")]
    NotAPicture,
}

/// Why a page could not be printed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PrintError {
    /// Chromium cannot print so.
    #[error("the page cannot be printed so: {reason}")]
    Refused {
        /// Chromium's reason.
        reason: String,
    },
    /// The file is larger than the largest that is made.
    #[error(
        "the PDF has more than the {max} bytes allowed (flow.max_pdf_bytes); print fewer pages"
    )]
    TooLarge {
        /// The limit.
        max: u64,
    },
    /// Chromium's error.
    #[error("the page could not be printed: {0}")]
    Call(#[from] CallError),
    /// All places to print in were occupied until the deadline.
    #[error("no place to print in became free")]
    NoPermit,
}

impl From<PageActionError> for ScreenshotError {
    fn from(error: PageActionError) -> Self {
        match error {
            PageActionError::Call(error) => Self::Call(error),
            error => Self::PageAction(Box::new(error)),
        }
    }
}

fn shortened(id: &str) -> String {
    id.chars().take(64).collect()
}

fn nav_failed(net: &str, is_download: bool) -> String {
    if is_download {
        return "the URL is a download and no page: downloadFinished says what became of it, and \
                policy.downloads whether it is kept"
            .to_owned();
    }
    match net {
        "net::ERR_ABORTED" => "the navigation was aborted: the server sent no document, or \
            another navigation took its place (net::ERR_ABORTED)"
            .to_owned(),
        net => format!("Chromium could not load the page: {net}"),
    }
}

impl TabError {
    /// Whether the page may have changed, so that the request must not be repeated without a check.
    pub fn may_have_acted(&self) -> bool {
        self.before_effect().is_some()
    }

    /// The error itself, if the request had an effect before.
    pub fn before_effect(&self) -> Option<&Self> {
        match self {
            Self::AfterInput(error)
            | Self::AfterNavigation(error)
            | Self::AfterOpening { error, .. } => Some(error),
            _ => None,
        }
    }

    /// The tab that the request has opened, although it failed.
    pub fn opened_tab(&self) -> Option<TabId> {
        match self {
            Self::AfterOpening { tab, .. } => Some(*tab),
            _ => None,
        }
    }

    /// The same error of a request of this kind, which has had an effect.
    pub(super) fn after_effect_of(self, kind: RequestKind) -> Self {
        let error = Box::new(self);
        match kind.timeout_class() {
            TimeoutClass::Navigate => Self::AfterNavigation(error),
            _ => Self::AfterInput(error),
        }
    }

    /// The same error; a request that has timed out behind what waits for a client's answer names that.
    pub(super) fn behind(self, awaited_answer: Option<&str>) -> Self {
        match (self, awaited_answer) {
            (Self::TimedOut { request, limit, .. }, Some(answer)) => Self::TimedOut {
                request,
                limit,
                waiting_for: answer.to_owned().into(),
            },
            (error, _) => error,
        }
    }

    pub(super) fn nav_failed(url: String, net: String) -> Self {
        Self::NavFailed {
            url,
            net,
            is_download: false,
        }
    }

    /// The error of a request whose page action or query failed.
    pub fn from_page_action(error: PageActionError, reply: &Reply) -> Self {
        match error {
            PageActionError::Call(call) => Self::of_call(call, reply.kind, reply.limit()),
            PageActionError::Replaced => Self::Detached,
            error => Self::PageAction(Box::new(error)),
        }
    }

    /// The error of a request whose call failed.
    pub fn of_call(error: CallError, request: RequestKind, limit: Duration) -> Self {
        Self::of_ending(&error, request, limit).unwrap_or(Self::Refused(error))
    }

    pub(super) fn of_snapshot(error: SnapshotError) -> Self {
        let kind = RequestKind::GetDomSnapshot;
        match &error {
            SnapshotError::Call(call) => Self::of_ending(call, kind, Duration::ZERO),
            _ => None,
        }
        .unwrap_or(Self::Snapshot(error))
    }

    pub(super) fn of_screenshot(error: ScreenshotError) -> Self {
        let kind = RequestKind::GetScreenshot;
        match error {
            // A missing element is not an error of the screenshot.
            ScreenshotError::PageAction(error) => return Self::PageAction(error),
            ScreenshotError::Call(ref call) => Self::of_ending(call, kind, Duration::ZERO),
            _ => None,
        }
        .unwrap_or(Self::Screenshot(error))
    }

    pub(super) fn of_print(error: PrintError) -> Self {
        let kind = RequestKind::PrintToPdf;
        match &error {
            PrintError::Call(call) => Self::of_ending(call, kind, Duration::ZERO),
            _ => None,
        }
        .unwrap_or(Self::Print(error))
    }

    /// The error of a request whose call ended with its session, the connection, or its time limit.
    /// `None` for any other error of the call, whose meaning depends on the request.
    pub fn of_ending(error: &CallError, request: RequestKind, limit: Duration) -> Option<Self> {
        match error {
            CallError::SessionEnded {
                end: SessionEnd::Crashed,
                ..
            } => Some(Self::Crashed),
            CallError::SessionEnded {
                end: SessionEnd::Detached,
                ..
            } => Some(Self::Detached),
            CallError::Closed { reason, .. } => Some(Self::BrowserDown {
                reason: reason.as_ref().to_owned(),
            }),
            CallError::Timeout { method, .. } => Some(Self::TimedOut {
                request,
                limit,
                waiting_for: method.clone(),
            }),
            CallError::Protocol { .. } | CallError::QueueFull { .. } | CallError::Shape { .. } => {
                None
            }
        }
    }
}
