//! The Coordinator protocol of `cdp-bridge`, version 1.
//!
//! Every request, event and error is a type here, and the JSON Schemas in `schemas/` are generated from these types. The
//! crate does no I/O: it parses [`Request`]s, serializes [`Message`]s, and splits and joins large payloads.
//!
//! | module | holds |
//! | --- | --- |
//! | [`ids`] | tab ids and request ids |
//! | [`idempotency`] | the key under which a change is executed once |
//! | [`request`] | messages from a Coordinator, and why a message is refused |
//! | [`event`] | messages from the bridge |
//! | [`error`] | error codes and details |
//! | [`payload`] | splitting, joining and binary framing of snapshots and pictures |
//! | [`file_data`] | bytes of files, redacted in logs |
//! | [`typed_text`] | text that is redacted in logs |
//! | [`schema`] | the JSON Schemas |
//! | [`handshake`] | subprotocol names and close codes of the WebSocket connection |

#![warn(missing_docs)]

pub mod error;
pub mod event;
pub mod file_data;
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
pub use file_data::FileData;
pub use idempotency::IdempotencyKey;
pub use ids::{RequestId, SessionRef, TabId, TabRef};
pub use request::{Request, RequestBody, RequestKind};
pub use typed_text::TypedText;

/// The protocol's version, as `welcome.protocol` states it.
pub const PROTOCOL_VERSION: u32 = 1;
