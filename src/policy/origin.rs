//! Origins of web pages, as clients write them.

use url::Url;

/// The origin of a URL of a web page, in the form in which browsers write it. `None` for anything else.
pub fn origin_of(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https");
    is_web.then(|| url.origin().ascii_serialization())
}
