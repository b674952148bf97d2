//! `cdp-bridge doctor`: what `serve` would find on this machine, and what to do about what is wrong.
//!
//! [`examine`] goes through the parts in the order in which `serve` needs them, and tells a
//! [`Finding`] for each; [`finding`] says what a finding is and how it is written, [`machine`] judges
//! memory and disk, [`browser`] finds, starts and asks the browser.

mod browser;
mod examine;
mod finding;
mod machine;

pub use examine::examine;
pub use finding::{Cause, Finding, Report, Verdict};
