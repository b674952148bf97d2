//! The REST door.

mod api_keys;
mod auth;
mod deletes;
mod commands;
mod cors;
mod documents;
mod errors;
mod exchange;
mod keys;
mod limits;
mod pages;
mod sessions;
mod websocket;
