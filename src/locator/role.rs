//! Parses `button[name="Sign in"][disabled=false]`.

use super::error::{LocatorError, LocatorProblem, bad};
use super::segment::{RoleState, SegmentKind};
use super::text_value::{Piece, end_of_regex, matcher};

pub(super) fn role(body: &Piece<'_>) -> Result<SegmentKind, LocatorError> {
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
                let wanted = boolean(&value)?;
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

pub(super) fn boolean(value: &Piece<'_>) -> Result<bool, LocatorError> {
    match value.text().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(bad(value.start, LocatorProblem::NotABoolean)),
    }
}

/// The text between the bracket at this position and its closing bracket. Brackets in quotes and in regular
/// expressions do not count.
fn inside_bracket<'a>(body: &Piece<'a>, open: usize) -> Result<Piece<'a>, LocatorError> {
    let mut quote = None;
    let mut at = open + 1;
    while let Some(c) = body.chars.get(at) {
        match (quote, c) {
            (Some(_), '\\') => at += 1,
            (Some(open), c) if *c == open => quote = None,
            (None, '"' | '\'') if body.chars[at - 1] == '=' => quote = Some(*c),
            (None, '/') if body.chars[at - 1] == '=' => {
                // Without a second slash it is just text.
                at += end_of_regex(&body.chars[at..]).unwrap_or(0);
            }
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
