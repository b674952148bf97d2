//! Keeps a [`PageDriver`] up to date with the events of its target.

use std::sync::{Arc, Mutex, Weak};

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::{OnceCell, mpsc, watch};
use tokio::time::Instant;

use super::driver::{DragData, FrameEvent, PageDriver, Shared};
use super::load_progress::LoadProgress;
use super::wait_network::NetworkWaiters;
use super::world::World;
use crate::cdp::events::{EventKind, OfRequest};
use crate::cdp::methods::{AuthAnswer, ContinueRequest, ContinueWithAuth};
use crate::cdp::{Attachment, Inbox, RawEvent, SessionEvent, TargetSession};
use crate::lock::lock;
use crate::metrics;
use crate::tabs::target::Target;
use crate::tabs::unawaited::send_unawaited;

/// Capacity of the queue of frame events; the tab reads them at once.
const FRAME_EVENT_QUEUE: usize = 16;

/// Feeds a target's events to its [`PageDriver`].
#[derive(Debug)]
pub(crate) struct PageEvents {
    driver: PageDriver,
    main_frame: String,
    progress: watch::Sender<LoadProgress>,
    drags: watch::Sender<DragData>,
    frame_events: mpsc::Receiver<FrameEvent>,
}

impl PageEvents {
    pub(crate) fn new(target: &Target) -> Self {
        let (progress, progress_receiver) = watch::channel(LoadProgress::new(target.url.clone()));
        let (drags, drag_receiver) = watch::channel(None);
        let (frame_event_sender, frame_events) = mpsc::channel(FRAME_EVENT_QUEUE);
        let main_frame = target.id.as_str().to_owned();
        let shared = Shared {
            main: Arc::new(World::new(target.session.clone(), &main_frame)),
            setup: Arc::clone(&target.setup),
            frames: watch::Sender::default(),
            same_process_frames: Mutex::default(),
            progress: progress_receiver,
            drags: drag_receiver,
            frames_attached: OnceCell::new(),
            focus_emulated: OnceCell::new(),
            lifecycle_events: OnceCell::new(),
            frame_events: frame_event_sender,
            choosers: Mutex::default(),
            held: Mutex::default(),
            network_waiters: NetworkWaiters::default(),
            paused: Mutex::default(),
            pending_setups: watch::Sender::new(0),
        };
        Self {
            driver: PageDriver::new(shared),
            main_frame,
            progress,
            drags,
            frame_events,
        }
    }

    /// The next event of an out-of-process frame that concerns the whole tab.
    pub(crate) async fn next_frame_event(&mut self) -> FrameEvent {
        match self.frame_events.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }

    pub(crate) fn driver(&self) -> &PageDriver {
        &self.driver
    }

    /// Handles an event of the main session.
    pub(crate) fn on_event(&self, event: &RawEvent) {
        match event.kind {
            EventKind::FrameNavigated
            | EventKind::NavigatedWithinDocument
            | EventKind::FrameRequestedNavigation
            | EventKind::FrameStartedNavigating
            | EventKind::FrameStoppedLoading
            | EventKind::PageDownloadWillBegin
            | EventKind::LifecycleEvent => {
                let mut is_new = false;
                self.progress.send_if_modified(|progress| {
                    let before = progress.clone();
                    is_new = progress.on_event(event, &self.main_frame, Instant::now());
                    *progress != before
                });
                if is_new {
                    // The back/forward cache may keep the previous document, and its world, alive.
                    self.driver.shared.main.invalidate();
                    self.driver.same_process_frames().clear();
                    self.driver.forget_choosers();
                    // The new document has seen none of it go down.
                    self.driver.held().release();
                }
            }
            EventKind::DragIntercepted => {
                #[derive(Deserialize)]
                struct DragIntercepted {
                    data: Box<RawValue>,
                }
                if let Some(DragIntercepted { data }) = event.decode() {
                    self.drags.send_replace(Some(data.into()));
                }
            }
            _ => {}
        }
        // Last, so that the load state is that of the new document once its navigation has ended.
        self.driver.shared.main.on_event(event);
    }

    /// Handles an attached out-of-process frame.
    pub(crate) fn attached(&self, attachment: Attachment) {
        attached(&Arc::downgrade(&self.driver.shared), attachment);
    }
}

