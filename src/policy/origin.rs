//! Origins of web pages, as clients write them.

use url::Url;

/// The origin of a URL of a web page, in the form in which browsers write it. `None` for anything else.
pub fn origin_of(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https");
    is_web.then(|| url.origin().ascii_serialization())
}

/// The same of a text that has nothing but scheme, host and port. `None` for anything else.
pub fn bare_origin(text: &str) -> Option<String> {
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
            assert_eq!(bare_origin(text).as_deref(), Some(expected), "{text}");
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
            assert_eq!(bare_origin(text), None, "{text}");
        }
    }
}
