//! `getContent`. A script cannot read cross-origin frames. The script writes a marker with an
//! unguessable number for each of them, and the content of the frame replaces the marker here.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::payload::PayloadFields;
use cdp_bridge_protocol::request::ContentFormat;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

use super::driver::PageDriver;
use super::error::PageActionError;
use super::operation::PageOperation;
use super::world::{World, parse};
use crate::cdp::CallError;
use crate::locator::Locator;
use crate::tabs::reply::AnswerKind;

/// The maximum length of the content, in UTF-16 code units.
const MAX_CHARS: u64 = 8 * 1024 * 1024;

/// The maximum nesting of cross-origin frames.
const MAX_DEPTH: usize = 16;

/// The time limit for one cross-origin frame: an unresponsive frame must not fail the whole request.
const FRAME_LIMIT: Duration = Duration::from_secs(4);

/// The maximum length of the prefix that each line of a frame's text repeats, such as quote marks.
const MAX_PREFIX: usize = 256;

/// The first character of a marker, from Unicode's private use area.
const MARKER_START: char = '\u{e0f0}';

#[derive(Debug, Deserialize)]
struct PageContent {
    url: String,
    text: String,
    truncated: bool,
}

#[derive(Clone, Serialize)]
struct Args {
    format: ContentFormat,
    limit: u64,
    marker: String,
}

/// Replaces the markers of cross-origin frames by their content.
struct FrameReader<'a> {
    driver: &'a PageDriver,
    args: Args,
    deadline: Instant,
}

impl PageOperation {
    /// `getContent`, of the whole page without a locator.
    pub fn content(locator: Option<Locator>, format: ContentFormat) -> Self {
        Self::new(async move |driver, _, deadline| {
            let content = driver.content(locator.as_ref(), format, deadline).await?;
            let fields = PayloadFields::Content {
                url: content.url,
                format,
                truncated: content.truncated.then_some(true),
            };
            Ok(AnswerKind::text(fields, &content.text))
        })
    }
}

impl PageDriver {
    /// Reads the content of the page, or of one element.
    async fn content(
        &self,
        locator: Option<&Locator>,
        format: ContentFormat,
        deadline: Instant,
    ) -> Result<PageContent, PageActionError> {
        let args = Args {
            format,
            limit: MAX_CHARS,
            marker: format!("{MARKER_START}{:016x}:", fastrand::u64(..)),
        };
        let called = self.call_on_part("content", locator, &args, deadline);
        let (world, result) = called.await?;
        let reader = FrameReader {
            driver: self,
            args,
            deadline,
        };
        let mut content: PageContent = parse(&result)?;
        content.insert_frames(&world, &reader, 0).await?;
        Ok(content)
    }
}

impl PageContent {
    /// The content of a frame that does not answer.
    const UNAVAILABLE: Self = Self {
        url: String::new(),
        text: String::new(),
        truncated: true,
    };

    /// Replaces the markers in the text by the content of the frames.
    fn insert_frames<'a>(
        &'a mut self,
        world: &'a Arc<World>,
        reader: &'a FrameReader<'a>,
        depth: usize,
    ) -> BoxFuture<'a, Result<(), PageActionError>> {
        async move {
            let marker = reader.args.marker.as_str();
            let mut filled = String::with_capacity(self.text.len());
            let mut rest = std::mem::take(&mut self.text);
            while let Some(at) = rest.find(marker) {
                filled.push_str(&rest[..at]);
                let after = &rest[at + marker.len()..];
                // A truncated text may end within a marker.
                let Some((number, after)) = after.split_once(';') else {
                    rest.clear();
                    break;
                };
                let number: Option<u64> = number.parse().ok();
                let after = after.to_owned();
                let room = MAX_CHARS.saturating_sub(utf16_len(&filled) + utf16_len(&after));
                if depth >= MAX_DEPTH {
                    self.truncated = true;
                } else if let Some(number) = number
                    && let Some(inner) = reader.frame_content(world, number, room, depth).await?
                {
                    let is_whole = append_indented(&mut filled, &inner.text, room);
                    self.truncated |= inner.truncated || !is_whole;
                }
                rest = after;
            }
            if self.truncated
                && let Some(at) = rest.rfind(MARKER_START)
                && marker.starts_with(&rest[at..])
            {
                rest.truncate(at);
            }
            filled.push_str(&rest);
            self.text = filled;
            Ok(())
        }
        .boxed()
    }
}

impl FrameReader<'_> {
    /// The content of a frame. `None` if the frame is gone or has no document yet.
    async fn frame_content(
        &self,
        around: &Arc<World>,
        number: u64,
        room: u64,
        depth: usize,
    ) -> Result<Option<PageContent>, PageActionError> {
        let args = Args {
            limit: room,
            ..self.args.clone()
        };
        let now = Instant::now();
        let left = self.deadline.saturating_duration_since(now);
        let reader = FrameReader {
            driver: self.driver,
            args: self.args.clone(),
            deadline: now + FRAME_LIMIT.min(left / 2),
        };
        let deadline = reader.deadline;
        let read = async {
            let inner = self.driver.enter_frame(around, number, deadline).await?;
            let mut content: PageContent = inner.call("content", &args, deadline).await?;
            content.insert_frames(&inner, &reader, depth + 1).await?;
            Ok(content)
        };
        let outcome = timeout_at(deadline, read).await;
        match outcome.unwrap_or(Ok(PageContent::UNAVAILABLE)) {
            Ok(content) => Ok(Some(content)),
            Err(PageActionError::Call(CallError::Timeout { .. })) => {
                Ok(Some(PageContent::UNAVAILABLE))
            }
            Err(error) if error.is_frame_gone() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Appends a text of several lines. Each line repeats the prefix of the last line in `text`, such as
/// list indentation. Returns false if `room` did not suffice for the whole text.
fn append_indented(text: &mut String, inner: &str, mut room: u64) -> bool {
    let line_start = text.rfind('\n').map_or(0, |at| at + 1);
    let is_prefix = |it: char| it == ' ' || it == '>';
    let prefix: String = text[line_start..]
        .chars()
        .take(MAX_PREFIX)
        .map(|it| if is_prefix(it) { it } else { ' ' })
        .collect();
    for (number, line) in inner.split('\n').enumerate() {
        let cost = utf16_len(line) + 1 + prefix.len() as u64;
        if cost > room {
            return false;
        }
        room -= cost;
        if number > 0 {
            text.push('\n');
            if !line.is_empty() {
                text.push_str(&prefix);
            }
        }
        text.push_str(line);
    }
    true
}

fn utf16_len(text: &str) -> u64 {
    text.encode_utf16().count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_gets_the_prefix_of_the_first() {
        for (before, expected) in [
            ("above\n\n", "above\n\na\n\nb"),
            ("- ", "- a\n\n  b"),
            ("> > ", "> > a\n\n> > b"),
            ("", "a\n\nb"),
        ] {
            let mut text = before.to_owned();
            assert!(append_indented(&mut text, "a\n\nb", 99));
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn line_prefixes_count_towards_the_limit() {
        let mut text = "> ".repeat(5000);
        let before = text.len();
        assert!(!append_indented(&mut text, &"a\n".repeat(10_000), 10_000));
        let added = text.len() - before;
        assert!((5_000..=10_000).contains(&added), "{added}");
    }
}
