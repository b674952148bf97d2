//! Tabs: an actor each, a directory of handles, and a supervisor that knows Chromium's targets.
//!
//! | module | holds |
//! | --- | --- |
//! | [`registry`] | the directory of [`handle`]s |
//! | [`message`], [`reply`], [`error`] | what a tab may be asked, and how it answers |
//! | [`fact`], [`identity`] | what happened, and the opaque names of owners and callers |
//! | [`view`] | what others may know of a tab |
//! | [`supervisor`], [`contexts`], [`target`] | who opens pages, in which browser context |
//! | [`context_proxy`] | the proxy of a browser context, and what it refused |
//! | [`actor`], [`live`], [`page`] | one tab, the target it lives in, the page in that |
//! | [`watchdog`] | whether a page is busy or dead |
//! | [`hands`] | what is done to the elements of a page, and asked of them |
//! | `feed`; [`screencast`], [`page_console`] | streams of a page to those who subscribe |
//! | [`downloads`] | the files that pages hand out |
//! | [`changes`], [`running`], [`captures`] | what waits and what is at work |
//! | [`commands`] | the conversations with Chromium |

pub mod actor;
pub mod captures;
pub mod changes;
pub mod commands;
pub mod context_proxy;
pub mod contexts;
pub mod downloads;
pub mod error;
pub mod fact;
mod feed;
pub mod handle;
pub mod hands;
pub mod identity;
pub mod live;
pub mod message;
mod network_domain;
pub mod page;
pub mod page_console;
pub mod picture;
pub mod registry;
pub mod reply;
pub mod running;
pub mod screencast;
pub mod settings;
pub mod supervisor;
pub mod target;
pub mod view;
pub mod watchdog;

pub use context_proxy::{ContextProxy, ProxyProvider};
pub use downloads::{DownloadError, DownloadLimits};
pub use error::{Failure, ScreenshotError, SnapshotError, TabError};
pub use fact::{Audience, Fact, FactKind, FactSink};
pub use handle::TabHandle;
pub use identity::{CallId, CallerId, ClientId, Scope, SessionId};
pub use message::{Area, Capture, Change, TabMessage, Way};
pub use page_console::Subscriber;
pub use registry::{Registry, TabCounts};
pub use reply::{Acted, Answer, AnswerKind, Outcome, Reply, Superseded};
pub use screencast::{CastFrame, CastSpec, FrameSlot, Watcher};
pub use settings::{CaptureLimits, OnDisconnect, TabSettings, TabsConfig, WhenFull};
pub use supervisor::{NewTab, SupervisorHandle};
