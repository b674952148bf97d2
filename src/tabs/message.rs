//! The messages to a tab's actor.

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::event::CloseReason;
use cdp_bridge_protocol::request::{
    Animations, Caret, Clip, Emulate, ImageFormat, PrintToPdf, SnapshotFormat, WaitUntil,
};

use super::cancellation::CancelReport;
use super::error::TabError;
use super::identity::CallId;
use super::page_actions::PageOperation;
use super::page_console::Subscriber;
use super::permission_grants::PermissionGrant;
use super::prompts::{AuthAnswer, Credentials, DialogAnswer};
use super::reply::Reply;
use super::screencast::{CastSpec, Watcher};
use crate::cdp::cookie_methods::CookieParam;
use crate::locator::Locator;

#[derive(Debug)]
pub enum TabMessage {
    /// Changes the tab. Changes run one at a time, in the order of arrival.
    Change(Change, Reply),
    /// Acts on the page, in the order of the changes.
    Act(PageOperation, Reply),
    /// Captures the page, after the changes that precede it.
    Capture(Capture, Reply),
    /// Queries the page, or waits for a condition, after the changes that precede it.
    Query(PageOperation, Reply),
    /// Starts a screencast to the watcher's slot.
    Watch(CastSpec, Watcher, Reply),
    /// Stops the caller's screencast.
    Unwatch(Reply),
    /// Subscribes the caller to the page's console.
    Subscribe(Subscriber, Reply),
    /// Ends the caller's subscription to the console.
    Unsubscribe(Reply),
    /// Reads the file that the tab has downloaded under this id.
    Download(String, Reply),
    /// Answers a dialog, ahead of everything that waits behind it.
    AnswerDialog(DialogAnswer, Reply),
    /// Answers a server that asks for a password, ahead of everything that waits behind it.
    AnswerAuth(AuthAnswer, Reply),
    /// Sets the passwords that servers get without asking.
    SetCredentials(Vec<Credentials>, Reply),
    /// A client of the scope is present again.
    Attended,
    /// No client of the scope is present any more.
    Unattended,
    /// Cancels a call, whether it waits or runs.
    Cancel(CallId, CancelReport),
    /// Closes the tab, ahead of everything else.
    Close(CloseReason, Option<Reply>),
}

impl TabMessage {
    /// Answers with an error.
    pub(super) fn fail(self, error: TabError) {
        if let Some(reply) = self.into_reply() {
            reply.fail(error);
        }
    }

    pub fn into_reply(self) -> Option<Reply> {
        match self {
            Self::Change(_, reply)
            | Self::Act(_, reply)
            | Self::Capture(_, reply)
            | Self::Query(_, reply)
            | Self::Watch(.., reply)
            | Self::Unwatch(reply)
            | Self::Subscribe(_, reply)
            | Self::Unsubscribe(reply)
            | Self::AnswerDialog(_, reply)
            | Self::AnswerAuth(_, reply)
            | Self::SetCredentials(_, reply)
            | Self::Download(_, reply) => Some(reply),
            Self::Close(_, reply) => reply,
            // Dropped, it reports that there was nothing to cancel: the tab has failed every call.
            Self::Cancel(..) | Self::Attended | Self::Unattended => None,
        }
    }
}

/// A request that changes a tab.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// `navigate`, to a URL that policy has allowed.
    Navigate { url: String, until: WaitUntil },
    /// `activateTab`.
    Activate,
    /// `setLoggedOutMode`.
    SetLoggedOut { enabled: bool },
    /// `goBack`, `goForward`, `reload`.
    Travel(Way, WaitUntil),
    /// What the tab's documents start with, or may do.
    SetUp(Box<SetupRequest>),
}

/// A request about what the documents of a tab start with, or may do.
#[derive(Debug, Clone, PartialEq)]
pub enum SetupRequest {
    /// `emulate`.
    Emulate(Box<Emulate>),
    /// `setPermissions`, of what policy allows.
    SetPermissions(Box<PermissionGrant>),
    /// `addInitScript`.
    AddInitScript(TypedText),
    /// `removeInitScript`.
    RemoveInitScript(String),
    /// Cookies of its browser context.
    SetCookies(Vec<CookieParam>),
}

/// A navigation without a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Back,
    Forward,
    Reload,
}

/// The part of a page in a screenshot.
#[derive(Debug, Clone, PartialEq)]
pub enum Area {
    Visible,
    Whole,
    Clip(Clip),
    Element(Locator),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Capture {
    /// `getDomSnapshot`.
    Snapshot { format: SnapshotFormat },
    /// `getScreenshot`.
    Screenshot(Shot),
    /// `printToPdf`.
    Pdf(Box<PrintToPdf>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Shot {
    pub area: Area,
    pub format: ImageFormat,
    /// Of `jpeg` and `webp`.
    pub quality: u8,
    pub look: ShotLook,
}

/// What is stilled, hidden and covered in a screenshot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ShotLook {
    pub mask: Vec<Locator>,
    /// Such as `#ff00ff`.
    pub mask_color: Option<String>,
    pub omit_background: bool,
    pub animations: Animations,
    pub caret: Caret,
}
