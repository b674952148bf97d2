//! Tabs: an actor for each, a registry of handles, and a supervisor that manages Chromium's targets.
//!
//! | module | holds |
//! | --- | --- |
//! | [`registry`] | the directory of [`handle`]s |
//! | [`message`], [`reply`], [`error`] | the requests to a tab, and its replies |
//! | [`fact`], [`identity`] | published facts, and the opaque names of owners and callers |
//! | [`view`] | the state of a tab that others see |
//! | [`supervisor`], [`contexts`], [`target`] | who opens pages, in which browser context |
//! | [`outlet`] | the way out of a browser context, and what is refused there |
//! | [`actor`], [`attached_target`], [`page`] | one tab, its target, and the page in it |
//! | [`watchdog`] | whether a page is busy or hung |
//! | [`hands`] | what is done to the elements of a page, and asked of them |
//! | `feed`; [`screencast`], [`page_console`] | streams of a page to those who subscribe |
//! | [`downloads`] | the files that pages offer |
//! | [`command_queue`], [`running`], [`captures`] | commands and captures that wait or run |
//! | [`commands`] | the conversations with Chromium |

pub mod active_command;
pub mod actor;
pub mod attached_target;
pub mod captures;
pub mod command_queue;
pub mod commands;
pub mod contexts;
pub mod downloads;
pub mod error;
pub mod fact;
mod feed;
pub mod handle;
pub mod hands;
pub mod identity;
pub mod message;
mod network_domain;
pub mod outlet;
pub mod page;
pub mod page_console;
pub mod picture;
pub mod registry;
pub mod reply;
pub mod screencast;
pub mod settings;
pub mod supervisor;
pub mod target;
pub mod view;
pub mod watchdog;

pub use downloads::{DownloadError, DownloadLimits};
pub use error::{Failure, ScreenshotError, SnapshotError, TabError};
pub use fact::{Audience, Fact, FactKind, FactSink};
pub use handle::TabHandle;
pub use identity::{CallId, CallerId, ClientId, Scope, SessionId};
pub use message::{Area, Capture, Change, TabMessage, Way};
pub use outlet::{Obstacle, Outlet, Outlets};
pub use page_console::Subscriber;
pub use registry::{Registry, TabCounts};
pub use reply::{Acted, Answer, AnswerKind, Outcome, Reply, Superseded};
pub use screencast::{CastFrame, CastSpec, FrameSlot, Watcher};
pub use settings::{CaptureLimits, OnDisconnect, TabSettings, TabsConfig, WhenFull};
pub use supervisor::{NewTab, SupervisorHandle};
