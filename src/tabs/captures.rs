//! The captures of a tab: those that wait for their turn, and those at work.

use std::collections::HashMap;
use std::sync::Arc;

use cdp_bridge_protocol::payload::EscapedText;
use cdp_bridge_protocol::request::{ImageFormat, SnapshotFormat, Viewport};
use cdp_bridge_protocol::{RequestKind, TabId};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::changes::Place;
use super::commands::screenshot::{Shot, screenshot};
use super::commands::snapshot::snapshot;
use super::error::{Failure, ScreenshotError, SnapshotError, TabError};
use super::message::Capture;
use super::page_actions::{PageActionError, PageDriver};
use super::picture::Picture;
use super::reply::{AnswerKind, Reply, Superseded};
use super::settings::{CaptureLimits, TabSettings};
use crate::cdp::TargetSession;
use crate::cdp::ids::LoaderId;
use crate::flow::{Debounce, PacedQueue, QueueFull};
use crate::metrics;

/// The most snapshots that wait for one capture.
const SNAPSHOT_WAITERS: usize = 256;

/// One capture that waits.
#[derive(Debug)]
struct Waiting {
    capture: Capture,
    after: Place,
    reply: Reply,
}

/// Those who wait for a capture at work.
#[derive(Debug, Default)]
struct Waiters {
    replies: Vec<Reply>,
    /// When it was started.
    since: Option<Instant>,
    /// The navigation that brought the document it was started on.
    loader: Option<LoaderId>,
}

/// What a capture brought.
enum Brought {
    Snapshot(SnapshotFormat, Result<EscapedText, TabError>),
    Picture(ImageFormat, Result<Picture, TabError>),
}

/// A tab's captures.
pub struct Captures {
    snapshots: Debounce<SnapshotFormat, Waiting>,
    shots: PacedQueue<Waiting>,
    at_work: FuturesUnordered<BoxFuture<'static, (u64, Brought)>>,
    /// Who waits for each capture at work, and the document it was started on.
    waiters: HashMap<u64, Waiters>,
    next_id: u64,
    shot_at_work: bool,
    /// How many waiting screenshots the gauge knows of.
    shown: usize,
    limits: CaptureLimits,
    /// Pictures at work in the whole browser: more at once make each of them slow. Text is not
    /// counted among them: each page writes its own, and waits for no frame to be drawn.
    permits: Arc<Semaphore>,
}

/// What a capture needs to know of its tab.
pub struct Subject<'a> {
    /// Where it is.
    pub url: &'a str,
    /// The navigation that brought its document.
    pub loader: Option<&'a LoaderId>,
    /// The session it lives in.
    pub session: &'a TargetSession,
    /// The hands on its page.
    pub driver: &'a PageDriver,
    /// Its visible part.
    pub viewport: Viewport,
}

impl Captures {
    /// No captures.
    pub fn new(settings: &TabSettings, permits: Arc<Semaphore>) -> Self {
        Self {
            snapshots: Debounce::new(settings.flow.snapshot_debounce, SNAPSHOT_WAITERS),
            shots: PacedQueue::new(
                settings.flow.screenshot_interval(),
                settings.flow.screenshot_queue,
            ),
            at_work: FuturesUnordered::new(),
            waiters: HashMap::new(),
            next_id: 0,
            shot_at_work: false,
            shown: 0,
            limits: settings.capture_limits(),
            permits,
        }
    }

    /// Takes a request in. One that is pushed out is answered.
    pub fn push(&mut self, capture: Capture, after: Place, reply: Reply, now: Instant) {
        let waiting = Waiting {
            capture,
            after,
            reply,
        };
        match &waiting.capture {
            Capture::Snapshot { format } => {
                let format = *format;
                if let Err(QueueFull(Waiting { reply, .. })) =
                    self.snapshots.push(format, waiting, now)
                {
                    reply.fail(TabError::QueueFull {
                        limit: SNAPSHOT_WAITERS,
                    });
                }
            }
            Capture::Screenshot { .. } => {
                if let Some(Waiting { reply, .. }) = self.shots.push(waiting, now) {
                    metrics::dropped(reply.kind.as_str(), "queueFull");
                    reply.fail(TabError::Dropped);
                }
                self.show_queue();
            }
        }
    }

    /// Starts what is due and permitted.
    pub fn start_due(
        &mut self,
        subject: &Subject<'_>,
        permitted: impl Fn(Place) -> bool,
        now: Instant,
    ) {
        while let Some((format, group)) = self
            .snapshots
            .take_due(now, |waiting| permitted(waiting.after))
        {
            let replies = group.into_iter().map(|waiting| waiting.reply).collect();
            self.start_snapshot(subject, format, replies);
        }
        if self.shot_at_work {
            return;
        }
        if let Some(waiting) = self.shots.take_due(now, |waiting| permitted(waiting.after)) {
            self.start_shot(subject, waiting);
            self.show_queue();
        }
    }

