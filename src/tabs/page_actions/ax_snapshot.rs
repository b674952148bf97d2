//! `getAxSnapshot`: joins the accessibility outlines of all frames.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::driver::PageDriver;
use super::error::PageActionError;
use super::world::{World, parse};
use crate::cdp::CallError;
use crate::locator::Locator;

/// The maximum length of a snapshot, in UTF-16 code units.
const MAX_CHARS: u64 = 512 * 1024;

/// The maximum nesting of cross-origin frames.
const MAX_DEPTH: usize = 8;

/// The time limit for one cross-origin frame: an unresponsive frame must not fail the whole snapshot.
const FRAME_LIMIT: Duration = Duration::from_secs(4);

/// The next ref number of the tab. The lock is held while a snapshot is taken, so that no number is
/// given twice; numbers are not reused after a navigation.
#[derive(Debug, Clone)]
pub(super) struct RefCounter(Arc<Mutex<u64>>);

impl Default for RefCounter {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(1)))
    }
}

#[derive(Debug)]
pub(super) struct AxSnapshotResult {
    pub url: String,
    pub text: String,
    pub lines: u64,
    /// The number of elements that were left out because of the length limit.
    pub omitted: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Args {
    interactive_only: bool,
    /// The next ref number.
    next: u64,
    limit: u64,
    /// The indentation of its lines.
    inner: usize,
}

#[derive(Deserialize)]
struct FrameOutline {
    url: String,
    lines: Vec<String>,
    frames: Vec<FramePlaceholder>,
    omitted: u64,
    next: u64,
    length: u64,
}

/// The position of a cross-origin frame in the outline around it.
#[derive(Deserialize)]
struct FramePlaceholder {
    held: u64,
    /// The frame's lines follow after this number of lines.
    line: usize,
    depth: usize,
}

enum FrameResult {
    Read(Arc<World>, FrameOutline),
    /// It did not answer within its time limit.
    Unresponsive,
    /// It was removed, or has no document yet.
    Gone,
}

/// The state that all frames of a snapshot share.
struct SnapshotBuilder<'a> {
    driver: &'a PageDriver,
    interactive_only: bool,
    next: u64,
    length: u64,
    deadline: Instant,
}

impl PageDriver {
    /// Takes a snapshot of the page, or of one element.
    pub(super) async fn ax_snapshot(
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
            let (world, result) = self
                .call_on_element("outline", locator, &args, deadline)
                .await?;
            (world, result)
        } else {
            let result = self.call_on_page("outline", &args, deadline).await?;
            (Arc::clone(self.main_world()), result)
        };
        let part: FrameOutline = parse(&result)?;
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
                "- note: {omitted} more elements are left out; pass selector to take a snapshot of a part, \
                 or set interactiveOnly"
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

    /// Adds the lines of one frame, with those of the frames in it. Returns the number of omitted
    /// elements.
    fn add<'a>(
        &'a mut self,
        world: &'a Arc<World>,
        part: FrameOutline,
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
                match self.frame_outline(world, &placeholder).await? {
                    FrameResult::Read(inner, part) => {
                        omitted += self.add(&inner, part, depth + 1, all).await?;
                    }
                    FrameResult::Unresponsive => {
                        let indentation = "  ".repeat(placeholder.depth);
                        all.push(format!("{indentation}- note: this frame does not respond"));
                    }
                    FrameResult::Gone => {}
                }
            }
            all.extend(lines);
            Ok(omitted)
        }
        .boxed()
    }

    /// The outline of a cross-origin frame.
    async fn frame_outline(
        &self,
        world: &Arc<World>,
        placeholder: &FramePlaceholder,
    ) -> Result<FrameResult, PageActionError> {
        let now = Instant::now();
        let left = self.deadline.saturating_duration_since(now);
        let deadline = now + FRAME_LIMIT.min(left / 2);
        let read = async {
            let entering = self.driver.enter_frame(world, placeholder.held, deadline);
            let inner = entering.await?;
            let args = self.args(placeholder.depth);
            let part = inner.call("outline", &args, deadline).await?;
            Ok(FrameResult::Read(inner, part))
        };
        match timeout_at(deadline, read).await {
            Err(_) | Ok(Err(PageActionError::Call(CallError::Timeout { .. }))) => {
                Ok(FrameResult::Unresponsive)
            }
            Ok(Err(PageActionError::PageLeft | PageActionError::Script(_))) => {
                Ok(FrameResult::Gone)
            }
            Ok(Err(PageActionError::Call(error)))
                if error.is_session_gone() || error.is_refusal() =>
            {
                Ok(FrameResult::Gone)
            }
            Ok(outcome) => outcome,
        }
    }
}
