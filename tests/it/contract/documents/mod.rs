//! The documents say what is so: tables are generated from the code, links lead somewhere, what is
//! named is there, every alert and error code is explained, and every code block is read. Those that
//! can run are run in `real::documents`.

pub(crate) mod blocks;
mod configuration;
mod generated;
mod links;
mod markdown;
mod messages;
mod metrics;
mod names;
mod protocol;
mod rest;
mod runbook;
