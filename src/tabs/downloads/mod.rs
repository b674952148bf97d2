//! Downloads of pages (protocol section 9).
//!
//! Chromium writes each download into a directory that is removed with the browser, under a guid of
//! its own. The `tracker` knows which tab owns each, how far it is and what is kept; those whose
//! tab is not known yet are in `unclaimed`; `file` reads and removes the files. No name that
//! a client or a server chose ever reaches the disk.

pub(super) mod download;
pub(super) mod file;
mod name;
#[cfg(test)]
mod tests;
pub(super) mod tracker;
mod unclaimed;

pub use download::{DownloadError, DownloadLimits};
pub(super) use tracker::DownloadTracker;
