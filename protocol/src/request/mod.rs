//! Messages from a Coordinator to the bridge.
//!
//! [`bodies`], [`actions`], [`page_queries`], [`outlines`], [`subscribe`] and [`uploads`] hold the fields of each request; the [table](crate::table) has the
//! rest of what is known of it. [`parse`] turns a text frame into a [`Request`], or into a [`BadRequest`] that names the
//! field and what was expected.

mod actions;
mod answer;
mod bodies;
mod envelope;
mod envelope_scan;
mod kind;
mod outlines;
mod page_queries;
mod parse;
mod subscribe;
mod uploads;

pub use actions::*;
pub use answer::{Ask, EventBody, TypedPayload};
pub use bodies::*;
pub use envelope::Request;
pub use kind::TimeoutClass;
pub use outlines::*;
pub use page_queries::*;
pub use parse::{BadRequest, MAX_TIMEOUT_MS, MIN_TIMEOUT_MS, Oversize};
pub use subscribe::*;
pub use uploads::*;

pub use crate::table::{RequestBody, RequestKind};

pub(crate) use crate::table::request_schemas;
pub(crate) use kind::{requests, tab_of, yes_or_no};
pub(crate) use parse::{FieldError, parse_body};
