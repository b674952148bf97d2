//! One screencast of Chromium's: frames to each watcher at its pace, and acknowledgements that make
//! Chromium draw the next one.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cdp_bridge_protocol::TabId;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::slot::CastFrame;
use super::watcher::Watcher;
use crate::cdp::events::{EventKind, whole};
use crate::cdp::methods::{AckScreencastFrame, StartScreencast};
use crate::cdp::results::{ScreencastFrame, screencast_frame};
use crate::cdp::{Inbox, SessionEvent};
use crate::clock::epoch_ms;
use crate::flow::FramePace;
use crate::metrics;
use crate::tabs::commands::retry::while_navigating;
use crate::tabs::feed::{
    Feeds, PageSession, PageStream, StreamError, StreamFactory, StreamListener, StreamPage,
    Subscription,
};
use crate::tabs::picture::Picture;
use crate::tabs::reply::{AnswerKind, Reply};
use crate::tabs::supervisor::SupervisorHandle;
use crate::tabs::target::Target;
use crate::tabs::unawaited::send_unawaited;
use crate::timer::sleep_until_opt;

/// Longer than the time limit of any request, so that it is the request that runs out of time.
const START_LIMIT: Duration = Duration::from_mins(2);

/// What a stream looks like. Watchers who want the same share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CastSpec {
    /// JPEG quality.
    pub quality: u8,
    pub max_width: Option<u32>,
    pub max_height: Option<u32>,
}

/// The screencasts of one tab.
pub(crate) type Screencasts = Feeds<CastStreams>;

impl Screencasts {
    pub(crate) fn new(tab: TabId, supervisor: SupervisorHandle) -> Self {
        let factory = CastStreams {
            tab,
            supervisor,
            frame_numbers: HashMap::new(),
        };
        Self::with(tab, factory)
    }

    /// Answered in the same way whether there was a screencast or not.
    pub(crate) fn unwatch(&mut self, tab: TabId, reply: Reply) {
        self.unsubscribe(reply.call.caller, move || {
            reply.answer(tab, AnswerKind::ScreencastStopped);
        });
    }
}

pub(crate) struct CastStreams {
    tab: TabId,
    supervisor: SupervisorHandle,
    /// A stream goes on counting where the one before it with the same spec stopped.
    frame_numbers: HashMap<CastSpec, Arc<AtomicU64>>,
}

impl StreamFactory for CastStreams {
    type Stream = CastStream;
    type Page = Target;
    type Spec = CastSpec;

    fn stream(&mut self, spec: CastSpec, page: &Target, _replaces: bool) -> CastStream {
        CastStream {
            tab: self.tab,
            spec,
            page: StreamPage::new(page, self.supervisor.clone()),
            frame_no: Arc::clone(self.frame_numbers.entry(spec).or_default()),
            open: None,
            pace: FramePace::default(),
            newest: None,
            ack: None,
            frame_left: Arc::default(),
        }
    }
}

type WatcherKey = <Watcher as StreamListener>::Key;

pub(crate) struct CastStream {
    tab: TabId,
    spec: CastSpec,
    page: StreamPage,
    frame_no: Arc<AtomicU64>,
    open: Option<(PageSession, Inbox)>,
    pace: FramePace<WatcherKey>,
    /// Also for a watcher that joins while the page does not change.
    newest: Option<CastFrame>,
    /// What the acknowledgement of the newest frame must carry.
    ack: Option<i64>,
    /// Notified when a frame has left a slot for its socket.
    frame_left: Arc<Notify>,
}

impl PageStream for CastStream {
    type Listener = Watcher;
    type Opened = (PageSession, Inbox);

    const FIRST_CALL: &'static str = "Page.startScreencast";

    fn open(&mut self) -> BoxFuture<'static, Result<Self::Opened, StreamError>> {
        let (page, spec) = (self.page.clone(), self.spec);
        async move {
            let (session, inbox) = page.attach().await?;
            let start = |left| {
                let start = StartScreencast {
                    format: "jpeg",
                    quality: spec.quality,
                    max_width: spec.max_width,
                    max_height: spec.max_height,
                };
                session.session.call(start, left)
            };
            while_navigating(Instant::now() + START_LIMIT, start).await?;
            Ok((session, inbox))
        }
        .boxed()
    }

    fn opened(&mut self, opened: Self::Opened) {
        self.open = Some(opened);
    }

    fn close(&mut self) {
        self.open = None;
        self.newest = None;
        self.ack = None;
        self.pace = FramePace::default();
    }

    fn joined(&mut self, watcher: &Watcher) {
        watcher.slot.attach(&self.frame_left);
        self.pace
            .add(watcher.key(), watcher.max_fps, Instant::now());
    }

    fn left(&mut self, watcher: &Watcher) {
        self.pace.remove(&watcher.key());
    }

    async fn next(&mut self, watchers: &[Arc<Subscription<Watcher>>]) -> Result<(), StreamError> {
        let now = Instant::now();
        for watcher in watchers.iter().map(|it| &it.listener) {
            if watcher.slot.take_left() {
                self.pace.left(&watcher.key());
            }
        }
        self.offer(watchers, now);
        let event = tokio::select! {
            biased;
            event = event(&mut self.open) => event.ok_or(StreamError::PageGone)?,
            () = self.frame_left.notified() => return Ok(()),
            () = sleep_until_opt(self.pace.next_due(now)) => return Ok(()),
        };
        if let SessionEvent::Raw(event) = event
            && event.kind == EventKind::ScreencastFrame
        {
            match screencast_frame(&event.params) {
                Ok(frame) => self.arrived(frame),
                Err(error) => tracing::warn!(%error, "a screencast frame could not be decoded"),
            }
        }
        Ok(())
    }
}

impl CastStream {
    fn arrived(&mut self, frame: ScreencastFrame) {
        self.ack = Some(frame.ack);
        let Ok(picture) = Picture::new(frame.data) else {
            tracing::warn!("a screencast frame is not an image of a known format");
            return self.acknowledge();
        };
        self.newest = Some(CastFrame {
            tab: self.tab,
            number: self.frame_no.fetch_add(1, Ordering::Relaxed),
            at_ms: frame
                .timestamp
                .map_or_else(epoch_ms, |at| whole(at * 1000.0)),
            picture,
        });
        self.pace.arrived();
    }

    /// Gives the newest frame to those who are ready for it, and asks for another once one of
    /// them is ready for that.
    fn offer(&mut self, watchers: &[Arc<Subscription<Watcher>>], now: Instant) {
        if let Some(frame) = &self.newest {
            for key in self.pace.take_due(now) {
                let mut slots = watchers.iter().map(|it| &it.listener);
                let watcher = slots.find(|watcher| watcher.key() == key);
                if watcher.is_some_and(|watcher| watcher.slot.put(frame.clone())) {
                    metrics::dropped("frame", "newerFrame");
                }
            }
        }
        if self.pace.take_acknowledgement(now) {
            self.acknowledge();
        }
    }

    fn acknowledge(&mut self) {
        let (Some((session, _)), Some(session_id)) = (&self.open, self.ack.take()) else {
            return;
        };
        // Its answer says nothing, and the next frame does not wait for it.
        send_unawaited(&session.session, &AckScreencastFrame { session_id });
    }
}

/// The next event of an open stream; `None` when its page is gone.
async fn event(open: &mut Option<(PageSession, Inbox)>) -> Option<SessionEvent> {
    match open {
        Some((_, inbox)) => inbox.next().await,
        None => std::future::pending().await,
    }
}
