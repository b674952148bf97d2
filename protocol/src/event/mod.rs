//! What the bridge says (protocol section 4).
//!
//! [`bodies`], [`hands`], [`console`] and [`files`] hold a type for each event, [`message`] the envelope with its `type` and
//! `requestId`.

mod bodies;
mod console;
mod files;
mod hands;
mod message;

pub use bodies::{
    BrowserDown, BrowserUp, CloseReason, DialogKind, DialogOpened, DomSnapshot, DomSnapshotHead,
    Frame, FrameHead, Gap, Handled, Limits, LoadEventFired, LoggedOutModeSet, Navigated, Pong,
    RebuildReason, RequestBlocked, Resumed, ScreencastStarted, ScreencastStopped, Screenshot,
    ScreenshotHead, TabActivated, TabClosed, TabCrashed, TabCreated, TabInfo, TabRebuilt, TabState,
    Tabs, Welcome,
};
pub use console::{ConsoleLevel, ConsoleMessage, ConsoleSource};
pub use files::{
    Download, DownloadFinished, DownloadHead, DownloadStarted, DownloadState, FileChooserOpened,
};
pub use hands::{
    AxSnapshot, AxSnapshotHead, Content, ContentHead, Done, Evaluated, Queried, Waited,
};
pub use message::{Event, Message, NotAMessage, numbered};

pub(crate) use message::{Envelope, event_schemas};
