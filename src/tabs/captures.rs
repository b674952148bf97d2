//! The snapshots and screenshots of a tab: those that wait, and those that run.

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

use super::command_queue::QueuePosition;
use super::commands::retry::at_each_commit;
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

#[derive(Debug)]
struct WaitingCapture {
    capture: Capture,
    after: QueuePosition,
    reply: Reply,
}

/// The requests that wait for a running capture.
#[derive(Debug, Default)]
struct Waiters {
    replies: Vec<Reply>,
    since: Option<Instant>,
    /// The navigation that committed the document it was started on.
    loader: Option<LoaderId>,
}

enum CaptureOutput {
    Snapshot(SnapshotFormat, Result<EscapedText, TabError>),
    Picture(ImageFormat, Result<Picture, TabError>),
}

pub struct Captures {
    snapshots: Debounce<SnapshotFormat, WaitingCapture>,
    shots: PacedQueue<WaitingCapture>,
    at_work: FuturesUnordered<BoxFuture<'static, (u64, CaptureOutput)>>,
    waiters: HashMap<u64, Waiters>,
    next_id: u64,
    shot_at_work: bool,
    /// The number of waiting screenshots that the gauge was last given.
    in_gauge: usize,
    limits: CaptureLimits,
    /// Limits concurrent screenshots in the whole browser, because more make each of them slower.
    /// Snapshots need no permit: they wait for no frame to be drawn.
    permits: Arc<Semaphore>,
}

/// What a capture needs from its tab.
pub struct CaptureContext<'a> {
    pub url: &'a str,
    /// The navigation that committed its document.
    pub loader: Option<&'a LoaderId>,
    pub session: &'a TargetSession,
    pub driver: &'a PageDriver,
    pub viewport: Viewport,
}

impl Captures {
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
            in_gauge: 0,
            limits: settings.capture_limits(),
            permits,
        }
    }

    /// Queues a request. A request that is evicted for it is failed.
    pub fn push(&mut self, capture: Capture, after: QueuePosition, reply: Reply, now: Instant) {
        let waiting = WaitingCapture {
            capture,
            after,
            reply,
        };
        match &waiting.capture {
            Capture::Snapshot { format } => {
                let format = *format;
                if let Err(QueueFull(WaitingCapture { reply, .. })) =
                    self.snapshots.push(format, waiting, now)
                {
                    reply.fail(TabError::QueueFull {
                        limit: SNAPSHOT_WAITERS,
                    });
                }
            }
            Capture::Screenshot { .. } => {
                if let Some(WaitingCapture { reply, .. }) = self.shots.push(waiting, now) {
                    metrics::dropped(reply.kind.as_str(), "queueFull");
                    reply.fail(TabError::Dropped);
                }
                self.update_gauge();
            }
        }
    }

    /// Starts the captures that are due and whose preceding commands are done.
    pub fn start_due(
        &mut self,
        context: &CaptureContext<'_>,
        permitted: impl Fn(QueuePosition) -> bool,
        now: Instant,
    ) {
        while let Some((format, group)) = self
            .snapshots
            .take_due(now, |waiting| permitted(waiting.after))
        {
            let replies = group.into_iter().map(|waiting| waiting.reply).collect();
            self.start_snapshot(context, format, replies);
        }
        if self.shot_at_work {
            return;
        }
        if let Some(waiting) = self.shots.take_due(now, |waiting| permitted(waiting.after)) {
            self.start_shot(context, waiting);
            self.update_gauge();
        }
    }

    fn update_gauge(&mut self) {
        metrics::screenshot_queue_changed(self.in_gauge, self.shots.len());
        self.in_gauge = self.shots.len();
    }

    fn start_snapshot(
        &mut self,
        context: &CaptureContext<'_>,
        format: SnapshotFormat,
        replies: Vec<Reply>,
    ) {
        let Some(deadline) = replies.iter().map(|reply| reply.deadline).max() else {
            return;
        };
        let (session, limits) = (context.session.clone(), self.limits);
        let loader = context.loader.cloned();
        let waiters = Waiters {
            replies,
            since: Some(Instant::now()),
            loader,
        };
        let driver = context.driver.clone();
        self.start(waiters, async move {
            let attempt = || snapshot(session.clone(), format, limits, deadline);
            let outcome = at_each_commit(&driver, attempt).await;
            CaptureOutput::Snapshot(format, outcome.map_err(snapshot_error))
        });
    }

    fn start_shot(&mut self, context: &CaptureContext<'_>, waiting: WaitingCapture) {
        let Capture::Screenshot {
            area,
            format,
            quality,
        } = waiting.capture
        else {
            return;
        };
        let (viewport, max_pixels) = (context.viewport, self.limits.screenshot_pixels);
        let driver = context.driver.clone();
        let shot = Shot {
            area,
            format,
            quality,
            viewport,
            max_pixels,
        };
        let (session, deadline) = (context.session.clone(), waiting.reply.deadline);
        let timed_out = waiting.reply.timed_out("a free position to capture in");
        let permits = Arc::clone(&self.permits);
        self.shot_at_work = true;
        let waiters = Waiters {
            replies: vec![waiting.reply],
            since: Some(Instant::now()),
            loader: None,
        };
        self.start(waiters, async move {
            // The semaphore is never closed, so that the wait can only time out.
            let Ok(Ok(_permit)) = timeout_at(deadline, permits.acquire_owned()).await else {
                return CaptureOutput::Picture(format, Err(timed_out));
            };
            let attempt = || screenshot(session.clone(), &driver, shot.clone(), deadline);
            let outcome = at_each_commit(&driver, attempt).await;
            CaptureOutput::Picture(format, outcome.map_err(screenshot_error))
        });
    }

    fn start(
        &mut self,
        waiters: Waiters,
        work: impl Future<Output = CaptureOutput> + Send + 'static,
    ) {
        let id = self.next_id;
        self.next_id += 1;
        self.waiters.insert(id, waiters);
        self.at_work.push(Box::pin(async move { (id, work.await) }));
    }

    /// Waits until a running capture is done. Never ends while none runs.
    pub async fn next_done(&mut self) -> FinishedCapture {
        match self.at_work.next().await {
            Some((id, output)) => {
                let Waiters {
                    replies, loader, ..
                } = self.waiters.remove(&id).unwrap_or_default();
                match &output {
                    CaptureOutput::Snapshot(format, _) => self.snapshots.finished(format),
                    CaptureOutput::Picture(..) => self.shot_at_work = false,
                }
                FinishedCapture {
                    replies,
                    output,
                    loader,
                }
            }
            None => std::future::pending().await,
        }
    }

    /// Answers the requests of a finished capture. A snapshot during which the document changed may
    /// show either document, so that it is taken again: its URL must be right.
    pub fn settle(&mut self, done: FinishedCapture, tab: TabId, context: &CaptureContext<'_>) {
        match done {
            FinishedCapture {
                replies,
                output: CaptureOutput::Snapshot(format, Ok(_)),
                loader,
            } if loader.as_ref() != context.loader => {
                self.start_snapshot(context, format, replies);
            }
            done => done.answer(tab, context),
        }
    }

    /// When something is due or times out.
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

    /// Since when the oldest running capture has waited for the page.
    pub fn awaiting_page_since(&self) -> Option<Instant> {
        self.waiters
            .values()
            .filter_map(|waiters| waiters.since)
            .min()
    }

    /// Fails the requests that have timed out. True if the capture of one of them was running, so that
    /// the page is late.
    pub fn expire(&mut self, now: Instant) -> bool {
        let over = |waiting: &WaitingCapture| waiting.reply.deadline <= now;
        for waiting in self
            .snapshots
            .remove(over)
            .into_iter()
            .chain(self.shots.remove(over))
        {
            let error = waiting.reply.timed_out("the tab's other requests");
            waiting.reply.fail(error);
        }
        self.update_gauge();
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

    /// Drops the running captures and returns their replies.
    pub fn abandon(&mut self) -> Vec<Reply> {
        self.at_work.clear();
        self.shot_at_work = false;
        for format in [SnapshotFormat::Html, SnapshotFormat::Structured] {
            self.snapshots.finished(&format);
        }
        let waiters = self.waiters.drain();
        waiters.flat_map(|(_, waiters)| waiters.replies).collect()
    }

    /// Drops all captures and returns their replies.
    pub fn drain(&mut self) -> Vec<Reply> {
        let at_work = self.abandon();
        let waiting = self.snapshots.drain().into_iter().chain(self.shots.drain());
        let mut replies: Vec<_> = waiting.map(|waiting| waiting.reply).collect();
        self.update_gauge();
        replies.extend(at_work);
        replies
    }
}

