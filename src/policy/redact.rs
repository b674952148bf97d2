//! Redacts URLs for logs and error details.
//!
//! Removes what may contain credentials or personal data (user names, passwords, queries, fragments),
//! and what could forge a log line (control characters and direction marks).

use url::Url;

const MAX_SHOWN: usize = 512;

/// The URL without user name, password, query, fragment and control characters, in at most 512
/// characters. Of a URL with its content behind the scheme (`data:`, `blob:`, `javascript:`,
/// `view-source:`) only the scheme remains, because any of it may be secret; `about:` URLs are kept.
pub fn redact_url(text: &str) -> String {
    // These may be megabytes long: not worth parsing.
    for scheme in ["data:", "blob:"] {
        if text
            .get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        {
            return scheme.to_owned();
        }
    }
    match Url::parse(text) {
        Ok(url) => redact_parsed(url),
        Err(_) => redact_unparsable(text),
    }
}

/// The URL without user name and password. Text that is not a URL is returned unchanged.
pub fn without_credentials(text: &str) -> String {
    match Url::parse(text) {
        Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
            remove_credentials(&mut url);
            url.into()
        }
        _ => text.to_owned(),
    }
}

fn remove_credentials(url: &mut Url) {
    // Both fail only for URLs that cannot have credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
}

fn redact_parsed(mut url: Url) -> String {
    if url.cannot_be_a_base() && url.scheme() != "about" {
        return shorten(&format!("{}:", url.scheme()), MAX_SHOWN);
    }
    remove_credentials(&mut url);
    url.set_query(None);
    url.set_fragment(None);
    shorten(url.as_str(), MAX_SHOWN)
}

/// Where credentials end in such a text is unknown, so if it may contain any, only its scheme is kept.
fn redact_unparsable(text: &str) -> String {
    if text.contains('@') {
        return match text.split_once("://") {
            Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphanumeric()) => {
                shorten(&format!("{scheme}://…"), MAX_SHOWN)
            }
            _ => "…".to_owned(),
        };
    }
    let end = text.find(['?', '#']).unwrap_or(text.len());
    shorten(&text[..end], MAX_SHOWN)
}

/// At most `max` characters of a text, without control characters and direction marks; `…` marks a
/// cut.
pub(super) fn shorten(text: &str, max: usize) -> String {
    let mut shown: String = text
        .chars()
        .filter(|&c| is_shown(c))
        .take(max + 1)
        .collect();
    if shown.chars().count() > max {
        shown = shown.chars().take(max.saturating_sub(1)).collect();
        shown.push('…');
    }
    shown
}

fn is_shown(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_user_name_and_password_are_removed_from_a_url_that_is_opened_again() {
        for (text, without) in [
            ("http://u:p@a.test/b?c#d", "http://a.test/b?c#d"),
            ("https://u@a.test:8443/", "https://a.test:8443/"),
            ("http://:p@a.test/", "http://a.test/"),
            ("http://a.test/u:p@b", "http://a.test/u:p@b"),
            ("about:blank", "about:blank"),
            ("no url", "no url"),
        ] {
            assert_eq!(without_credentials(text), without);
        }
    }
    use proptest::prelude::*;

    #[test]
    fn credentials_queries_and_fragments_are_removed() {
        assert_eq!(
            redact_url("https://user:secret@example.com:8443/a/b?token=secret#secret"),
            "https://example.com:8443/a/b"
        );
        assert_eq!(redact_url("foo://user:secret@host/p?q"), "foo://host/p");
    }

    #[test]
    fn urls_with_embedded_content_are_reduced_to_their_scheme() {
        for (text, shown) in [
            ("data:text/html,secret", "data:"),
            ("DATA:text/html,secret", "data:"),
            ("da\tta:text/html,secret", "data:"),
            ("blob:https://example.com/0a1b", "blob:"),
            ("javascript:alert('secret')", "javascript:"),
            (
                "view-source:https://user:secret@example.com/",
                "view-source:",
            ),
            ("user:secret@example.com", "user:"),
        ] {
            assert_eq!(redact_url(text), shown);
        }
    }

    #[test]
    fn about_urls_are_kept() {
        assert_eq!(redact_url("about:blank#secret"), "about:blank");
    }

    #[test]
    fn text_that_is_not_a_url_is_redacted_too() {
        assert_eq!(redact_url("/path?token=secret"), "/path");
        assert_eq!(redact_url("http://user:sec?ret@bad host/"), "http://…");
        assert_eq!(redact_url("//user:secret@host"), "…");
        assert_eq!(redact_url("a\r\nb\u{202e}c\u{1b}[31m"), "abc[31m");
        assert_eq!(redact_url(""), "");
    }

    #[test]
    fn a_long_url_is_shortened_with_a_mark() {
        let shown = redact_url(&format!("https://example.com/{}", "a".repeat(5_000)));
        assert_eq!(shown.chars().count(), 512);
        assert!(shown.ends_with('…'));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_long_or_brings_control_characters_through(text in ".{0,700}") {
            let shown = redact_url(&text);
            prop_assert!(shown.chars().count() <= MAX_SHOWN);
            prop_assert!(shown.chars().all(is_shown));
        }

        #[test]
        fn a_secret_is_never_shown_wherever_it_stands(
            host in "[a-z *\t]{1,12}",
            path in "[a-z/ ]{0,12}",
            junk in "[a-z:?#@ ]{0,6}",
        ) {
            for text in [
                format!("https://user:{junk}SECRET@{host}/{path}"),
                format!("https://SECRET:x@{host}/{path}"),
                format!("https://{host}/{path}?{junk}SECRET"),
                format!("https://{host}/{path}#{junk}SECRET"),
            ] {
                let shown = redact_url(&text);
                prop_assert!(!shown.to_uppercase().contains("SECRET"), "{text:?} -> {shown:?}");
            }
        }
    }
}
