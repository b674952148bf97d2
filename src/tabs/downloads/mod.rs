//! What pages hand out as files (protocol section 9).
//!
//! Chromium writes each download into a directory that goes with the browser, under a name of its
//! own making. The [`book`] knows whose each is, how far it is and what is kept; [`mod@file`] reads one
//! for whoever asks, and removes it. No name of a client's or a server's ever reaches the disk.

pub mod book;
pub mod file;

pub use book::{Book, DownloadError, DownloadLimits};
