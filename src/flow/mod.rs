//! Rate limiting and scheduling as pure values: data and `now` in, decisions out. The owner asks
//! again after every change, and sleeps until the time that the value gives.
//!
//! | module | contents |
//! | --- | --- |
//! | `debounce` | requests in quick succession share one capture |
//! | `paced_queue` | at most one start per interval; drops the oldest when full |
//! | `keyed_throttle` | at most one event per key and interval, with a count of the others |
//! | `rate_summary` | a limited number of items per interval, with a count of the others |
//! | `frame_pace` | frame rate of each screencast subscriber |
//! | `settings` | the section `flow` of the configuration |
//! | `fair_share` | places that clients compete for, with a turn for each |
//! | `backoff` | exponential backoff and restart budgets |

mod backoff;
mod debounce;
mod fair_share;
mod frame_pace;
mod keyed_throttle;
mod paced_queue;
mod rate_summary;
mod settings;

pub use backoff::{Backoff, RestartBudget};
pub use debounce::{Debounce, QueueFull};
pub use fair_share::FairShare;
pub use frame_pace::FramePace;
pub use keyed_throttle::KeyedThrottle;
pub use paced_queue::PacedQueue;
pub use rate_summary::{RateSummary, Summary};
pub use settings::FlowConfig;
