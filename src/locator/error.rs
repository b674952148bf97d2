//! Why a text is no locator.

/// A text that is no locator. Positions count characters, not bytes, from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("selector: {problem} (character {position})")]
pub struct LocatorError {
    /// The character that is wrong.
    pub position: usize,
    /// What is wrong there, and what was expected.
    pub problem: Problem,
}

/// What is wrong with a locator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// More than a page can be asked.
    #[error("a locator has at most {max} characters")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// A segment without anything in it.
    #[error("expected a CSS selector, or one of {KINDS}")]
    Empty,
    /// The beginning of something that is not known.
    #[error("`{name}=` is no kind of segment, expected one of {KINDS}")]
    UnknownKind {
        /// What stands before the equals sign.
        name: String,
    },
    /// Nothing behind the equals sign.
    #[error("expected something behind `{kind}=`")]
    NoValue {
        /// The kind of segment.
        kind: &'static str,
    },
    /// A quote that does not end.
    #[error("this quote has no end")]
    OpenQuote,
    /// Text behind a quote that has ended.
    #[error("expected the end of the segment behind the quote, or ` >> `")]
    BehindQuote,
    /// `nth` with something else than a number.
    #[error("expected a whole number, such as `nth=0` or `nth=-1`")]
    NotANumber,
    /// `nth` with nothing to choose from.
    #[error("`nth` chooses among what the segment before it finds; there is none")]
    NthFirst,
    /// Not a ref.
    #[error("expected a ref of an `axSnapshot`, such as `ref=e12`")]
    NotARef,
    /// A ref inside of something.
    #[error("a `ref` names one element by itself; it must come first")]
    RefNotFirst,
    /// A role with other characters than letters.
    #[error("expected a role, such as `role=button` or `role=link[name=\"Home\"]`")]
    NotARole,
    /// An attribute of a role that is not known.
    #[error(
        "expected one of [name=…], [level=…], [checked=…], [disabled=…], [expanded=…], [pressed=…] \
         and [selected=…]"
    )]
    NotAnAttribute,
    /// The value of such an attribute is none.
    #[error("expected `true` or `false`")]
    NotABoolean,
    /// A bracket that does not end.
    #[error("this bracket has no end")]
    OpenBracket,
}

const KINDS: &str = "css=, text=, role=, label=, placeholder=, testid=, xpath=, nth= and ref=";
