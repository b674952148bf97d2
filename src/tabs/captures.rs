//! The snapshots, screenshots and prints of a tab: those that wait, and those that run.

use bytes::Bytes;
use cdp_bridge_protocol::payload::{EscapedText, Payload, PayloadFields};
use cdp_bridge_protocol::request::{ImageFormat, PrintToPdf, SnapshotFormat, Viewport};
use cdp_bridge_protocol::{RequestKind, TabId};
use tokio::time::Instant;

use super::capture_permits::ClientCapturePermits;
use super::command_queue::QueuePosition;
use super::commands::print::print;
use super::commands::retry::at_each_commit;
use super::commands::screenshot::{ShotLimits, screenshot};
use super::commands::snapshot::snapshot;
use super::commands::surface_picture::{is_on_surface, surface_picture};
use super::error::{Failure, PrintError, ScreenshotError, TabError};
use super::feed::StreamPage;
use super::identity::CallId;
use super::message::{Capture, Shot};
use super::page_actions::PageDriver;
use super::page_work::PageWork;
use super::picture::Picture;
use super::reply::{AnswerKind, Reply};
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

pub enum CaptureOutput {
    Snapshot {
        format: SnapshotFormat,
        /// The navigation that committed the document it was started on.
        loader: Option<LoaderId>,
        outcome: Result<EscapedText, TabError>,
    },
    Picture(ImageFormat, Result<Picture, TabError>),
    /// With the URL of the document that it was started on.
    Pdf(String, Result<Bytes, TabError>),
}

/// A capture that has ended, with the requests that wait for it.
pub type FinishedCapture = (Vec<Reply>, CaptureOutput);

