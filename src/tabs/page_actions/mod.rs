//! Actions on the elements of a page, and queries about them.
//!
//! The bridge's [`script`] runs in an isolated [`world`] of each frame, where the page can neither
//! observe nor modify it. It resolves locators, waits until elements are actionable and reports their
//! position; mouse and keyboard input is then dispatched by Chromium.
//!
//! | module | holds |
//! | --- | --- |
//! | [`operation`], [`actions`], [`action_mode`], [`error`] | what a request does in a page, in which way, and how it fails |
//! | [`driver`], [`page_events`] | the page of one target: its worlds and its load state, and the events that update them |
//! | [`world`], [`script`] | the isolated world of a frame, and what runs in it |
//! | [`script_calls`] | the calls of an action, to be given up when it is cancelled |
//! | [`call`] | calls on the element of a locator, across frames of several processes |
//! | [`quad`] | coordinates in rotated and skewed frames |
//! | [`mod@pointer`], [`drag`], [`hit_check`] | mouse input, and what it reached |
//! | [`raw_mouse`], [`raw_keyboard`] | single events of mouse and keyboard |
//! | [`held_input`], [`release_input`] | the keys and buttons that stay down, and the mouse |
//! | [`keys`], [`key_tables`], [`keyboard`], [`clipboard_keys`] | key names, keyboard input, and copying and pasting |
//! | [`fields`], [`scroll`], [`upload`] | actions for form fields and scrolling |
//! | [`page_files`] | the files of an upload, and how they get into the page |
//! | [`choosers`] | the file inputs that a page has opened choosers for |
//! | [`evaluate`], [`client_script`] | a client's script |
//! | [`query_queue`] | waiting and running queries of a tab |
//! | [`conditions`], [`wait`], [`wait_text`], [`wait_script`] | `waitFor`, and waiting after an action |
//! | [`url_pattern`], [`glob`] | the URLs that are waited for |
//! | [`load_progress`], [`navigation_barrier`] | how far the document is, and whether it is being left |
//! | [`wait_network`], [`network_activity`] | `waitFor` with `networkidle` |
//! | [`picture_look`] | what is stilled, hidden and covered in a screenshot |
//! | [`query`], [`content`], [`bounding_box`], [`frame_list`] | reading the page |
//! | [`ax_snapshot`], [`frame_outline`], [`listeners`] | the outline of the page |

mod action_mode;
mod actions;
mod ax_snapshot;
mod bounding_box;
mod call;
mod choosers;
mod client_script;
mod clipboard_keys;
mod conditions;
mod content;
mod drag;
mod driver;
mod error;
mod evaluate;
mod fields;
mod frame_list;
mod frame_outline;
mod glob;
mod held_input;
mod hit_check;
mod key_tables;
mod keyboard;
pub mod keys;
mod listeners;
mod load_progress;
mod navigation_barrier;
mod network_activity;
mod operation;
pub mod page_events;
mod page_files;
mod picture_look;
mod pointer;
mod quad;
mod query;
pub mod query_queue;
mod raw_keyboard;
mod raw_mouse;
mod release_input;
mod script;
mod script_calls;
mod scroll;
mod upload;
mod url_pattern;
mod wait;
mod wait_network;
mod wait_script;
mod wait_text;
mod world;

pub use action_mode::ActionMode;
pub use actions::{PointerTarget, ScrollTarget, UploadTarget};
pub use conditions::{Condition, Conditions};
pub use driver::PageDriver;
pub use error::PageActionError;
pub use operation::PageOperation;
pub use page_files::PageFile;
pub use raw_mouse::MouseInput;
pub use script::COPIED_BINDING;
pub use url_pattern::{BadRegex, UrlPattern};
