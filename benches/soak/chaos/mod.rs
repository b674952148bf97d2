//! A real daemon on a real Chromium, while everything that can go wrong does, at a seed.
//!
//! Several Coordinators work at once while renderers and browsers are killed and stopped, connections
//! are cut, and readers dawdle. Every request must be answered exactly once and within its time, and
//! in the end nothing may be left: no process, no descriptor, no directory, and little memory.
//!
//! `make soak` runs it for as long as is wanted; a short run is one of the tests.

pub(crate) mod config;
pub(crate) mod coordinator;
pub(crate) mod faults;
pub(crate) mod ledger;
pub(crate) mod pages;
pub(crate) mod report;
pub(crate) mod requests;
pub(crate) mod run;
pub(crate) mod slope;
pub(crate) mod tally;
pub(crate) mod victims;
pub(crate) mod watch;
pub(crate) mod witness;
