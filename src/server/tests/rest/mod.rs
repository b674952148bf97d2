//! The REST door.

mod auth;
mod commands;
mod cors;
mod documents;
mod errors;
mod exchange;
mod history;
mod keys;
mod limits;
mod pages;
mod sessions;
mod websocket;
