//! The page as hands reach it: the worlds of its frames, and how far it has come.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::join3;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::{OnceCell, mpsc, watch};
use tokio::time::{Instant, timeout_at};

use super::error::PageActionError;
use super::load_progress::LoadProgress;
use super::world::World;
use crate::cdp::events::EventKind;
use crate::cdp::methods::{EnablePage, FilterEntry, InterceptFileChooser, SetAutoAttach};
use crate::cdp::page_methods::{SetFocusEmulation, SetLifecycleEvents};
use crate::cdp::{Attachment, Inbox, RawEvent, SessionEvent, TargetSession};
use crate::lock::lock;
use crate::metrics;
use crate::tabs::target::Target;
use crate::timer::remaining;

/// How long Chromium may take to attach a frame that is in the page.
const ATTACH_LIMIT: Duration = Duration::from_secs(2);

/// How long it may take for what no request waits for.
const SETUP_LIMIT: Duration = Duration::from_secs(5);

/// How many frames of other origins are remembered of a page that never goes elsewhere.
const MAX_SAME_PROCESS_FRAMES: usize = 256;

type Frames = HashMap<String, Arc<World>>;

/// What a page drags: `Input.DragData`.
pub type DragData = Option<Arc<RawValue>>;

/// The hands on one target's page. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PageDriver {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    main: Arc<World>,
    /// Frames of other processes, by their ids.
    frames: watch::Sender<Frames>,
    /// Frames of other origins in the processes around them, by their ids, as far as they have been
    /// looked into.
    inner: Mutex<Frames>,
    progress: watch::Receiver<LoadProgress>,
    drags: watch::Receiver<DragData>,
    /// Each is asked of Chromium once, and only of a page that is acted on.
    attaches: OnceCell<()>,
    focused: OnceCell<()>,
    lifecycle_events: OnceCell<()>,
    /// What happens in frames of other processes that concerns the whole tab.
    frame_events: mpsc::Sender<RawEvent>,
    /// How many frames are being made ready.
    pending_setups: watch::Sender<usize>,
}

/// How many events of frames wait for the tab, which takes them at once.
const FRAME_EVENT_QUEUE: usize = 16;

/// What tells the hands of a target's events. It ends with the target.
#[derive(Debug)]
pub struct PageEvents {
    driver: PageDriver,
    main_frame: String,
    progress: watch::Sender<LoadProgress>,
    drags: watch::Sender<DragData>,
    frame_events: mpsc::Receiver<RawEvent>,
}

impl PageEvents {
    /// Hands on this target, and what tells them.
    pub fn new(target: &Target) -> Self {
        let (progress, told) = watch::channel(LoadProgress::new(target.url.clone()));
        let (drags, dragged) = watch::channel(None);
        let (frame_event_sender, frame_events) = mpsc::channel(FRAME_EVENT_QUEUE);
        let main_frame = target.id.as_str().to_owned();
        let shared = Shared {
            main: Arc::new(World::new(target.session.clone(), &main_frame)),
            frames: watch::Sender::default(),
            inner: Mutex::default(),
            progress: told,
            drags: dragged,
            attaches: OnceCell::new(),
            focused: OnceCell::new(),
            lifecycle_events: OnceCell::new(),
            frame_events: frame_event_sender,
            pending_setups: watch::Sender::new(0),
        };
        Self {
            driver: PageDriver {
                shared: Arc::new(shared),
            },
            main_frame,
            progress,
            drags,
            frame_events,
        }
    }

    /// What happens next in a frame of another process that concerns the whole tab.
    pub async fn next_frame_event(&mut self) -> RawEvent {
        match self.frame_events.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }

    /// The hands.
    pub fn driver(&self) -> &PageDriver {
        &self.driver
    }

