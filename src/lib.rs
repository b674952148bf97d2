//! `cdp-bridge`: a daemon between a Coordinator and Chromium.

pub mod cdp;
pub mod config;
pub mod flow;
pub mod metrics;
pub mod policy;
