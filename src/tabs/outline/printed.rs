//! Printed lines: all of an outline, or those that match a text, and a page of them.

use super::text::{Line, Outline};

/// Lines as they are sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Printed {
    text: String,
    /// Where each line ends.
    ends: Vec<usize>,
}

/// A part of printed lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<'a> {
    pub text: &'a str,
    pub lines: usize,
    /// The number of lines after it.
    pub left: usize,
}

impl Printed {
    /// All lines of an outline, indented by two spaces a level.
    pub fn whole(outline: &Outline) -> Self {
        let mut printed = Self::default();
        for line in &outline.lines {
            printed.push_outline_line(line);
        }
        printed
    }

    /// The lines that have this text in any case, each after the lines of the elements around it.
    pub fn matching(outline: &Outline, text: &str) -> Self {
        let wanted = folded(text);
        let mut printed = Self::default();
        // The elements around the line; true if they have been printed.
        let mut around: Vec<(&Line, bool)> = Vec::new();
        for line in &outline.lines {
            while around.pop_if(|(it, _)| it.depth >= line.depth).is_some() {}
            let is_match = folded(&line.text).contains(&wanted);
            if is_match {
                for (line, is_printed) in &mut around {
                    if !std::mem::replace(is_printed, true) {
                        printed.push_outline_line(line);
                    }
                }
                printed.push_outline_line(line);
            }
            around.push((line, is_match));
        }
        printed
    }

    /// Of changes: those with this text, each after the line of the element around it.
    #[must_use]
    pub fn changes_with(&self, text: &str) -> Self {
        let wanted = folded(text);
        let mut printed = Self::default();
        let mut around = None;
        for line in self.text.lines() {
            if line.starts_with('@') {
                around = Some(line);
            } else if folded(line).contains(&wanted) {
                if let Some(around) = around.take() {
                    printed.push(&[around]);
                }
                printed.push(&[line]);
            }
        }
        printed
    }

    /// The number of bytes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn push(&mut self, parts: &[&str]) {
        for part in parts {
            self.text.push_str(part);
        }
        self.text.push('\n');
        self.ends.push(self.text.len());
    }

    fn push_outline_line(&mut self, line: &Line) {
        for _ in 0..line.depth {
            self.text.push_str("  ");
        }
        self.push(&["- ", &line.text]);
    }

    /// The lines after the first `offset` ones, as many as `max_chars` permit, and at least one.
    pub fn page(&self, offset: usize, max_chars: Option<usize>) -> Page<'_> {
        let offset = offset.min(self.ends.len());
        let start = offset.checked_sub(1).map_or(0, |last| self.ends[last]);
        let rest = &self.ends[offset..];
        let lines = max_chars.map_or(rest.len(), |max| {
            let mut from = start;
            let mut chars = 0;
            let fitting = rest.iter().take_while(|end| {
                chars += self.text[from..**end].chars().count();
                from = **end;
                chars <= max
            });
            fitting.count().max(1).min(rest.len())
        });
        let end = lines.checked_sub(1).map_or(start, |last| rest[last]);
        Page {
            text: &self.text[start..end],
            lines,
            left: rest.len() - lines,
        }
    }
}

/// Without differences in case and white space.
fn folded(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::node::Node;
    use super::super::request::OutlineForm;
    use super::*;

    fn outline(lines: &[(usize, &str)]) -> Outline {
        let nodes = lines.iter().map(|(depth, role)| Node {
            depth: *depth,
            role: (*role).to_owned(),
            ..Node::default()
        });
        Outline::new(String::new(), nodes.collect(), 0, &OutlineForm::default())
    }

    #[test]
    fn matching_lines_come_with_those_around_them() {
        let outline = outline(&[
            (0, "banner"),
            (1, "link Home"),
            (0, "main"),
            (1, "list"),
            (2, "link  Cart"),
            (2, "link Shop"),
            (1, "button Add to CART"),
            (2, "img"),
        ]);
        assert_eq!(
            Printed::matching(&outline, " cart").page(0, None).text,
            "- main\n  - list\n    - link  Cart\n  - button Add to CART\n"
        );
        assert_eq!(
            Printed::matching(&outline, "main").page(0, None).text,
            "- main\n"
        );
        assert_eq!(Printed::matching(&outline, "none").page(0, None).lines, 0);
    }

    #[test]
    fn matching_changes_come_with_the_element_around_them() {
        let mut changes = Printed::default();
        for line in [
            "@ list",
            "+ text: \"Pear\"",
            "+ text: \"Plum\"",
            "@ page",
            "~ Plums",
        ] {
            changes.push(&[line]);
        }
        let plums = changes.changes_with("plum");
        assert_eq!(
            plums.page(0, None).text,
            "@ list\n+ text: \"Plum\"\n@ page\n~ Plums\n"
        );
    }

    #[test]
    fn pages_end_with_a_line_and_make_up_the_whole() {
        let printed = Printed::whole(&outline(&[(0, "a"), (1, "ü"), (0, "long line"), (0, "b")]));
        let whole = "- a\n  - ü\n- long line\n- b\n";
        assert_eq!(printed.page(0, None).text, whole);
        let first = printed.page(0, Some(10));
        assert_eq!(
            first,
            Page {
                text: "- a\n  - ü\n",
                lines: 2,
                left: 2
            }
        );
        // A line that is longer by itself is not cut.
        let second = printed.page(2, Some(3));
        assert_eq!(
            second,
            Page {
                text: "- long line\n",
                lines: 1,
                left: 1
            }
        );
        assert_eq!(printed.page(3, Some(100)).left, 0);
        for offset in [4, 100] {
            assert_eq!(
                printed.page(offset, Some(1)),
                Page {
                    text: "",
                    lines: 0,
                    left: 0
                }
            );
        }
    }
}
