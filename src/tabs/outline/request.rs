//! The form of an outline, and the part of it that is wanted.

use super::copies::Revision;

/// What an outline lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Selection {
    #[default]
    Everything,
    /// What can be operated, each with a line of its own.
    InteractiveOnly,
    /// What can be used, with the headings and names around it that tell it apart.
    Controls,
}

/// How an outline is made. Only outlines of one form can be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutlineForm {
    pub selection: Selection,
    pub is_compact: bool,
    /// The locator of the element whose inside is outlined; the whole page without one.
    pub part: Option<String>,
}

impl OutlineForm {
    /// Whether only what can be used gets a ref.
    pub fn has_usable_refs(&self) -> bool {
        self.is_compact || self.selection == Selection::Controls
    }
}

/// What a caller wants of an outline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutlineRequest {
    pub form: OutlineForm,
    /// Only what has changed since this one.
    pub since: Option<Revision>,
    /// This one, without reading the page again.
    pub kept: Option<Revision>,
    /// Only lines that have this text, and those around them.
    pub find: Option<String>,
    /// The maximum number of characters.
    pub max_chars: Option<usize>,
    /// The number of lines to skip.
    pub offset: usize,
}
