//! Patterns of URLs: globs and regular expressions.

use regex::{Regex, RegexBuilder};

use super::glob;

/// The largest compiled expression, in bytes.
const MAX_SIZE: usize = 1 << 20;

#[derive(Debug, Clone)]
pub enum UrlPattern {
    Glob(String),
    /// It matches a part of the URL, in a time that is linear in its length.
    Regex(Regex),
}

/// Why a regular expression is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a regular expression: {0}")]
pub struct BadRegex(String);

impl UrlPattern {
    pub fn regex(source: &str) -> Result<Self, BadRegex> {
        let regex = RegexBuilder::new(source).size_limit(MAX_SIZE).build();
        let regex = regex.map_err(|error| {
            // The message draws the expression over several lines; the problem is the last one.
            let message = error.to_string();
            let problem = message.lines().last().unwrap_or_default();
            BadRegex(problem.trim_start_matches("error: ").to_owned())
        })?;
        Ok(Self::Regex(regex))
    }

    pub(super) fn matches(&self, url: &str) -> bool {
        match self {
            Self::Glob(glob) => glob::fits(glob, url),
            Self::Regex(regex) => regex.is_match(url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_expression_matches_a_part_and_a_glob_the_whole() {
        let url = "https://a.test/orders/17?x#done";
        let regex = |source| UrlPattern::regex(source).unwrap().matches(url);
        assert!(regex(r"/orders/\d+") && regex("(?i)ORDERS") && !regex("^/orders"));
        let glob = |text: &str| UrlPattern::Glob(text.to_owned()).matches(url);
        assert!(glob("**/orders/**") && !glob("orders"));
    }

    #[test]
    fn what_is_no_expression_or_too_large_is_refused() {
        for (source, problem) in [
            ("(a", "not a regular expression: unclosed group"),
            (r"(a)\1", "backreferences are not supported"),
            (r"(\w{100}){100}", "exceeds size limit"),
        ] {
            let error = UrlPattern::regex(source).unwrap_err().to_string();
            assert!(error.contains(problem), "{source}: {error}");
        }
    }
}
