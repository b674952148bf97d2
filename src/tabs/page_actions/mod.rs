//! Actions on the elements of a page, and queries about them (protocol section 9).
//!
//! The bridge's [`script`] runs in an isolated [`world`] of each frame, where the page can neither
//! observe nor modify it. It resolves locators, waits until elements are actionable and reports their
//! position; mouse and keyboard input is then dispatched by Chromium.
//!
//! | module | holds |
//! | --- | --- |
//! | [`action`], [`error`] | actions, queries and their errors, as data |
//! | [`driver`], [`page_events`] | the page of one target: its worlds and its load state, and the events that update them |
//! | [`world`], [`script`] | the isolated world of a frame, and what runs in it |
//! | [`call`] | calls on the element of a locator, across frames of several processes |
//! | [`quad`] | coordinates in rotated and skewed frames |
//! | [`perform`] | executes an action |
//! | [`mod@pointer`], [`drag`] | mouse input |
//! | [`keys`], [`keyboard`] | key names, and keyboard input |
//! | [`fields`], [`scroll`], [`upload`] | actions for form fields and scrolling |
//! | [`choosers`] | the file inputs that a page has opened choosers for |
//! | [`evaluate`], [`client_script`] | a client's script |
//! | [`query_queue`] | waiting and running queries of a tab |
//! | [`wait`], [`wait_text`], [`glob`], [`load_progress`] | `waitFor` |
//! | [`wait_network`], [`network_activity`] | `waitFor` with `networkidle` |
//! | [`query`], [`ax_snapshot`], [`content`], [`bounding_box`] | reading the page |

mod action;
mod ax_snapshot;
mod bounding_box;
mod call;
mod choosers;
mod client_script;
mod content;
mod drag;
mod driver;
mod error;
mod evaluate;
mod fields;
mod glob;
mod keyboard;
pub mod keys;
mod load_progress;
mod network_activity;
pub mod page_events;
pub mod perform;
mod pointer;
mod quad;
mod query;
pub mod query_queue;
mod script;
mod scroll;
mod upload;
mod wait;
mod wait_network;
mod wait_text;
mod world;

pub use action::{Action, PageQuery, PointerTarget, ScrollTarget, UploadTarget};
pub use driver::PageDriver;
pub use error::PageActionError;
