//! `waitFor` a text: in the page, and in frames of other origins, each of which is waited in by itself.

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

/// How many frames of other origins are looked into from one document at a time.
const MAX_FRAMES: usize = 64;

/// How deep frames of other origins are looked into inside each other.
const MAX_DEPTH: usize = 16;

/// How long to wait before a frame that went elsewhere is looked into again.
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Serialize)]
struct Args<'a> {
    text: &'a str,
    known: &'a [u64],
    timeout: u64,
}

/// What the script says of one document.
#[derive(Deserialize)]
struct Seen {
    /// There are other frames of other origins now.
    #[serde(default)]
    frames: Option<Vec<u64>>,
    /// The text did not come to be seen in time.
    #[serde(default)]
    fail: Option<String>,
}

/// What is looked for, and until when.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    driver: &'a PageDriver,
    text: &'a str,
    deadline: Instant,
}

impl PageDriver {
    /// Waits until a text can be seen somewhere in the page.
    pub async fn wait_text(&self, text: &str, deadline: Instant) -> Result<(), PageActionError> {
        let wanted = Wanted {
            driver: self,
            text,
            deadline,
        };
        loop {
            match wanted.seek(Arc::clone(self.main_world()), 0).await {
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

impl<'a> Wanted<'a> {
    /// Waits until the text can be seen in a document or in a frame inside; false if it cannot in time.
    fn seek(self, world: Arc<World>, depth: usize) -> BoxFuture<'a, Result<bool, PageActionError>> {
        Box::pin(async move {
            let mut known = Vec::new();
            let mut inner = FuturesUnordered::new();
            // Each frame is looked into once at a time, also if it comes and goes.
            let mut looking = HashSet::new();
            let mut own = self.see(Arc::clone(&world), Vec::new(), Duration::ZERO);
            loop {
                tokio::select! {
                    biased;
                    seen = &mut own => match seen? {
                        Seen { frames: Some(frames), .. } => {
                            for frame in frames.iter().filter(|_| depth < MAX_DEPTH) {
                                if looking.len() < MAX_FRAMES && looking.insert(*frame) {
                                    inner.push(self.seek_in(Arc::clone(&world), *frame, depth));
                                }
                            }
                            known.clone_from(&frames);
                            own = self.see(Arc::clone(&world), frames, PAUSE);
                        }
                        Seen { fail, .. } => return Ok(fail.is_none()),
                    },
                    Some((frame, seen)) = inner.next() => {
                        if seen {
                            return Ok(true);
                        }
                        // It went elsewhere; or away, which the document around it says.
                        looking.remove(&frame);
                        if known.contains(&frame) && Instant::now() + PAUSE < self.deadline {
                            looking.insert(frame);
                            inner.push(self.seek_in(Arc::clone(&world), frame, depth));
                        }
                    }
                }
            }
        })
    }

    /// The same in a frame that the document around it knows by number. Whatever goes wrong there is
    /// no fault of the page.
    fn seek_in(self, around: Arc<World>, frame: u64, depth: usize) -> BoxFuture<'a, (u64, bool)> {
        Box::pin(async move {
            let seen = match self.driver.enter_frame(&around, frame, self.deadline).await {
                Ok(world) => self.seek(world, depth + 1).await,
                Err(error) => Err(error),
            };
            let seen = matches!(seen, Ok(true));
            if !seen {
                sleep(PAUSE).await;
            }
            (frame, seen)
        })
    }

    /// Looks into one document, after a pause: a page whose frames come and go keeps nobody busy.
    fn see(
        self,
        world: Arc<World>,
        known: Vec<u64>,
        pause: Duration,
    ) -> BoxFuture<'a, Result<Seen, PageActionError>> {
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
