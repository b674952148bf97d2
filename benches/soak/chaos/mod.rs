//! A real daemon with a real Chromium under random faults that follow from a seed.
//!
//! Several Coordinators work at once while renderers and browsers are killed and stopped, connections
//! are cut, and readers are slow. Every request must be answered exactly once and within its time limit,
//! and nothing may leak: no process, no descriptor, no directory, and little memory.
//!
//! `make soak DURATION=1h SEED=1` runs it; a run of a few seconds is one of the tests.

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