pub struct FinishedCapture {
    replies: Vec<Reply>,
    output: CaptureOutput,
    loader: Option<LoaderId>,
}

impl FinishedCapture {
    fn answer(self, tab: TabId, context: &CaptureContext<'_>) {
        match self.output {
            CaptureOutput::Snapshot(format, Ok(text)) => {
                answer_snapshot(self.replies, tab, &text, format, context.url);
            }
            CaptureOutput::Picture(format, Ok(picture)) => {
                for reply in self.replies {
                    let picture = picture.clone();
                    reply.answer(tab, AnswerKind::Screenshot { format, picture });
                }
            }
            CaptureOutput::Snapshot(_, Err(error)) | CaptureOutput::Picture(_, Err(error)) => {
                for reply in self.replies {
                    // The error has to state the limit of this request.
                    let error = match &error {
                        TabError::TimedOut { waiting_for, .. } => {
                            reply.timed_out(waiting_for.clone())
                        }
                        error => error.clone(),
                    };
                    let session = Some(context.session.id().to_string());
                    reply.fail(Failure { error, session });
                }
            }
        }
    }
}

/// Answers every call that waits for a snapshot. Of each caller's calls the newest gets it and
/// supersedes the older ones.
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

fn snapshot_error(error: SnapshotError) -> TabError {
    match &error {
        SnapshotError::Call(call) => session_error(call, RequestKind::GetDomSnapshot),
        _ => None,
    }
    .unwrap_or_else(|| error.into())
}

fn screenshot_error(error: ScreenshotError) -> TabError {
    let error = match error {
        // A missing element is not an error of the screenshot.
        ScreenshotError::PageAction(error) => match *error {
            PageActionError::Call(call) => ScreenshotError::Call(call),
            error => return TabError::PageAction(Box::new(error)),
        },
        error => error,
    };
    match &error {
        ScreenshotError::Call(call) => session_error(call, RequestKind::GetScreenshot),
        _ => None,
    }
    .unwrap_or_else(|| error.into())
}

fn session_error(error: &crate::cdp::CallError, kind: RequestKind) -> Option<TabError> {
    TabError::of_ending(error, kind, std::time::Duration::ZERO)
}
