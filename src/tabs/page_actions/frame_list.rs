//! `listFrames`. A script lists the frames that it can reach; those of other origins list theirs in their own worlds.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

use super::driver::PageDriver;
use super::error::PageActionError;
use super::operation::PageOperation;
use super::world::{World, parse};
use crate::cdp::CallError;
use crate::tabs::reply::{AnswerKind, PageFrame};

/// The most frames that are listed.
const MAX_FRAMES: usize = 256;

/// The deepest nesting of frames of other origins.
const MAX_DEPTH: usize = 16;

/// How many frames are asked at a time.
const AT_A_TIME: usize = 8;

/// The time limit for one frame: an unresponsive one must not fail the whole request.
const FRAME_LIMIT: Duration = Duration::from_secs(2);

#[derive(Serialize)]
struct Args {
    limit: usize,
}

/// The frames of one process below a document.
#[derive(Deserialize)]
struct Listing {
    url: String,
    frames: Vec<Listed>,
    truncated: bool,
}

#[derive(Deserialize)]
struct Listed {
    url: String,
    #[serde(default)]
    name: Option<String>,
    /// The frame around it in the same listing; `None` for the document itself.
    #[serde(default)]
    parent: Option<usize>,
    /// Its locator in the document around it.
    segment: String,
    /// The number of its element, if its document is out of reach.
    #[serde(default)]
    hop: Option<u64>,
}

/// A frame that lists its own frames.
struct Inner {
    around: Arc<World>,
    hop: u64,
    /// Its place in the list.
    at: usize,
}

#[derive(Default)]
struct FrameList {
    frames: Vec<PageFrame>,
    truncated: bool,
}

impl PageOperation {
    /// `listFrames`.
    pub fn list_frames() -> Self {
        Self::new(async move |driver, _, deadline| {
            let FrameList { frames, truncated } = driver.list_frames(deadline).await?;
            Ok(AnswerKind::Frames { frames, truncated })
        })
    }
}

impl PageDriver {
    async fn list_frames(&self, deadline: Instant) -> Result<FrameList, PageActionError> {
        let args = Args { limit: MAX_FRAMES };
        let (world, result) = self
            .call_on_part("listFrames", None, &args, deadline)
            .await?;
        let listing: Listing = parse(&result)?;
        let mut list = FrameList::default();
        list.frames.push(PageFrame {
            url: listing.url.clone(),
            ..PageFrame::default()
        });
        let mut inner = list.add(&world, 0, listing);
        for depth in 0.. {
            if inner.is_empty() || depth == MAX_DEPTH {
                list.truncated |= !inner.is_empty();
                break;
            }
            let asked = std::mem::take(&mut inner).into_iter();
            let asked = asked.map(async |it| (it.at, self.list_in(&it, deadline).await));
            let answers: Vec<_> = stream::iter(asked).buffered(AT_A_TIME).collect().await;
            for (at, answer) in answers {
                match answer {
                    Ok(Some((world, listing))) => {
                        list.frames[at].url.clone_from(&listing.url);
                        inner.extend(list.add(&world, at, listing));
                    }
                    Ok(None) | Err(PageActionError::Call(CallError::Timeout { .. })) => {
                        list.frames[at].unresponsive = true;
                    }
                    // It is gone, or has no document yet.
                    Err(error) if error.is_frame_gone() => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(list)
    }

    /// The frames of one frame; `None` if it does not answer in time.
    async fn list_in(
        &self,
        inner: &Inner,
        deadline: Instant,
    ) -> Result<Option<(Arc<World>, Listing)>, PageActionError> {
        let until = deadline.min(Instant::now() + FRAME_LIMIT);
        let list = async {
            let world = self.enter_frame(&inner.around, inner.hop, until).await?;
            let args = Args { limit: MAX_FRAMES };
            let listing = world.call("listFrames", &args, until).await?;
            Ok(Some((world, listing)))
        };
        timeout_at(until, list).await.unwrap_or(Ok(None))
    }
}

impl FrameList {
    /// Adds the frames in a frame. Returns those whose own frames are to be listed by themselves.
    fn add(&mut self, world: &Arc<World>, around: usize, listing: Listing) -> Vec<Inner> {
        let first = self.frames.len();
        let mut inner = Vec::new();
        self.truncated |= listing.truncated;
        for listed in listing.frames {
            let at = self.frames.len();
            if at >= MAX_FRAMES {
                self.truncated = true;
                break;
            }
            let parent = listed.parent.map_or(around, |parent| first + parent);
            let selector = match &self.frames[parent].selector {
                Some(outer) => format!("{outer} >> {}", listed.segment),
                None => listed.segment,
            };
            self.frames.push(PageFrame {
                url: listed.url,
                name: listed.name,
                parent: u32::try_from(parent).ok(),
                selector: Some(selector),
                unresponsive: false,
            });
            inner.extend(listed.hop.map(|hop| Inner {
                around: Arc::clone(world),
                hop,
                at,
            }));
        }
        inner
    }
}
