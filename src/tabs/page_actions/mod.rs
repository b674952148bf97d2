//! Actions on the elements of a page, and queries about them.
//!
//! The bridge's [`script`] runs in an isolated [`world`] of each frame, where the page can neither
//! observe nor modify it. It resolves locators, waits until elements are actionable and reports their
//! position; mouse and keyboard input is then dispatched by Chromium.
//!
//! | module | holds |
//! | --- | --- |
//! | [`operation`], [`actions`], [`error`] | what a request does in a page, and how it fails |
//! | [`driver`], [`page_events`] | the page of one target: its worlds and its load state, and the events that update them |
//! | [`world`], [`script`] | the isolated world of a frame, and what runs in it |
//! | [`script_calls`] | the calls of an action, to be given up when it is cancelled |
//! | [`call`] | calls on the element of a locator, across frames of several processes |
//! | [`quad`] | coordinates in rotated and skewed frames |
//! | [`mod@pointer`], [`drag`], [`hit_check`] | mouse input, and what it reached |
//! | [`keys`], [`key_tables`], [`keyboard`], [`clipboard_keys`] | key names, keyboard input, and copying and pasting |
//! | [`fields`], [`scroll`], [`upload`] | actions for form fields and scrolling |
//! | [`page_files`] | the files of an upload, and how they get into the page |
//! | [`choosers`] | the file inputs that a page has opened choosers for |
//! | [`evaluate`], [`client_script`] | a client's script |
//! | [`query_queue`] | waiting and running queries of a tab |
//! | [`wait`], [`wait_text`], [`glob`], [`load_progress`] | `waitFor` |
//! | [`wait_network`], [`network_activity`] | `waitFor` with `networkidle` |
//! | [`query`], [`content`], [`bounding_box`] | reading the page |
//! | [`ax_snapshot`], [`frame_outline`], [`listeners`] | the outline of the page |

mod actions;
mod ax_snapshot;
mod bounding_box;
mod call;
mod choosers;
mod client_script;
mod clipboard_keys;
mod content;
mod drag;
mod driver;
mod error;
mod evaluate;
mod fields;
mod frame_outline;
mod glob;
mod hit_check;
mod key_tables;
mod keyboard;
pub mod keys;
mod listeners;
mod load_progress;
mod network_activity;
mod operation;
pub mod page_events;
mod page_files;
mod pointer;
mod quad;
mod query;
pub mod query_queue;
mod script;
mod script_calls;
mod scroll;
mod upload;
mod wait;
mod wait_network;
mod wait_text;
mod world;

pub use actions::{PointerTarget, ScrollTarget, UploadTarget};
pub use driver::PageDriver;
pub use error::PageActionError;
pub use operation::PageOperation;
pub use page_files::PageFile;
pub use script::COPIED_BINDING;
