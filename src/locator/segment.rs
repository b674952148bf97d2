//! What a locator is made of.

use serde::Serialize;

/// One segment: what is looked for inside what the one before it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// What is looked for.
    pub kind: SegmentKind,
    /// Where it stands in the locator, in characters.
    pub position: usize,
    /// As it was written.
    pub text: String,
}

/// What a segment looks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "lowercase")]
pub enum SegmentKind {
    /// What a CSS selector selects.
    Css {
        /// The selector; whether it is one, only the page can tell.
        value: String,
    },
    /// The innermost elements with this text.
    Text(Matcher),
    /// What has this role for assistive technology, and is not hidden from it.
    Role {
        /// The ARIA role.
        role: String,
        /// Its accessible name.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<Matcher>,
        /// The level of a heading or a tree item.
        #[serde(skip_serializing_if = "Option::is_none")]
        level: Option<u32>,
        /// Its states.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        states: Vec<(RoleState, bool)>,
    },
    /// Fields by their label.
    Label(Matcher),
    /// Fields by their placeholder.
    Placeholder(Matcher),
    /// Elements by `data-testid`, exactly.
    TestId {
        /// The attribute's value.
        value: String,
    },
    /// What an `XPath` expression selects.
    XPath {
        /// The expression; whether it is one, only the page can tell.
        value: String,
    },
    /// One of what was found so far.
    Nth {
        /// From 0; below 0, from the end.
        index: i32,
    },
    /// The element that this number was given to in an `axSnapshot`.
    Ref {
        /// The number behind the `e`.
        number: u64,
    },
}

/// How text is compared. White space is taken together in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matcher {
    /// The text.
    pub value: String,
    /// It was quoted: all of it, with the same case. Otherwise it stands somewhere, in any case.
    pub exact: bool,
}

/// A state that is asked for beside a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoleState {
    /// `aria-checked`, or a checkbox that is on.
    Checked,
    /// It cannot be operated.
    Disabled,
    /// What it opens is open.
    Expanded,
    /// A toggle button that is on.
    Pressed,
    /// Chosen among others.
    Selected,
}
