//! The lines of an outline.

use super::compact::compacted;
use super::controls::controls;
use super::node::Node;
use super::request::{OutlineForm, Selection};

/// An outline of a page, in one form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// Where the tab was.
    pub url: String,
    pub lines: Vec<Line>,
    /// How many elements were left out.
    pub omitted: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub(super) depth: usize,
    /// Without indentation.
    pub(super) text: Box<str>,
    /// The number of bytes before the states.
    pub(super) title: usize,
    /// The number of bytes before the value.
    pub(super) head: usize,
    /// The ref of its element; empty without one.
    pub(super) reference: Box<str>,
}

impl Line {
    /// Its text before the value.
    pub(super) fn head(&self) -> &str {
        &self.text[..self.head]
    }

    /// The text or value of its element; empty without one.
    pub(super) fn value(&self) -> &str {
        let value = &self.text[self.head..];
        value.strip_prefix(": ").unwrap_or(value)
    }

    /// The role and the name of its element.
    pub(super) fn title(&self) -> &str {
        &self.text[..self.title]
    }
}

impl From<&Node> for Line {
    fn from(node: &Node) -> Self {
        Self {
            depth: node.depth,
            title: node.title().len(),
            head: node.head().len(),
            text: node.line().into(),
            reference: node.reference.as_str().into(),
        }
    }
}

impl Outline {
    /// Writes the elements of a page in a form.
    pub fn new(url: String, nodes: Vec<Node>, omitted: u64, form: &OutlineForm) -> Self {
        let nodes = match form.selection {
            Selection::Controls => controls(nodes),
            _ if form.is_compact => compacted(nodes),
            _ => nodes,
        };
        let lines = nodes.iter().map(Line::from).collect();
        Self {
            url,
            lines,
            omitted,
        }
    }

    /// Approximately how much memory it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        let lines = self.lines.iter();
        lines
            .map(|line| line.text.len() + line.reference.len() + size_of::<Line>())
            .sum()
    }
}
