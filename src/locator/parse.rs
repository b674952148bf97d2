//! Parses locators.

use super::error::{LocatorError, LocatorProblem};
use super::segment::{Matcher, RoleState, Segment, SegmentKind};

const MAX_CHARS: usize = 4096;

/// Separates segments.
const SEPARATOR: [char; 4] = [' ', '>', '>', ' '];

/// How a client selects elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locator {
    text: String,
    segments: Vec<Segment>,
}

impl Locator {
    pub fn parse(text: &str) -> Result<Self, LocatorError> {
        let chars: Vec<char> = text.chars().collect();
        if chars.len() > MAX_CHARS {
            return Err(bad(MAX_CHARS, LocatorProblem::TooLong { max: MAX_CHARS }));
        }
        let mut reader = Reader {
            chars: &chars,
            at: 0,
        };
        let mut segments: Vec<Segment> = Vec::new();
        loop {
            let segment = reader.segment(segments.is_empty())?;
            segments.push(segment);
            if reader.at >= chars.len() {
                break;
            }
            reader.at += SEPARATOR.len();
        }
        Ok(Self {
            text: text.to_owned(),
            segments,
        })
    }

    /// The original text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// At least one.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Whether it starts with a ref from an `axSnapshot`.
    pub fn is_ref(&self) -> bool {
        matches!(
            self.segments.first(),
            Some(Segment {
                kind: SegmentKind::Ref { .. },
                ..
            })
        )
    }
}

fn bad(position: usize, problem: LocatorProblem) -> LocatorError {
    LocatorError { position, problem }
}

/// A slice of the text, with its position.
struct Piece<'a> {
    chars: &'a [char],
    start: usize,
}

impl Piece<'_> {
    fn text(&self) -> String {
        self.chars.iter().collect()
    }

    fn trimmed(&self) -> Self {
        let space = |c: &char| c.is_whitespace();
        let head = self.chars.iter().take_while(|c| space(c)).count();
        let rest = &self.chars[head..];
        let tail = rest.iter().rev().take_while(|c| space(c)).count();
        Piece {
            chars: &rest[..rest.len() - tail],
            start: self.start + head,
        }
    }
}

struct Reader<'a> {
    chars: &'a [char],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Parses one segment, up to the next separator or the end.
    fn segment(&mut self, first: bool) -> Result<Segment, LocatorError> {
        while self.peek().is_some_and(char::is_whitespace) && !self.at_separator() {
            self.at += 1;
        }
        let start = self.at;
        let kind = self.kind()?;
        let body = self.body(kind)?;
        let text: String = self.chars[start..self.at].iter().collect();
        let body = body.trimmed();
        if body.chars.is_empty() {
            let problem = kind.map_or(LocatorProblem::Empty, |kind| LocatorProblem::NoValue {
                kind,
            });
            return Err(bad(body.start.min(self.at), problem));
        }
        Ok(Segment {
            kind: segment_kind(kind, &body, first, start)?,
            position: start,
            text: text.trim().to_owned(),
        })
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn at_separator(&self) -> bool {
        self.chars[self.at..].starts_with(&SEPARATOR)
    }

    /// The word before an equals sign at the start of a segment. No CSS selector starts like that.
    fn kind(&mut self) -> Result<Option<&'static str>, LocatorError> {
        let rest = &self.chars[self.at..];
        let length = rest.iter().take_while(|c| c.is_ascii_alphabetic()).count();
        if length == 0 || rest.get(length) != Some(&'=') {
            return Ok(None);
        }
        let name: String = rest[..length].iter().collect();
        let kind = KINDS.iter().find(|kind| **kind == name);
        let Some(kind) = kind else {
            return Err(bad(self.at, LocatorProblem::UnknownKind { name }));
        };
        self.at += length + 1;
        Ok(Some(kind))
    }

    /// The body of a segment. Separators inside quotes are ignored. Which quotes count depends on the
    /// kind: for text those around the whole text, for a role those of a value, otherwise any.
    fn body(&mut self, kind: Option<&str>) -> Result<Piece<'a>, LocatorError> {
        let start = self.at;
        let of_text = matches!(kind, Some("text" | "label" | "placeholder" | "testid"));
        let mut quote: Option<(char, usize)> = None;
        while let Some(c) = self.peek() {
            match quote {
                Some((open, _)) => {
                    if c == '\\' {
                        self.at += 1;
                    } else if c == open {
                        quote = None;
                    }
                }
                None if self.at_separator() => break,
                None => {
                    let opens = match kind {
                        Some("role") => self.chars[..self.at].ends_with(&['=']),
                        _ => !of_text || self.at == start,
                    };
                    if opens && (c == '"' || c == '\'') {
                        quote = Some((c, self.at));
                    }
                }
            }
            self.at += 1;
        }
        self.at = self.at.min(self.chars.len());
        if let Some((_, at)) = quote {
            return Err(bad(at, LocatorProblem::OpenQuote));
        }
        Ok(Piece {
            chars: &self.chars[start..self.at],
            start,
        })
    }
}

