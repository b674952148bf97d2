//! What outlives the process: sessions, tabs and idempotency keys, in the store.
//!
//! | module | holds |
//! | --- | --- |
//! | [`keep`] | [`Keeping`]: writes sessions as they begin, change and end |
//! | `backlog` | what the store did not take, to be written later |
//! | [`once_key`] | the keys of requests that make something, and what was made |
//! | `rows` | from values to rows and back; what may be private is encrypted on the way |
//! | `journal` | which tabs are new, changed or gone since they were written |
//! | `keeper` | the task that writes tabs, and when sessions were used |
//! | [`restore`] | what happens at the start |
//! | [`kept_keys`], `again` | requests with a key that are repeated after a restart |
//! | `ended` | ended sessions that the table has forgotten |

mod again;
mod backlog;
mod ended;
mod journal;
pub mod keep;
pub(in crate::operations) mod keeper;
pub mod kept_keys;
pub mod once_key;
pub mod restore;
mod rows;

pub use self::keep::Keeping;
pub use self::kept_keys::KeyIsAnothers;
pub use self::once_key::{Made, OnceKey};
pub use self::restore::RestoreReport;
pub(in crate::operations) use self::rows::scope_key;
