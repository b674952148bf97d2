//! Downloads of pages.
//!
//! Chromium writes each download into a directory that is removed with the browser, under a guid as its
//! name. The `tracker` records the tab, the progress and the kept files of each; downloads whose
//! tab is not known yet are in `unclaimed`; `file` reads and removes the files. Names that
//! a client or a server chose are never used on the disk.

pub(super) mod download;
pub(super) mod file;
mod name;
#[cfg(test)]
mod tests;
pub(super) mod tracker;
mod unclaimed;

pub use download::{DownloadError, DownloadLimits, KeptDownload};
pub(super) use tracker::DownloadTracker;
