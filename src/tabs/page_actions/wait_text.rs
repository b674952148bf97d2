//! `waitFor` with `text`: searches the page and, concurrently, each cross-origin frame.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::call::millis_left;
use super::driver::PageDriver;
use super::error::PageActionError;
use super::world::World;

/// The maximum number of frames of one document that are searched concurrently.
const MAX_FRAMES: usize = 64;

/// The maximum nesting of cross-origin frames.
const MAX_DEPTH: usize = 16;

/// Pause before a frame is searched again.
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Serialize)]
struct Args<'a> {
    text: &'a str,
    known: &'a [u64],
    timeout: u64,
}

/// The result of waiting in one document.
#[derive(Deserialize)]
struct DocumentResult {
    /// The current cross-origin frames, if they have changed.
    #[serde(default)]
    frames: Option<Vec<u64>>,
    /// Set if the text did not appear in time.
    #[serde(default)]
    fail: Option<String>,
}

#[derive(Clone, Copy)]
struct TextSearch<'a> {
    driver: &'a PageDriver,
    text: &'a str,
    deadline: Instant,
}

/// The searches in the cross-origin frames of one document.
struct FrameSearches<'a> {
    search: TextSearch<'a>,
    parent: Arc<World>,
    depth: usize,
    /// The frames that are in the document now.
    present: Vec<u64>,
    /// At most one search runs per frame, even if the frame is removed and added again.
    running: HashSet<u64>,
    results: FuturesUnordered<BoxFuture<'a, (u64, bool)>>,
}

impl PageDriver {
    /// Waits until a text is visible in the page.
    pub(super) async fn wait_text(
        &self,
        text: &str,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let search = TextSearch {
            driver: self,
            text,
            deadline,
        };
        loop {
            match search.document(Arc::clone(self.main_world()), 0).await {
                Ok(true) => return Ok(()),
                Err(PageActionError::PageLeft) if Instant::now() + PAUSE < deadline => {
                    sleep(PAUSE).await;
                }
                Ok(false) => {
                    return Err(PageActionError::NotFound {
                        locator: format!("text={text}"),
                        segment: format!("text={text}"),
                    });
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl<'a> TextSearch<'a> {
    /// Waits until the text is visible in a document or in a frame of it. Returns false if it is not
    /// visible in time.
    fn document(
        self,
        world: Arc<World>,
        depth: usize,
    ) -> BoxFuture<'a, Result<bool, PageActionError>> {
        Box::pin(async move {
            let mut frames = FrameSearches {
                search: self,
                parent: Arc::clone(&world),
                depth,
                present: Vec::new(),
                running: HashSet::new(),
                results: FuturesUnordered::new(),
            };
            let mut own = self.wait_in(Arc::clone(&world), Vec::new(), Duration::ZERO);
            loop {
                let result = tokio::select! {
                    biased;
                    result = &mut own => result?,
                    Some((frame, found)) = frames.results.next() => {
                        if found {
                            return Ok(true);
                        }
                        frames.restart(frame);
                        continue;
                    }
                };
                let Some(present) = result.frames else {
                    return Ok(result.fail.is_none());
                };
                frames.update(&present);
                own = self.wait_in(Arc::clone(&world), present, PAUSE);
            }
        })
    }

    /// Searches a frame of a document. An error in a frame must not fail the search in the page, so it
    /// counts as not found.
    fn frame(self, parent: Arc<World>, frame: u64, depth: usize) -> BoxFuture<'a, (u64, bool)> {
        Box::pin(async move {
            let found = match self.driver.enter_frame(&parent, frame, self.deadline).await {
                Ok(world) => self.document(world, depth + 1).await,
                Err(error) => Err(error),
            };
            let found = matches!(found, Ok(true));
            if !found {
                sleep(PAUSE).await;
            }
            (frame, found)
        })
    }

    /// Waits in one document. The pause bounds the load by a page whose frames change all the time.
    fn wait_in(
        self,
        world: Arc<World>,
        known: Vec<u64>,
        pause: Duration,
    ) -> BoxFuture<'a, Result<DocumentResult, PageActionError>> {
        Box::pin(async move {
            sleep(pause).await;
            let args = Args {
                text: self.text,
                known: &known,
                timeout: millis_left(self.deadline),
            };
            world.call("waitText", &args, self.deadline).await
        })
    }
}

impl FrameSearches<'_> {
    fn update(&mut self, present: &[u64]) {
        for frame in present {
            self.start(*frame);
        }
        self.present = present.to_vec();
    }

    fn start(&mut self, frame: u64) {
        if self.depth < MAX_DEPTH && self.running.len() < MAX_FRAMES && self.running.insert(frame) {
            let parent = Arc::clone(&self.parent);
            self.results
                .push(self.search.frame(parent, frame, self.depth));
        }
    }

    /// A search ends without a result when its frame navigates or is removed. Searches it again if it
    /// is still in the document.
    fn restart(&mut self, frame: u64) {
        self.running.remove(&frame);
        if self.present.contains(&frame) && Instant::now() + PAUSE < self.search.deadline {
            self.start(frame);
        }
    }
}
