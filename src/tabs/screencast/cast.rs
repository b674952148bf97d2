//! One stream of Chromium's: a task with a session of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cdp_bridge_protocol::TabId;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};

use super::slot::{CastFrame, FrameSlot};
use crate::cdp::events::EventKind;
use crate::cdp::methods::{AckScreencastFrame, DetachFromTarget, StartScreencast, StopScreencast};
use crate::cdp::results::{ScreencastFrame, screencast_frame};
use crate::cdp::{Attachment, Browser, CallError, Event, Inbox, Session, TargetId};
use crate::clock::epoch_ms;
use crate::flow::FramePace;
use crate::metrics;
use crate::tabs::commands::retry::while_navigating;
use crate::tabs::error::TabError;
use crate::tabs::identity::CallerId;
use crate::tabs::picture::Picture;
use crate::tabs::reply::{AnswerKind, Reply};
use crate::tabs::supervisor::SupervisorHandle;

/// How long Chromium may take for what nobody waits for.
const ASIDE_LIMIT: Duration = Duration::from_secs(5);

/// Longer than anybody may wait for a cast.
const LONGEST: Duration = Duration::from_mins(2);

/// What a stream looks like. Watchers who want the same share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CastSpec {
    /// JPEG quality.
    pub quality: u8,
    /// The most pixels across.
    pub max_width: Option<u32>,
    /// The most pixels down.
    pub max_height: Option<u32>,
}

/// One who watches.
#[derive(Debug, Clone)]
pub struct Watcher {
    /// Who watches.
    pub caller: CallerId,
    /// The most frames in a second.
    pub max_fps: Option<u8>,
    /// Where its frames go.
    pub slot: FrameSlot,
}

/// One more watcher of a cast.
#[derive(Debug)]
pub struct Join {
    /// Who.
    pub watcher: Watcher,
    /// Answered by `screencastStarted`; nobody waits after a rebuild.
    pub reply: Option<Reply>,
}

/// What a cast needs to start.
pub struct CastStart {
    /// The tab.
    pub tab: TabId,
    /// What the stream looks like.
    pub spec: CastSpec,
    /// The page.
    pub target: TargetId,
    /// The browser it is in.
    pub browser: Browser,
    /// Who makes sessions.
    pub supervisor: SupervisorHandle,
    /// Numbers the frames; it outlives a rebuild.
    pub frame_no: Arc<AtomicU64>,
}

/// How many watchers may wait for the task, which takes them at once.
const MAILBOX: usize = 64;

/// Starts a cast. It ends when nobody watches any more, or with its page.
pub fn start(start: CastStart) -> mpsc::Sender<Join> {
    let (sender, joins) = mpsc::channel(MAILBOX);
    tokio::spawn(run(start, joins));
    sender
}

async fn run(start: CastStart, mut joins: mpsc::Receiver<Join>) {
    let Some(first) = joins.recv().await else {
        return;
    };
    // Whoever joins while it is being started waits with the first, each within its own time.
    let mut waiting = vec![Waiting::new(first)];
    let opened = {
        let mut opening = std::pin::pin!(open(&start, Instant::now() + LONGEST));
        loop {
            let Some(due) = waiting.iter().map(|it| it.until).min() else {
                break None;
            };
            tokio::select! {
                biased;
                opened = &mut opening => break Some(opened),
                Some(join) = joins.recv() => waiting.push(Waiting::new(join)),
                () = sleep_until(due) => {
                    for over in waiting.extract_if(.., |it| it.until <= due) {
                        over.refuse(&NotStarted::InTime);
                    }
                }
            }
        }
    };
    match opened {
        Some(Ok((session, inbox))) => {
            let wake = Arc::new(Notify::new());
            let (pace, watchers) = (FramePace::default(), HashMap::new());
            let mut cast = Cast {
                start,
                session,
                inbox,
                joins,
                pace,
                watchers,
                newest: None,
                ack: None,
                wake,
            };
            for Waiting { join, .. } in waiting {
                cast.join(join);
            }
            cast.run().await;
        }
        Some(Err(error)) => {
            joins.close();
            while let Ok(join) = joins.try_recv() {
                waiting.push(Waiting::new(join));
            }
            for refused in waiting {
                refused.refuse(&error);
            }
        }
        // Nobody waits any more; who comes now starts another.
        None => {
            joins.close();
            while let Ok(join) = joins.try_recv() {
                Waiting::new(join).refuse(&NotStarted::InTime);
            }
        }
    }
}

/// One who waits for the cast to start, and until when.
struct Waiting {
    join: Join,
    until: Instant,
}

impl Waiting {
    fn new(join: Join) -> Self {
        let until = match &join.reply {
            Some(reply) => reply.deadline,
            None => Instant::now() + ASIDE_LIMIT,
        };
        Self { join, until }
    }

    /// There is no cast.
    fn refuse(self, why: &NotStarted) {
        let Some(reply) = self.join.reply else {
            return;
        };
        let limit = reply.deadline - reply.arrived;
        let failure = match why {
            NotStarted::InTime => reply.timed_out("Page.startScreencast"),
            NotStarted::PageGone => TabError::Detached,
            NotStarted::Refused(error) => TabError::of_ending(error, reply.kind, limit)
                .unwrap_or_else(|| TabError::Refused(error.clone())),
        };
        reply.fail(failure);
    }
}