    /// Keeps the gauge of waiting screenshots true.
    fn show_queue(&mut self) {
        metrics::screenshot_queue_changed(self.shown, self.shots.len());
        self.shown = self.shots.len();
    }

    fn start_snapshot(
        &mut self,
        subject: &Subject<'_>,
        format: SnapshotFormat,
        replies: Vec<Reply>,
    ) {
        let Some(deadline) = replies.iter().map(|reply| reply.deadline).max() else {
            return;
        };
        let (session, limits) = (subject.session.clone(), self.limits);
        let loader = subject.loader.cloned();
        let waiters = Waiters {
            replies,
            since: Some(Instant::now()),
            loader,
        };
        self.start(waiters, async move {
            let outcome = snapshot(session, format, limits, deadline).await;
            Brought::Snapshot(format, outcome.map_err(of_snapshot))
        });
    }

    fn start_shot(&mut self, subject: &Subject<'_>, waiting: Waiting) {
        let Capture::Screenshot {
            area,
            format,
            quality,
        } = waiting.capture
        else {
            return;
        };
        let (viewport, max_pixels) = (subject.viewport, self.limits.screenshot_pixels);
        let driver = subject.driver.clone();
        let shot = Shot {
            area,
            format,
            quality,
            viewport,
            max_pixels,
        };
        let (session, deadline) = (subject.session.clone(), waiting.reply.deadline);
        let timed_out = waiting.reply.timed_out("a free place to capture in");
        let permits = Arc::clone(&self.permits);
        self.shot_at_work = true;
        let waiters = Waiters {
            replies: vec![waiting.reply],
            since: Some(Instant::now()),
            loader: None,
        };
        self.start(waiters, async move {
            // The semaphore is never closed, so that only time can end the waiting.
            let Ok(Ok(_permit)) = timeout_at(deadline, permits.acquire_owned()).await else {
                return Brought::Picture(format, Err(timed_out));
            };
            let outcome = screenshot(session, &driver, shot, deadline).await;
            Brought::Picture(format, outcome.map_err(of_screenshot))
        });
    }

    fn start(&mut self, waiters: Waiters, work: impl Future<Output = Brought> + Send + 'static) {
        let id = self.next_id;
        self.next_id += 1;
        self.waiters.insert(id, waiters);
        self.at_work.push(Box::pin(async move { (id, work.await) }));
    }

    /// Waits until a capture at work is done, and answers those that wait for it. Never ends
    /// while none is at work.
    pub async fn next_done(&mut self) -> Done {
        match self.at_work.next().await {
            Some((id, brought)) => {
                let Waiters {
                    replies, loader, ..
                } = self.waiters.remove(&id).unwrap_or_default();
                match &brought {
                    Brought::Snapshot(format, _) => self.snapshots.finished(format),
                    Brought::Picture(..) => self.shot_at_work = false,
                }
                Done {
                    replies,
                    brought,
                    loader,
                }
            }
            None => std::future::pending().await,
        }
    }

    /// Answers those who waited for a capture. A snapshot that was taken while the page gave way
    /// to another may be of either, so that it is taken again: its URL must be true.
    pub fn settle(&mut self, done: Done, tab: TabId, subject: &Subject<'_>) {
        match done {
            Done {
                replies,
                brought: Brought::Snapshot(format, Ok(_)),
                loader,
            } if loader.as_ref() != subject.loader => {
                self.start_snapshot(subject, format, replies);
            }
            done => done.answer(tab, subject),
        }
    }

    /// When something is due or runs out of time.
    pub fn next_wake(&self, now: Instant) -> Option<Instant> {
        let shots = if self.shot_at_work {
            None
        } else {
            self.shots.next_due(now)
        };
        let snapshots = self.snapshots.next_due(now);
        let waiting = self.snapshots.iter().chain(self.shots.iter());
        let deadlines = waiting
            .map(|waiting| &waiting.reply)
            .chain(self.waiters.values().flat_map(|waiters| &waiters.replies));
        let first = deadlines.map(|reply| reply.deadline).min();
        [snapshots, shots, first].into_iter().flatten().min()
    }

    /// Since when the page owes the oldest of the captures at work.
    pub fn owing(&self) -> Option<Instant> {
        self.waiters
            .values()
            .filter_map(|waiters| waiters.since)
            .min()
    }

