//! Locators: how a client names an element of a page (protocol section 9). Pure.
//!
//! | module | holds |
//! | --- | --- |
//! | [`segment`] | what a locator is made of |
//! | [`parse`] | from text to that |
//! | [`error`] | why a text is none, and at which character |

pub mod error;
pub mod parse;
pub mod segment;

pub use error::LocatorError;
pub use parse::Locator;
pub use segment::{Matcher, RoleState, Segment, SegmentKind};
