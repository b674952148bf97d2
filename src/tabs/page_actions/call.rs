//! Calls functions of the script on the element of a locator. The locator may lead through frames of
//! several processes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cdp_bridge_protocol::request::{Clip, Point};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::driver::PageDriver;
use super::error::{PageActionError, WaitedFor};
use super::quad::to_parent;
use super::world::{ObjectHandle, World, parse};
use crate::cdp::page_methods::{DescribeNode, GetBoxModel};
use crate::locator::{Locator, Segment, SegmentKind};
use crate::timer::remaining;

/// The script gives up this much before the request's deadline, so that its explanation arrives in time
/// even on a busy machine. At most 40 % of the remaining time.
const MARGIN: Duration = Duration::from_secs(2);

/// Pause before a retry after the document was replaced.
pub(super) const PAUSE: Duration = Duration::from_millis(10);

/// Pause before a retry when an element in a frame is covered.
const COVERED_PAUSE: Duration = Duration::from_millis(50);

/// A script function takes no further arguments.
#[derive(Serialize)]
pub(super) struct NoArgs {}

/// The arguments of a script function that resolves a locator.
#[derive(Serialize)]
struct ElementCall<'a, A> {
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<&'a SegmentKind>>,
    from: usize,
    timeout: u64,
    /// The number of the action, by which it can be given up; `None` for a query.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<u64>,
    #[serde(flatten)]
    args: &'a A,
}

/// The result of such a function if it did not finish in this world.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CallOutcome {
    hop: Option<u64>,
    at: Option<usize>,
    fail: Option<FailureKind>,
    reason: String,
    by: Option<String>,
    because: Option<String>,
    element: String,
    count: u64,
    elements: Vec<String>,
    locators: Vec<Proposal>,
    message: String,
    course: Vec<WaitedFor>,
}

