//! Locators: how clients select elements of a page (protocol, section 9). Pure.
//!
//! | module | contents |
//! | --- | --- |
//! | `segment` | the parts of a locator |
//! | `parse` | the parser |
//! | `error` | syntax errors, with their position |

mod error;
mod parse;
mod segment;

pub use error::{LocatorError, LocatorProblem};
pub use parse::Locator;
pub use segment::{Matcher, RoleState, Segment, SegmentKind};
