//! A locator's way through the frames of several processes, and what the script found at its end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cdp_bridge_protocol::request::Point;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::driver::PageDriver;
use super::error::PageActionError;
use super::quad::outside;
use super::world::{ObjectHandle, World, parse};
use crate::cdp::page_methods::{DescribeNode, GetBoxModel};
use crate::locator::{Locator, SegmentKind};
use crate::timer::remaining;

/// How much earlier than the request the script gives up, so that it can say why even where the machine
/// is busy; at most four tenths of the time there is.
const MARGIN: Duration = Duration::from_secs(2);

/// How long to wait before a page that went elsewhere is asked again.
const PAUSE: Duration = Duration::from_millis(10);

/// How long to wait before an element in a frame that is covered is tried again.
const COVERED_PAUSE: Duration = Duration::from_millis(50);

/// Where a locator came to.
#[derive(Debug, Clone)]
pub struct Reached {
    /// The world that its element is in.
    pub world: Arc<World>,
}

/// The arguments of a function that follows a locator.
#[derive(Serialize)]
struct ElementCall<'a, A> {
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<&'a SegmentKind>>,
    from: usize,
    timeout: u64,
    #[serde(flatten)]
    args: &'a A,
}

/// What such a function comes to if it does not reach its end.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallOutcome {
    #[serde(default)]
    hop: Option<u64>,
    #[serde(default)]
    at: Option<usize>,
    #[serde(default)]
    fail: Option<FailureKind>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    by: Option<String>,
    #[serde(default)]
    because: Option<String>,
    #[serde(default)]
    element: Option<String>,
    #[serde(default)]
    count: Option<u64>,
    #[serde(default)]
    elements: Option<Vec<String>>,
    #[serde(default)]
    message: Option<String>,
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
    /// Calls a function of the script that follows a locator. A page that goes elsewhere meanwhile is
    /// asked again where it is then: such a function changes nothing before it has found its element.
    pub async fn call_on_element<A>(
        &self,
        function: &'static str,
        locator: &Locator,
        args: &A,
        deadline: Instant,
    ) -> Result<(Reached, Bytes), PageActionError>
    where
        A: Serialize + Sync,
    {
        loop {
            match self
                .call_on_element_once(function, locator, args, deadline)
                .await
            {
                Err(PageActionError::PageLeft) if Instant::now() + PAUSE < deadline => {
                    sleep(PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// The same for a function that may have had its effect: it is not called again.
    pub async fn call_on_element_once<A>(
        &self,
        function: &'static str,
        locator: &Locator,
        args: &A,
        deadline: Instant,
    ) -> Result<(Reached, Bytes), PageActionError>
    where
        A: Serialize + Sync,
    {
        let mut world = self.start(locator, deadline).await?;
        let mut from = 0;
        loop {
            let steps = locator.segments().iter().map(|segment| &segment.kind);
            let call = ElementCall {
                steps: Some(steps.collect()),
                from,
                timeout: millis_left(deadline),
                args,
            };
            let result = match world.call_raw(function, &call, deadline).await {
                // A frame that went away takes its process's session with it; the page is still there.
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
                None => Ok((Reached { world }, result)),
            };
        }
    }

    /// Calls a function of the script for the whole page.
    pub async fn call_on_page<A>(
        &self,
        function: &'static str,
        args: &A,
        deadline: Instant,
    ) -> Result<Bytes, PageActionError>
    where
        A: Serialize + Sync,
    {
        loop {
            let call = ElementCall {
                steps: None,
                from: 0,
                timeout: millis_left(deadline),
                args,
            };
            match self.main_world().call_raw(function, &call, deadline).await {
                Err(PageActionError::PageLeft) if Instant::now() + PAUSE < deadline => {
                    sleep(PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Where a locator begins: in the main frame, or wherever its ref is known.
    async fn start(
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
        for world in all {
            // A frame that has just gone away knows no refs.
            if world.knows(*number, deadline).await.unwrap_or(false) {
                return Ok(world);
            }
        }
        Ok(Arc::clone(self.main_world()))
    }

    /// Goes into a frame of another process, which the world around it knows by number.
    pub async fn enter_frame(
        &self,
        around: &Arc<World>,
        number: u64,
        deadline: Instant,
    ) -> Result<Arc<World>, PageActionError> {
        let Some(handle) = around.handle(number, deadline).await? else {
            return Err(PageActionError::PageLeft);
        };
        let left = remaining(deadline);
        let describe = DescribeNode {
            object_id: handle.id(),
        };
        let node = around.session.call(describe, left).await?.node;
        let Some(frame) = node.frame_id else {
            return Err(PageActionError::PageLeft);
        };
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

    /// From a point in a world's part of the page to one in the visible part of the page; with what
    /// covers it on the way, if anything does.
    pub async fn to_viewport(
        &self,
        world: &Arc<World>,
        point: Point,
        deadline: Instant,
    ) -> Result<(Point, Option<String>), PageActionError> {
        #[derive(Serialize)]
        struct Inside {
            number: u64,
            point: Point,
        }
        #[derive(Deserialize)]
        struct Outside {
            #[serde(default)]
            point: Option<Point>,
            #[serde(default)]
            turned: bool,
            #[serde(default)]
            by: Option<String>,
        }
        let (mut world, mut point) = (Arc::clone(world), point);
        while let Some((around, number)) = world.owner() {
            let inside = Inside { number, point };
            let out: Outside = around.call("frameOut", &inside, deadline).await?;
            if out.by.is_some() {
                return Ok((point, out.by));
            }
            let Some(outside) = out.point else {
                return Err(PageActionError::PageLeft);
            };
            if out.turned {
                point = self
                    .map_through_quad(&world, &around, number, point, deadline)
                    .await?;
                world = process_root_world(around);
            } else {
                point = outside;
                world = around;
            }
        }
        Ok((point, None))
    }

    /// The same through one frame that is turned or skewed: Chromium knows where its corners are, in
    /// the part of the page that its process shows.
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
        let Some(handle) = around.handle(number, deadline).await? else {
            return Err(PageActionError::PageLeft);
        };
        let left = remaining(deadline);
        let boxes = GetBoxModel {
            object_id: handle.id(),
        };
        let boxes = around.session.call(boxes, left).await?.model;
        let size: Size = world.call("size", &(), deadline).await?;
        Ok(outside(point, (size.width, size.height), &boxes.content))
    }

    /// A handle to an element that a world knows by number; it must still be there.
    pub async fn element(
        &self,
        reached: &Reached,
        number: u64,
        deadline: Instant,
    ) -> Result<ObjectHandle, PageActionError> {
        let handle = reached.world.handle(number, deadline).await?;
        handle.ok_or(PageActionError::PageLeft)
    }

    /// Waits a moment before a covered element is tried again; false if there is no time for that.
    pub async fn pause_before_retry(&self, until: Instant) -> bool {
        let again = Instant::now() + COVERED_PAUSE < until;
        if again {
            sleep(COVERED_PAUSE).await;
        }
        again
    }
}

impl World {
    async fn knows(&self, number: u64, deadline: Instant) -> Result<bool, PageActionError> {
        #[derive(Serialize)]
        struct Args {
            number: u64,
        }
        #[derive(Deserialize)]
        struct Known {
            value: bool,
        }
        let known: Known = self.call("knows", &Args { number }, deadline).await?;
        Ok(known.value)
    }
}

/// The world of the frame that a world's process shows first of all.
pub fn process_root_world(mut world: Arc<World>) -> Arc<World> {
    while let Some((around, _)) = world.owner() {
        if around.session.id() != world.session.id() {
            break;
        }
        world = around;
    }
    world
}

/// How long the script may wait.
pub fn millis_left(deadline: Instant) -> u64 {
    let left = remaining(retry_deadline(deadline));
    u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
}

/// Until when something is tried again, so that there is time to say why it was in vain.
pub fn retry_deadline(deadline: Instant) -> Instant {
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
            element: head.element.unwrap_or_default(),
            reason: head.reason.unwrap_or_default(),
            by: head.by.or(head.because),
        },
        FailureKind::Ambiguous => PageActionError::Ambiguous {
            locator: text,
            count: head.count.unwrap_or_default(),
            elements: head.elements.unwrap_or_default(),
        },
        FailureKind::StaleRef => PageActionError::StaleRef { locator: text },
        FailureKind::BadSelector => PageActionError::BadSelector {
            position: segment.map_or(0, |it| it.position as u64),
            problem: head.message.unwrap_or_default(),
        },
    })
}
