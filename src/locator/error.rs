//! Errors in locators.

use super::pattern::PatternError;

/// An invalid locator. Positions count characters from 0, not bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("selector: {problem} (character {position})")]
pub struct LocatorError {
    pub position: usize,
    pub problem: LocatorProblem,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocatorProblem {
    #[error("a locator has at most {max} characters")]
    TooLong { max: usize },
    /// An empty segment.
    #[error("expected a CSS selector, or one of {KINDS}")]
    Empty,
    #[error("`{name}=` is not a kind of segment, expected one of {KINDS}")]
    UnknownKind { name: String },
    #[error("expected a value after `{kind}=`")]
    NoValue { kind: &'static str },
    #[error("this quote is not closed")]
    OpenQuote,
    #[error(
        "expected the end of the segment, `i` or ` >> ` after the quote; a text that begins with a quote is written as \
         `\"\\\"…\"i`"
    )]
    TextAfterQuote,
    #[error("not a regular expression: {0}")]
    Regex(PatternError),
    #[error("expected a whole number, such as `nth=0` or `nth=-1`")]
    NotANumber,
    #[error(
        "`nth` selects one of the elements that the segment before it finds, so it cannot be the first segment"
    )]
    NthFirst,
    /// A filter without anything to filter.
    #[error(
        "`{kind}=` filters what the segment before it finds, so it cannot be the first segment"
    )]
    FilterFirst { kind: &'static str },
    #[error("locators in `has=` are nested at most {max} deep")]
    TooDeep { max: usize },
    #[error("a locator in `has=` searches inside of each element, so it cannot begin with a `ref`")]
    RefInHas,
    #[error("expected a ref of an `axSnapshot`, such as `ref=e12`")]
    NotARef,
    #[error("`ref` identifies one element, so it must be the first segment")]
    RefNotFirst,
    /// A role consists of letters.
    #[error("expected a role, such as `role=button` or `role=link[name=\"Home\"]`")]
    NotARole,
    #[error(
        "expected one of [name=…], [level=…], [checked=…], [disabled=…], [expanded=…], [pressed=…] \
         and [selected=…]"
    )]
    NotAnAttribute,
    #[error("expected `true` or `false`")]
    NotABoolean,
    #[error("this bracket is not closed")]
    OpenBracket,
}

const KINDS: &str = "css=, text=, role=, label=, placeholder=, testid=, xpath=, nth=, has-text=, has=, visible= and ref=";

pub(super) fn bad(position: usize, problem: LocatorProblem) -> LocatorError {
    LocatorError { position, problem }
}
