//! Locators: how clients select elements of a page (protocol, section 9). Pure.
//!
//! | module | contents |
//! | --- | --- |
//! | `segment` | the parts of a locator |
//! | `parse` | the parser |
//! | `text_value` | texts to compare with: as they are, quoted, or regular expressions |
//! | `role` | the attributes of `role=` |
//! | `pattern` | regular expressions as programs of bounded size |
//! | `error` | syntax errors, with their position |

mod error;
mod parse;
mod pattern;
mod role;
mod segment;
mod text_value;

pub use error::{LocatorError, LocatorProblem};
pub use parse::Locator;
pub use segment::{Matcher, RoleState, Segment, SegmentKind};
