//! The state of one page.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::browser::Call;

#[derive(Debug, Default)]
pub(super) struct Target {
    pub(super) id: String,
    /// `None`: the default context.
    pub(super) context: Option<String>,
    pub(super) opener: Option<String>,
    pub(super) session: Option<String>,
    /// Additional sessions, and whether each is subscribed to console messages.
    pub(super) further: BTreeMap<String, bool>,
    pub(super) url: String,
    pub(super) title: String,
    pub(super) html: String,
    /// The URL that it navigates to once it runs.
    pub(super) destination: Option<String>,
    /// Paused until `Runtime.runIfWaitingForDebugger`.
    pub(super) stands_still: bool,
    pub(super) crashed: bool,
    /// One of its scripts loops.
    pub(super) hangs: Option<Hang>,
    /// A dialog is open, which blocks the scripts of the page.
    pub(super) dialog: bool,
    /// Commands that are handled once it runs again.
    pub(super) parked: Vec<Call>,
    /// A navigation whose server does not answer.
    pub(super) hanging: Option<Call>,
    /// A navigation that is paused until `Fetch.continueRequest`, with its request.
    pub(super) paused: Option<(String, Departure)>,
    /// The enabled domains.
    pub(super) domains: BTreeSet<&'static str>,
    pub(super) metrics: Option<Metrics>,
}

/// How a page hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hang {
    /// Until its script is terminated.
    InScript,
    /// Permanently.
    ForGood,
}

/// The URL of a pending navigation, and the command that started it, if there is one.
#[derive(Debug, Clone)]
pub(super) struct Departure {
    pub(super) call: Option<Call>,
    pub(super) url: String,
    pub(super) loader: String,
}

/// The emulated screen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metrics {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) scale: f64,
}

impl Target {
    /// Whether this domain is enabled.
    pub(super) fn reports(&self, domain: &str) -> bool {
        self.domains.contains(domain)
    }

    /// Whether this session is attached to the page.
    pub(super) fn has_session(&self, session: &str) -> bool {
        self.session.as_deref() == Some(session) || self.further.contains_key(session)
    }

    /// `Target.TargetInfo`.
    pub(super) fn info(&self) -> Value {
        let mut info = json!({
            "targetId": self.id,
            "type": "page",
            "title": self.title,
            "url": self.url,
            "attached": self.session.is_some(),
            "canAccessOpener": self.opener.is_some(),
        });
        if let Some(opener) = &self.opener {
            info["openerId"] = json!(opener);
        }
        if let Some(context) = &self.context {
            info["browserContextId"] = json!(context);
        }
        info
    }
}
