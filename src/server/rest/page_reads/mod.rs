//! Pictures, content and PDFs of pages as bytes: the same requests as on the WebSocket, and their payloads as bodies.
//!
//! | module | holds |
//! | --- | --- |
//! | [`queries`], [`requests`] | from a query to a request of the protocol |
//! | [`payload_body`] | a payload as a body |
//! | [`answers`] | what was read, with its headers |
//! | [`routes`] | the operations |

pub(crate) mod answers;
pub(crate) mod payload_body;
pub(crate) mod queries;
pub(crate) mod requests;
pub(crate) mod routes;
