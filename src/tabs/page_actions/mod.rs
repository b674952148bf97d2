//! Hands: what is done to the elements of a page, and what is asked of them (protocol section 9).
//!
//! A script of the bridge's own ([`script`]) runs in an isolated world of the page ([`world`]), where
//! the page can neither see nor break it. It finds elements, waits until they can be acted on and says
//! where they are; the mouse and the keyboard are then Chromium's own input.
//!
//! | module | holds |
//! | --- | --- |
//! | [`action`] | what may be done and asked, as data |
//! | [`error`] | why it could not be |
//! | [`page`] | the page as hands reach it: its worlds, and how far it has loaded |
//! | [`world`], [`script`] | the isolated world of one process's part of the page |
//! | [`locate`] | a locator's way through frames of several processes |
//! | [`quad`] | from a turned frame's inside to the page around it |
//! | [`mod@pointer`], [`drag`] | the mouse |
//! | [`keys`], [`keyboard`] | the keyboard: which key, and pressing it |
//! | [`fields`], [`scroll`], [`upload`] | what is done to single kinds of elements |
//! | [`evaluate`] | a client's own script |
//! | [`perform`] | doing an action |
//! | [`wait`], [`seek`], [`glob`], [`progress`] | waiting |
//! | [`query`], [`outline`], [`content`], [`area`] | looking |
//! | [`looks`] | the requests that look, which wait or are at work |

pub mod action;
pub mod ax_snapshot;
pub mod bounding_box;
pub mod call;
pub mod content;
pub mod drag;
pub mod driver;
pub mod error;
pub mod evaluate;
pub mod fields;
pub mod glob;
pub mod keyboard;
pub mod keys;
pub mod load_progress;
pub mod perform;
pub mod pointer;
pub mod quad;
pub mod query;
pub mod query_queue;
pub mod script;
pub mod scroll;
pub mod upload;
pub mod wait;
pub mod wait_text;
pub mod world;

pub use action::{Action, PageQuery, PointerTarget, ScrollTarget};
pub use driver::PageDriver;
pub use error::PageActionError;