pub struct Captures {
    snapshots: Debounce<SnapshotFormat, WaitingCapture>,
    shots: PacedQueue<WaitingCapture>,
    running: PageWork<CaptureOutput>,
    is_shot_running: bool,
    /// The number of waiting screenshots that the gauge was last given.
    in_gauge: usize,
    limits: CaptureLimits,
    /// Snapshots need no permit: they wait for no frame to be drawn.
    permits: ClientCapturePermits,
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
    pub fn new(settings: &TabSettings, permits: ClientCapturePermits) -> Self {
        Self {
            snapshots: Debounce::new(settings.flow.snapshot_debounce, SNAPSHOT_WAITERS),
            shots: PacedQueue::new(
                settings.flow.screenshot_interval(),
                settings.flow.screenshot_queue,
            ),
            running: PageWork::default(),
            is_shot_running: false,
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
                let limit = SNAPSHOT_WAITERS;
                if let Err(QueueFull(refused)) = self.snapshots.push(format, waiting, now) {
                    refused.reply.fail(TabError::QueueFull { limit });
                }
            }
            // Paper is paced as pictures are.
            Capture::Screenshot(_) | Capture::Pdf(_) => {
                if let Some(evicted) = self.shots.push(waiting, now) {
                    metrics::dropped(evicted.reply.kind.as_str(), "queueFull");
                    evicted.reply.fail(TabError::Dropped);
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
        if self.is_shot_running {
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
        let driver = context.driver.clone();
        self.running.start(replies, async move {
            let attempt = || snapshot(session.clone(), format, limits, deadline);
            let outcome = at_each_commit(&driver, attempt).await;
            CaptureOutput::Snapshot {
                format,
                loader,
                outcome: outcome.map_err(TabError::of_snapshot),
            }
        });
    }

    fn start_shot(&mut self, context: &CaptureContext<'_>, waiting: WaitingCapture) {
        match waiting.capture {
            Capture::Screenshot(shot) => self.start_picture(context, shot, waiting.reply),
            Capture::Pdf(wanted) => self.start_print(context, *wanted, waiting.reply),
            Capture::Snapshot { .. } => {}
        }
    }

    fn start_print(&mut self, context: &CaptureContext<'_>, wanted: PrintToPdf, reply: Reply) {
        let max = self.limits.pdf_bytes;
        let driver = context.driver.clone();
        let (session, deadline) = (context.session.clone(), reply.deadline);
        let timed_out = reply.timed_out("a free position to print in");
        let permits = self.permits.clone();
        self.is_shot_running = true;
        self.running.start(vec![reply], async move {
            let attempt = async || {
                // The one that is printed: after a commit it is another one.
                let url = driver.url();
                let printed = print(session.clone(), &permits, &wanted, max, deadline).await;
                (url, printed)
            };
            let (url, outcome) = at_each_commit(&driver, attempt).await;
            let outcome = outcome.map_err(|error| match error {
                PrintError::NoPermit => timed_out,
                error => TabError::of_print(error),
            });
            CaptureOutput::Pdf(url, outcome)
        });
    }

    fn start_picture(&mut self, context: &CaptureContext<'_>, shot: Shot, reply: Reply) {
        let format = shot.format;
        let limits = ShotLimits {
            format,
            viewport: context.viewport,
            max_pixels: self.limits.screenshot_pixels,
        };
        let driver = context.driver.clone();
        let (session, deadline) = (context.session.clone(), reply.deadline);
        let timed_out = reply.timed_out("a free position to capture in");
        let permits = self.permits.clone();
        self.is_shot_running = true;
        self.running.start(vec![reply], async move {
            let attempt = || {
                let shot = shot.clone();
                screenshot(session.clone(), &driver, &permits, shot, limits, deadline)
            };
            let outcome = at_each_commit(&driver, attempt).await;
            let outcome = outcome.map_err(|error| match error {
                ScreenshotError::NoPermit => timed_out,
                error => TabError::of_screenshot(error),
            });
            CaptureOutput::Picture(format, outcome)
        });
    }

    /// While a dialog blocks the page: starts the screenshot that needs no answer of the page, whatever precedes it.
    pub(in crate::tabs) fn start_behind_dialog(&mut self, page: StreamPage, now: Instant) {
        if self.is_shot_running {
            return;
        }
        let on_surface = |waiting: &WaitingCapture| matches!(&waiting.capture, Capture::Screenshot(shot) if is_on_surface(shot));
        let Some(waiting) = self.shots.take_due(now, on_surface) else {
            return;
        };
        self.update_gauge();
        let Capture::Screenshot(shot) = waiting.capture else {
            return;
        };
        let (format, deadline) = (shot.format, waiting.reply.deadline);
        self.is_shot_running = true;
        self.running.start(vec![waiting.reply], async move {
            let picture = surface_picture(page, format, shot.quality, deadline).await;
            CaptureOutput::Picture(format, picture.map_err(TabError::of_screenshot))
        });
    }

    /// Waits until a running capture is done. Never ends while none runs.
    pub async fn next_done(&mut self) -> FinishedCapture {
        let done = self.running.next_done().await;
        match &done.1 {
            CaptureOutput::Snapshot { format, .. } => self.snapshots.finished(format),
            CaptureOutput::Picture(..) | CaptureOutput::Pdf(..) => self.is_shot_running = false,
        }
        done
    }

    /// Answers the requests of a finished capture. `awaited_answer`: what the page waits for, if that is an answer of a
    /// client. A snapshot during which the document changed may
    /// show either document, so that it is taken again: its URL must be right.
    pub fn settle(
        &mut self,
        (replies, output): FinishedCapture,
        tab: TabId,
        context: &CaptureContext<'_>,
        awaited_answer: Option<&str>,
    ) {
        let error = match output {
            CaptureOutput::Snapshot {
                format,
                loader,
                outcome: Ok(text),
            } => {
                if loader.as_ref() != context.loader {
                    return self.start_snapshot(context, format, replies);
                }
                let url = context.url.to_owned();
                let fields = PayloadFields::DomSnapshot { url, format };
                return answer_snapshot(replies, tab, &fields, &Payload::Text(text));
            }
            CaptureOutput::Picture(format, Ok(picture)) => {
                let fields = PayloadFields::Screenshot {
                    mime: format.mime().to_owned(),
                    width: picture.width,
                    height: picture.height,
                };
                let answer = AnswerKind::payload(fields, Payload::Base64(picture.data));
                return replies
                    .into_iter()
                    .for_each(|it| it.answer(tab, answer.clone()));
            }
            CaptureOutput::Pdf(url, Ok(file)) => {
                let fields = PayloadFields::Pdf { url };
                let answer = AnswerKind::payload(fields, Payload::Raw(file));
                return replies
                    .into_iter()
                    .for_each(|it| it.answer(tab, answer.clone()));
            }
            CaptureOutput::Snapshot {
                outcome: Err(error),
                ..
            }
            | CaptureOutput::Picture(_, Err(error))
            | CaptureOutput::Pdf(_, Err(error)) => error.behind(awaited_answer),
        };
        for reply in replies {
            // The error has to state the limit of this request.
            let error = match &error {
                TabError::TimedOut { waiting_for, .. } => reply.timed_out(waiting_for.clone()),
                error => error.clone(),
            };
            let session = Some(context.session.id().to_string());
            reply.fail(Failure { error, session });
        }
    }

    /// When something is due or times out.
    pub fn next_wake(&self, now: Instant) -> Option<Instant> {
        let shots = (!self.is_shot_running).then(|| self.shots.next_due(now));
        let snapshots = self.snapshots.next_due(now);
        let waiting = self.snapshots.iter().chain(self.shots.iter());
        let waiting = waiting.map(|waiting| &waiting.reply);
        let deadlines = waiting.chain(self.running.replies());
        let first = deadlines.map(|reply| reply.deadline).min();
        [snapshots, shots.flatten(), first]
            .into_iter()
            .flatten()
            .min()
    }

    /// Since when the oldest running capture has waited for the page.
    pub fn awaiting_page_since(&self) -> Option<Instant> {
        self.running.since()
    }

    /// Fails the requests that have timed out. True if the capture of one of them was running, so that
    /// the page is late.
    /// `blocker` is what the waiting ones wait for; `awaited_answer`, what also the running ones wait for.
    pub fn expire(&mut self, now: Instant, blocker: &str, awaited_answer: Option<&str>) -> bool {
        let over = |waiting: &WaitingCapture| waiting.reply.deadline <= now;
        let snapshots = self.snapshots.remove(over).into_iter();
        for waiting in snapshots.chain(self.shots.remove(over)) {
            waiting.reply.time_out(blocker.to_owned());
        }
        self.update_gauge();
        self.running
            .expire(now, |reply| match (awaited_answer, reply.kind) {
                (Some(answer), _) => answer.to_owned().into(),
                (None, RequestKind::GetScreenshot) => "Page.captureScreenshot".into(),
                (None, RequestKind::PrintToPdf) => "Page.printToPDF".into(),
                (None, _) => "Runtime.evaluate".into(),
            })
    }

    /// Takes a request out. A capture that runs goes on: Chromium cannot be told to stop.
    pub fn take(&mut self, call: CallId) -> Option<Reply> {
        let is_it = |waiting: &WaitingCapture| waiting.reply.call == call;
        let snapshots = self.snapshots.remove(is_it).into_iter();
        let waiting = snapshots.chain(self.shots.remove(is_it)).next();
        self.update_gauge();
        let waiting = waiting.map(|waiting| waiting.reply);
        waiting.or_else(|| self.running.take(call))
    }

    /// Drops the running captures and returns their replies.
    pub fn abandon(&mut self) -> Vec<Reply> {
        self.is_shot_running = false;
        for format in [SnapshotFormat::Html, SnapshotFormat::Structured] {
            self.snapshots.finished(&format);
        }
        self.running.abandon()
    }

    /// Drops all captures and returns their replies.
    pub fn drain(&mut self) -> Vec<Reply> {
        let running = self.abandon();
        let waiting = self.snapshots.drain().into_iter().chain(self.shots.drain());
        let mut replies: Vec<_> = waiting.map(|waiting| waiting.reply).collect();
        self.update_gauge();
        replies.extend(running);
        replies
    }
}

/// Answers every call that waits for a snapshot. Of each caller's calls the newest gets it and
/// supersedes the older ones.
fn answer_snapshot(replies: Vec<Reply>, tab: TabId, fields: &PayloadFields, payload: &Payload) {
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
        let superseded = older.iter().map(|reply| reply.call).collect();
        for reply in older {
            metrics::coalesced(reply.kind.as_str());
            reply.answer(tab, AnswerKind::Superseded);
        }
        let answer = AnswerKind::Payload {
            fields: fields.clone(),
            payload: payload.clone(),
            superseded,
        };
        newest.answer(tab, answer);
    }
}
