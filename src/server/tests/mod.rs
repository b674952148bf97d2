//! Whole servers on free ports, with tabs and a browser that do what a test says.

mod admin;
mod closing;
mod harness;
mod limits;
mod pressure;
mod replacing;
mod requests;
mod stopping;
mod tls;
mod upgrades;
mod websocket;
