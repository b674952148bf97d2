//! `cdp-bridge doctor`: checks whether `serve` would work on this machine, and says how to fix what would
//! not.
//!
//! [`examine()`] runs the checks in the order in which `serve` needs their subjects, and reports a
//! [`Finding`] for each; [`machine`] checks memory and disk, [`browser`] finds, starts and calls the
//! browser.

mod browser;
mod examine;
mod finding;
mod machine;

pub use examine::examine;
pub use finding::{Cause, Finding, Report, Severity};
