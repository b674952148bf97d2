//! The segments of a locator.

use serde::Serialize;

use super::pattern::Pattern;

/// One segment: it searches inside the elements that the one before it found, or filters them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub kind: SegmentKind,
    /// In characters from the start of the locator.
    pub position: usize,
    /// The original text.
    pub text: String,
}

/// What a segment searches for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "lowercase")]
pub enum SegmentKind {
    Css {
        /// Only the page can tell whether the selector is valid.
        value: String,
    },
    /// The innermost elements with this text.
    Text(Matcher),
    /// Elements with this role that are not hidden from assistive technology.
    Role {
        role: String,
        /// The accessible name.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<Matcher>,
        /// Of a heading or a tree item.
        #[serde(skip_serializing_if = "Option::is_none")]
        level: Option<u32>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        states: Vec<(RoleState, bool)>,
    },
    /// Fields by their label.
    Label(Matcher),
    /// Fields by their placeholder.
    Placeholder(Matcher),
    /// Elements by `data-testid`: the whole of it, as it is written.
    TestId(Matcher),
    XPath {
        /// Only the page can tell whether the expression is valid.
        value: String,
    },
    /// One of the elements found so far.
    Nth {
        /// From 0; negative numbers count from the end.
        index: i32,
    },
    /// Those of the elements found so far that have this text somewhere in them.
    HasText(Matcher),
    /// Those of the elements found so far in which a locator finds something.
    Has { steps: Vec<SegmentKind> },
    /// Those of the elements found so far that are visible, or that are not.
    Visible { wanted: bool },
    /// The element with this number in an `axSnapshot`.
    Ref {
        /// The number after the `e`.
        number: u64,
    },
}

/// How text is compared, after collapsing white space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Matcher {
    Text {
        value: String,
        /// The whole text must match, case-sensitively. Otherwise it may be a substring in any case.
        exact: bool,
    },
    /// A regular expression matches a part of the text.
    Regex { pattern: Pattern },
}

/// A state to match in addition to a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoleState {
    /// `aria-checked`, or a checkbox that is on.
    Checked,
    Disabled,
    Expanded,
    /// For toggle buttons.
    Pressed,
    Selected,
}
