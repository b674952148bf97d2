//! The texts that segments compare with: as they are, in quotes, or as regular expressions.

use super::error::{LocatorError, LocatorProblem, bad};
use super::pattern::Pattern;
use super::segment::Matcher;

/// A slice of a locator, with its position.
pub(super) struct Piece<'a> {
    pub(super) chars: &'a [char],
    pub(super) start: usize,
}

impl Piece<'_> {
    pub(super) fn text(&self) -> String {
        self.chars.iter().collect()
    }

    pub(super) fn trimmed(&self) -> Self {
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

/// Quoted text matches exactly, unless an `i` follows: then it matches as without quotes.
pub(super) fn matcher(body: &Piece<'_>) -> Result<Matcher, LocatorError> {
    if let Some((source, flags)) = regex(body.chars) {
        let source: String = source.iter().collect();
        let flags: String = flags.iter().collect();
        let pattern = Pattern::compile(&source, &flags)
            .map_err(|error| bad(body.start, LocatorProblem::Regex(error)))?;
        return Ok(Matcher::Regex { pattern });
    }
    let Some((value, length)) = quoted(body)? else {
        return Ok(Matcher::Text {
            value: body.text(),
            exact: false,
        });
    };
    match &body.chars[length..] {
        [] => Ok(Matcher::Text { value, exact: true }),
        ['i'] => Ok(Matcher::Text {
            value,
            exact: false,
        }),
        _ => Err(bad(body.start + length, LocatorProblem::TextAfterQuote)),
    }
}

/// The quoted text at the start of the piece, and its length including the quotes.
pub(super) fn quoted(body: &Piece<'_>) -> Result<Option<(String, usize)>, LocatorError> {
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

/// The source and the flags of `/…/i`. Any other text that begins with a slash, such as a path, is just text.
fn regex(chars: &[char]) -> Option<(&[char], &[char])> {
    let end = end_of_regex(chars)?;
    let (source, flags) = (&chars[1..end], &chars[end + 1..]);
    let are_flags = flags
        .iter()
        .all(|flag| matches!(flag, 'i' | 'm' | 's' | 'u'));
    (!source.is_empty() && are_flags).then_some((source, flags))
}

/// Where the second slash of `/…/` is: the first one that is neither escaped nor within brackets.
pub(super) fn end_of_regex(chars: &[char]) -> Option<usize> {
    if chars.first() != Some(&'/') {
        return None;
    }
    let (mut at, mut in_class) = (1, false);
    loop {
        match chars.get(at)? {
            '\\' => at += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => return Some(at),
            _ => {}
        }
        at += 1;
    }
}
