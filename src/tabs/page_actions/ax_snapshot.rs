//! `getAxSnapshot`: the outlines of all processes' parts of the page, put together.

use std::fmt::Write as _;
use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt as _};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::driver::PageDriver;
use super::error::PageActionError;
use super::world::{World, parse};
use crate::locator::Locator;

/// The longest outline, in UTF-16 units of the page.
const MAX_CHARS: u64 = 512 * 1024;

/// How deep frames of other processes are looked into, inside of each other.
const MAX_DEPTH: usize = 8;

/// The number that the tab's next element gets. One outline at a time gives numbers, so that none is
/// given twice; and a number that was given is never given again, whatever becomes of the page.
#[derive(Debug, Clone)]
pub struct RefCounter(Arc<Mutex<u64>>);

impl Default for RefCounter {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(1)))
    }
}

/// An outline.
#[derive(Debug)]
pub struct AxSnapshotResult {
    /// Where the page was.
    pub url: String,
    /// The lines, each with its end.
    pub text: String,
    /// How many there are.
    pub lines: u64,
    /// How many elements were left out.
    pub omitted: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Args {
    interactive_only: bool,
    /// The number that is given next.
    next: u64,
    limit: u64,
    /// How far its lines are indented.
    inner: usize,
}

#[derive(Deserialize)]
struct Part {
    url: String,
    lines: Vec<String>,
    frames: Vec<FramePlaceholder>,
    omitted: u64,
    next: u64,
    length: u64,
}

/// Where a frame of another process belongs.
#[derive(Deserialize)]
struct FramePlaceholder {
    held: u64,
    /// Behind so many lines.
    line: usize,
    depth: usize,
}

/// What is the same for all parts of an outline.
struct SnapshotBuilder<'a> {
    driver: &'a PageDriver,
    interactive_only: bool,
    next: u64,
    length: u64,
    deadline: Instant,
}

impl PageDriver {
    /// Takes the outline of the page, or of one element.
    pub async fn ax_snapshot(
        &self,
        locator: Option<&Locator>,
        interactive_only: bool,
        refs: &RefCounter,
        deadline: Instant,
    ) -> Result<AxSnapshotResult, PageActionError> {
        let mut number = refs.0.lock().await;
        let mut builder = SnapshotBuilder {
            driver: self,
            interactive_only,
            next: *number,
            length: 0,
            deadline,
        };
        let args = builder.args(0);
        let (world, result) = if let Some(locator) = locator {
            let (reached, result) = self
                .call_on_element("outline", locator, &args, deadline)
                .await?;
            (reached.world, result)
        } else {
            let result = self.call_on_page("outline", &args, deadline).await?;
            (Arc::clone(self.main_world()), result)
        };
        let part: Part = parse(&result)?;
        let url = part.url.clone();
        let mut all = Vec::new();
        let mut omitted = builder.add(&world, part, 0, &mut all).await?;
        *number = builder.next;
        drop(number);
        let mut text = String::with_capacity(all.iter().map(|line| line.len() + 1).sum());
        for line in &all {
            text.push_str(line);
            text.push('\n');
        }
        let mut lines = all.len() as u64;
        if omitted > 0 {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "- note: {omitted} more elements are left out; take the outline of a part, by selector, \
                 or interactiveOnly"
            );
            lines += 1;
        } else {
            omitted = 0;
        }
        Ok(AxSnapshotResult {
            url,
            text,
            lines,
            omitted,
        })
    }
}

impl SnapshotBuilder<'_> {
    fn args(&self, inner: usize) -> Args {
        Args {
            interactive_only: self.interactive_only,
            next: self.next,
            limit: MAX_CHARS.saturating_sub(self.length),
            inner,
        }
    }

    /// Adds the lines of one part, with those of the frames in it where they belong. Says how many
    /// elements were left out.
    fn add<'a>(
        &'a mut self,
        world: &'a Arc<World>,
        part: Part,
        depth: usize,
        all: &'a mut Vec<String>,
    ) -> BoxFuture<'a, Result<u64, PageActionError>> {
        async move {
            self.next = self.next.max(part.next);
            self.length += part.length;
            let mut omitted = part.omitted;
            let mut lines = part.lines.into_iter();
            let mut done = 0;
            for placeholder in part.frames {
                all.extend(lines.by_ref().take(placeholder.line.saturating_sub(done)));
                done = placeholder.line;
                if depth >= MAX_DEPTH {
                    continue;
                }
                if let Some((inner, part)) = self.inside(world, &placeholder).await? {
                    omitted += self.add(&inner, part, depth + 1, all).await?;
                }
            }
            all.extend(lines);
            Ok(omitted)
        }
        .boxed()
    }

    /// The outline of a frame of another process; none if it is gone, or has no page yet.
    async fn inside(
        &self,
        world: &Arc<World>,
        placeholder: &FramePlaceholder,
    ) -> Result<Option<(Arc<World>, Part)>, PageActionError> {
        let entered = self
            .driver
            .enter_frame(world, placeholder.held, self.deadline)
            .await;
        let outcome = match entered {
            Ok(inner) => {
                let args = self.args(placeholder.depth);
                let part = inner.call("outline", &args, self.deadline).await;
                part.map(|part| (inner, part))
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(found) => Ok(Some(found)),
            Err(PageActionError::PageLeft | PageActionError::Script(_)) => Ok(None),
            Err(PageActionError::Call(error)) if error.is_session_gone() || error.is_refusal() => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
