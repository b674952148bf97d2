//! The domain: an actor for each tab, a registry of their handles, and a supervisor of Chromium's targets and browser
//! contexts.
//!
//! A tab takes requests as messages with a reply each, and publishes what happens as facts. It knows no messages of
//! the wire and no connections: its owner is a [`Scope`], and a caller is an opaque number.
//!
//! | module | holds |
//! | --- | --- |
//! | [`registry`] | the [`handle`]s of all tabs, by scope |
//! | [`message`], [`reply`], [`error`] | requests to a tab, and the one answer or error of each |
//! | `cancellation`, [`input_sent`] | the report of a cancellation, and whether it came before any effect |
//! | [`fact`], [`identity`] | what happened; ids of owners, callers and calls |
//! | [`view`] | what others may know of a tab |
//! | [`kept`] | what is kept of a tab beyond the process |
//! | [`supervisor`], [`contexts`], [`target`] | who opens pages, in which browser context |
//! | [`context_proxy`] | the proxy of a browser context, and what it refused |
//! | [`actor`], [`attached_target`], [`page`] | one tab, its target, and the page in it |
//! | [`watchdog`] | whether a page is busy or hung |
//! | [`page_setup`] | what every document of a tab starts with: emulation, scripts of clients |
//! | [`permission_grants`] | what the pages of a browser context may do |
//! | [`page_actions`] | what is done to the elements of a page, and asked of them |
//! | [`prompts`] | dialogs and passwords that wait for a client |
//! | [`outline`] | the text of outlines: their forms, and what has changed since an earlier one |
//! | `clipboard` | what the pages of a scope have copied |
//! | `feed`; [`screencast`], [`page_console`] | streams of a page to those who subscribe |
//! | [`downloads`] | the files that pages hand out |
//! | [`command_queue`], [`active_command`], [`captures`], `page_work` | queued and running requests of a tab |
//! | [`commands`] | the CDP calls behind the requests |
//! | `unawaited`, `pending_call`, `object_handle` | calls whose result is not awaited, or that may be pending; remote objects |

pub mod active_command;
pub mod actor;
pub mod attached_target;
mod cancellation;
mod capture_permits;
pub mod captures;
mod clipboard;
mod closed_tabs;
pub mod command_queue;
pub mod commands;
pub mod context_proxy;
pub mod contexts;
pub mod downloads;
pub mod error;
pub mod fact;
mod feed;
pub mod handle;
pub mod identity;
pub mod input_sent;
pub mod kept;
pub mod message;
mod network_domain;
mod object_handle;
pub mod outline;
pub mod page;
pub mod page_actions;
pub mod page_console;
pub mod page_setup;
mod page_work;
mod pending_call;
pub mod permission_grants;
pub mod picture;
pub mod prompts;
pub mod registry;
pub mod reply;
pub mod screencast;
pub mod settings;
pub mod supervisor;
pub mod target;
mod title_watch;
mod unawaited;
pub mod view;
pub mod watchdog;

pub use crate::cdp::cookie_methods::CookieParam as PageCookie;
pub use actor::Comebacks;
pub use cancellation::CancelReport;
pub use context_proxy::{ContextProxy, ProxyProvider};
pub use downloads::{DownloadError, DownloadLimits, KeptDownload};
pub use error::{Failure, PrintError, ScreenshotError, SnapshotError, TabError};
pub use fact::{Audience, Fact, FactKind, FactSink};
pub use handle::TabHandle;
pub use identity::{CallId, CallerId, ClientId, ClientSessionId, Scope};
pub use kept::{KeptPage, KeptTab, Restoration, moment_of};
pub use message::{Area, Capture, Change, SetupRequest, Shot, ShotLook, TabMessage, Way};
pub use page_console::Subscriber;
pub use page_setup::UserPlace;
pub use permission_grants::PermissionGrant;
pub use prompts::{AuthAnswer, Credentials, DialogAnswer};
pub use registry::{Registry, TabCounts};
pub use reply::{Acted, Answer, AnswerKind, Outcome, Reply};
pub use screencast::{CastFrame, CastSpec, FrameSlot, Watcher};
pub use settings::{CaptureLimits, OnDisconnect, TabSettings, TabShares, TabsConfig, WhenFull};
pub use supervisor::{NewTab, ScopeSetup, SupervisorHandle};
pub use view::TabView;
