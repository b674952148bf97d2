//! Builds answers to dialogs and passwords from the fields of requests.

use cdp_bridge_protocol::request::{AnswerAuth, AnswerDialog, SetCredentials};
use url::Url;

use super::OperationError;
use crate::tabs::{AuthAnswer, Credentials, DialogAnswer};

pub(super) fn dialog(answer: AnswerDialog) -> DialogAnswer {
    DialogAnswer {
        dialog: answer.dialog_id,
        accept: answer.accept,
        text: answer.prompt_text,
    }
}

pub(super) fn auth(answer: AnswerAuth) -> AuthAnswer {
    AuthAnswer {
        auth: answer.auth_id,
        login: answer.username.zip(answer.password),
    }
}

pub(super) fn credentials(set: SetCredentials) -> Result<Vec<Credentials>, OperationError> {
    let entries = set.credentials.into_iter().enumerate();
    let credentials = entries.map(|(number, entry)| {
        let origin = origin(&entry.origin);
        Ok(Credentials {
            origin: origin.ok_or(OperationError::BadCredentialsOrigin { number })?,
            username: entry.username,
            password: entry.password,
        })
    });
    credentials.collect()
}

/// Scheme, host and port as Chromium writes them; `None` if the text has anything else, or is something else.
fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_bare = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    is_bare.then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port() {
        for (text, expected) in [
            ("https://a.test", "https://a.test"),
            ("https://A.test:443/", "https://a.test"),
            ("http://a.test:8080", "http://a.test:8080"),
            ("http://[::1]:80", "http://[::1]"),
            ("http://bücher.test", "http://xn--bcher-kva.test"),
        ] {
            assert_eq!(origin(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "a.test",
            "//a.test",
            "ftp://a.test",
            "file:///",
            "https://a.test/in",
            "https://a.test?x",
            "https://a.test#x",
            "https://ada@a.test",
            "https://ada:s3cret@a.test",
            "*",
            "https://",
        ] {
            assert_eq!(origin(text), None, "{text}");
        }
    }
}
