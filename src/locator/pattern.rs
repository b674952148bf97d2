//! Regular expressions of locators, as programs that the script in the page runs.
//!
//! JavaScript's own regular expressions backtrack, so that a short one can hang a page for hours. A program is run for
//! all its alternatives at once, in a time that is linear in the length of the text, as by the crate `regex`.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};
use serde::Serialize;

/// The longest program.
const MAX_STEPS: usize = 1000;

/// The most ranges of characters in all classes of a program. `\w` has about 770.
const MAX_RANGES: usize = 4000;

/// The deepest nesting of groups.
const MAX_NESTING: u32 = 50;

/// A regular expression that was compiled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pattern {
    /// The classes of characters, as inclusive ranges of code points.
    classes: Vec<Vec<(u32, u32)>>,
    steps: Vec<Step>,
    /// The step to begin with.
    start: usize,
}

/// A step of a program, which names the steps after it by their number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Step {
    /// The end: the expression matches. `null` in JSON.
    Match,
    /// A character of this class.
    Char { class: usize, next: usize },
    /// Any of several ways on.
    Split { to: Vec<usize> },
    /// An assertion about the position.
    Look { look: Position, next: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Position {
    Start,
    End,
    LineStart,
    LineEnd,
    WordBoundary,
    NotWordBoundary,
}

/// Why a regular expression is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("{0}")]
    Syntax(String),
    #[error("the regular expression is too large: its counts and classes come to too many steps")]
    TooLarge,
    #[error("this assertion is not supported; there are ^, $, \\b and \\B")]
    Assertion,
}

impl Pattern {
    /// Compiles a regular expression. `flags` are letters of `i`, `m`, `s` and `u`.
    pub fn compile(source: &str, flags: &str) -> Result<Self, PatternError> {
        let hir = ParserBuilder::new()
            .nest_limit(MAX_NESTING)
            .case_insensitive(flags.contains('i'))
            .multi_line(flags.contains('m'))
            .dot_matches_new_line(flags.contains('s'))
            .build()
            .parse(source)
            .map_err(|error| PatternError::Syntax(problem_of(&error)))?;
        let mut program = Self {
            classes: Vec::new(),
            steps: vec![Step::Match],
            start: 0,
        };
        program.start = program.add(&hir, 0)?;
        Ok(program)
    }

    /// Adds the steps of an expression, which lead to `next`. Returns the first one.
    fn add(&mut self, hir: &Hir, next: usize) -> Result<usize, PatternError> {
        match hir.kind() {
            HirKind::Empty => Ok(next),
            HirKind::Literal(literal) => {
                let text = String::from_utf8_lossy(&literal.0);
                text.chars().rev().try_fold(next, |next, char| {
                    let char = u32::from(char);
                    self.char(vec![(char, char)], next)
                })
            }
            HirKind::Class(class) => self.char(ranges_of(class), next),
            HirKind::Look(look) => {
                let look = position_of(*look).ok_or(PatternError::Assertion)?;
                self.push(Step::Look { look, next })
            }
            HirKind::Repetition(repetition) => self.repetition(repetition, next),
            HirKind::Capture(capture) => self.add(&capture.sub, next),
            HirKind::Concat(parts) => {
                let mut parts = parts.iter().rev();
                parts.try_fold(next, |next, part| self.add(part, next))
            }
            HirKind::Alternation(parts) => {
                let to = parts.iter().map(|part| self.add(part, next));
                let to = to.collect::<Result<_, _>>()?;
                self.push(Step::Split { to })
            }
        }
    }

    fn repetition(&mut self, it: &Repetition, next: usize) -> Result<usize, PatternError> {
        let mut first = next;
        if let Some(max) = it.max {
            for _ in it.min..max {
                let inner = self.add(&it.sub, first)?;
                let to = vec![inner, next];
                first = self.push(Step::Split { to })?;
            }
        } else {
            let again = self.push(Step::Split { to: Vec::new() })?;
            let inner = self.add(&it.sub, again)?;
            self.steps[again] = Step::Split {
                to: vec![inner, next],
            };
            first = again;
        }
        for _ in 0..it.min {
            let inner = self.add(&it.sub, first)?;
            if inner == first {
                // It matches nothing, however often.
                break;
            }
            first = inner;
        }
        Ok(first)
    }

