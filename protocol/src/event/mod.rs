//! Messages from the bridge to a Coordinator.
//!
//! [`bodies`], [`page_actions`], [`emulation`], [`console`], [`files`], [`frames`], [`prompts`], [`sessions`] and [`history`] hold the fields of each event, [`message`] the envelope
//! with its `type` and `requestId`; the [table](crate::table) lists them.

mod bodies;
mod console;
mod emulation;
mod files;
mod frames;
mod history;
mod message;
mod page_actions;
mod prompts;
mod sessions;

pub use bodies::*;
pub use console::*;
pub use emulation::*;
pub use files::*;
pub use frames::*;
pub use history::*;
pub use message::{Message, NotAMessage, numbered};
pub use page_actions::*;
pub use prompts::*;
pub use sessions::*;

pub use crate::table::Event;
pub use crate::table::payload_events::*;

pub(crate) use crate::error::ErrorEvent;
pub(crate) use crate::table::{PayloadHead, event_schemas};
pub(crate) use message::{Envelope, Split, answer, events, is_text, payload_events};
