//! Whole servers on free ports, with tabs and a browser that do what a test says.

mod admin;
mod closing;
mod event_streams;
mod file_uploads;
mod harness;
mod idempotency;
mod limits;
mod oversize;
mod pressure;
mod replacing;
mod requests;
mod rest;
mod resume;
mod staging;
mod stopping;
mod streams;
mod tls;
mod upgrades;
mod websocket;
