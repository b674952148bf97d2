//! The fields of events about what a page or a server asks of its user: dialogs and passwords.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::TabId;

/// Which dialog a page opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DialogKind {
    /// `alert()`.
    Alert,
    /// `confirm()`.
    Confirm,
    /// `prompt()`.
    Prompt,
    /// The page wanted to keep the user from leaving.
    Beforeunload,
}

impl DialogKind {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Confirm => "confirm",
            Self::Prompt => "prompt",
            Self::Beforeunload => "beforeunload",
        }
    }
}

/// How a dialog is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Handled {
    /// As if OK had been pressed.
    Accepted,
    /// As if Cancel had been pressed.
    Dismissed,
    /// It is open until `answerDialog`, or until `answerBy` (`policy.dialogs = "ask"`).
    Asked,
}

/// A page opened a dialog. It was answered at once so that the tab does not freeze, or waits for `answerDialog`, as
/// `policy.dialogs` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DialogOpened {
    /// The tab.
    pub id: TabId,
    /// Which dialog.
    pub kind: DialogKind,
    /// What it said.
    pub message: String,
    /// How it was answered, or that it waits.
    pub handled: Handled,
    /// Names the dialog for `answerDialog`; absent unless it waits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dialog_id: Option<String>,
    /// When it is answered without the client, in milliseconds since the epoch: it is dismissed then, and the page is
    /// left in the case of `beforeunload`. Absent unless it waits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answer_by: Option<u64>,
    /// The text that a `prompt` proposes; absent unless it waits and proposes one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub default_value: Option<String>,
}

/// Why something that waited for a client's answer waits no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ClosedBy {
    /// A client answered it.
    Client,
    /// No client did within `policy.answer_timeout`.
    Timeout,
    /// No client is connected, or expected back, that could answer it.
    Abandoned,
    /// Its page or its request is gone.
    Page,
}

/// A dialog that waited for `answerDialog` is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DialogClosed {
    /// The tab.
    pub id: TabId,
    /// The dialog.
    pub dialog_id: String,
    /// How it was answered.
    pub handled: Handled,
    /// By what.
    pub by: ClosedBy,
}

/// A server asks for a user and a password (HTTP authentication), and its document or request waits for `answerAuth`
/// (`policy.http_auth = "ask"`). A full browser does not let frames of other origins ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthRequired {
    /// The tab.
    pub id: TabId,
    /// Names it for `answerAuth`.
    pub auth_id: String,
    /// The server: scheme, host and port.
    pub origin: String,
    /// Such as `basic` or `digest`.
    pub scheme: String,
    /// What the server calls the protected area; it may be empty.
    pub realm: String,
    /// What was requested, without user, password and query.
    pub url: String,
    /// Whether the server has just refused a user and password for the same request.
    pub refused: bool,
    /// When it is cancelled without the client, in milliseconds since the epoch.
    pub answer_by: u64,
}

/// How an `authRequired` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AuthOutcome {
    /// The server gets the user and the password; if it refuses them, it asks again.
    Answered,
    /// The page gets the server's refusal.
    Cancelled,
}

/// An `authRequired` waits no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthClosed {
    /// The tab.
    pub id: TabId,
    /// Which one.
    pub auth_id: String,
    /// How it ended.
    pub outcome: AuthOutcome,
    /// By what.
    pub by: ClosedBy,
}
