//! Messages from a Coordinator to the bridge.
//!
//! [`bodies`], [`actions`], [`raw_input`], [`prompts`], [`page_queries`], [`outlines`], [`waiting`], [`picture_options`], [`printing`], [`emulation`],
//! [`permissions`], [`init_scripts`], [`subscribe`], [`uploads`], [`sessions`], [`history`] and [`upstream_proxy`] hold the fields of each request; the [table](crate::table) has the
//! rest of what is known of it. [`parse`] turns a text frame into a [`Request`], or into a [`BadRequest`] that names the
//! field and what was expected.

mod actions;
mod answer;
mod bodies;
mod devices;
mod emulation;
mod envelope;
mod envelope_scan;
mod extra_headers;
mod history;
mod init_scripts;
mod kind;
mod outlines;
mod page_queries;
mod parse;
mod permissions;
mod picture_options;
mod printing;
mod prompts;
mod raw_input;
mod sessions;
mod setting;
mod subscribe;
mod uploads;
mod upstream_proxy;
mod waiting;

pub use actions::*;
pub use answer::{Ask, EventBody, TypedPayload};
pub use bodies::*;
pub use devices::{DEVICES, Device, DeviceProfile};
pub use emulation::*;
pub use envelope::Request;
pub use extra_headers::{BadHeaders, ExtraHeaders};
pub use history::*;
pub use init_scripts::*;
pub use kind::TimeoutClass;
pub use outlines::*;
pub use page_queries::*;
pub use parse::{BadRequest, MAX_TIMEOUT_MS, MIN_TIMEOUT_MS, Oversize, parse_fields};
pub use permissions::*;
pub use picture_options::*;
pub use printing::*;
pub use prompts::*;
pub use raw_input::*;
pub use sessions::*;
pub use setting::Setting;
pub use subscribe::*;
pub use uploads::*;
pub use upstream_proxy::*;
pub use waiting::*;

pub use crate::table::{RequestBody, RequestKind};

pub(crate) use crate::table::request_schemas;
pub(crate) use kind::{requests, tab_of, yes_or_no};
pub(crate) use parse::{FieldError, parse_body};