/// Registers a frame or a worker, sets it up, and reads its events.
fn attached(shared: &Weak<Shared>, attachment: Attachment) {
    let Some(strong) = shared.upgrade() else {
        return;
    };
    let is_paused = attachment.waiting_for_debugger;
    let (session, inbox, info) = (attachment.session, attachment.inbox, attachment.info);
    if info.r#type != "iframe" {
        tokio::spawn(strong.setup.worker_attached(&session, is_paused));
        tokio::spawn(listen_to_worker(shared.clone(), session, inbox));
        return;
    }
    let frame = info.target_id.as_str().to_owned();
    let world = Arc::new(World::new(session.clone(), &frame));
    let navigating = Arc::clone(&world);
    // Before the frame goes on, which it does once it is set up.
    if let Some(enable) = &*lock(&strong.paused) {
        send_unawaited(&session, enable);
    }
    let set_up = strong.setup.frame_attached(&session, is_paused);
    let pending_setups = PendingSetup::new(strong.pending_setups.clone());
    strong.frames.send_modify(|frames| {
        frames.insert(frame.clone(), world);
    });
    tokio::spawn(async move {
        set_up.await;
        drop(pending_setups);
    });
    tokio::spawn(listen(shared.clone(), navigating, inbox, frame));
}

/// Counts a pending set-up until dropped.
struct PendingSetup(watch::Sender<usize>);

impl PendingSetup {
    fn new(pending_setups: watch::Sender<usize>) -> Self {
        pending_setups.send_modify(|count| *count += 1);
        Self(pending_setups)
    }
}

impl Drop for PendingSetup {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// The workers of a worker are attached through its session. Of its events none is used.
async fn listen_to_worker(shared: Weak<Shared>, session: TargetSession, mut inbox: Inbox) {
    while let Some(event) = inbox.next().await {
        if let SessionEvent::Attached(inner) = event {
            attached(&shared, *inner);
        }
    }
    if let Some(shared) = shared.upgrade() {
        shared.setup.detached(&session);
    }
}

/// A request that asks for a password, and of which the tab does not learn, would wait for ever.
fn cancel_auth(session: &TargetSession, event: &RawEvent) {
    let request = event.decode::<OfRequest>();
    let is_auth = event.kind == EventKind::AuthRequired;
    if let Some(OfRequest { request_id }) = request.filter(|_| is_auth) {
        let answer = ContinueWithAuth {
            request_id,
            auth_challenge_response: AuthAnswer::CancelAuth,
        };
        send_unawaited(session, &answer);
    }
}

async fn listen(shared: Weak<Shared>, world: Arc<World>, mut inbox: Inbox, frame: String) {
    while let Some(event) = inbox.next().await {
        match event {
            SessionEvent::Attached(inner) => attached(&shared, *inner),
            SessionEvent::Raw(event) if event.kind == EventKind::RequestPaused => {
                // It was paused only so that its authentication can be answered.
                if let Some(OfRequest { request_id }) = event.decode() {
                    send_unawaited(&world.session, &ContinueRequest { request_id });
                }
            }
            SessionEvent::Raw(event)
                if matches!(
                    event.kind,
                    EventKind::AuthRequired
                        | EventKind::FileChooserOpened
                        | EventKind::PageDownloadWillBegin
                        | EventKind::BindingCalled
                ) =>
            {
                let Some(sender) = shared.upgrade().map(|shared| shared.frame_events.clone())
                else {
                    continue;
                };
                if let Err(error) = sender.try_send((world.session.clone(), event)) {
                    metrics::dropped("cdpEvent", "inboxFull");
                    let (session, event) = error.into_inner();
                    cancel_auth(&session, &event);
                }
            }
            SessionEvent::Raw(event) => world.on_event(&event),
        }
    }
    if let Some(shared) = shared.upgrade() {
        shared.setup.detached(&world.session);
        shared.frames.send_if_modified(|frames| {
            // The frame may have been attached again, in another process.
            let is_this = |other: &Arc<World>| other.session.id() == world.session.id();
            let gone = frames.get(&frame).is_some_and(is_this);
            if gone {
                frames.remove(&frame);
            }
            gone
        });
    }
}