    /// Answers those whose time is over, whether they wait or their capture is at work. True: the page
    /// let the time of one pass.
    pub fn expire(&mut self, now: Instant) -> bool {
        let over = |waiting: &Waiting| waiting.reply.deadline <= now;
        for waiting in self
            .snapshots
            .remove(over)
            .into_iter()
            .chain(self.shots.remove(over))
        {
            let error = waiting.reply.timed_out("the tab's other requests");
            waiting.reply.fail(error);
        }
        self.show_queue();
        let mut is_page_late = false;
        for Waiters { replies, .. } in self.waiters.values_mut() {
            for reply in replies.extract_if(.., |reply| reply.deadline <= now) {
                let waiting_for = match reply.kind {
                    RequestKind::GetScreenshot => "Page.captureScreenshot",
                    _ => "Runtime.evaluate",
                };
                let error = reply.timed_out(waiting_for);
                reply.fail(error);
                is_page_late = true;
            }
        }
        is_page_late
    }

    /// Gives up what is at work; those who wait for it come back to be answered.
    pub fn abandon(&mut self) -> Vec<Reply> {
        self.at_work.clear();
        self.shot_at_work = false;
        for format in [SnapshotFormat::Html, SnapshotFormat::Structured] {
            self.snapshots.finished(&format);
        }
        let waiters = self.waiters.drain();
        waiters.flat_map(|(_, waiters)| waiters.replies).collect()
    }

    /// Gives everything up.
    pub fn drain(&mut self) -> Vec<Reply> {
        let at_work = self.abandon();
        let waiting = self.snapshots.drain().into_iter().chain(self.shots.drain());
        let mut replies: Vec<_> = waiting.map(|waiting| waiting.reply).collect();
        self.show_queue();
        replies.extend(at_work);
        replies
    }
}

/// A capture that is done, with those who wait for it.
pub struct Done {
    replies: Vec<Reply>,
    brought: Brought,
    loader: Option<LoaderId>,
}

impl Done {
    fn answer(self, tab: TabId, subject: &Subject<'_>) {
        match self.brought {
            Brought::Snapshot(format, Ok(text)) => {
                answer_snapshot(self.replies, tab, &text, format, subject.url);
            }
            Brought::Picture(format, Ok(picture)) => {
                for reply in self.replies {
                    let picture = picture.clone();
                    reply.answer(tab, AnswerKind::Screenshot { format, picture });
                }
            }
            Brought::Snapshot(_, Err(error)) | Brought::Picture(_, Err(error)) => {
                for reply in self.replies {
                    // The call does not know the limit that the client set.
                    let error = match &error {
                        TabError::TimedOut { waiting_for, .. } => {
                            reply.timed_out(waiting_for.clone())
                        }
                        error => error.clone(),
                    };
                    let session = Some(subject.session.id().to_string());
                    reply.fail(Failure { error, session });
                }
            }
        }
    }
}

/// Answers every call that waits for a snapshot: of each caller's calls the newest gets it, and the older
/// ones are superseded by it.
fn answer_snapshot(
    replies: Vec<Reply>,
    tab: TabId,
    text: &EscapedText,
    format: SnapshotFormat,
    url: &str,
) {
    let mut callers: Vec<(Reply, Vec<Reply>)> = Vec::new();
    for reply in replies {
        let group = callers.iter_mut().find(|(newest, _)| {
            let same = newest.call.caller == reply.call.caller;
            same && newest.may_coalesce && reply.may_coalesce
        });
        match group {
            Some((newest, older)) => older.push(std::mem::replace(newest, reply)),
            None => callers.push((reply, Vec::new())),
        }
    }
    for (newest, older) in callers {
        // The older calls are settled first: a client that reads the answer may use their ids again.
        let superseded = Superseded::default();
        for reply in older {
            metrics::coalesced(reply.kind.as_str());
            reply.answer(tab, AnswerKind::Superseded(superseded.clone()));
        }
        let answer = AnswerKind::Snapshot {
            url: url.to_owned(),
            format,
            text: text.clone(),
            superseded,
        };
        newest.answer(tab, answer);
    }
}

fn of_snapshot(error: SnapshotError) -> TabError {
    match &error {
        SnapshotError::Call(call) => ending(call, RequestKind::GetDomSnapshot),
        _ => None,
    }
    .unwrap_or_else(|| error.into())
}

fn of_screenshot(error: ScreenshotError) -> TabError {
    let error = match error {
        // That its element could not be found is no matter of pictures.
        ScreenshotError::PageAction(error) => match *error {
            PageActionError::Call(call) => ScreenshotError::Call(call),
            error => return TabError::PageAction(Box::new(error)),
        },
        error => error,
    };
    match &error {
        ScreenshotError::Call(call) => ending(call, RequestKind::GetScreenshot),
        _ => None,
    }
    .unwrap_or_else(|| error.into())
}

fn ending(error: &crate::cdp::CallError, kind: RequestKind) -> Option<TabError> {
    TabError::of_ending(error, kind, std::time::Duration::ZERO)
}
