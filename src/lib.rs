//! `cdp-bridge`: a daemon between a Coordinator and Chromium.

pub mod config;
pub mod console;
