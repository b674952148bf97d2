//! `cdp-bridge`: a daemon between a Coordinator and Chromium.

pub mod app;
pub mod browser;
pub mod cdp;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod console;
pub mod core_dumps;
pub mod doctor;
pub mod egress;
pub mod exposition;
pub mod flow;
pub mod locator;
mod lock;
pub mod metrics;
pub mod operations;
pub mod policy;
pub mod runtime;
pub mod schema;
pub mod secret;
pub mod server;
pub mod systemd;
pub mod tabs;
pub mod telemetry;
mod timer;
mod units;
