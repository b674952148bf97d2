//! Sessions: what a client creates, names by id, and ends. Pure values that take `now`: no I/O, no tasks.
//!
//! [`operations`](crate::operations) carries out what follows from them: it opens and closes tabs, waits, and tells.
//!
//! | module | holds |
//! | --- | --- |
//! | [`id`] | the ids of sessions |
//! | [`proxy`] | the upstream proxy that a client asks for |
//! | [`options`] | what a session is created with, and which of that contradicts itself |
//! | [`settings`] | section `sessions` of the configuration |
//! | [`view`] | what others may know of a session |
//! | [`list`] | which sessions a list shows, page by page |
//! | [`table`] | all sessions, their limits, and the queue of requests to create one |
//! | `lifecycle`, [`clocks`], `session`, `implicit` | one session: its states, when it ends by itself, what uses it |
//! | `admission`, `creation_rate` | who gets the next free place; how fast a client creates |
//! | [`traffic`] | the bytes between pages and the network |
//! | [`kept`], [`kept_options`] | what is kept of a session beyond the process |

mod admission;
pub mod clocks;
mod creation_rate;
pub mod id;
mod implicit;
pub mod kept;
pub mod kept_options;
mod lifecycle;
pub mod list;
pub mod options;
pub mod proxy;
mod session;
pub mod settings;
pub mod table;
pub mod traffic;
pub mod view;

pub use cdp_bridge_protocol::event::{EndReason, SessionStatus};

pub use admission::Ticket;
pub use clocks::Moment;
pub use id::{NotASessionId, SessionId};
pub use kept::{KeptEnd, KeptSession};
pub use kept_options::NotOptions;
pub use list::{Cursor, SessionCounts, SessionFilter, SessionPage, StatusFilter};
pub use options::{BadOption, SessionOptions, SessionUpdate};
pub use proxy::upstream_proxy;
pub use settings::SessionsConfig;
pub use table::{SessionLimits, SessionTable};
pub use traffic::SessionTraffic;
pub use view::{HoldKind, SessionConnections, SessionDurations, SessionUsage, SessionView};
