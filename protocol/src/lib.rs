//! The Coordinator protocol of `cdp-bridge`, version 1.

pub mod error;
pub mod handshake;
pub mod ids;
