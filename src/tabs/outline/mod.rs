//! The text of an outline: what is listed, in which form, and what has changed since an earlier one. No I/O.
//!
//! | module | holds |
//! | --- | --- |
//! | [`node`] | an element, as the script in the page records it |
//! | `tree` | elements with those inside them |
//! | [`request`] | the form of an outline, and the part of it that is wanted |
//! | [`compact`] | the form with fewer lines |
//! | [`controls`] | only what can be used, with its context |
//! | [`text`] | the lines of an outline |
//! | [`printed`] | the lines that match, and a page of them |
//! | [`changes`], `edit_script` | the lines that have changed |
//! | [`copies`] | the outlines that are kept for a caller |

pub mod changes;
pub mod compact;
pub mod controls;
pub mod copies;
mod edit_script;
pub mod node;
pub mod printed;
pub mod request;
pub mod text;
mod tree;

pub use copies::{KeptOutlines, OutlineCopies, Revision};
pub use node::Node;
pub use request::{OutlineForm, OutlineRequest, Selection};
pub use text::Outline;
