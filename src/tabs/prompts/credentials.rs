//! The users and passwords that a client gave a tab beforehand. No I/O.

use std::collections::VecDeque;

use cdp_bridge_protocol::TypedText;

/// How many requests are remembered that got a password, to notice that it was refused.
const REMEMBERED: usize = 1024;

/// How often a password may be refused before it is given to no further request.
const MAX_REFUSALS: usize = 8;

/// A user and a password for one origin. `Debug` does not show them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Scheme, host and port, without a default port.
    pub origin: String,
    pub username: TypedText,
    pub password: TypedText,
}

/// Those of one tab. They outlive its targets.
#[derive(Debug, Default)]
pub(in crate::tabs) struct TabCredentials {
    all: Vec<Credentials>,
    /// The requests that got a password.
    answered: VecDeque<String>,
    /// How often each entry was refused.
    refusals: Vec<usize>,
}

impl TabCredentials {
    pub(in crate::tabs) fn set(&mut self, all: Vec<Credentials>) {
        self.refusals = vec![0; all.len()];
        self.all = all;
        // Other passwords may be tried for a request that waits.
        self.answered.clear();
    }

    /// The origins that get one.
    pub(in crate::tabs) fn origins(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|it| it.origin.as_str())
    }

    /// A request gets a password. If the same one asks again, the server has refused it.
    pub(in crate::tabs) fn answers(&mut self, request: &str) {
        if self.answered.len() == REMEMBERED {
            self.answered.pop_front();
        }
        self.answered.push_back(request.to_owned());
    }

    /// Whether the server has refused a password for this request.
    pub(in crate::tabs) fn was_refused(&self, request: &str) -> bool {
        self.answered.iter().any(|known| known == request)
    }

    /// The credentials for a server that asks, unless it has refused some for the same request. The last entry for an
    /// origin counts.
    pub(in crate::tabs) fn for_request(
        &mut self,
        origin: &str,
        request: &str,
    ) -> Option<&Credentials> {
        let at = self.all.iter().rposition(|it| it.origin == origin)?;
        if self.was_refused(request) {
            self.refusals[at] += 1;
            return None;
        }
        // With many requests at a time, one that was refused may be remembered no more when it asks again.
        (self.refusals[at] < MAX_REFUSALS).then(|| &self.all[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(origin: &str, password: &str) -> Credentials {
        Credentials {
            origin: origin.to_owned(),
            username: "ada".into(),
            password: password.into(),
        }
    }

    #[test]
    fn only_the_same_scheme_host_and_port_get_a_password() {
        let mut credentials = TabCredentials::default();
        credentials.set(vec![of("https://a.test", "s3cret")]);
        assert!(credentials.for_request("https://a.test", "1").is_some());
        for other in [
            "http://a.test",
            "https://a.test:8443",
            "https://b.a.test",
            "https://a.test.evil.test",
            "https://b.test",
            "",
        ] {
            assert!(credentials.for_request(other, "1").is_none(), "{other}");
        }
    }

    #[test]
    fn a_password_that_was_refused_is_not_tried_again_until_others_are_set() {
        let mut credentials = TabCredentials::default();
        credentials.set(vec![of("http://a.test", "1"), of("http://a.test", "2")]);
        let found = credentials.for_request("http://a.test", "r1").unwrap();
        assert_eq!(found.password.expose(), "2");
        credentials.answers("r1");
        assert!(credentials.for_request("http://a.test", "r1").is_none());
        assert!(credentials.for_request("http://a.test", "r2").is_some());
        credentials.set(vec![of("http://a.test", "3")]);
        assert!(credentials.for_request("http://a.test", "r1").is_some());
    }

    #[test]
    fn a_password_that_is_refused_again_and_again_is_given_to_nobody_any_more() {
        let mut credentials = TabCredentials::default();
        credentials.set(vec![of("http://a.test", "1")]);
        for number in 0..MAX_REFUSALS {
            let request = number.to_string();
            assert!(credentials.for_request("http://a.test", &request).is_some());
            credentials.answers(&request);
            assert!(credentials.for_request("http://a.test", &request).is_none());
        }
        assert!(credentials.for_request("http://a.test", "new").is_none());
        credentials.set(vec![of("http://a.test", "2")]);
        assert!(credentials.for_request("http://a.test", "new").is_some());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut credentials = TabCredentials::default();
        for number in 0..3 * REMEMBERED {
            credentials.answers(&number.to_string());
        }
        assert_eq!(credentials.answered.len(), REMEMBERED);
        assert!(credentials.was_refused(&(3 * REMEMBERED - 1).to_string()));
    }

    #[test]
    fn passwords_are_not_shown() {
        let mut credentials = TabCredentials::default();
        credentials.set(vec![of("http://a.test", "s3cret")]);
        let shown = format!("{credentials:?}");
        assert!(
            !shown.contains("s3cret") && !shown.contains("ada"),
            "{shown}"
        );
    }
}
