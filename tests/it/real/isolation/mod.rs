//! Clients and logged-out tabs share nothing.
//!
//! | module | holds |
//! | --- | --- |
//! | [`clients`] | a daemon with two clients |
//! | [`storage`] | cookies, storages, caches and permissions |
//! | [`clipboard`] | the clipboard, which Chromium has one of |
//! | [`shares`] | what all clients compete for |
//! | [`beyond_contexts`] | whatever else Chromium might keep outside of its browser contexts |

mod beyond_contexts;
mod clients;
mod clipboard;
mod shares;
mod storage;
