//! What has changed from one outline to a later one, as lines:
//!
//! - `+` has come, and `-` has gone. They are indented as far as they are inside each other.
//! - `~` has changed. An element is shown as it is now, and what it was is added if that is not plain.
//! - `@` names the closest element with a name or a ref around the lines that follow; `@ page` if none has one.
//!
//! Lines that only moved in or out, or whose neighbours have changed, have not changed.

use super::edit_script::{Hunk, hunks};
use super::printed::Printed;
use super::text::{Line, Outline};

/// The lines that have changed. `None` if all lines of the later outline are shorter.
pub fn changes(old: &Outline, new: &Outline) -> Option<Printed> {
    let texts = |outline: &Outline| -> Vec<Box<str>> {
        let lines = outline.lines.iter();
        lines.map(|line| line.text.clone()).collect()
    };
    let mut report = Report {
        old,
        new,
        printed: Printed::default(),
        context: None,
    };
    for hunk in hunks(&texts(old), &texts(new))? {
        report.add(&hunk);
    }
    let whole = Printed::whole(new).len();
    (report.printed.len() < whole).then_some(report.printed)
}

struct Report<'a> {
    old: &'a Outline,
    new: &'a Outline,
    printed: Printed,
    /// The last `@` line.
    context: Option<&'a str>,
}

impl Report<'_> {
    fn add(&mut self, hunk: &Hunk) {
        let (old, new) = (self.old, self.new);
        let context = if hunk.new.is_empty() {
            around(&old.lines, hunk.old.start)
        } else {
            around(&new.lines, hunk.new.start)
        };
        if context != self.context && !(context.is_none() && self.printed.len() == 0) {
            self.printed.push(&["@ ", context.unwrap_or("page")]);
        }
        self.context = context;
        let (gone, come) = (&old.lines[hunk.old.clone()], &new.lines[hunk.new.clone()]);
        let mut next_gone = 0;
        let mut next_come = 0;
        for (at, line) in come.iter().enumerate() {
            let before = gone[next_gone..]
                .iter()
                .position(|it| is_same_element(it, line));
            let Some(before) = before.map(|distance| next_gone + distance) else {
                continue;
            };
            self.list("- ", &gone[next_gone..before]);
            self.list("+ ", &come[next_come..at]);
            self.printed.push(&["~ ", &changed(&gone[before], line)]);
            (next_gone, next_come) = (before + 1, at + 1);
        }
        self.list("- ", &gone[next_gone..]);
        self.list("+ ", &come[next_come..]);
    }

    fn list(&mut self, sign: &str, lines: &[Line]) {
        let outermost = lines.iter().map(|line| line.depth).min().unwrap_or(0);
        for line in lines {
            let indentation = "  ".repeat(line.depth - outermost);
            self.printed.push(&[sign, &indentation, &line.text]);
        }
    }
}

/// The closest element around a line that has a name or a ref.
fn around(lines: &[Line], at: usize) -> Option<&str> {
    let mut depth = lines.get(at)?.depth;
    for line in lines[..at].iter().rev() {
        if line.depth < depth {
            depth = line.depth;
            if !line.reference.is_empty() || line.title().contains('"') {
                return Some(line.title());
            }
        }
    }
    None
}

/// Whether two lines are about one element: its ref says so, or, without a ref, its role and place.
fn is_same_element(old: &Line, new: &Line) -> bool {
    let role = |line: &Line| line.title().split(" \"").next().map(str::to_owned);
    if old.reference.is_empty() && new.reference.is_empty() {
        old.depth == new.depth && role(old) == role(new)
    } else {
        old.reference == new.reference
    }
}

