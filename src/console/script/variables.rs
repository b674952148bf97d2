//! `${NAME}` (pure).

/// A variable cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariableProblem {
    /// The environment has none of this name.
    #[error("the variable `{0}` is not set in the environment")]
    NotSet(String),
    /// `${` without its `}`.
    #[error("`${{` is opened and not closed")]
    Open,
}

/// Fills in every `${NAME}`. What is filled in is not looked at again.
pub(super) fn fill_in(
    text: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<String, VariableProblem> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or(VariableProblem::Open)?;
        let value = variable(name).ok_or_else(|| VariableProblem::NotSet(name.to_owned()))?;
        filled.push_str(before);
        filled.push_str(&value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
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
    fn a_variable_that_is_not_set_is_named() {
        assert_eq!(
            filled("${NO}"),
            Err(VariableProblem::NotSet("NO".to_owned()))
        );
        assert_eq!(filled("${SITE"), Err(VariableProblem::Open));
    }
}
