//! What happens to tabs and to the browser: domain values, each published once. The interfaces encode
//! them for the wire.

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::{
    AuthOutcome, CloseReason, ClosedBy, ConsoleLevel, ConsoleSource, DialogKind, DownloadState,
    EndReason, Handled, PopupBlockReason, RebuildReason, SessionStatus,
};

use super::error::Failure;
use super::identity::{CallId, CallerId, Scope};

/// Receives the facts of tabs. It must not block, because a tab never waits for its listeners.
pub trait FactSink: Send + Sync + 'static {
    /// Publishes a fact to its audience.
    fn publish(&self, fact: Fact);
}

#[derive(Debug, Clone)]
pub struct Fact {
    pub audience: Audience,
    /// `None` if the tab is not known, or the fact is about the browser.
    pub tab: Option<TabId>,
    /// The call that caused it and is answered with it.
    pub cause: Option<CallId>,
    pub kind: FactKind,
}

/// The recipients of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Every client.
    Everyone,
    /// Every listener in this scope.
    Scope(Scope),
    /// Every listener in this scope, and in the implicit session of its client.
    Session(Scope),
    /// These subscribers in this scope.
    Subscribers(Scope, Vec<CallerId>),
}

impl Audience {
    /// The scope it happened in; `None` for the browser.
    pub fn scope(&self) -> Option<&Scope> {
        match self {
            Self::Everyone => None,
            Self::Scope(scope) | Self::Session(scope) | Self::Subscribers(scope, _) => Some(scope),
        }
    }
}

impl Fact {
    /// Whether the fact is to be sent to this caller, who listens in this scope. A caller whose own call caused the
    /// fact has it as the answer. Every door that forwards facts to clients asks this: it keeps tenants apart.
    pub fn concerns(&self, listener: &Scope, caller: CallerId) -> bool {
        let is_meant = match &self.audience {
            Audience::Everyone => true,
            Audience::Scope(scope) => scope == listener,
            Audience::Session(scope) => {
                scope == listener || *listener == Scope::default_of(scope.client.clone())
            }
            Audience::Subscribers(scope, callers) => scope == listener && callers.contains(&caller),
        };
        is_meant && self.cause.is_none_or(|call| call.caller != caller)
    }

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

#[derive(Debug, Clone)]
pub enum FactKind {
    /// A tab's target is attached and set up.
    TabCreated {
        url: String,
        /// Whether it has a browser context of its own.
        logged_out: bool,
        /// The tab that opened it, for a popup.
        opener: Option<TabId>,
    },
    /// The tab was brought to the front.
    TabActivated,
    /// The main frame has committed a document, or moved within one.
    Navigated(Navigation),
    /// A navigation of the main frame failed for which no call waits.
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
    /// The tab was closed; its id is never reused.
    TabClosed { reason: CloseReason },
    /// The page has changed its URL or title after it had loaded.
    TabUpdated { url: String, title: String },
    /// The renderer died.
    TabCrashed {
        /// Where the tab was.
        url: String,
    },
    /// The same tab on a new target.
    TabRebuilt { url: String, reason: RebuildReason },
    /// A page opened a dialog, which was answered at once or waits for a client.
    DialogOpened {
        kind: DialogKind,
        /// Its text.
        message: String,
        /// How it was answered.
        handled: Handled,
        /// If it waits.
        asked: Option<AskedDialog>,
    },
    /// A dialog that waited is closed.
    DialogClosed {
        dialog: String,
        handled: Handled,
        by: ClosedBy,
    },
    /// A server asks for a password, and waits for a client.
    AuthRequired(Box<AskedAuth>),
    /// It waits no more.
    AuthClosed {
        auth: String,
        outcome: AuthOutcome,
        by: ClosedBy,
    },
    /// A page tried to open a file chooser, which was left empty.
    FileChooserOpened {
        /// Whether several may be chosen.
        multiple: bool,
        /// Names the input for `upload`.
        chooser: Option<String>,
    },
    /// A page started a download.
    DownloadStarted {
        /// The id of the download.
        download_id: String,
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
    /// Popups of a page were closed at once.
    PopupBlocked {
        /// The URL of the last one, which may be empty.
        url: String,
        /// Why the last one was closed.
        reason: PopupBlockReason,
        /// How many popups this stands for.
        count: u64,
    },
    /// A session of a client has begun or ended.
    SessionStateChanged {
        /// What it is now.
        status: SessionStatus,
        /// Once it has ended.
        end_reason: Option<EndReason>,
    },
    /// Chromium exited or does not answer.
    BrowserDown {
        /// The cause, if it is known.
        reason: Option<String>,
        /// How often it was started again so far.
        restarts: u64,
    },
    /// Chromium is running again.
    BrowserUp {
        /// What is known of the cause of the restart.
        reason: Option<String>,
        /// How often it was started again so far.
        restarts: u64,
    },
}

/// A dialog that waits for a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedDialog {
    /// Names it for `answerDialog`.
    pub dialog: String,
    /// When it is answered without a client, in milliseconds since the epoch.
    pub answer_by_ms: u64,
    /// The text that a `prompt` proposes.
    pub default_value: Option<String>,
}

/// A request for a password that waits for a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedAuth {
    /// Names it for `answerAuth`.
    pub auth: String,
    /// Scheme, host and port of the server.
    pub origin: String,
    /// Such as `basic`.
    pub scheme: String,
    pub realm: String,
    /// What was requested, redacted.
    pub url: String,
    /// The server has just refused a password for the same request.
    pub refused: bool,
    /// When it is cancelled, in milliseconds since the epoch.
    pub answer_by_ms: u64,
}

/// A commit of the main frame.
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
    /// The severity.
    pub level: ConsoleLevel,
    /// The origin.
    pub source: ConsoleSource,
    /// The text.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_concerns_its_scope_alone_and_not_the_caller_that_caused_it() {
        let (a, b) = (Scope::from("a"), Scope::from("b"));
        let (first, second) = (CallerId(1), CallerId(2));
        let call = CallId {
            caller: first,
            number: 1,
        };
        let fact = Fact::of_tab(&a, TabId::new(1), FactKind::TabActivated);
        assert!(fact.concerns(&a, first) && fact.concerns(&a, second));
        assert!(!fact.concerns(&b, second));
        let caused = fact.clone().caused_by(call);
        assert!(!caused.concerns(&a, first) && caused.concerns(&a, second));
        let subscribed = Fact {
            audience: Audience::Subscribers(a.clone(), vec![second]),
            ..fact
        };
        assert!(!subscribed.concerns(&a, first) && subscribed.concerns(&a, second));
        assert!(!subscribed.concerns(&b, second));
        let (reason, restarts) = (None, 1);
        let up = Fact::of_browser(FactKind::BrowserUp { reason, restarts });
        assert!(up.concerns(&a, first) && up.concerns(&b, second));
    }

    #[test]
    fn two_sessions_of_a_client_are_two_scopes() {
        let client: Scope = "a".into();
        let session = Scope {
            session: crate::tabs::identity::ClientSessionId::new(7),
            ..client.clone()
        };
        let fact = Fact::of_tab(&session, TabId::new(1), FactKind::TabActivated);
        assert!(fact.concerns(&session, CallerId(1)) && !fact.concerns(&client, CallerId(1)));
    }
}
