//! What a tab may be asked.

use cdp_bridge_protocol::event::CloseReason;
use cdp_bridge_protocol::request::{Clip, ImageFormat, SnapshotFormat};

use super::page_actions::{Action, PageQuery};
use super::page_console::Subscriber;
use super::reply::Reply;
use super::screencast::{CastSpec, Watcher};
use crate::locator::Locator;

/// One message to a tab's actor.
#[derive(Debug)]
pub enum TabMessage {
    /// Changes the tab. Changes run one after the other, in the order of their arrival.
    Change(Change, Reply),
    /// Looks at the tab, after the changes that precede it.
    Capture(Capture, Reply),
    /// Looks at what is in the page, or waits for it, after the changes that precede it.
    Query(PageQuery, Reply),
    /// Sends the tab's pictures to a slot as they are drawn.
    Watch(CastSpec, Watcher, Reply),
    /// Sends the connection that asks no more of them.
    Unwatch(Reply),
    /// Tells the connection that asks what is written to the page's console.
    Subscribe(Subscriber, Reply),
    /// Tells it no more.
    Unsubscribe(Reply),
    /// Ends the tab; waits for nothing.
    Close(CloseReason, Option<Reply>),
}

impl TabMessage {
    /// Whoever waits for it, to be answered.
    pub fn into_reply(self) -> Option<Reply> {
        match self {
            Self::Change(_, reply)
            | Self::Capture(_, reply)
            | Self::Query(_, reply)
            | Self::Watch(.., reply)
            | Self::Unwatch(reply)
            | Self::Subscribe(_, reply)
            | Self::Unsubscribe(reply) => Some(reply),
            Self::Close(_, reply) => reply,
        }
    }
}

/// A request that changes a tab.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// `navigate`, to a URL that policy has allowed.
    Navigate {
        /// The URL, as it was parsed.
        url: String,
    },
    /// `activateTab`.
    Activate,
    /// `setLoggedOutMode`.
    SetLoggedOut {
        /// The mode that is wanted.
        enabled: bool,
    },
    /// `goBack`, `goForward`, `reload`.
    Travel(Way),
    /// Something that is done to the page.
    Act(Box<Action>),
}

/// A way that a tab goes without being told a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// One entry back in its history.
    Back,
    /// One entry forward.
    Forward,
    /// To where it is, anew.
    Again,
}

/// What of a page is pictured.
#[derive(Debug, Clone, PartialEq)]
pub enum Area {
    /// Its visible part.
    Visible,
    /// All of it.
    Whole,
    /// A part of it.
    Clip(Clip),
    /// An element.
    Element(Locator),
}

/// A request that looks at a tab.
#[derive(Debug, Clone, PartialEq)]
pub enum Capture {
    /// `getDomSnapshot`.
    Snapshot {
        /// How the DOM is written down.
        format: SnapshotFormat,
    },
    /// `getScreenshot`.
    Screenshot {
        /// What of the page.
        area: Area,
        /// The encoding.
        format: ImageFormat,
        /// Of `jpeg` and `webp`.
        quality: u8,
    },
}
