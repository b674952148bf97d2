//! `getAxSnapshot`: joins the accessibility outlines of all frames, and answers with the part that is wanted.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::payload::PayloadFields;
use futures::future::{BoxFuture, FutureExt as _};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout_at};

use super::call::{NoArgs, PAUSE};
use super::driver::PageDriver;
use super::error::PageActionError;
use super::frame_outline::{FrameOutline, FramePlaceholder, OutlineArgs};
use super::operation::PageOperation;
use super::world::{World, parse};
use crate::cdp::CallError;
use crate::cdp::ids::SessionId;
use crate::locator::Locator;
use crate::tabs::outline::changes::changes;
use crate::tabs::outline::printed::Printed;
use crate::tabs::outline::{KeptOutlines, Node, Outline, OutlineForm, OutlineRequest, Selection};
use crate::tabs::reply::AnswerKind;
use crate::timer::remaining;

/// The maximum length of a snapshot, in UTF-16 code units.
const MAX_CHARS: u64 = 512 * 1024;

/// Ref numbers that a frame may use: more than fit into the longest outline. A frame that answers too late may have
/// given its elements numbers, which no other element may get.
const RESERVED_REFS: u64 = 1 << 16;

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

/// The state that all frames of a snapshot share.
struct SnapshotBuilder<'a> {
    driver: &'a PageDriver,
    form: &'a OutlineForm,
    nodes: Vec<Node>,
    next: u64,
    length: u64,
    omitted: u64,
    not_looked_up: u64,
    /// The sessions of frames that did not respond. Other frames of the same process would not, either.
    unresponsive: HashSet<SessionId>,
    deadline: Instant,
}

impl PageOperation {
    /// `getAxSnapshot`, of the whole page without a locator.
    pub fn ax_snapshot(
        locator: Option<Locator>,
        request: OutlineRequest,
        kept: KeptOutlines,
    ) -> Self {
        Self::new(async move |driver: PageDriver, refs, deadline| {
            let form = &request.form;
            // Taken before the new outline can replace it.
            let before = request.since.map(|revision| kept.get(revision, form));
            let again = request
                .kept
                .map(|revision| (kept.get(revision, form), revision));
            let is_lost = matches!(before, Some(None)) || matches!(again, Some((None, _)));
            let (outline, revision) = if let Some((Some(outline), revision)) = again {
                (outline, Some(revision))
            } else {
                let outline = driver.outline(locator.as_ref(), form, &refs, deadline);
                let outline = Arc::new(outline.await?);
                let revision = kept.keep(form.clone(), Arc::clone(&outline));
                (outline, revision)
            };
            let changed = before
                .flatten()
                .and_then(|before| changes(&before, &outline));
            let changes_since = request.since.filter(|_| changed.is_some());
            let printed = match (changed, &request.find) {
                (Some(changed), None) => changed,
                (Some(changed), Some(text)) => changed.changes_with(text),
                (None, Some(text)) => Printed::matching(&outline, text),
                (None, None) => Printed::whole(&outline),
            };
            let page = printed.page(request.offset, request.max_chars);
            let fields = PayloadFields::AxSnapshot {
                url: outline.url.clone(),
                lines: page.lines as u64,
                omitted: (outline.omitted > 0).then_some(outline.omitted),
                revision,
                changes_since,
                lost: is_lost.then_some(true),
                lines_left: (page.left > 0).then_some(page.left as u64),
            };
            Ok(AnswerKind::text(fields, page.text))
        })
    }
}

impl PageDriver {
    async fn outline(
        &self,
        locator: Option<&Locator>,
        form: &OutlineForm,
        refs: &RefCounter,
        deadline: Instant,
    ) -> Result<Outline, PageActionError> {
        let mut number = refs.0.lock().await;
        let mut builder = SnapshotBuilder {
            driver: self,
            form,
            nodes: Vec::new(),
            next: *number,
            length: 0,
            omitted: 0,
            not_looked_up: 0,
            unresponsive: HashSet::new(),
            deadline,
        };
        // Kept if this fails or is dropped.
        *number += RESERVED_REFS;
        let (world, part) = builder.root_outline(locator).await?;
        let url = part.url.clone();
        builder.add(&world, part, 0).await?;
        *number = builder.next;
        drop(number);
        Ok(builder.finish(url))
    }
}

