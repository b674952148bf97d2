//! Pressure, as pure values: data and `now` in, what to do out. Whoever owns one of them asks it
//! after every change and sleeps until it says.
//!
//! | module | holds |
//! | --- | --- |
//! | [`debounce`] | requests that come close together share one capture |
//! | [`paced_queue`] | at most one start per interval; the oldest gives way |
//! | [`keyed_throttle`] | news that come in bursts are told once an interval |
//! | [`rate_summary`] | of a flood, so much an interval is told |
//! | [`backoff`] | how long to wait before the next try, and when to stop trying |

pub mod backoff;
pub mod debounce;
pub mod frame_pace;
pub mod keyed_throttle;
pub mod paced_queue;
pub mod rate_summary;

pub use backoff::{Backoff, RestartBudget};
pub use debounce::{Debounce, QueueFull};
pub use frame_pace::FramePace;
pub use keyed_throttle::KeyedThrottle;
pub use paced_queue::PacedQueue;
pub use rate_summary::RateSummary;
