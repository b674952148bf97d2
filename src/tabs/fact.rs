//! What happens to tabs and to the browser: values of the domain, each published once. What they look like
//! on a wire is the business of the doors.

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::{
    CloseReason, ConsoleLevel, ConsoleSource, DialogKind, DownloadState, Handled, RebuildReason,
};

use super::error::Failure;
use super::identity::{CallId, CallerId, Scope};

/// Takes the facts of tabs. It must not wait: a tab never stands still for its listeners.
pub trait FactSink: Send + Sync + 'static {
    /// Publishes a fact to every listener that it concerns.
    fn publish(&self, fact: Fact);
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Whom it concerns.
    pub audience: Audience,
    /// The tab it happened to; none where it is not known, or where it happened to the browser.
    pub tab: Option<TabId>,
    /// The call that caused it, which has the fact as its answer.
    pub cause: Option<CallId>,
    /// What happened.
    pub kind: FactKind,
}

/// Whom a fact concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Every client.
    Everyone,
    /// All who listen in this scope.
    Scope(Scope),
    /// Those who subscribed, in this scope.
    Subscribers(Scope, Vec<CallerId>),
}

impl Audience {
    /// The scope it happened in, where it happened in one.
    pub fn scope(&self) -> Option<&Scope> {
        match self {
            Self::Everyone => None,
            Self::Scope(scope) | Self::Subscribers(scope, _) => Some(scope),
        }
    }
}

impl Fact {
    /// A fact about a tab that no call caused.
    pub fn of_tab(scope: &Scope, tab: TabId, kind: FactKind) -> Self {
        Self {
            audience: Audience::Scope(scope.clone()),
            tab: Some(tab),
            cause: None,
            kind,
        }
    }

    /// A fact about the browser.
    pub fn of_browser(kind: FactKind) -> Self {
        Self {
            audience: Audience::Everyone,
            tab: None,
            cause: None,
            kind,
        }
    }

    /// The same fact, caused by this call.
    #[must_use]
    pub fn caused_by(self, call: CallId) -> Self {
        Self {
            cause: Some(call),
            ..self
        }
    }
}

/// What happened.
#[derive(Debug, Clone)]
pub enum FactKind {
    /// A tab is there: its target is attached and set up.
    TabCreated {
        /// Where it is going.
        url: String,
        /// Whether it has a browser context of its own.
        logged_out: bool,
        /// The tab that opened it, for a popup.
        opener: Option<TabId>,
    },
    /// The tab is in front.
    TabActivated,
    /// The main frame has committed a document, or moved within one.
    Navigated(Navigation),
    /// The main frame could not be navigated, and no call waits for it.
    NavigationFailed(Failure),
    /// The main frame fired its `load` event.
    Loaded {
        /// Milliseconds since the epoch.
        at_ms: u64,
    },
    /// The tab is in the mode that was asked for.
    LoggedOutModeSet {
        /// Whether it has a browser context of its own.
        enabled: bool,
        /// Where it is.
        url: String,
    },
    /// The tab is gone; its id is never used again.
    TabClosed {
        /// Why.
        reason: CloseReason,
    },
    /// The renderer died.
    TabCrashed {
        /// Where the tab was.
        url: String,
    },
    /// The same tab on a new target.
    TabRebuilt {
        /// Where it is going.
        url: String,
        /// Why.
        reason: RebuildReason,
    },
    /// A page opened a dialog, which was answered at once.
    DialogOpened {
        /// Which dialog.
        kind: DialogKind,
        /// What it said.
        message: String,
        /// How it was answered.
        handled: Handled,
    },
    /// A page asked for files, and got none.
    FileChooserOpened {
        /// Whether several may be chosen.
        multiple: bool,
    },
    /// A page hands out a file.
    DownloadStarted {
        /// The id of the download.
        download_id: String,
        /// Where it comes from.
        url: String,
        /// The file's name.
        name: String,
    },
    /// A download has ended.
    DownloadFinished {
        /// The id of the download.
        download_id: String,
        /// The file's name.
        name: String,
        /// How many bytes are kept.
        bytes: u64,
        /// How it ended.
        state: DownloadState,
    },
    /// Something was written to the page's console.
    ConsoleMessage(ConsoleLine),
    /// Policy stopped requests of a page.
    RequestBlocked {
        /// The last URL that was blocked, without user, password and query.
        url: String,
        /// The kind of resource.
        resource_type: &'static str,
        /// The rule that stopped it.
        reason: String,
        /// How many requests this stands for.
        count: u64,
    },
    /// Chromium ended or does not answer.
    BrowserDown {
        /// What is known of the cause.
        reason: Option<String>,
        /// How often it was started again so far.
        restarts: u64,
    },
    /// Chromium serves again.
    BrowserUp {
        /// What is known of the cause of the restart.
        reason: Option<String>,
        /// How often it was started again so far.
        restarts: u64,
    },
}

/// Where a main frame arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Navigation {
    /// The URL.
    pub url: String,
    /// The HTTP status of the document, where it is known.
    pub status: Option<u16>,
    /// Only the fragment or the history entry changed.
    pub same_document: bool,
}

/// One line of a page's console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleLine {
    /// How much it matters.
    pub level: ConsoleLevel,
    /// Who wrote it.
    pub source: ConsoleSource,
    /// What it says.
    pub text: String,
    /// The end of the text is missing.
    pub truncated: bool,
    /// The script or document that wrote it, or that it is about.
    pub url: Option<String>,
    /// The line there, from 1.
    pub line: Option<u32>,
    /// The column there, from 1.
    pub column: Option<u32>,
    /// Milliseconds since the epoch.
    pub at_ms: u64,
    /// How many lines right before this one were left out.
    pub omitted: u64,
}
