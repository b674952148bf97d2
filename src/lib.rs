//! `cdp-bridge`: a daemon between a Coordinator and Chromium.

pub mod cdp;
pub mod config;
pub mod exposition;
pub mod metrics;
pub mod server;
pub mod tabs;
pub mod telemetry;