    /// Takes an event of the page in.
    pub fn on_event(&self, event: &RawEvent) {
        match event.kind {
            EventKind::FrameNavigated
            | EventKind::NavigatedWithinDocument
            | EventKind::LifecycleEvent => {
                let mut is_new = false;
                self.progress.send_if_modified(|progress| {
                    let before = progress.clone();
                    is_new = progress.on_event(event, &self.main_frame);
                    *progress != before
                });
                if is_new {
                    // Chromium may keep the document before in its cache, with its world alive.
                    self.driver.shared.main.invalidate();
                    self.driver.inner().clear();
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
    }

    /// A frame of another process was attached.
    pub fn attached(&self, attachment: Attachment) {
        attached(&Arc::downgrade(&self.driver.shared), attachment);
    }
}

/// Takes a frame in, and listens to it for the frames inside.
fn attached(shared: &Weak<Shared>, attachment: Attachment) {
    let Some(strong) = shared.upgrade() else {
        return;
    };
    let Attachment {
        session,
        inbox,
        info,
        ..
    } = attachment;
    let frame = info.target_id.as_str().to_owned();
    let world = Arc::new(World::new(session.clone(), &frame));
    let set_up = set_up(&session);
    let pending_setups = PendingSetup::new(strong.pending_setups.clone());
    strong.frames.send_modify(|frames| {
        frames.insert(frame.clone(), world);
    });
    tokio::spawn(async move {
        set_up.await;
        drop(pending_setups);
    });
    tokio::spawn(listen(shared.clone(), session, inbox, frame));
}

/// A frame that is being made ready, until this is dropped.
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

/// Makes a frame ready: the frames inside are attached, and its file choosers open nothing. The calls
/// are queued before this returns, ahead of every other call to the frame. A frame that goes away at
/// once refuses them, and needs no set-up then.
fn set_up(session: &TargetSession) -> impl Future<Output = ()> + Send + use<> {
    let calls = join3(
        session.start_call(&attach_frames(), SETUP_LIMIT),
        session.start_call(&EnablePage {}, SETUP_LIMIT),
        session.start_call(&InterceptFileChooser { enabled: true }, SETUP_LIMIT),
    );
    calls.map(drop)
}

async fn listen(shared: Weak<Shared>, session: TargetSession, mut inbox: Inbox, frame: String) {
    while let Some(event) = inbox.next().await {
        match event {
            SessionEvent::Attached(inner) => attached(&shared, *inner),
            SessionEvent::Raw(event)
                if matches!(
                    event.kind,
                    EventKind::FileChooserOpened | EventKind::PageDownloadWillBegin
                ) =>
            {
                let told = shared.upgrade().map(|shared| shared.frame_events.clone());
                if told.is_some_and(|told| told.try_send(event).is_err()) {
                    metrics::dropped("cdpEvent", "inboxFull");
                }
            }
            SessionEvent::Raw(_) => {}
        }
    }
    if let Some(shared) = shared.upgrade() {
        shared.frames.send_if_modified(|frames| {
            // It may be back already, in another process.
            let is_this = |world: &Arc<World>| world.session.id() == session.id();
            let gone = frames.get(&frame).is_some_and(is_this);
            if gone {
                frames.remove(&frame);
            }
            gone
        });
    }
}

/// Frames run at once: nothing has to be told to them before their first script.
pub fn attach_frames() -> SetAutoAttach {
    let frames = FilterEntry {
        r#type: Some("iframe"),
        exclude: false,
    };
    let nothing_else = FilterEntry {
        r#type: None,
        exclude: true,
    };
    SetAutoAttach {
        auto_attach: true,
        wait_for_debugger_on_start: false,
        flatten: true,
        filter: vec![frames, nothing_else],
    }
}

impl PageDriver {
    /// The world of the main frame's process.
    pub fn main_world(&self) -> &Arc<World> {
        &self.shared.main
    }

    /// The session that the mouse and the keyboard are used through, whichever frame they reach.
    pub fn session(&self) -> &TargetSession {
        &self.shared.main.session
    }

    /// The worlds of all frames that are not of the main one's origin, as far as they are known.
    pub fn frame_worlds(&self) -> Vec<Arc<World>> {
        let apart = self.shared.frames.borrow();
        let mut all: Vec<_> = apart.values().cloned().collect();
        drop(apart);
        all.extend(self.inner().values().cloned());
        all
    }

    fn inner(&self) -> MutexGuard<'_, Frames> {
        lock(&self.shared.inner)
    }

    /// The world of a frame of another origin that is in the same process as the world around it.
    pub fn same_process_frame(&self, id: &str, around: &World) -> Arc<World> {
        let mut inner = self.inner();
        if inner.len() >= MAX_SAME_PROCESS_FRAMES {
            inner.clear();
        }
        let session = &around.session;
        let known = inner
            .get(id)
            .filter(|world| world.session.id() == session.id());
        if let Some(world) = known {
            return Arc::clone(world);
        }
        let world = Arc::new(World::new(session.clone(), id));
        inner.insert(id.to_owned(), Arc::clone(&world));
        world
    }

    /// Has Chromium attach the frames of other processes, from now on.
    async fn attach(&self, deadline: Instant) -> Result<(), PageActionError> {
        let left = remaining(deadline);
        let attach = || async {
            let outcome = self.session().call(attach_frames(), left).await;
            outcome.map(|_| ())
        };
        self.shared.attaches.get_or_try_init(attach).await?;
        Ok(())
    }

    /// Has the frames of other processes attached, and waits until those there are now are ready. The
    /// mouse reaches them past their sessions, and so past what these were told.
    pub async fn frames_ready(&self, deadline: Instant) -> Result<(), PageActionError> {
        self.attach(deadline).await?;
        let mut pending_setups = self.shared.pending_setups.subscribe();
        let until = deadline.min(Instant::now() + ATTACH_LIMIT);
        // A frame that hangs is no reason not to act on the page around it.
        let _ = timeout_at(until, pending_setups.wait_for(|count| *count == 0)).await;
        Ok(())
    }

    /// The world of a frame of another process. None if there is no such frame for long.
    pub async fn frame(
        &self,
        id: &str,
        deadline: Instant,
    ) -> Result<Option<Arc<World>>, PageActionError> {
        self.attach(deadline).await?;
        let mut frames = self.shared.frames.subscribe();
        let until = deadline.min(Instant::now() + ATTACH_LIMIT);
        let found = timeout_at(until, frames.wait_for(|frames| frames.contains_key(id))).await;
        Ok(match found {
            Ok(Ok(frames)) => frames.get(id).cloned(),
            _ => None,
        })
    }

    /// Has the page believe that it has the keyboard, so that fields show it as they would to a person.
    pub async fn emulate_focus(&self, deadline: Instant) -> Result<(), PageActionError> {
        let left = remaining(deadline);
        let enabled = true;
        let focus = || async {
            let outcome = self
                .session()
                .call(SetFocusEmulation { enabled }, left)
                .await;
            outcome.map(|_| ())
        };
        self.shared.focused.get_or_try_init(focus).await?;
        Ok(())
    }

    /// How far the page has come, now and from now on.
    pub async fn progress(
        &self,
        deadline: Instant,
    ) -> Result<watch::Receiver<LoadProgress>, PageActionError> {
        let left = remaining(deadline);
        let tell = || async {
            let tells = SetLifecycleEvents { enabled: true };
            self.session().call(tells, left).await.map(|_| ())
        };
        self.shared.lifecycle_events.get_or_try_init(tell).await?;
        Ok(self.shared.progress.clone())
    }

    /// Where the page is, now and from now on.
    pub fn location(&self) -> watch::Receiver<LoadProgress> {
        self.shared.progress.clone()
    }

    /// What the page begins to drag from now on.
    pub fn drags(&self) -> watch::Receiver<DragData> {
        let mut drags = self.shared.drags.clone();
        drags.mark_unchanged();
        drags
    }
}
