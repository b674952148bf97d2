//! The application layer: carries out requests for every door.
//!
//! A door (WebSocket, and later REST, MCP, …) translates: it builds a [`Caller`], parses a request, calls
//! [`Operations::begin`] or [`Operations::execute`], and encodes the [`OperationOutcome`]. What a door needs of the tabs
//! is re-exported here; it does not reach past this room.
//!
//! | module | holds |
//! | --- | --- |
//! | [`execute`] | [`Operations`]: admission, then dispatch |
//! | [`caller`], [`call`] | the caller, its permissions and its quota; one operation in progress |
//! | `dispatch`, `page_action` | from each kind of request to the tab, or the supervisor, that fulfils it |
//! | `responder`, [`outcome`], [`error`] | the one answer of a call |
//! | [`tap`], [`call_log`] | observers of every call: metrics, log, recorders |
//! | [`bus`] | what happens in tabs and to the browser, published to every listener |
//! | [`client_quota`], [`in_flight`], `token_bucket` | how much a client may use |
//! | `idempotency`, `idempotency_table` | changes that are made once, however often they are sent |
//! | [`drain`] | the phases of a stop, and what it waits for |
//! | [`ports`], [`settings`] | what the room is given |

pub mod bus;
pub mod call;
pub mod call_log;
pub mod caller;
pub mod client_quota;
mod dispatch;
pub mod drain;
pub mod error;
pub mod execute;
mod idempotency;
mod idempotency_table;
pub mod in_flight;
pub mod outcome;
mod page_action;
pub mod ports;
mod responder;
pub mod settings;
pub mod tap;
mod token_bucket;

pub use bus::{EventBus, FactListener, Published};
pub use call::Call;
pub use call_log::CallLog;
pub use caller::{Arrival, Caller, Permission, Permissions, StreamSinks};
pub use client_quota::ClientLimits;
pub use error::OperationError;
pub use execute::Operations;
pub use outcome::{OperationOutcome, Success};
pub use ports::{NavigationDenied, OperationServices, TabService, UrlPolicy};
pub use settings::{IdempotencyConfig, OperationSettings, Timeouts};
pub use tap::Tap;

pub use crate::tabs::{
    Acted, Answer, AnswerKind, Audience, CallId, CallerId, CastFrame, ClientId, Fact, FactKind,
    Failure, FrameSlot, OnDisconnect, Scope, TabCounts,
};

/// What facts and answers consist of.
pub mod fact {
    pub use crate::tabs::fact::{ConsoleLine, Navigation};
}

/// What can go wrong in a tab, for the doors that put it into words of their protocol.
pub mod failure {
    pub use crate::locator::LocatorError;
    pub use crate::tabs::hands::HandsError;
    pub use crate::tabs::hands::keys::NoSuchKey;
    pub use crate::tabs::{DownloadError, Failure, ScreenshotError, SnapshotError, TabError};
}
