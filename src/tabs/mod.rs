//! Tabs: an actor each, a directory of handles, and a supervisor that knows Chromium's targets.
//!
//! | module | holds |
//! | --- | --- |
//! | [`registry`] | the directory of [`handle`]s |
//! | [`message`], [`reply`], [`error`] | what a tab may be asked, and how it answers |
//! | [`audience`], [`identity`] | where events go, and the opaque names of those who asked |
//! | [`view`] | what others may know of a tab |

pub mod audience;
pub mod error;
pub mod handle;
pub mod identity;
pub mod message;
pub mod registry;
pub mod reply;
pub mod supervisor;
pub mod view;

pub use audience::Audience;
pub use error::{Failure, ScreenshotError, SnapshotError, TabError};
pub use handle::TabHandle;
pub use identity::{ClientId, ConnectionId};
pub use message::{Capture, Change, TabMessage};
pub use registry::{Registry, TabCounts};
pub use reply::{Answer, Outcome, Reply};
pub use supervisor::{NewTab, SupervisorHandle};
