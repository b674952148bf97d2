//! An element of an outline, as the script in the page records it.

/// Deeper elements are listed at this depth, so that a page cannot make the bridge indent without end.
const MAX_DEPTH: usize = 60;

/// An element, or a text between elements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// The depth of its line.
    pub depth: usize,
    /// Its ARIA role, `text` or `note`.
    pub role: String,
    /// Its accessible name as a JSON string; empty without one.
    pub name: String,
    /// Its states, such as `[checked] [level=2]`.
    pub states: String,
    /// Its ref, such as `e12`; empty without one.
    pub reference: String,
    /// The address of a link.
    pub url: String,
    /// Its text or value as a JSON string; empty without one.
    pub value: String,
}

impl Node {
    /// Parses a record: fields separated by tabs. `None` if fields are missing.
    pub fn parse(record: &str) -> Option<Self> {
        let mut fields = record.split('\t');
        let mut next = || fields.next();
        Some(Self {
            depth: next()?.parse::<usize>().ok()?.min(MAX_DEPTH),
            role: next()?.to_owned(),
            name: next()?.to_owned(),
            states: next()?.to_owned(),
            reference: next()?.to_owned(),
            url: next()?.to_owned(),
            value: next()?.to_owned(),
        })
    }

    /// A remark of the bridge.
    pub fn note(depth: usize, text: impl Into<String>) -> Self {
        Self {
            depth: depth.min(MAX_DEPTH),
            role: "note".to_owned(),
            value: text.into(),
            ..Self::default()
        }
    }

    /// Whether something can be done with it, in an outline where only such elements have refs.
    pub(super) fn is_usable(&self) -> bool {
        !self.reference.is_empty()
    }

    /// What it says of itself: its name, or else its text.
    pub(super) fn words(&self) -> &str {
        if self.name.is_empty() {
            &self.value
        } else {
            &self.name
        }
    }

    /// Its role and name.
    pub(super) fn title(&self) -> String {
        let mut title = self.role.clone();
        append(&mut title, " ", &self.name);
        title
    }

    /// Its line up to the value, without indentation.
    pub(super) fn head(&self) -> String {
        let mut head = self.title();
        append(&mut head, " ", &self.states);
        if !self.reference.is_empty() {
            append(&mut head, " ", &format!("[ref={}]", self.reference));
        }
        if !self.url.is_empty() {
            append(&mut head, " ", &format!("[url={}]", self.url));
        }
        head
    }

    /// Its line without indentation.
    pub(super) fn line(&self) -> String {
        let mut line = self.head();
        append(&mut line, ": ", &self.value);
        line
    }
}

/// Appends a part, with a separator between two that are not empty.
fn append(line: &mut String, separator: &str, part: &str) {
    if !part.is_empty() {
        line.push_str(if line.is_empty() { "" } else { separator });
        line.push_str(part);
    }
}

/// The text of a JSON string; anything else as it is.
pub(super) fn unquoted(quoted: &str) -> String {
    serde_json::from_str(quoted).unwrap_or_else(|_| quoted.to_owned())
}

/// A JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_becomes_a_line() {
        let link = "2\tlink\t\"Home\"\t[active]\te3\t/home\t";
        let link = Node::parse(link).unwrap();
        assert_eq!(link.line(), "link \"Home\" [active] [ref=e3] [url=/home]");
        let field = Node::parse("0\ttextbox\t\"A\"\t\te4\t\t\"b: c\"").unwrap();
        assert_eq!(field.head(), "textbox \"A\" [ref=e4]");
        assert_eq!(field.line(), "textbox \"A\" [ref=e4]: \"b: c\"");
        let text = Node {
            value: "\"x\"".to_owned(),
            ..Node::default()
        };
        assert_eq!(text.line(), "\"x\"");
    }

    #[test]
    fn a_record_with_too_few_fields_is_none_and_depth_has_a_bound() {
        assert_eq!(Node::parse(""), None);
        assert_eq!(Node::parse("0\tlink\t\"Home\""), None);
        let deep = Node::parse("100000\tlist\t\t\t\t\t").unwrap();
        assert_eq!(deep.depth, MAX_DEPTH);
    }
}
