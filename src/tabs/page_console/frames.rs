//! The parts of a page, one for each process, whose consoles are heard together.

use std::time::Duration;

use futures::StreamExt as _;
use futures::future::{BoxFuture, join3};
use futures::stream::FuturesUnordered;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::shorten::shortened;
use crate::cdp::console::{EnableLog, EnableRuntime, ReleaseObjectGroup};
use crate::cdp::events::EventKind;
use crate::cdp::{CallError, Inbox, RawEvent, SessionEvent, TargetSession};
use crate::tabs::hands::page::attach_frames;

/// How long Chromium may take for what nobody waits for.
const ASIDE_LIMIT: Duration = Duration::from_secs(5);

/// How long those who want to hear a page wait for the parts inside, one of which may hang.
const INNER_LIMIT: Duration = Duration::from_secs(1);

/// How long handles to things that were written are kept: long enough to let go of many at a time.
const RELEASE_PAUSE: Duration = Duration::from_secs(1);

/// Something that was heard in one of the parts.
#[derive(Debug)]
pub(super) struct Heard {
    /// The report.
    pub(super) event: RawEvent,
    /// How many reports were lost before it.
    pub(super) lost: u64,
}

/// Whether the parts are heard.
pub(super) type Ready = oneshot::Receiver<Result<(), CallError>>;

/// Listens to a part of a page and to those inside. What has been written before is passed over,
/// unless the part is new. It ends with its session, or when nobody hears it any more.
pub(super) fn listen(
    session: TargetSession,
    inbox: Inbox,
    is_new: bool,
    limit: Duration,
    heard: mpsc::Sender<Heard>,
) -> Ready {
    inbox.set_filter(shortened);
    let (told, ready) = oneshot::channel();
    let part = Part {
        session,
        inbox,
        is_new,
        heard,
        ready: Some(told),
        inner: FuturesUnordered::new(),
        patience: None,
        release: None,
    };
    tokio::spawn(part.run(limit));
    ready
}

struct Part {
    session: TargetSession,
    inbox: Inbox,
    /// What it has told so far is new, too.
    is_new: bool,
    heard: mpsc::Sender<Heard>,
    /// Whoever waits until it is heard.
    ready: Option<oneshot::Sender<Result<(), CallError>>>,
    /// The parts inside that were there already, and are not heard yet.
    inner: FuturesUnordered<Ready>,
    /// Until when they are waited for.
    patience: Option<Instant>,
    /// When handles are let go of, if there are any.
    release: Option<Instant>,
}

impl Part {
    async fn run(mut self, limit: Duration) {
        let mut enabling = enable(self.session.clone(), limit);
        let mut is_enabled = false;
        loop {
            let (release, patience) = (until(self.release), until(self.patience));
            tokio::select! {
                // What was written before comes before the answer.
                biased;
                event = self.inbox.next() => match event {
                    Some(SessionEvent::Attached(frame)) => {
                        let (is_new, heard) = (self.is_new || is_enabled, self.heard.clone());
                        let ready = listen(frame.session, frame.inbox, is_new, ASIDE_LIMIT, heard);
                        // One that comes later is heard when it is; nobody waits for it.
                        if !is_enabled {
                            self.inner.push(ready);
                        }
                    }
                    Some(SessionEvent::Raw(event)) => {
                        if event.kind == EventKind::ConsoleApiCalled {
                            self.release.get_or_insert(Instant::now() + RELEASE_PAUSE);
                        }
                        let lost = self.inbox.take_lost();
                        let heard = Heard { event, lost };
                        if (self.is_new || is_enabled) && self.heard.send(heard).await.is_err() {
                            return;
                        }
                    }
                    None => return,
                },
                outcome = &mut enabling, if !is_enabled => {
                    is_enabled = true;
                    if outcome.is_err() {
                        self.tell(outcome);
                        return;
                    }
                    self.inbox.take_lost();
                    self.patience = Some(Instant::now() + INNER_LIMIT);
                }
                // A part inside that cannot be heard goes away by itself, or is not answering.
                Some(_) = self.inner.next(), if is_enabled => {}
                () = patience => self.inner.clear(),
                () = release => {
                    self.release = None;
                    self.let_go();
                }
                () = self.heard.closed() => return,
            }
            if is_enabled && self.inner.is_empty() {
                self.patience = None;
                self.tell(Ok(()));
            }
        }
    }

    fn tell(&mut self, outcome: Result<(), CallError>) {
        if let Some(ready) = self.ready.take() {
            let _ = ready.send(outcome);
        }
    }

    /// Lets go of the things that Chromium holds for whoever looks at the console, so that a page
    /// that writes again and again does not grow.
    fn let_go(&self) {
        let session = self.session.clone();
        tokio::spawn(async move {
            // A page that is gone holds nothing any more.
            let _ = session
                .call(ReleaseObjectGroup::console(), ASIDE_LIMIT)
                .await;
        });
    }
}

/// Waits for this time; for ever if there is none.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

fn enable(session: TargetSession, limit: Duration) -> BoxFuture<'static, Result<(), CallError>> {
    Box::pin(async move {
        let (runtime, log, frames) = join3(
            session.call(EnableRuntime {}, limit),
            session.call(EnableLog {}, limit),
            session.call(attach_frames(), limit),
        )
        .await;
        runtime.and(log).and(frames).map(|_| ())
    })
}
