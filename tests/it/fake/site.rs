//! The pages that the fake can visit.

use std::collections::HashMap;

/// The content of a URL.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Html {
        status: u16,
        html: String,
    },
    /// Chromium's `net::ERR_…`.
    Unreachable(String),
    Download,
    /// The server accepts the request and never answers.
    Silence,
}

#[derive(Debug, Default)]
pub(super) struct Site {
    contents: HashMap<String, Content>,
}

impl Site {
    pub(super) fn put(&mut self, url: &str, content: Content) {
        self.contents.insert(url.to_owned(), content);
    }

    /// Looks up a URL without its fragment.
    pub(super) fn get(&self, url: &str) -> Content {
        let (address, _) = split_fragment(url);
        if let Some(content) = self.contents.get(address) {
            return content.clone();
        }
        Content::Unreachable("net::ERR_NAME_NOT_RESOLVED".to_owned())
    }
}

/// Splits a URL at its `#`.
pub(super) fn split_fragment(url: &str) -> (&str, &str) {
    url.split_at(url.find('#').unwrap_or(url.len()))
}

/// The text of the document's `<title>`.
pub(super) fn title_of(html: &str) -> Option<&str> {
    let (_, rest) = html.split_once("<title>")?;
    rest.split_once("</title>").map(|(title, _)| title)
}