fn changed(old: &Line, new: &Line) -> String {
    let shown = |value: &str| {
        if value.is_empty() {
            "\"\"".to_owned()
        } else {
            value.to_owned()
        }
    };
    if old.head() == new.head() {
        let head = new.head();
        let separator = if head.is_empty() { "" } else { ": " };
        return format!(
            "{head}{separator}{} -> {}",
            shown(old.value()),
            shown(new.value())
        );
    }
    if new.reference.is_empty() {
        return format!("{} -> {}", old.text, new.text);
    }
    let now = &new.text;
    if old.title() != new.title() {
        format!("{now} (was {})", old.title())
    } else if old.value() != new.value() {
        format!("{now} (was {})", shown(old.value()))
    } else {
        now.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::node::Node;
    use super::super::request::OutlineForm;
    use super::*;

    /// Lines such as `  button "A" [ref=e1]: "value"`.
    fn outline(text: &str) -> Outline {
        let nodes = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| {
                let depth = line.len() - line.trim_start().len();
                let (head, value) = line.trim().split_once(": ").unwrap_or((line.trim(), ""));
                let (head, reference) = head.split_once(" [ref=").unwrap_or((head, ""));
                let (reference, _) = reference.split_once(']').unwrap_or_default();
                let (head, states) = match head.split_once(" [") {
                    Some((head, states)) => (head, format!("[{states}")),
                    None => (head, String::new()),
                };
                let (role, name) = head.split_once(' ').unwrap_or((head, ""));
                Node {
                    depth: depth / 2,
                    role: role.to_owned(),
                    name: name.to_owned(),
                    states,
                    reference: reference.to_owned(),
                    value: value.to_owned(),
                    ..Node::default()
                }
            });
        Outline::new(String::new(), nodes.collect(), 0, &OutlineForm::default())
    }

    const SHOP: &str = r#"
banner
  text: "Cart: 0"
main
  list "Products"
    listitem
      heading "Pear"
      button "Add" [ref=e1]
    listitem
      heading "Plum"
      button "Add" [ref=e2]
contentinfo
  text: "© A shop with a footer that is long enough"
  link "Imprint" [ref=e3]
"#;

    fn changed_to(new: &str) -> String {
        let printed = changes(&outline(SHOP), &outline(new)).unwrap();
        printed.page(0, None).text.to_owned()
    }

    #[test]
    fn equal_outlines_have_no_changes() {
        assert_eq!(changed_to(SHOP), "");
    }

    #[test]
    fn a_changed_text_is_shown_before_and_after_and_a_state_as_it_is_now() {
        let new = SHOP
            .replace("Cart: 0", "Cart: 1")
            .replace("\"Add\" [ref=e2]", "\"Add\" [active] [ref=e2]");
        assert_eq!(
            changed_to(&new),
            "~ text: \"Cart: 0\" -> \"Cart: 1\"\n@ list \"Products\"\n~ button \"Add\" [active] [ref=e2]\n"
        );
        let new = SHOP.replace("\"Add\" [ref=e2]", "\"Remove\" [ref=e2]");
        assert_eq!(
            changed_to(&new),
            "@ list \"Products\"\n~ button \"Remove\" [ref=e2] (was button \"Add\")\n"
        );
        let new = SHOP.replace("heading \"Plum\"", "heading \"Plums\"");
        assert_eq!(
            changed_to(&new),
            "@ list \"Products\"\n~ heading \"Plum\" -> heading \"Plums\"\n"
        );
    }

    #[test]
    fn what_comes_and_goes_is_shown_with_its_inside() {
        let item = "    listitem\n      heading \"Plum\"\n      button \"Add\" [ref=e2]\n";
        let new = SHOP.replace(item, "");
        assert_eq!(
            changed_to(&new),
            "@ list \"Products\"\n- listitem\n-   heading \"Plum\"\n-   button \"Add\" [ref=e2]\n"
        );
        let new = SHOP.replace(
            "main\n",
            "main\n  dialog \"Added\" [ref=e9]\n    button \"Close\" [ref=e10]\n",
        );
        let new = new.replace("Imprint", "About");
        assert_eq!(
            changed_to(&new),
            "+ dialog \"Added\" [ref=e9]\n+   button \"Close\" [ref=e10]\n~ link \"About\" [ref=e3] (was link \"Imprint\")\n"
        );
    }

    #[test]
    fn the_page_itself_is_named_after_another_context() {
        let new = SHOP
            .replace("\"Add\" [ref=e2]", "\"Add\" [active] [ref=e2]")
            .replace("footer", "foot");
        assert_eq!(
            changed_to(&new),
            "@ list \"Products\"\n~ button \"Add\" [active] [ref=e2]\n@ page\n\
             ~ text: \"© A shop with a footer that is long enough\" -> \"© A shop with a foot that is long enough\"\n"
        );
    }

    #[test]
    fn what_is_shorter_as_a_whole_has_no_changes() {
        assert_eq!(
            changes(&outline(SHOP), &outline("main\n  text: \"Gone\"")),
            None
        );
        assert_eq!(changes(&outline(SHOP), &outline("")), None);
    }

    #[test]
    fn lines_that_are_only_moved_in_are_no_changes() {
        let new = SHOP.replace("banner\n  text", "banner\n  group\n    text");
        assert_eq!(changed_to(&new), "+ group\n");
    }
}
