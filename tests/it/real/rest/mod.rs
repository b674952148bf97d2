//! The REST door with a real Chromium.

mod commands;
mod cuts;
mod errors;
mod exchange;
mod secrets;
mod sessions;