    fn char(&mut self, ranges: Vec<(u32, u32)>, next: usize) -> Result<usize, PatternError> {
        let known = self.classes.iter().position(|class| *class == ranges);
        let class = known.unwrap_or(self.classes.len());
        if known.is_none() {
            self.classes.push(ranges);
            if self.classes.iter().map(Vec::len).sum::<usize>() > MAX_RANGES {
                return Err(PatternError::TooLarge);
            }
        }
        self.push(Step::Char { class, next })
    }

    fn push(&mut self, step: Step) -> Result<usize, PatternError> {
        if self.steps.len() >= MAX_STEPS {
            return Err(PatternError::TooLarge);
        }
        self.steps.push(step);
        Ok(self.steps.len() - 1)
    }
}

fn ranges_of(class: &Class) -> Vec<(u32, u32)> {
    match class {
        Class::Unicode(class) => {
            let ranges = class.iter();
            ranges
                .map(|it| (it.start().into(), it.end().into()))
                .collect()
        }
        Class::Bytes(class) => {
            let ranges = class.iter();
            ranges
                .map(|it| (it.start().into(), it.end().into()))
                .collect()
        }
    }
}

fn position_of(look: Look) -> Option<Position> {
    Some(match look {
        Look::Start => Position::Start,
        Look::End => Position::End,
        Look::StartLF => Position::LineStart,
        Look::EndLF => Position::LineEnd,
        Look::WordUnicode => Position::WordBoundary,
        Look::WordUnicodeNegate => Position::NotWordBoundary,
        _ => return None,
    })
}

/// The problem alone: the whole message draws the expression over several lines.
fn problem_of(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(source: &str) -> Vec<Step> {
        Pattern::compile(source, "").unwrap().steps
    }

    #[test]
    fn an_expression_becomes_a_program() {
        let pattern = Pattern::compile("a|b*", "").unwrap();
        let json = serde_json::to_value(&pattern).unwrap();
        let expected = serde_json::json!({
            "classes": [[[97, 97]], [[98, 98]]],
            "steps": [null, {"class": 0, "next": 0}, {"to": [3, 0]}, {"class": 1, "next": 2}, {"to": [1, 2]}],
            "start": 4,
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn flags_are_part_of_the_program() {
        let letters = Pattern::compile("k", "i").unwrap().classes;
        // The sign of the unit kelvin is a K too.
        assert_eq!(letters, [[(0x4b, 0x4b), (0x6b, 0x6b), (0x212a, 0x212a)]]);
        let look = |flags| Pattern::compile("^", flags).unwrap().steps[1].clone();
        let of = |look| Step::Look { look, next: 0 };
        assert_eq!(look(""), of(Position::Start));
        assert_eq!(look("m"), of(Position::LineStart));
        assert!(
            Pattern::compile(r"\/", "").is_ok(),
            "as JavaScript writes it"
        );
    }

    #[test]
    fn counts_are_unrolled_within_bounds() {
        assert_eq!(steps("a{3}").len(), 4);
        assert_eq!(steps("(?:){1000000}").len(), 1);
        for large in [
            "a{1001}",
            "(a{100}){100}",
            "((a{0,99}){0,99}){0,99}",
            r"\w\W\pL\PL\p{Lu}\P{Lu}\p{Ll}\P{Ll}",
        ] {
            let error = Pattern::compile(large, "").unwrap_err();
            assert_eq!(error, PatternError::TooLarge, "{large}");
        }
    }

    #[test]
    fn what_cannot_be_bounded_is_refused() {
        for (source, problem) in [
            ("(a", "unclosed group"),
            (r"(a)\1", "backreferences are not supported"),
            ("(?=a)", "look-around"),
            (r"\b{start}a", "not supported"),
        ] {
            let error = Pattern::compile(source, "").unwrap_err().to_string();
            assert!(error.contains(problem), "{source}: {error}");
        }
    }
}
