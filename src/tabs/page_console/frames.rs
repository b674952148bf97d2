//! The sessions of a page: one for its main frame and one for each process that its other frames run
//! in. Their consoles are reported together.

use std::pin::pin;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::join3;
use futures::stream::FuturesUnordered;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::shorten::shortened;
use crate::cdp::console::{EnableLog, EnableRuntime, ReleaseObjectGroup};
use crate::cdp::events::EventKind;
use crate::cdp::{CallError, Inbox, RawEvent, SessionEvent, TargetSession};
use crate::tabs::page_setup::target_setup::attach_frames;
use crate::tabs::unawaited::{UNAWAITED_LIMIT, send_unawaited};
use crate::timer::sleep_until_opt;

/// How long a subscription waits for the frames inside, one of which may hang.
const INNER_FRAMES_LIMIT: Duration = Duration::from_secs(1);

/// How long handles to logged objects are kept, so that many are released at a time.
const RELEASE_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct ConsoleReport {
    pub(super) event: RawEvent,
    /// How many reports before it were lost in a full inbox.
    pub(super) lost: u64,
}

/// Resolves when the console is enabled in a session and those inside it.
pub(super) type Enabled = oneshot::Receiver<Result<(), CallError>>;

/// Reports the console of a session and of those inside it. What was written before is skipped
/// unless `includes_earlier`. It ends with its session, or when the receiver is dropped.
pub(super) fn listen(
    session: TargetSession,
    inbox: Inbox,
    includes_earlier: bool,
    limit: Duration,
    reports: mpsc::Sender<ConsoleReport>,
) -> Enabled {
    inbox.set_filter(shortened);
    let (finished, enabled) = oneshot::channel();
    let console = ConsoleSession {
        session,
        inbox,
        includes_earlier,
        reports,
        enabled: Some(finished),
        inner: FuturesUnordered::new(),
        inner_deadline: None,
        release_at: None,
    };
    tokio::spawn(console.run(limit));
    enabled
}

struct ConsoleSession {
    session: TargetSession,
    inbox: Inbox,
    includes_earlier: bool,
    reports: mpsc::Sender<ConsoleReport>,
    enabled: Option<oneshot::Sender<Result<(), CallError>>>,
    /// The sessions inside that existed already and are not enabled yet.
    inner: FuturesUnordered<Enabled>,
    /// When waiting for them ends.
    inner_deadline: Option<Instant>,
    /// When handles are released, if there are any.
    release_at: Option<Instant>,
}

impl ConsoleSession {
    async fn run(mut self, limit: Duration) {
        let mut enabling = pin!(enable(self.session.clone(), limit));
        let mut is_enabled = false;
        loop {
            tokio::select! {
                // What was written before is reported before the subscription is confirmed.
                biased;
                event = self.inbox.next() => match event {
                    Some(SessionEvent::Attached(frame)) => {
                        let (is_new, reports) = (self.includes_earlier || is_enabled, self.reports.clone());
                        let enabled = listen(frame.session, frame.inbox, is_new, UNAWAITED_LIMIT, reports);
                        // A frame that appears later delays no subscription.
                        if !is_enabled {
                            self.inner.push(enabled);
                        }
                    }
                    Some(SessionEvent::Raw(event)) => {
                        if event.kind == EventKind::ConsoleApiCalled {
                            self.release_at.get_or_insert(Instant::now() + RELEASE_INTERVAL);
                        }
                        let lost = self.inbox.take_lost();
                        let report = ConsoleReport { event, lost };
                        if (self.includes_earlier || is_enabled) && self.reports.send(report).await.is_err() {
                            return;
                        }
                    }
                    None => return,
                },
                outcome = &mut enabling, if !is_enabled => {
                    is_enabled = true;
                    if outcome.is_err() {
                        self.finish(outcome);
                        return;
                    }
                    self.inbox.take_lost();
                    self.inner_deadline = Some(Instant::now() + INNER_FRAMES_LIMIT);
                }
                // A frame inside that fails is going away, or hangs.
                Some(_) = self.inner.next(), if is_enabled => {}
                () = sleep_until_opt(self.inner_deadline) => self.inner.clear(),
                () = sleep_until_opt(self.release_at) => {
                    self.release_at = None;
                    self.release_handles();
                }
                () = self.reports.closed() => return,
            }
            if is_enabled && self.inner.is_empty() {
                self.inner_deadline = None;
                self.finish(Ok(()));
            }
        }
    }

    fn finish(&mut self, outcome: Result<(), CallError>) {
        if let Some(enabled) = self.enabled.take() {
            let _ = enabled.send(outcome);
        }
    }

    /// Releases the objects that Chromium holds for the console, so that a page that logs again and
    /// again does not grow.
    fn release_handles(&self) {
        send_unawaited(&self.session, &ReleaseObjectGroup::console());
    }
}

async fn enable(session: TargetSession, limit: Duration) -> Result<(), CallError> {
    let (runtime, log, frames) = join3(
        session.call(EnableRuntime {}, limit),
        session.call(EnableLog {}, limit),
        session.call(attach_frames(), limit),
    )
    .await;
    runtime.and(log).and(frames).map(|_| ())
}
