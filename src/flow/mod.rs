//! Pressure, as pure values: data and `now` in, what to do out. Whoever owns one of them asks it
//! after every change and sleeps until it says.
//!
//! | module | holds |
//! | --- | --- |
//! | [`debounce`] | requests that come close together share one capture |
//! | [`paced_queue`] | at most one start per interval; the oldest gives way |
//! | [`digest`] | news that come in bursts are told once an interval |
//! | [`ration`] | of a flood, so much an interval is told |
//! | [`settings`] | section `flow` of the configuration |
//! | [`backoff`] | how long to wait before the next try, and when to stop trying |

pub mod backoff;
pub mod debounce;
pub mod digest;
pub mod frame_pace;
pub mod paced_queue;
pub mod ration;
pub mod settings;

pub use backoff::{Backoff, RestartBudget};
pub use debounce::{Debounce, Full};
pub use digest::Digest;
pub use frame_pace::FramePace;
pub use paced_queue::PacedQueue;
pub use ration::Ration;
pub use settings::FlowConfig;