impl SnapshotBuilder<'_> {
    fn args(&self, inner: usize) -> OutlineArgs {
        OutlineArgs {
            interactive_only: self.form.selection == Selection::InteractiveOnly,
            usable_refs: self.form.has_usable_refs(),
            next: self.next,
            limit: MAX_CHARS.saturating_sub(self.length),
            inner,
        }
    }

    /// The outline of the main frame, or of the element of a locator. Begins again in the new document
    /// after a navigation.
    async fn root_outline(
        &self,
        locator: Option<&Locator>,
    ) -> Result<(Arc<World>, FrameOutline), PageActionError> {
        loop {
            match self.root_outline_once(locator).await {
                Err(PageActionError::PageLeft) if Instant::now() + PAUSE < self.deadline => {
                    sleep(PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn root_outline_once(
        &self,
        locator: Option<&Locator>,
    ) -> Result<(Arc<World>, FrameOutline), PageActionError> {
        #[derive(Deserialize)]
        struct Found {
            held: u64,
        }
        let (world, held) = match locator {
            None => (Arc::clone(self.driver.main_world()), None),
            Some(locator) => {
                let found = self
                    .driver
                    .call_on_element("find", locator, &NoArgs {}, self.deadline);
                let (world, found) = found.await?;
                let Found { held } = parse(&found)?;
                (world, Some(held))
            }
        };
        let outline = world.outline(held, self.args(0), self.deadline).await?;
        Ok((world, outline))
    }

    /// Adds the lines of one frame, with those of the frames in it.
    fn add<'a>(
        &'a mut self,
        world: &'a Arc<World>,
        part: FrameOutline,
        depth: usize,
    ) -> BoxFuture<'a, Result<(), PageActionError>> {
        async move {
            self.next = self.next.max(part.next);
            self.length += part.length;
            self.omitted += part.omitted;
            self.not_looked_up += part.not_looked_up;
            let mut nodes = part.records.lines().filter_map(Node::parse);
            let mut done = 0;
            for placeholder in part.frames {
                let before = placeholder.line.saturating_sub(done);
                self.nodes.extend(nodes.by_ref().take(before));
                done = placeholder.line;
                if depth >= MAX_DEPTH {
                    continue;
                }
                match self.frame_outline(world, &placeholder).await {
                    Ok(Some((inner, part))) => self.add(&inner, part, depth + 1).await?,
                    Ok(None) => {
                        let note = Node::note(placeholder.depth, "this frame does not respond");
                        self.nodes.push(note);
                    }
                    Err(error) if error.is_frame_gone() => {}
                    Err(error) => return Err(error),
                }
            }
            self.nodes.extend(nodes);
            Ok(())
        }
        .boxed()
    }

    /// The outline of a cross-origin frame. `None` if the frame does not answer within its time limit.
    async fn frame_outline(
        &mut self,
        around: &Arc<World>,
        frame: &FramePlaceholder,
    ) -> Result<Option<(Arc<World>, FrameOutline)>, PageActionError> {
        let limit = FRAME_LIMIT.min(remaining(self.deadline) / 2);
        let deadline = Instant::now() + limit;
        let mut session = None;
        let read = async {
            let entered = self.driver.enter_frame(around, frame.held, deadline);
            let inner = entered.await?;
            if self.unresponsive.contains(inner.session.id()) {
                return Ok(None);
            }
            session = Some(inner.session.id().clone());
            let part = inner
                .outline(None, self.args(frame.depth), deadline)
                .await?;
            Ok(Some((inner, part)))
        };
        match timeout_at(deadline, read).await {
            Err(_) | Ok(Err(PageActionError::Call(CallError::Timeout { .. }))) => {
                self.unresponsive.extend(session);
                self.next += RESERVED_REFS;
                Ok(None)
            }
            Ok(outcome) => outcome,
        }
    }

    fn finish(mut self, url: String) -> Outline {
        if self.omitted > 0 {
            let note = format!(
                "{} more elements are left out; pass selector to take a snapshot of a part, or set interactiveOnly",
                self.omitted
            );
            self.nodes.push(Node::note(0, note));
        }
        if self.not_looked_up > 0 {
            let note = format!(
                "{} more elements that listen for clicks are left out; the next snapshot has more of them, and so \
                 has one of a part, with selector",
                self.not_looked_up
            );
            self.nodes.push(Node::note(0, note));
        }
        let omitted = self.omitted + self.not_looked_up;
        Outline::new(url, self.nodes, omitted, self.form)
    }
}
