//! Large payloads (docs/protocol.md: Large payloads): splitting, joining, and frames.
//!
//! The bridge does not parse payloads. HTML stays the escaped JSON text that Chromium sent ([`escaped`]),
//! pictures stay base64; [`parts`] splits either into messages, [`binary`] encodes binary frames, and [`join`] joins the
//! parts at the client.

pub mod binary;
pub mod escape;
mod escaped;
pub mod join;
pub mod parts;

pub use binary::{BinaryFrame, NotABinaryFrame};
pub use escaped::{EscapedText, NotAJsonString, without_lone_surrogates};
pub use join::{Incoming, JoinError, Joined, Joiner};
pub use parts::{Encoding, NotBase64, Part, Parts, Payload};

pub use crate::table::PayloadHead;
pub use crate::table::payload_events::PayloadFields;
