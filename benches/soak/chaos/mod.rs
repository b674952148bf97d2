//! A real daemon on a real Chromium with random faults, reproducible by a seed.
//!
//! Several Coordinators send requests while renderers and browsers are killed and paused, connections
//! are cut, and clients read slowly. Every request must be answered exactly once and in time, and
//! nothing may be leaked: no process, no descriptor, no directory, and little memory.
//!
//! `make soak` runs it for a chosen duration; a short run is one of the tests.

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
