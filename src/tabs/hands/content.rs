//! `getContent`.

use cdp_bridge_protocol::request::ContentFormat;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::error::HandsError;
use super::page::HandsOn;
use super::world::parse;
use crate::locator::Locator;

/// The longest content, in UTF-16 units of the page.
const MAX_CHARS: u64 = 8 * 1024 * 1024;

/// A page's content.
#[derive(Debug, Deserialize)]
pub struct Content {
    /// Where the page was.
    pub url: String,
    /// The text.
    pub text: String,
    /// Whether its end is missing.
    pub truncated: bool,
}

#[derive(Serialize)]
struct Args {
    format: ContentFormat,
    limit: u64,
}

impl HandsOn {
    /// Reads the content of the page, or of one element.
    pub async fn content(
        &self,
        locator: Option<&Locator>,
        format: ContentFormat,
        deadline: Instant,
    ) -> Result<Content, HandsError> {
        let args = Args {
            format,
            limit: MAX_CHARS,
        };
        let result = match locator {
            Some(locator) => self.follow("content", locator, &args, deadline).await?.1,
            None => self.whole("content", &args, deadline).await?,
        };
        parse(&result)
    }
}