/// Why a cast was not started.
enum NotStarted {
    /// Whoever waited ran out of time.
    InTime,
    PageGone,
    Refused(CallError),
}

/// Makes the session and starts the stream.
async fn open(start: &CastStart, deadline: Instant) -> Result<(Session, Inbox), NotStarted> {
    let attachment = start
        .supervisor
        .attach(start.target.clone())
        .await
        .ok_or(NotStarted::PageGone)?;
    let Attachment { session, inbox, .. } = attachment;
    let CastSpec {
        quality,
        max_width,
        max_height,
    } = start.spec;
    while_navigating(deadline, |left| {
        session.call(
            StartScreencast {
                format: "jpeg",
                quality,
                max_width,
                max_height,
            },
            left,
        )
    })
    .await
    .map_err(NotStarted::Refused)?;
    Ok((session, inbox))
}

struct Cast {
    start: CastStart,
    session: Session,
    inbox: Inbox,
    joins: mpsc::Receiver<Join>,
    pace: FramePace<CallerId>,
    watchers: HashMap<CallerId, FrameSlot>,
    /// The newest frame: also for who comes later to a page that stands still.
    newest: Option<CastFrame>,
    /// What the acknowledgement of the newest frame must carry.
    ack: Option<i64>,
    /// A frame has left, or somebody watches no more.
    wake: Arc<Notify>,
}

impl Cast {
    async fn run(mut self) {
        loop {
            let now = Instant::now();
            self.look_after_watchers();
            if self.watchers.is_empty() {
                // From here on who comes starts another cast; who came before is still served.
                self.joins.close();
                let Ok(join) = self.joins.try_recv() else {
                    break;
                };
                self.join(join);
            }
            self.offer(now);
            let due = self.pace.next_due(now);
            let timer = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                event = self.inbox.next() => match event {
                    Some(Event::Raw(event)) if event.kind == EventKind::ScreencastFrame => {
                        match screencast_frame(&event.params) {
                            Ok(frame) => self.arrived(frame),
                            Err(error) => tracing::warn!(%error, "a frame was passed over"),
                        }
                    }
                    Some(_) => {}
                    // The page is gone. If the tab gets another, its actor starts another cast.
                    None => return,
                },
                Some(join) = self.joins.recv() => self.join(join),
                () = self.wake.notified() => {}
                () = timer => {}
            }
        }
        self.stop().await;
    }

    fn join(&mut self, Join { watcher, reply }: Join) {
        let Watcher {
            caller,
            max_fps,
            slot,
        } = watcher;
        slot.attach(&self.wake);
        self.pace.add(caller, max_fps, Instant::now());
        self.watchers.insert(caller, slot);
        if let Some(reply) = reply {
            reply.answer(self.start.tab, AnswerKind::ScreencastStarted);
        }
    }

    fn look_after_watchers(&mut self) {
        let pace = &mut self.pace;
        self.watchers.retain(|caller, slot| {
            if slot.is_closed() {
                pace.remove(caller);
                return false;
            }
            if slot.take_left() {
                pace.left(caller);
            }
            true
        });
    }

    fn arrived(&mut self, frame: ScreencastFrame) {
        self.ack = Some(frame.ack);
        let Ok(picture) = Picture::new(frame.data) else {
            tracing::warn!("a frame of a screencast is no picture");
            return self.acknowledge();
        };
        self.newest = Some(CastFrame {
            tab: self.start.tab,
            number: self.start.frame_no.fetch_add(1, Ordering::Relaxed),
            at_ms: frame.timestamp.map_or_else(epoch_ms, from_seconds),
            picture,
        });
        self.pace.arrived();
    }

    /// Gives the newest frame to those who are ready for it, and asks for another once one of
    /// them is ready for that.
    fn offer(&mut self, now: Instant) {
        if let Some(frame) = &self.newest {
            for caller in self.pace.take_due(now) {
                let slot = self.watchers.get(&caller);
                if slot.is_some_and(|slot| slot.put(frame.clone())) {
                    metrics::dropped("frame", "newerFrame");
                }
            }
        }
        if self.pace.take_acknowledgement(now) {
            self.acknowledge();
        }
    }

    fn acknowledge(&mut self) {
        let Some(session_id) = self.ack.take() else {
            return;
        };
        let session = self.session.clone();
        // Its answer says nothing, and the next frame does not wait for it.
        tokio::spawn(async move {
            if let Err(error) = session
                .call(AckScreencastFrame { session_id }, ASIDE_LIMIT)
                .await
            {
                tracing::debug!(%error, "a frame could not be acknowledged");
            }
        });
    }

    async fn stop(self) {
        let session_id = self.session.id().clone();
        let stopped = self
            .session
            .call(StopScreencast {}, ASIDE_LIMIT)
            .await
            .map(|_| ());
        let detach = DetachFromTarget { session_id };
        let detached = self
            .start
            .browser
            .call(detach, ASIDE_LIMIT)
            .await
            .map(|_| ());
        if let Err(error) = stopped.and(detached) {
            tracing::debug!(%error, "a screencast could not be stopped");
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
fn from_seconds(seconds: f64) -> u64 {
    (seconds * 1000.0) as u64
}
