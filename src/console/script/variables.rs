//! `${NAME}` (pure).

/// A reference that cannot be expanded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariableProblem {
    /// The variable is not set.
    #[error(
        "the variable `{0}` is not set by `let` or `keep` before this line, nor in the environment; `${{{0}:-…}}` gives it a default"
    )]
    NotSet(String),
    /// `${` without its `}`.
    #[error("`${{` is not closed")]
    Open,
    /// An invalid name.
    #[error("invalid variable name `{0}`; expected letters, digits and underscores")]
    Name(String),
}

enum Piece<'a> {
    Text(&'a str),
    Variable {
        name: &'a str,
        otherwise: Option<&'a str>,
    },
}

/// Expands every `${NAME}`; `${NAME:-text}` is `text` if the variable is not set, and `$${` a literal `${`. Values are not
/// expanded again.
pub(super) fn fill_in(
    text: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<String, VariableProblem> {
    let mut filled = String::new();
    for piece in pieces(text)? {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Variable { name, otherwise } => {
                let value = variable(name).or_else(|| otherwise.map(str::to_owned));
                let value = value.ok_or_else(|| VariableProblem::NotSet(name.to_owned()))?;
                filled.push_str(&value);
            }
        }
    }
    Ok(filled)
}

/// The names of the variables in a text.
pub(super) fn names(text: &str) -> Result<Vec<&str>, VariableProblem> {
    let pieces = pieces(text)?.into_iter();
    let names = pieces.filter_map(|piece| match piece {
        Piece::Text(_) => None,
        Piece::Variable { name, .. } => Some(name),
    });
    Ok(names.collect())
}

/// Whether this is a valid variable name.
pub(super) fn check_name(name: &str) -> Result<(), VariableProblem> {
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_name {
        Ok(())
    } else {
        Err(VariableProblem::Name(name.to_owned()))
    }
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, VariableProblem> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            pieces.push(Piece::Text(before));
            pieces.push(Piece::Text("${"));
            rest = after;
            continue;
        }
        let (inside, after) = after.split_once('}').ok_or(VariableProblem::Open)?;
        let (name, otherwise) = match inside.split_once(":-") {
            Some((name, otherwise)) => (name, Some(otherwise)),
            None => (inside, None),
        };
        pieces.push(Piece::Text(before));
        pieces.push(Piece::Variable { name, otherwise });
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, VariableProblem> {
        fill_in(text, &|name| {
            (name == "SITE").then(|| "http://${x}".to_owned())
        })
    }

    #[test]
    fn variables_are_filled_in_once() {
        assert_eq!(
            filled("go $ ${SITE}/a${SITE}"),
            Ok("go $ http://${x}/ahttp://${x}".to_owned())
        );
        assert_eq!(filled("close $"), Ok("close $".to_owned()));
    }

    #[test]
    fn a_variable_that_is_not_set_is_named_unless_it_has_a_default() {
        assert_eq!(
            filled("${NO}"),
            Err(VariableProblem::NotSet("NO".to_owned()))
        );
        assert_eq!(filled("${SITE"), Err(VariableProblem::Open));
        assert_eq!(filled("${NO:-a b}/${NO:-}"), Ok("a b/".to_owned()));
        assert_eq!(filled("${SITE:-x}"), Ok("http://${x}".to_owned()));
    }

    #[test]
    fn a_dollar_before_it_makes_it_no_variable() {
        assert_eq!(filled("`$${a}` $$"), Ok("`${a}` $$".to_owned()));
        assert_eq!(names("${A} $${B} ${C:-d}"), Ok(vec!["A", "C"]));
    }

    #[test]
    fn names_are_letters_digits_and_underscores() {
        for name in ["T7", "_a", "a_1"] {
            assert_eq!(check_name(name), Ok(()));
        }
        for name in ["", "7", "a-b", "ä", "$"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
