//! Parses locators.

use super::error::{LocatorError, LocatorProblem, bad};
use super::role::{boolean, role};
use super::segment::{Segment, SegmentKind};
use super::text_value::{Piece, matcher, quoted};

const MAX_CHARS: usize = 4096;

/// The deepest nesting of locators in `has=`.
const MAX_DEPTH: usize = 4;

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
        Self::parse_nested(text, 0)
    }

    /// `depth`: in how many `has=` it is.
    fn parse_nested(text: &str, depth: usize) -> Result<Self, LocatorError> {
        let chars: Vec<char> = text.chars().collect();
        if chars.len() > MAX_CHARS {
            return Err(bad(MAX_CHARS, LocatorProblem::TooLong { max: MAX_CHARS }));
        }
        let mut reader = Reader {
            chars: &chars,
            at: 0,
            depth,
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

struct Reader<'a> {
    chars: &'a [char],
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// Parses one segment, up to the next separator or the end.
    fn segment(&mut self, first: bool) -> Result<Segment, LocatorError> {
        self.skip_spaces();
        let start = self.at;
        let name = self.kind()?;
        let kind = if name == Some("has") {
            self.has(first, start)?
        } else {
            let body = self.body(name)?.trimmed();
            if body.chars.is_empty() {
                let problem = name.map_or(LocatorProblem::Empty, |kind| LocatorProblem::NoValue {
                    kind,
                });
                return Err(bad(body.start.min(self.at), problem));
            }
            segment_kind(name, &body, first, start)?
        };
        let text: String = self.chars[start..self.at].iter().collect();
        Ok(Segment {
            kind,
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

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) && !self.at_separator() {
            self.at += 1;
        }
    }

    /// The word before an equals sign at the start of a segment. No CSS selector starts like that.
    fn kind(&mut self) -> Result<Option<&'static str>, LocatorError> {
        let rest = &self.chars[self.at..];
        let is_letter = |c: &&char| c.is_ascii_alphabetic() || **c == '-';
        let length = rest.iter().take_while(is_letter).count();
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
        let of_text = matches!(
            kind,
            Some("text" | "label" | "placeholder" | "testid" | "has-text" | "has")
        );
        let start = self.at;
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
                        _ => {
                            !of_text || self.chars[start..self.at].iter().all(|c| c.is_whitespace())
                        }
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

    /// A filter by a nested locator: one segment, or a whole locator in quotes.
    fn has(&mut self, first: bool, start: usize) -> Result<SegmentKind, LocatorError> {
        if first {
            return Err(bad(start, LocatorProblem::FilterFirst { kind: "has" }));
        }
        if self.depth >= MAX_DEPTH {
            return Err(bad(start, LocatorProblem::TooDeep { max: MAX_DEPTH }));
        }
        self.skip_spaces();
        let at = self.at;
        let segments = if matches!(self.peek(), Some('"' | '\'')) {
            let body = self.body(Some("has"))?.trimmed();
            let (text, length) = quoted(&body)?.unwrap_or_default();
            if length < body.chars.len() {
                return Err(bad(body.start + length, LocatorProblem::TextAfterQuote));
            }
            let nested = Self::nested(&text, self.depth + 1);
            // Its positions are those of the text without escapes, which stands behind the quote.
            nested.map_err(|error| bad((at + 1 + error.position).min(self.at), error.problem))?
        } else {
            self.depth += 1;
            let segment = self.segment(true);
            self.depth -= 1;
            vec![segment?]
        };
        if matches!(
            segments[..],
            [
                Segment {
                    kind: SegmentKind::Ref { .. },
                    ..
                },
                ..
            ]
        ) {
            return Err(bad(at, LocatorProblem::RefInHas));
        }
        let steps = segments.into_iter().map(|segment| segment.kind);
        Ok(SegmentKind::Has {
            steps: steps.collect(),
        })
    }

    fn nested(text: &str, depth: usize) -> Result<Vec<Segment>, LocatorError> {
        Ok(Locator::parse_nested(text, depth)?.segments)
    }
}

fn segment_kind(
    kind: Option<&'static str>,
    body: &Piece<'_>,
    first: bool,
    start: usize,
) -> Result<SegmentKind, LocatorError> {
    let value = || body.text();
    Ok(match kind {
        None | Some("css") => SegmentKind::Css { value: value() },
        Some("text") => SegmentKind::Text(matcher(body)?),
        Some("label") => SegmentKind::Label(matcher(body)?),
        Some("placeholder") => SegmentKind::Placeholder(matcher(body)?),
        Some("testid") => SegmentKind::TestId(matcher(body)?),
        Some("xpath") => SegmentKind::XPath { value: value() },
        Some("nth") if first => return Err(bad(start, LocatorProblem::NthFirst)),
        Some("nth") => SegmentKind::Nth {
            index: value()
                .parse()
                .map_err(|_| bad(body.start, LocatorProblem::NotANumber))?,
        },
        Some(kind @ ("has-text" | "visible")) if first => {
            return Err(bad(start, LocatorProblem::FilterFirst { kind }));
        }
        Some("has-text") => SegmentKind::HasText(matcher(body)?),
        Some("visible") => SegmentKind::Visible {
            wanted: boolean(body)?,
        },
        Some("ref") if !first => return Err(bad(start, LocatorProblem::RefNotFirst)),
        Some("ref") => SegmentKind::Ref {
            number: number_of_ref(&value())
                .ok_or_else(|| bad(body.start, LocatorProblem::NotARef))?,
        },
        Some(_) => role(body)?,
    })
}

const KINDS: [&str; 12] = [
    "css",
    "text",
    "role",
    "label",
    "placeholder",
    "testid",
    "xpath",
    "nth",
    "has-text",
    "has",
    "visible",
    "ref",
];

/// `e12`, exactly as an `axSnapshot` writes it.
fn number_of_ref(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('e')?;
    let canonical = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    canonical.then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::super::pattern::Pattern;
    use super::super::segment::{Matcher, RoleState};
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
        Matcher::Text {
            value: value.to_owned(),
            exact,
        }
    }

    fn regex(source: &str, flags: &str) -> Matcher {
        Matcher::Regex {
            pattern: Pattern::compile(source, flags).unwrap(),
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
        assert_eq!(
            steps("testid=a b"),
            [SegmentKind::TestId(matches("a b", false))]
        );
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
    fn any_text_can_be_written_in_quotes() {
        for (text, value, exact) in [
            (r#"text="\"Hello\" he said""#, r#""Hello" he said"#, true),
            (r#"text="\"Hello\" he said"i"#, r#""Hello" he said"#, false),
            (r#"text= "/a/"i"#, "/a/", false),
            (r"text='it\'s >> here'", "it's >> here", true),
            (r#"text="a\\b""#, r"a\b", true),
        ] {
            assert_eq!(
                steps(text),
                [SegmentKind::Text(matches(value, exact))],
                "{text}"
            );
        }
        let SegmentKind::Role { name, .. } = &steps(r#"role=cell[name="[1] \"x\" >> y"i]"#)[0]
        else {
            panic!("a role");
        };
        assert_eq!(*name, Some(matches("[1] \"x\" >> y", false)));
    }

    #[test]
    fn text_between_slashes_is_a_regular_expression() {
        for (text, source, flags) in [
            ("text=/Sign (in|up)/", "Sign (in|up)", ""),
            ("text=/a/i >> b", "a", "i"),
            (r"text=/a\/b[/]c/s", r"a\/b[/]c", "s"),
        ] {
            assert_eq!(
                steps(text)[0],
                SegmentKind::Text(regex(source, flags)),
                "{text}"
            );
        }
        for path in ["/usr", "/usr/bin", "/", "//", "/a/b/"] {
            let found = steps(&format!("text={path}"));
            assert_eq!(found, [SegmentKind::Text(matches(path, false))], "{path}");
        }
        let SegmentKind::Role { name, states, .. } =
            &steps(r"role=button[name=/^[\]x] ]/i][pressed=true]")[0]
        else {
            panic!("a role");
        };
        assert_eq!(*name, Some(regex(r"^[\]x] ]", "i")));
        assert_eq!(*states, [(RoleState::Pressed, true)]);
        assert_eq!(steps("testid=/^a/"), [SegmentKind::TestId(regex("^a", ""))]);
    }

    #[test]
    fn filters_follow_what_they_filter() {
        assert_eq!(
            steps("li >> has-text=Bread >> visible=true >> has-text=/x/ >> visible=false"),
            [
                css("li"),
                SegmentKind::HasText(matches("Bread", false)),
                SegmentKind::Visible { wanted: true },
                SegmentKind::HasText(regex("x", "")),
                SegmentKind::Visible { wanted: false },
            ]
        );
        let has = |steps: Vec<SegmentKind>| SegmentKind::Has { steps };
        assert_eq!(
            steps("li >> has=a[title=\"x >> y\"] >> b"),
            [css("li"), has(vec![css("a[title=\"x >> y\"]")]), css("b")]
        );
        assert_eq!(
            steps(r#"li >> has="ul >> has='a >> b' >> text=\"c\"" >> nth=0"#),
            [
                css("li"),
                has(vec![
                    css("ul"),
                    has(vec![css("a"), css("b")]),
                    SegmentKind::Text(matches("c", true)),
                ]),
                SegmentKind::Nth { index: 0 },
            ]
        );
        assert_eq!(
            steps("li >> has=text=Don't >> b")[1],
            has(vec![SegmentKind::Text(matches("Don't", false))])
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
            ("has-text=a", 0, "cannot be the first segment"),
            ("a >> has=", 9, "expected a CSS selector"),
            ("a >> has=text=", 14, "expected a value after `text=`"),
            ("a >> has=\"b >> nth=x\"", 19, "expected a whole number"),
            ("a >> has=\"b\" c", 12, "expected the end"),
            ("a >> has=nth=0", 9, "cannot be the first segment"),
            ("a >> has=ref=e1", 9, "cannot begin with a `ref`"),
            ("a >> visible=yes", 13, "`true` or `false`"),
            ("a >> has=a[b='", 13, "this quote is not closed"),
            ("text=/(/", 5, "not a regular expression: unclosed group"),
            ("role=a[name=/\\1/]", 12, "not a regular expression"),
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
            text in "(a >> )?(text|role|nth|ref|xpath|label|has|has-text|visible)?=?[a-z0-9 /(>=\"'\\\\\\[\\]]{0,30}",
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
            let expected = [SegmentKind::Text(Matcher::Text { value, exact: true }), css(&tail)];
            prop_assert_eq!(steps(&text), expected);
        }
    }
}
