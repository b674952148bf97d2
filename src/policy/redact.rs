//! URLs as they may stand in logs and in error details.
//!
//! What identifies or admits somebody stays out: user names, passwords, queries, fragments. What
//! could forge a log line stays out too: control characters and marks that turn text around.

use url::Url;

/// The most characters of a URL that are shown.
const MAX_SHOWN: usize = 512;

/// The URL without user name, password, query and fragment; without control characters; at most
/// 512 characters. A URL whose content follows its scheme directly (`data:`, `blob:`,
/// `javascript:`, `view-source:`) is shown as its scheme alone, since any of it may be secret;
/// `about:` ones keep their name.
pub fn redact_url(text: &str) -> String {
    // These may be megabytes long and need no parser to be shortened.
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

/// The URL without user name and password. What is no URL has none and stays as it is.
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
    // Both fail only where a URL cannot have credentials, and then there are none to remove.
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

/// No parser tells where the credentials of such a text end. So where it may have any, nothing
/// after its scheme is shown.
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

/// At most `max` characters of a text, without control characters and direction marks; the cut
/// is marked by `…`.
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
    fn only_user_name_and_password_are_taken_out_of_a_url_that_is_gone_to_again() {
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
    fn credentials_queries_and_fragments_are_left_out() {
        assert_eq!(
            redact_url("https://user:secret@example.com:8443/a/b?token=secret#secret"),
            "https://example.com:8443/a/b"
        );
        assert_eq!(redact_url("foo://user:secret@host/p?q"), "foo://host/p");
    }

    #[test]
    fn urls_that_carry_their_content_are_shown_as_their_scheme() {
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
    fn about_urls_keep_their_name() {
        assert_eq!(redact_url("about:blank#secret"), "about:blank");
    }

    #[test]
    fn a_text_that_is_no_url_gives_nothing_away_either() {
        assert_eq!(redact_url("/path?token=secret"), "/path");
        assert_eq!(redact_url("http://user:sec?ret@bad host/"), "http://…");
        assert_eq!(redact_url("//user:secret@host"), "…");
        assert_eq!(redact_url("a\r\nb\u{202e}c\u{1b}[31m"), "abc[31m");
        assert_eq!(redact_url(""), "");
    }

    #[test]
    fn a_long_url_is_cut_and_says_so() {
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
