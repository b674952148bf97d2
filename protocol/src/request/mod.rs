//! What a Coordinator may ask (protocol section 3).
//!
//! [`bodies`] holds a type for each request, [`answer`] says what answers it, [`parse`] turns a text frame into one of them or
//! into a [`BadRequest`] that names the field and what was expected.

mod answer;
mod bodies;
mod kind;
mod parse;

pub use bodies::{
    ActivateTab, CloseTab, CreateTab, GetDomSnapshot, GetScreenshot, ImageFormat, ListTabs,
    Navigate, Ping, SetLoggedOutMode, SnapshotFormat, StartScreencast, StopScreencast, Viewport,
};
pub use kind::{Request, RequestBody, RequestKind};
pub use parse::{BadRequest, MAX_TIMEOUT_MS, MIN_TIMEOUT_MS};

pub(crate) use kind::request_schemas;