const KINDS: [&str; 9] = [
    "css",
    "text",
    "role",
    "label",
    "placeholder",
    "testid",
    "xpath",
    "nth",
    "ref",
];

fn segment_kind(
    kind: Option<&'static str>,
    body: &Piece<'_>,
    first: bool,
    segment: usize,
) -> Result<SegmentKind, LocatorError> {
    let value = || body.text();
    Ok(match kind {
        None | Some("css") => SegmentKind::Css { value: value() },
        Some("text") => SegmentKind::Text(matcher(body)?),
        Some("label") => SegmentKind::Label(matcher(body)?),
        Some("placeholder") => SegmentKind::Placeholder(matcher(body)?),
        Some("testid") => SegmentKind::TestId {
            value: matcher(body)?.value,
        },
        Some("xpath") => SegmentKind::XPath { value: value() },
        Some("nth") if first => return Err(bad(segment, LocatorProblem::NthFirst)),
        Some("nth") => SegmentKind::Nth {
            index: value()
                .parse()
                .map_err(|_| bad(body.start, LocatorProblem::NotANumber))?,
        },
        Some("ref") if !first => return Err(bad(segment, LocatorProblem::RefNotFirst)),
        Some("ref") => SegmentKind::Ref {
            number: number_of_ref(&value())
                .ok_or_else(|| bad(body.start, LocatorProblem::NotARef))?,
        },
        Some(_) => role(body)?,
    })
}

/// `e12`, exactly as an `axSnapshot` writes it.
fn number_of_ref(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('e')?;
    let canonical = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    canonical.then(|| digits.parse().ok())?
}

/// Quoted text matches exactly.
fn matcher(body: &Piece<'_>) -> Result<Matcher, LocatorError> {
    let Some((value, length)) = quoted(body)? else {
        return Ok(Matcher {
            value: body.text(),
            exact: false,
        });
    };
    if length < body.chars.len() {
        return Err(bad(body.start + length, LocatorProblem::TextAfterQuote));
    }
    Ok(Matcher { value, exact: true })
}

/// The quoted text at the start of the piece, and its length including the quotes.
fn quoted(body: &Piece<'_>) -> Result<Option<(String, usize)>, LocatorError> {
    let Some(open) = body.chars.first().filter(|c| matches!(c, '"' | '\'')) else {
        return Ok(None);
    };
    let mut value = String::new();
    let mut at = 1;
    while let Some(c) = body.chars.get(at) {
        match c {
            '\\' => {
                at += 1;
                value.extend(body.chars.get(at));
            }
            c if c == open => return Ok(Some((value, at + 1))),
            c => value.push(*c),
        }
        at += 1;
    }
    Err(bad(body.start, LocatorProblem::OpenQuote))
}

/// `button[name="Sign in"][disabled=false]`.
fn role(body: &Piece<'_>) -> Result<SegmentKind, LocatorError> {
    let length = body
        .chars
        .iter()
        .take_while(|c| c.is_ascii_alphabetic())
        .count();
    if length == 0 {
        return Err(bad(body.start, LocatorProblem::NotARole));
    }
    let role: String = body.chars[..length].iter().collect();
    let (mut name, mut level, mut states) = (None, None, Vec::new());
    let mut at = length;
    while at < body.chars.len() {
        if body.chars[at] != '[' {
            return Err(bad(body.start + at, LocatorProblem::NotARole));
        }
        let inside = inside_bracket(body, at)?;
        let next = inside.start - body.start + inside.chars.len() + 1;
        let Some(equals) = inside.chars.iter().position(|c| *c == '=') else {
            return Err(bad(inside.start, LocatorProblem::NotAnAttribute));
        };
        let key: String = inside.chars[..equals].iter().collect();
        let value = Piece {
            chars: &inside.chars[equals + 1..],
            start: inside.start + equals + 1,
        };
        let value = value.trimmed();
        match key.trim() {
            "name" => name = Some(matcher(&value)?),
            "level" => {
                let number = value.text().parse();
                level = Some(number.map_err(|_| bad(value.start, LocatorProblem::NotANumber))?);
            }
            key => {
                let state =
                    state(key).ok_or_else(|| bad(inside.start, LocatorProblem::NotAnAttribute))?;
                let wanted = match value.text().as_str() {
                    "true" => true,
                    "false" => false,
                    _ => return Err(bad(value.start, LocatorProblem::NotABoolean)),
                };
                states.push((state, wanted));
            }
        }
        at = next;
    }
    Ok(SegmentKind::Role {
        role: role.to_ascii_lowercase(),
        name,
        level,
        states,
    })
}

