//! The REST door.

mod api_keys;
mod auth;
mod commands;
mod cors;
mod deletes;
mod documents;
mod errors;
mod exchange;
mod history;
mod keys;
mod limits;
mod pages;
mod sessions;
mod websocket;