/// A segment that, in place of others, makes an ambiguous locator match one element.
#[derive(Deserialize)]
struct Proposal {
    /// How many segments of the locator stay before it.
    keep: usize,
    segment: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum FailureKind {
    NotFound,
    NotActionable,
    Ambiguous,
    StaleRef,
    BadSelector,
}

impl PageDriver {
    /// Calls a function of the script that resolves a locator first. Retries in the new document after
    /// a navigation: such a function changes nothing before the element is found.
    pub(super) async fn call_on_element(
        &self,
        function: &'static str,
        locator: &Locator,
        args: &(impl Serialize + Sync),
        deadline: Instant,
    ) -> Result<(Arc<World>, Bytes), PageActionError> {
        loop {
            let outcome = self.call_on_element_once(function, locator, args, deadline);
            match outcome.await {
                Err(PageActionError::PageLeft) if Instant::now() + PAUSE < deadline => {
                    sleep(PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Like [`Self::call_on_element`], without retries: for functions that are not idempotent.
    pub(super) async fn call_on_element_once(
        &self,
        function: &'static str,
        locator: &Locator,
        args: &(impl Serialize + Sync),
        deadline: Instant,
    ) -> Result<(Arc<World>, Bytes), PageActionError> {
        let mut world = self.starting_world(locator, deadline).await?;
        let mut from = 0;
        loop {
            let steps = locator.segments().iter().map(|segment| &segment.kind);
            let call = ElementCall {
                steps: Some(steps.collect()),
                from,
                timeout: millis_left(deadline),
                action: self.script_calls.in_world(&world),
                args,
            };
            let result = match world.call_raw(function, &call, deadline).await {
                // The session of a removed frame ends, but the page is still there.
                Err(PageActionError::Call(error))
                    if (error.is_session_gone() || error.is_refusal())
                        && world.owner().is_some() =>
                {
                    return Err(PageActionError::PageLeft);
                }
                outcome => outcome?,
            };
            let head: CallOutcome = parse(&result)?;
            if let Some(hop) = head.hop {
                from = head.at.unwrap_or_default();
                world = self.enter_frame(&world, hop, deadline).await?;
                continue;
            }
            return match failure(head, locator, from) {
                Some(error) => Err(error),
                None => Ok((world, result)),
            };
        }
    }

    /// Calls a function of the script on an element, or for the whole page without a locator.
    pub(super) async fn call_on_part(
        &self,
        function: &'static str,
        locator: Option<&Locator>,
        args: &(impl Serialize + Sync),
        deadline: Instant,
    ) -> Result<(Arc<World>, Bytes), PageActionError> {
        if let Some(locator) = locator {
            return self
                .call_on_element(function, locator, args, deadline)
                .await;
        }
        let world = Arc::clone(self.main_world());
        loop {
            let call = ElementCall {
                steps: None,
                from: 0,
                timeout: millis_left(deadline),
                action: self.script_calls.in_world(&world),
                args,
            };
            match world.call_raw(function, &call, deadline).await {
                Err(PageActionError::PageLeft) if Instant::now() + PAUSE < deadline => {
                    sleep(PAUSE).await;
                }
                outcome => return Ok((world, outcome?)),
            }
        }
    }

    /// The world in which a locator starts: the main frame's, or the one that knows its ref.
    async fn starting_world(
        &self,
        locator: &Locator,
        deadline: Instant,
    ) -> Result<Arc<World>, PageActionError> {
        let Some(SegmentKind::Ref { number }) = locator.segments().first().map(|first| &first.kind)
        else {
            return Ok(Arc::clone(self.main_world()));
        };
        let frames = self.frame_worlds();
        if frames.is_empty() {
            return Ok(Arc::clone(self.main_world()));
        }
        let all = std::iter::once(Arc::clone(self.main_world())).chain(frames);
        // Concurrently, because an unresponsive frame does not answer at all.
        let mut answers: FuturesUnordered<_> = all
            .map(|world| async move {
                // A removed frame has no refs.
                let knows = world.knows_ref(*number, deadline).await.unwrap_or(false);
                knows.then_some(world)
            })
            .collect();
        while let Some(answer) = answers.next().await {
            if let Some(world) = answer {
                return Ok(world);
            }
        }
        Ok(Arc::clone(self.main_world()))
    }

    /// The world of a cross-origin frame. `number` is the handle of the frame element in the world
    /// around it.
    pub(super) async fn enter_frame(
        &self,
        around: &Arc<World>,
        number: u64,
        deadline: Instant,
    ) -> Result<Arc<World>, PageActionError> {
        let handle = around.handle(number, deadline).await?;
        let object_id = handle.id();
        let describe = around
            .session
            .call(DescribeNode { object_id }, remaining(deadline));
        let node = describe.await?.node;
        let frame = node.frame_id.ok_or(PageActionError::PageLeft)?;
        let world = match node.content_document {
            Some(_) => self.same_process_frame(frame.as_str(), around),
            None => self
                .frame(frame.as_str(), deadline)
                .await?
                .ok_or(PageActionError::PageLeft)?,
        };
        world.set_owner(Arc::downgrade(around), number);
        Ok(world)
    }

    /// Maps a point from a frame to the viewport of the page. Also returns the element that covers the
    /// frame at this point.
    pub(super) async fn to_viewport(
        &self,
        world: &Arc<World>,
        point: Point,
        deadline: Instant,
    ) -> Result<(Point, Option<String>), PageActionError> {
        self.map_to_viewport(world, point, false, deadline).await
    }

    /// The same, whatever covers the frame.
    pub(super) async fn to_viewport_through(
        &self,
        world: &Arc<World>,
        point: Point,
        deadline: Instant,
    ) -> Result<Point, PageActionError> {
        let (point, _) = self.map_to_viewport(world, point, true, deadline).await?;
        Ok(point)
    }

    async fn map_to_viewport(
        &self,
        world: &Arc<World>,
        point: Point,
        ignores_covers: bool,
        deadline: Instant,
    ) -> Result<(Point, Option<String>), PageActionError> {
        #[derive(Serialize)]
        struct FramePoint {
            number: u64,
            point: Point,
        }
        #[derive(Deserialize)]
        struct ParentPoint {
            #[serde(default)]
            point: Option<Point>,
            #[serde(default)]
            turned: bool,
            #[serde(default)]
            by: Option<String>,
        }
        let (mut world, mut point) = (Arc::clone(world), point);
        while let Some((around, number)) = world.owner() {
            let inside = FramePoint { number, point };
            let out: ParentPoint = around.call("frameOut", &inside, deadline).await?;
            if out.by.is_some() && !ignores_covers {
                return Ok((point, out.by));
            }
            let mapped = out.point.ok_or(PageActionError::PageLeft)?;
            if out.turned {
                point = self
                    .map_through_quad(&world, &around, number, point, deadline)
                    .await?;
                world = process_root_world(around);
            } else {
                point = mapped;
                world = around;
            }
        }
        Ok((point, None))
    }

    /// Maps an area from a frame to the viewport of the page.
    pub(super) async fn area_to_viewport(
        &self,
        world: &Arc<World>,
        area: Clip,
        deadline: Instant,
    ) -> Result<Clip, PageActionError> {
        let from = Point {
            x: area.x,
            y: area.y,
        };
        let to = Point {
            x: area.x + area.width,
            y: area.y + area.height,
        };
        let (from, _) = self.to_viewport(world, from, deadline).await?;
        let (to, _) = self.to_viewport(world, to, deadline).await?;
        Ok(Clip {
            x: from.x,
            y: from.y,
            width: to.x - from.x,
            height: to.y - from.y,
        })
    }

    /// Maps a point out of one rotated or skewed frame: Chromium reports the corners of the frame's
    /// content box.
    async fn map_through_quad(
        &self,
        world: &Arc<World>,
        around: &Arc<World>,
        number: u64,
        point: Point,
        deadline: Instant,
    ) -> Result<Point, PageActionError> {
        #[derive(Deserialize)]
        struct Size {
            width: f64,
            height: f64,
        }
        let handle = around.handle(number, deadline).await?;
        let object_id = handle.id();
        let boxes = around
            .session
            .call(GetBoxModel { object_id }, remaining(deadline));
        let boxes = boxes.await?.model;
        let size: Size = world.call("size", &(), deadline).await?;
        Ok(to_parent(point, (size.width, size.height), &boxes.content))
    }

    /// The remote object of an element that a world knows by number.
    pub(super) async fn element_handle(
        &self,
        world: &World,
        number: u64,
        deadline: Instant,
    ) -> Result<ObjectHandle, PageActionError> {
        world.handle(number, deadline).await
    }

    /// Waits before a retry; returns false if there is no time left for one.
    pub(super) async fn pause_before_retry(&self, until: Instant) -> bool {
        let again = Instant::now() + COVERED_PAUSE < until;
        if again {
            sleep(COVERED_PAUSE).await;
        }
        again
    }
}

impl World {
    async fn knows_ref(&self, number: u64, deadline: Instant) -> Result<bool, PageActionError> {
        #[derive(Serialize)]
        struct Args {
            number: u64,
        }
        #[derive(Deserialize)]
        struct KnowsResult {
            value: bool,
        }
        let known: KnowsResult = self.call("knows", &Args { number }, deadline).await?;
        Ok(known.value)
    }
}

impl Proposal {
    /// `ambiguous` is the index of the segment that matched several elements.
    fn into_locator(self, locator: &Locator, ambiguous: usize) -> String {
        let segments = locator.segments();
        let text = |segment: &Segment| segment.text.clone();
        let before = segments.iter().take(self.keep).map(text);
        let behind = segments.iter().skip(ambiguous + 1).map(text);
        let all = before.chain(std::iter::once(self.segment)).chain(behind);
        all.collect::<Vec<_>>().join(" >> ")
    }
}

/// The world of the outermost frame in the same process.
pub(super) fn process_root_world(mut world: Arc<World>) -> Arc<World> {
    while let Some((around, _)) = world.owner() {
        if around.session.id() != world.session.id() {
            break;
        }
        world = around;
    }
    world
}

/// The timeout for the script.
pub(super) fn millis_left(deadline: Instant) -> u64 {
    let left = remaining(retry_deadline(deadline));
    u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
}

/// The end of the retries, early enough for reporting why they failed.
pub(super) fn retry_deadline(deadline: Instant) -> Instant {
    let now = Instant::now();
    let left = deadline.saturating_duration_since(now);
    now + left.saturating_sub(MARGIN).max(left * 6 / 10)
}

fn failure(head: CallOutcome, locator: &Locator, from: usize) -> Option<PageActionError> {
    let fail = head.fail?;
    let text = locator.as_str().to_owned();
    let at = head.at.unwrap_or(from);
    let segment = locator.segments().get(at);
    Some(match fail {
        FailureKind::NotFound => PageActionError::NotFound {
            locator: text,
            segment: segment.map(|it| it.text.clone()).unwrap_or_default(),
        },
        FailureKind::NotActionable => PageActionError::NotActionable {
            locator: text,
            element: head.element,
            reason: head.reason,
            by: head.by.or(head.because),
            course: head.course,
        },
        FailureKind::Ambiguous => PageActionError::Ambiguous {
            locator: text,
            count: head.count,
            elements: head.elements,
            locators: head
                .locators
                .into_iter()
                .map(|proposal| proposal.into_locator(locator, at))
                .collect(),
        },
        FailureKind::StaleRef => PageActionError::StaleRef { locator: text },
        FailureKind::BadSelector => PageActionError::BadSelector {
            position: segment.map_or(0, |it| it.position as u64),
            problem: head.message,
        },
    })
}