/// The text between the bracket at this position and its closing bracket.
fn inside_bracket<'a>(body: &Piece<'a>, open: usize) -> Result<Piece<'a>, LocatorError> {
    let mut quote = None;
    let mut at = open + 1;
    while let Some(c) = body.chars.get(at) {
        match (quote, c) {
            (Some(_), '\\') => at += 1,
            (Some(open), c) if *c == open => quote = None,
            (None, '"' | '\'') if body.chars[at - 1] == '=' => quote = Some(*c),
            (None, ']') => {
                return Ok(Piece {
                    chars: &body.chars[open + 1..at],
                    start: body.start + open + 1,
                });
            }
            _ => {}
        }
        at += 1;
    }
    Err(bad(body.start + open, LocatorProblem::OpenBracket))
}

fn state(key: &str) -> Option<RoleState> {
    Some(match key {
        "checked" => RoleState::Checked,
        "disabled" => RoleState::Disabled,
        "expanded" => RoleState::Expanded,
        "pressed" => RoleState::Pressed,
        "selected" => RoleState::Selected,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn steps(text: &str) -> Vec<SegmentKind> {
        let locator = Locator::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let segments = locator.segments().iter();
        segments.map(|segment| segment.kind.clone()).collect()
    }

    fn css(value: &str) -> SegmentKind {
        SegmentKind::Css {
            value: value.to_owned(),
        }
    }

    fn matches(value: &str, exact: bool) -> Matcher {
        Matcher {
            value: value.to_owned(),
            exact,
        }
    }

    #[test]
    fn a_segment_without_a_kind_is_css() {
        assert_eq!(steps("#a > b[c='d']"), [css("#a > b[c='d']")]);
        assert_eq!(steps("css=text"), [css("text")]);
        assert_eq!(steps("a >> b"), [css("a"), css("b")]);
        assert_eq!(steps("  a  >>  b  "), [css("a"), css("b")]);
        assert_eq!(
            steps("a>>b"),
            [css("a>>b")],
            "the spaces belong to the joint"
        );
    }

    #[test]
    fn text_in_quotes_is_exact() {
        assert_eq!(
            steps("text=Sign in"),
            [SegmentKind::Text(matches("Sign in", false))]
        );
        assert_eq!(
            steps("text=\"a \\\" b\""),
            [SegmentKind::Text(matches("a \" b", true))]
        );
        assert_eq!(
            steps("label='E-mail'"),
            [SegmentKind::Label(matches("E-mail", true))]
        );
        assert_eq!(
            steps("placeholder=name"),
            [SegmentKind::Placeholder(matches("name", false))]
        );
        let value = "a b".to_owned();
        assert_eq!(steps("testid=a b"), [SegmentKind::TestId { value }]);
    }

    #[test]
    fn an_apostrophe_in_text_is_not_a_quote() {
        assert_eq!(
            steps("text=Don't worry >> b"),
            [SegmentKind::Text(matches("Don't worry", false)), css("b")]
        );
    }

    #[test]
    fn a_separator_in_quotes_is_ignored() {
        assert_eq!(
            steps("a[title=\"x >> y\"] >> text=\"p >> q\""),
            [
                css("a[title=\"x >> y\"]"),
                SegmentKind::Text(matches("p >> q", true))
            ]
        );
    }

    #[test]
    fn a_role_may_have_a_name_a_level_and_states() {
        let role = |name, level, states| SegmentKind::Role {
            role: "button".to_owned(),
            name,
            level,
            states,
        };
        assert_eq!(steps("role=button"), [role(None, None, vec![])]);
        assert_eq!(
            steps("role=Button[name=\"a ] b\"][pressed=true][disabled=false]"),
            [role(
                Some(matches("a ] b", true)),
                None,
                vec![(RoleState::Pressed, true), (RoleState::Disabled, false)]
            )]
        );
        assert_eq!(
            steps("role=button[name=it's][level=2]"),
            [role(Some(matches("it's", false)), Some(2), vec![])]
        );
    }

    #[test]
    fn nth_xpath_and_ref_are_parsed() {
        assert_eq!(
            steps("xpath=//a[@x=\"1\"] >> nth=-1"),
            [
                SegmentKind::XPath {
                    value: "//a[@x=\"1\"]".to_owned()
                },
                SegmentKind::Nth { index: -1 }
            ]
        );
        assert_eq!(
            steps("ref=e12 >> b"),
            [SegmentKind::Ref { number: 12 }, css("b")]
        );
        assert!(Locator::parse("ref=e12").unwrap().is_ref());
    }

    #[test]
    fn an_error_has_the_position_of_the_character() {
        let long = "x".repeat(MAX_CHARS + 1);
        for (text, position, problem) in [
            ("", 0, "expected a CSS selector"),
            ("   ", 3, "expected a CSS selector"),
            ("a >> ", 5, "expected a CSS selector"),
            ("a >>  >> b", 5, "expected a CSS selector"),
            ("txt=a", 0, "`txt=` is not a kind"),
            ("a >> foo=b", 5, "`foo=` is not a kind"),
            ("text=", 5, "expected a value after `text=`"),
            ("äöü >> role=", 12, "expected a value after `role=`"),
            ("text=\"abc", 5, "this quote is not closed"),
            ("a[b='c]", 4, "this quote is not closed"),
            ("text=\"a\" b", 8, "expected the end of the segment"),
            ("nth=0", 0, "cannot be the first segment"),
            ("a >> nth=x", 9, "expected a whole number"),
            ("ref=12", 4, "expected a ref"),
            ("ref=e012", 4, "expected a ref"),
            ("ref=e99999999999999999999", 4, "expected a ref"),
            ("a >> ref=e1", 5, "must be the first segment"),
            ("role=[name=a]", 5, "expected a role"),
            ("role=button name", 11, "expected a role"),
            ("role=button[size=1]", 12, "expected one of [name=…]"),
            ("role=button[checked]", 12, "expected one of [name=…]"),
            ("role=button[checked=1]", 20, "`true` or `false`"),
            ("role=button[name=a", 11, "this bracket is not closed"),
            (&long, MAX_CHARS, "at most 4096 characters"),
        ] {
            let error = Locator::parse(text).unwrap_err();
            assert_eq!(error.position, position, "{text}: {error}");
            assert!(error.to_string().contains(problem), "{text}: {error}");
        }
    }

    #[test]
    fn a_segment_has_its_position() {
        let locator = Locator::parse("ä >>  text=b").unwrap();
        let last = &locator.segments()[1];
        assert_eq!((last.position, last.text.as_str()), (6, "text=b"));
        assert_eq!(locator.as_str(), "ä >>  text=b");
    }

    proptest! {
        #[test]
        fn any_text_is_a_locator_or_an_error_inside_it(text in any::<String>()) {
            match Locator::parse(&text) {
                Ok(locator) => prop_assert!(!locator.segments().is_empty()),
                Err(error) => prop_assert!(error.position <= text.chars().count()),
            }
        }

        #[test]
        fn texts_of_locators_characters_are_read_without_a_panic(
            text in "(text|role|nth|ref|xpath|label)?=?[a-z0-9 >=\"'\\\\\\[\\]]{0,30}",
        ) {
            match Locator::parse(&text) {
                Ok(locator) => prop_assert!(!locator.segments().is_empty()),
                Err(error) => prop_assert!(error.position <= text.chars().count(), "{error}"),
            }
        }

        #[test]
        fn any_quoted_text_is_read_as_it_was(value in "\\PC{1,40}", tail in "[a-z]{1,5}") {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
            let text = format!("text=\"{escaped}\" >> {tail}");
            let expected = [SegmentKind::Text(Matcher { value, exact: true }), css(&tail)];
            prop_assert_eq!(steps(&text), expected);
        }
    }
}
