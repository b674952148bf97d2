//! The Coordinator protocol of `cdp-bridge`, version 1.
//!
//! Every request, event and error is a type here, and the JSON Schemas in `schemas/` are
//! generated from these types. The crate does no I/O: it turns text into [`Request`]s, and
//! [`Message`]s into text, and it splits and joins large payloads.
//!
//! | module | holds |
//! | --- | --- |
//! | [`ids`] | tab ids and request ids |
//! | [`idempotency`] | the name under which a change is made once |
//! | [`request`] | what a Coordinator may ask, and how a message that is none is refused |
//! | [`event`] | what the bridge says |
//! | [`error`] | the error codes and what comes with them |
//! | [`payload`] | splitting, joining and binary framing of snapshots and pictures |
//! | [`typed_text`] | text that is never shown |
//! | [`schema`] | the JSON Schemas of all of it |
//! | [`handshake`] | subprotocol names and close codes of the WebSocket connection |

pub mod error;
pub mod event;
pub mod handshake;
pub mod idempotency;
pub mod ids;
pub mod payload;
pub mod request;
pub mod schema;
mod table;
pub mod typed_text;

pub use error::{ErrorCode, ErrorDetails, ErrorEvent};
pub use event::{Event, Message};
pub use idempotency::IdempotencyKey;
pub use ids::{RequestId, TabId, TabRef};
pub use request::{Request, RequestBody, RequestKind};
pub use typed_text::TypedText;

/// The protocol's version, as `welcome.protocol` states it.
pub const PROTOCOL_VERSION: u32 = 1;
