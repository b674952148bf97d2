//! Splits a line into words, with double quotes (pure).

/// A double quote is not closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a double quote is not closed; inside quotes write \\\" for a quote")]
pub struct OpenQuote;

/// Splits at white space outside of double quotes, which may also begin inside a word (`title~="My page"`). Inside
/// quotes `\"` and `\\` are escapes.
pub(super) fn split(line: &str) -> Result<Vec<String>, OpenQuote> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if quoted && matches!(chars.peek(), Some('"' | '\\')) => {
                word.get_or_insert_default().extend(chars.next());
            }
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    if quoted {
        return Err(OpenQuote);
    }
    words.extend(word);
    Ok(words)
}

/// Quotes a word so that [`split`] returns it as one.
pub(super) fn quote(word: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && c != '"';
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blanks_part_words_and_quotes_keep_them() {
        assert_eq!(
            split(r#"  expect tabs  title~="My \"own\" page" x="" "#).unwrap(),
            ["expect", "tabs", "title~=My \"own\" page", "x="]
        );
        assert_eq!(split("   ").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_backslash_and_an_apostrophe_outside_quotes_are_themselves() {
        assert_eq!(split(r"c:\x don't").unwrap(), [r"c:\x", "don't"]);
    }

    #[test]
    fn an_open_quote_is_an_error() {
        assert_eq!(split("navigate \"http://x"), Err(OpenQuote));
    }

    proptest! {
        #[test]
        fn quoted_words_are_read_as_they_were(words in proptest::collection::vec(any::<String>(), 0..5)) {
            let line: Vec<_> = words.iter().map(|word| quote(word)).collect();
            prop_assert_eq!(split(&line.join(" ")).unwrap(), words);
        }
    }
}
