//! `cdp-bridge`: a daemon between a Coordinator and Chromium.

pub mod cli;
pub mod config;
