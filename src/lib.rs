//! `cdp-bridge`: a daemon between a Coordinator and Chromium.

pub mod browser;
pub mod config;
