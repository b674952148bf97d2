//! `getContent`. Scripts cannot look into frames of other origins: where one stands, the text of the
//! page has a mark that no page can know, and what is in the frame takes its place.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::request::ContentFormat;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

use super::driver::PageDriver;
use super::error::PageActionError;
use super::world::{World, parse};
use crate::cdp::CallError;
use crate::locator::Locator;

/// The longest content, in UTF-16 units of the page.
const MAX_CHARS: u64 = 8 * 1024 * 1024;

/// How deep frames of other origins are read inside each other.
const MAX_DEPTH: usize = 16;

/// How long a frame of another origin may take. What hangs in there is no fault of the page.
const FRAME_LIMIT: Duration = Duration::from_secs(4);

/// The longest that begins the lines of a frame's text, such as the marks of quotations around it.
const MAX_PREFIX: usize = 256;

/// What a mark begins with: for private use, as Unicode has it.
const MARK: char = '\u{e0f0}';

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

#[derive(Clone, Serialize)]
struct Args {
    format: ContentFormat,
    limit: u64,
    mark: String,
}

/// Frames of other origins as they are read.
struct FrameReader<'a> {
    driver: &'a PageDriver,
    args: Args,
    deadline: Instant,
}

impl PageDriver {
    /// Reads the content of the page, or of one element.
    pub async fn content(
        &self,
        locator: Option<&Locator>,
        format: ContentFormat,
        deadline: Instant,
    ) -> Result<Content, PageActionError> {
        let args = Args {
            format,
            limit: MAX_CHARS,
            mark: format!("{MARK}{:016x}:", fastrand::u64(..)),
        };
        let (world, result) = if let Some(locator) = locator {
            let (reached, result) = self
                .call_on_element("content", locator, &args, deadline)
                .await?;
            (reached.world, result)
        } else {
            let result = self.call_on_page("content", &args, deadline).await?;
            (Arc::clone(self.main_world()), result)
        };
        let reader = FrameReader {
            driver: self,
            args,
            deadline,
        };
        let mut content: Content = parse(&result)?;
        content.fill(&world, &reader, 0).await?;
        Ok(content)
    }
}

impl Content {
    /// Of a frame that does not answer.
    fn missing() -> Self {
        Self {
            url: String::new(),
            text: String::new(),
            truncated: true,
        }
    }

    /// Puts in what is in frames of other origins.
    fn fill<'a>(
        &'a mut self,
        world: &'a Arc<World>,
        reader: &'a FrameReader<'a>,
        depth: usize,
    ) -> BoxFuture<'a, Result<(), PageActionError>> {
        async move {
            let mark = reader.args.mark.as_str();
            let mut filled = String::with_capacity(self.text.len());
            let mut rest = std::mem::take(&mut self.text);
            while let Some(at) = rest.find(mark) {
                filled.push_str(&rest[..at]);
                let after = &rest[at + mark.len()..];
                // A mark that is cut off stands at the end of a text that is.
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
                    && let Some(inner) = reader.inside(world, number, room, depth).await?
                {
                    let is_whole = append_indented(&mut filled, &inner.text, room);
                    self.truncated |= inner.truncated || !is_whole;
                }
                rest = after;
            }
            if self.truncated
                && let Some(at) = rest.rfind(MARK)
                && mark.starts_with(&rest[at..])
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
    /// What is in a frame; none if it is gone, or has no page yet.
    async fn inside(
        &self,
        around: &Arc<World>,
        number: u64,
        room: u64,
        depth: usize,
    ) -> Result<Option<Content>, PageActionError> {
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
            let mut content: Content = inner.call("content", &args, deadline).await?;
            content.fill(&inner, &reader, depth + 1).await?;
            Ok(content)
        };
        match timeout_at(deadline, read)
            .await
            .unwrap_or_else(|_| Ok(Content::missing()))
        {
            Ok(content) => Ok(Some(content)),
            Err(PageActionError::Call(CallError::Timeout { .. })) => Ok(Some(Content::missing())),
            Err(PageActionError::PageLeft | PageActionError::Script(_)) => Ok(None),
            Err(PageActionError::Call(error)) if error.is_session_gone() || error.is_refusal() => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Adds a text of several lines behind what begins a line, such as the indentation of a list, as far as
/// there is room. False: not all of it.
fn append_indented(text: &mut String, inner: &str, mut room: u64) -> bool {
    let begun = text.rfind('\n').map_or(0, |at| at + 1);
    let begins = |it: char| it == ' ' || it == '>';
    let prefix: String = text[begun..]
        .chars()
        .take(MAX_PREFIX)
        .map(|it| if begins(it) { it } else { ' ' })
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
    fn a_text_of_several_lines_stands_as_deep_as_its_first() {
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
    fn what_begins_the_lines_of_a_frame_takes_room_too() {
        let mut text = "> ".repeat(5000);
        let before = text.len();
        assert!(!append_indented(&mut text, &"a\n".repeat(10_000), 10_000));
        let added = text.len() - before;
        assert!((5_000..=10_000).contains(&added), "{added}");
    }
}
