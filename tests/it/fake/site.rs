//! The pages that the fake can visit.

use std::collections::HashMap;

/// What is at a URL.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// A document.
    Html { status: u16, html: String },
    /// Chromium's `net::ERR_…`.
    Unreachable(String),
    /// A file.
    Download,
    /// The server takes the request and says nothing.
    Silence,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Site {
    contents: HashMap<String, Content>,
}

impl Site {
    pub(super) fn put(&mut self, url: &str, content: Content) {
        self.contents.insert(url.to_owned(), content);
    }

    /// What is at a URL, whose fragment does not count.
    pub(super) fn get(&self, url: &str) -> Content {
        let (address, _) = split_fragment(url);
        if let Some(content) = self.contents.get(address) {
            return content.clone();
        }
        Content::Unreachable("net::ERR_NAME_NOT_RESOLVED".to_owned())
    }
}

/// A URL's parts before its `#`, and from it on.
pub(super) fn split_fragment(url: &str) -> (&str, &str) {
    url.split_at(url.find('#').unwrap_or(url.len()))
}

/// What stands in the document's `<title>`.
pub(super) fn title_of(html: &str) -> Option<&str> {
    let (_, rest) = html.split_once("<title>")?;
    rest.split_once("</title>").map(|(title, _)| title)
}
