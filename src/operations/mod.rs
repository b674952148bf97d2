//! The application layer: carries out requests for every door.
//!
//! A door, such as the WebSocket, translates: it builds a [`Caller`], parses a request, calls [`Operations::begin`] or
//! [`Operations::execute`], and encodes the [`OperationOutcome`]. The types of the tabs that a door needs are
//! re-exported here, so that it depends on this room only.
//!
//! | module | holds |
//! | --- | --- |
//! | [`execute`] | [`Operations`]: admission, then dispatch |
//! | [`principal`], [`caller`], [`call`] | an authenticated client; one origin of its requests; one operation in progress |
//! | [`pages`] | what is known of tabs without asking them |
//! | [`presence`] | which scopes have a client that is present |
//! | `dispatch`, `page_action`, `page_setup`, `raw_input`, `prompts` | from each kind of request to the tab, or the supervisor, that fulfils it |
//! | `cookies` | sets cookies of a tab's browser context |
//! | `cancel`, `running_calls` | cancels a call where it is carried out |
//! | `responder`, [`outcome`], [`error`] | the one answer of a call |
//! | [`tap`], [`call_log`] | observers of every call: metrics, log, recorders |
//! | [`bus`] | the event bus: numbers each fact and passes it to every listener |
//! | [`client_quota`], [`in_flight`], `token_bucket` | the limits of a client and of a caller |
//! | `idempotency`, `idempotency_table` | executes a change once for each idempotency key |
//! | [`once`] | whole answers of a door, made once for each idempotency key |
//! | [`staged_files`], `staging` | the files that clients hand over in parts |
//! | [`uploads`], `downloads` | whole files that a client hands over; those that pages have handed out |
//! | [`kept_jobs`] | jobs in the store, and the webhooks of their ends |
//! | [`history`] | what was done in each session: rows, and the answers to `getHistory` and `getUsage` |
//! | [`sessions`] | what clients create, use and end: from the request to nothing left |
//! | [`keeping`] | what outlives the process, and how it comes back |
//! | [`drain`] | the phases of a stop, and what it waits for |
//! | [`ports`], [`settings`] | dependencies and settings |
//!
//! What a call ends with, from the inside out:
//!
//! | type | is |
//! | --- | --- |
//! | [`AnswerKind`] | a result in a tab: the fact that the call caused, or what it read |
//! | [`Answer`] | the same with its tab; a tab's [`Reply`](crate::tabs::Reply) delivers it, or a [`Failure`] |
//! | [`Success`] | an answer of a tab, or of operations themselves (`ping`, `listTabs`) |
//! | [`OperationOutcome`] | a success or an [`OperationError`]: what taps see and doors encode |

pub mod bus;
pub mod call;
pub mod call_log;
pub mod caller;
mod cancel;
pub mod client_quota;
mod cookies;
mod dispatch;
mod downloads;
pub mod drain;
pub mod error;
pub mod execute;
pub mod history;
mod idempotency;
mod idempotency_table;
pub mod in_flight;
pub mod keeping;
pub mod kept_jobs;
pub mod once;
pub mod outcome;
mod page_action;
mod page_setup;
pub mod pages;
pub mod ports;
pub mod presence;
pub mod principal;
mod prompts;
mod raw_input;
mod responder;
mod running_calls;
pub mod sessions;
pub mod settings;
pub mod staged_files;
mod staging;
pub mod tap;
mod token_bucket;
pub mod uploads;

pub use bus::{EventBus, FactListener, Published};
pub use call::Call;
pub use call_log::CallLog;
pub use caller::{Arrival, Caller, StreamSinks};
pub use client_quota::ClientLimits;
pub use error::OperationError;
pub use execute::Operations;
pub use keeping::{Keeping, Made, OnceKey};
pub use outcome::{OperationOutcome, Success};
pub use ports::{Facts, OperationServices, TabService, UrlPolicy};
pub use presence::ScopePresence;
pub use principal::{KeyGrant, Permission, Permissions, Principal, Reach};
pub use sessions::{SessionError, SessionHold, SessionId};
pub use settings::{IdempotencyConfig, OperationSettings, Timeouts};
pub use staged_files::StagingLimits;
pub use tap::Tap;

pub use crate::policy::ClientPolicyConfig;
pub use crate::sealing::MasterKey;
pub use crate::store::{StoreCounts, StoreHandle, StoreHealth};
pub use crate::tabs::{
    Acted, Answer, AnswerKind, Audience, CallId, CallerId, CancelReport, CastFrame, ClientId,
    ClientSessionId, Fact, FactKind, Failure, FrameSlot, KeptDownload, OnDisconnect, PageCookie,
    Scope, TabCounts,
};

/// What doors write into the audit.
pub mod audit {
    pub use crate::audit::{Actor, Audit, AuditAction, AuditDetail, AuditEntry, AuditObject};
}

/// What facts and answers consist of.
pub mod fact {
    pub use crate::tabs::fact::{AskedAuth, AskedDialog, ConsoleLine, Navigation};
    pub use crate::tabs::reply::PageFrame;
}

/// Errors of tabs, which a door maps to errors of its protocol.
pub mod failure {
    pub use crate::locator::LocatorError;
    pub use crate::tabs::page_actions::BadRegex;
    pub use crate::tabs::page_actions::PageActionError;
    pub use crate::tabs::page_actions::keys::NoSuchKey;
    pub use crate::tabs::page_setup::SetupError;
    pub use crate::tabs::{
        DownloadError, Failure, PrintError, ScreenshotError, SnapshotError, TabError,
    };
}
