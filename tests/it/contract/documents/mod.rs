//! The documents say what is so: tables are generated from the code, links lead somewhere, and every
//! alert and error code is explained.

mod generated;
mod links;
mod markdown;
mod metrics;
mod protocol;
mod runbook;
