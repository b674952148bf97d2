//! Which requests Chromium pauses, so that it reports the HTTP authentication that servers ask of them.

use std::borrow::Cow;

use crate::cdp::methods::{EnableFetch, RequestPattern};
use crate::policy::AuthPolicy;

/// The kinds of requests that may ask for a password while nothing else is set: what a page of the server starts with.
/// Once one of them has it, Chromium adds it to the others by itself.
const ASKED_FOR: [&str; 3] = ["Document", "XHR", "Fetch"];

/// The requests of a page that are paused whatever its client sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthRequests {
    /// None: the headless shell shows the body of a 401 by itself.
    None,
    /// Documents. New headless fails a document whose server asks for HTTP authentication, instead of showing the body of
    /// the 401, unless its prompt is cancelled.
    Documents,
    /// Those that a client may answer.
    Asked,
}

impl AuthRequests {
    pub fn new(policy: AuthPolicy, is_headless_shell: bool) -> Self {
        match policy {
            AuthPolicy::Ask => Self::Asked,
            AuthPolicy::Cancel if is_headless_shell => Self::None,
            AuthPolicy::Cancel => Self::Documents,
        }
    }

    /// The command that pauses these, and all requests to these origins; `None` if there are none.
    pub fn enable<'a>(self, origins: impl Iterator<Item = &'a str>) -> Option<EnableFetch> {
        let kinds: &[&'static str] = match self {
            Self::None => &[],
            Self::Documents => &["Document"],
            Self::Asked => &ASKED_FOR,
        };
        let kinds = kinds.iter().map(|kind| RequestPattern {
            url_pattern: Cow::Borrowed("*"),
            resource_type: Some(kind),
        });
        let origins = origins.map(|origin| RequestPattern {
            url_pattern: Cow::Owned(format!("{origin}/*")),
            resource_type: None,
        });
        let patterns: Vec<_> = kinds.chain(origins).collect();
        (!patterns.is_empty()).then_some(EnableFetch {
            patterns,
            handle_auth_requests: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(requests: AuthRequests, origins: &[&str]) -> Vec<(String, Option<&'static str>)> {
        let enable = requests.enable(origins.iter().copied());
        let patterns = enable.into_iter().flat_map(|enable| enable.patterns);
        patterns
            .map(|it| (it.url_pattern.into_owned(), it.resource_type))
            .collect()
    }

    #[test]
    fn no_more_requests_are_paused_than_are_needed() {
        let shell = AuthRequests::new(AuthPolicy::Cancel, true);
        assert!(patterns(shell, &[]).is_empty());
        let expected = [("http://a.test/*".to_owned(), None)];
        assert_eq!(patterns(shell, &["http://a.test"]), expected);
        let full = AuthRequests::new(AuthPolicy::Cancel, false);
        assert_eq!(patterns(full, &[]), [("*".to_owned(), Some("Document"))]);
        for is_shell in [true, false] {
            let asked = AuthRequests::new(AuthPolicy::Ask, is_shell);
            assert_eq!(patterns(asked, &["http://a.test"]).len(), 4);
        }
    }
}
