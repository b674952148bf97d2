//! `getAxSnapshot`: joins the accessibility outlines of all frames.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::payload::PayloadFields;
use futures::future::{BoxFuture, FutureExt as _};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::driver::PageDriver;
use super::error::PageActionError;
use super::operation::PageOperation;
use super::world::{World, parse};
use crate::cdp::CallError;
use crate::locator::Locator;
use crate::tabs::reply::AnswerKind;
use crate::timer::remaining;

/// The maximum length of a snapshot, in UTF-16 code units.
const MAX_CHARS: u64 = 512 * 1024;

/// The maximum nesting of cross-origin frames.
const MAX_DEPTH: usize = 8;

/// The time limit for one cross-origin frame: an unresponsive frame must not fail the whole snapshot.
const FRAME_LIMIT: Duration = Duration::from_secs(4);

/// The next ref number of the tab. The lock is held while a snapshot is taken, so that no number is
/// given twice; numbers are not reused after a navigation.
#[derive(Debug, Clone)]
pub(crate) struct RefCounter(Arc<Mutex<u64>>);

impl Default for RefCounter {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(1)))
    }
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

/// The state that all frames of a snapshot share.
struct SnapshotBuilder<'a> {
    driver: &'a PageDriver,
    interactive_only: bool,
    next: u64,
    length: u64,
    deadline: Instant,
}

impl PageOperation {
    /// `getAxSnapshot`, of the whole page without a locator.
    pub fn ax_snapshot(locator: Option<Locator>, interactive_only: bool) -> Self {
        Self::new(async move |driver, refs, deadline| {
            let locator = locator.as_ref();
            driver
                .ax_snapshot(locator, interactive_only, &refs, deadline)
                .await
        })
    }
}

impl PageDriver {
    async fn ax_snapshot(
        &self,
        locator: Option<&Locator>,
        interactive_only: bool,
        refs: &RefCounter,
        deadline: Instant,
    ) -> Result<AnswerKind, PageActionError> {
        let mut number = refs.0.lock().await;
        let mut builder = SnapshotBuilder {
            driver: self,
            interactive_only,
            next: *number,
            length: 0,
            deadline,
        };
        let args = builder.args(0);
        let called = self.call_on_part("outline", locator, &args, deadline);
        let (world, result) = called.await?;
        let part: FrameOutline = parse(&result)?;
        let url = part.url.clone();
        let mut all = Vec::new();
        let omitted = builder.add(&world, part, 0, &mut all).await?;
        *number = builder.next;
        drop(number);
        if omitted > 0 {
            all.push(format!(
                "- note: {omitted} more elements are left out; pass selector to take a snapshot of a part, \
                 or set interactiveOnly"
            ));
        }
        let lines = all.len() as u64;
        // Every line ends with a line break.
        all.push(String::new());
        let fields = PayloadFields::AxSnapshot {
            url,
            lines,
            omitted: (omitted > 0).then_some(omitted),
        };
        Ok(AnswerKind::text(fields, &all.join("\n")))
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
                match self.frame_outline(world, &placeholder).await {
                    Ok(Some((inner, part))) => {
                        omitted += self.add(&inner, part, depth + 1, all).await?;
                    }
                    Ok(None) => {
                        let indentation = "  ".repeat(placeholder.depth);
                        all.push(format!("{indentation}- note: this frame does not respond"));
                    }
                    Err(error) if error.is_frame_gone() => {}
                    Err(error) => return Err(error),
                }
            }
            all.extend(lines);
            Ok(omitted)
        }
        .boxed()
    }

    /// The outline of a cross-origin frame. `None` if the frame does not answer within its time limit.
    async fn frame_outline(
        &self,
        around: &Arc<World>,
        frame: &FramePlaceholder,
    ) -> Result<Option<(Arc<World>, FrameOutline)>, PageActionError> {
        let limit = FRAME_LIMIT.min(remaining(self.deadline) / 2);
        let deadline = Instant::now() + limit;
        let read = async {
            let entered = self.driver.enter_frame(around, frame.held, deadline);
            let inner = entered.await?;
            let args = self.args(frame.depth);
            let part = inner.call("outline", &args, deadline).await?;
            Ok(Some((inner, part)))
        };
        match timeout_at(deadline, read).await {
            Err(_) | Ok(Err(PageActionError::Call(CallError::Timeout { .. }))) => Ok(None),
            Ok(outcome) => outcome,
        }
    }
}
