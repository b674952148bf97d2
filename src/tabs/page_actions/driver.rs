//! Access to the page of one target: the isolated worlds of its frames and its load state.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::{OnceCell, mpsc, watch};
use tokio::time::{Instant, timeout_at};

use super::choosers::Choosers;
use super::error::PageActionError;
use super::held_input::HeldInput;
use super::load_progress::LoadProgress;
use super::script_calls::ScriptCalls;
use super::wait_network::NetworkWaiters;
use super::world::World;
use crate::cdp::methods::{DisableFetch, EnableFetch, Method};
use crate::cdp::page_methods::{SetFocusEmulation, SetLifecycleEvents};
use crate::cdp::{CallError, RawEvent, TargetSession};
use crate::lock::lock;
use crate::tabs::clipboard::ScopeClipboard;
use crate::tabs::commands::retry::until_active;
use crate::tabs::input_sent::InputSent;
use crate::tabs::page_setup::TargetSetup;
use crate::tabs::unawaited::{UNAWAITED_LIMIT, send_unawaited};

/// Time limit for Chromium to attach a frame that is in the page.
const ATTACH_LIMIT: Duration = Duration::from_secs(2);

/// Maximum number of known cross-origin frames in the same process, for pages that never navigate.
const MAX_SAME_PROCESS_FRAMES: usize = 256;

type Frames = HashMap<String, Arc<World>>;

/// An event of an out-of-process frame, with the frame's session.
pub(super) type FrameEvent = (TargetSession, RawEvent);

/// `Input.DragData` of the current drag.
pub(super) type DragData = Option<Arc<RawValue>>;

/// Runs page actions and queries on one target's page. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PageDriver {
    pub(super) shared: Arc<Shared>,
    /// Where copies go, and what is pasted. Empty unless set by [`Self::for_action`].
    pub(super) clipboard: Arc<ScopeClipboard>,
    /// Of the running action.
    pub(super) input_sent: InputSent,
    /// Where the running action has called the script.
    pub(super) script_calls: Arc<ScriptCalls>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) main: Arc<World>,
    /// What the documents of the target start with, in all of its sessions.
    pub(super) setup: Arc<TargetSetup>,
    /// Out-of-process frames by frame id.
    pub(super) frames: watch::Sender<Frames>,
    /// Cross-origin frames in the process of their parent, by frame id, as far as they have been
    /// entered.
    pub(super) same_process_frames: Mutex<Frames>,
    pub(super) progress: watch::Receiver<LoadProgress>,
    pub(super) drags: watch::Receiver<DragData>,
    /// These commands are sent once, when a request first needs them.
    pub(super) frames_attached: OnceCell<()>,
    pub(super) focus_emulated: OnceCell<()>,
    pub(super) lifecycle_events: OnceCell<()>,
    /// Events of out-of-process frames that concern the whole tab.
    pub(super) frame_events: mpsc::Sender<FrameEvent>,
    pub(super) choosers: Mutex<Choosers>,
    pub(super) held: Mutex<HeldInput>,
    pub(super) network_waiters: NetworkWaiters,
    /// What out-of-process frames pause, so that servers can ask for passwords.
    pub(super) paused: Mutex<Option<EnableFetch>>,
    /// The number of frames whose set-up commands are pending.
    pub(super) pending_setups: watch::Sender<usize>,
}

impl PageDriver {
    pub(super) fn new(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
            clipboard: Arc::default(),
            input_sent: InputSent::default(),
            script_calls: Arc::default(),
        }
    }

    pub(crate) fn for_action(&self, clipboard: Arc<ScopeClipboard>, input_sent: InputSent) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            clipboard,
            input_sent,
            script_calls: Arc::new(ScriptCalls::of_next_action()),
        }
    }

    pub(crate) fn input_sent(&self) -> &InputSent {
        &self.input_sent
    }

    /// Tells the page, ahead of every later call, that the running action is cancelled: its scripts that wait
    /// for an element will not act. Resolves to whether they have acted, or may have.
    pub(crate) fn give_up(&self) -> impl Future<Output = bool> + Send + use<> {
        self.script_calls.give_up()
    }

    /// Lets the page report what its scripts copy because of an action. If the page cannot be reached,
    /// the action has its own errors.
    pub(super) async fn report_copies(&self, deadline: Instant) {
        let _ = self.main_world().load_script(deadline).await;
    }

    pub(super) fn main_world(&self) -> &Arc<World> {
        &self.shared.main
    }

    pub(super) fn main_frame(&self) -> &str {
        self.shared.main.frame()
    }

    /// The session for mouse and keyboard input; Chromium forwards input to the frame that it hits.
    pub(super) fn session(&self) -> &TargetSession {
        &self.shared.main.session
    }

    /// The keys and buttons that are held, and the mouse. Not to be kept across an `await`.
    pub(super) fn held(&self) -> MutexGuard<'_, HeldInput> {
        lock(&self.shared.held)
    }

    /// The known worlds of all cross-origin frames.
    pub(super) fn frame_worlds(&self) -> Vec<Arc<World>> {
        let apart = self.shared.frames.borrow();
        let mut all: Vec<_> = apart.values().cloned().collect();
        drop(apart);
        all.extend(self.same_process_frames().values().cloned());
        all
    }

    pub(super) fn same_process_frames(&self) -> MutexGuard<'_, Frames> {
        lock(&self.shared.same_process_frames)
    }

    /// The world of a cross-origin frame in the same process as its parent.
    pub(super) fn same_process_frame(&self, id: &str, around: &World) -> Arc<World> {
        let mut same_process_frames = self.same_process_frames();
        if same_process_frames.len() >= MAX_SAME_PROCESS_FRAMES {
            same_process_frames.clear();
        }
        let session = &around.session;
        let known = same_process_frames
            .get(id)
            .filter(|world| world.session.id() == session.id());
        if let Some(world) = known {
            return Arc::clone(world);
        }
        let world = Arc::new(World::new(session.clone(), id));
        same_process_frames.insert(id.to_owned(), Arc::clone(&world));
        world
    }

    /// Sends a command of the main session, unless that was done before.
    async fn send_once(
        &self,
        sent: &OnceCell<()>,
        command: impl Method + 'static,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let call = |left| self.session().start_call(&command, left);
        self.call_once(sent, call, deadline).await
    }

    /// Makes a call, unless that was done before.
    async fn call_once<T, F>(
        &self,
        sent: &OnceCell<()>,
        call: impl FnMut(Duration) -> F + Send,
        deadline: Instant,
    ) -> Result<(), PageActionError>
    where
        F: Future<Output = Result<T, CallError>> + Send,
    {
        let first_call = || async { until_active(deadline, call).await.map(|_| ()) };
        sent.get_or_try_init(first_call).await?;
        Ok(())
    }

    /// Enables automatic attachment of out-of-process frames.
    async fn attach(&self, deadline: Instant) -> Result<(), PageActionError> {
        let sent = &self.shared.frames_attached;
        let attach = |left| self.shared.setup.attach_frames(left);
        self.call_once(sent, attach, deadline).await
    }

    /// Has out-of-process frames pause these requests, too.
    pub(crate) fn pause_in_frames(&self, paused: Option<EnableFetch>) {
        for frame in self.shared.frames.borrow().values() {
            match &paused {
                Some(enable) => send_unawaited(&frame.session, enable),
                None => send_unawaited(&frame.session, &DisableFetch {}),
            }
        }
        let needs_frames = paused.is_some();
        *lock(&self.shared.paused) = paused;
        if needs_frames {
            let driver = self.clone();
            tokio::spawn(async move {
                // Without the frames, their servers get no passwords.
                let _ = driver.attach(Instant::now() + UNAWAITED_LIMIT).await;
            });
        }
    }

    /// Attaches out-of-process frames and waits for their set-up. Input reaches a frame without using
    /// its session, so it could arrive before the frame's set-up commands.
    pub(super) async fn frames_ready(&self, deadline: Instant) -> Result<(), PageActionError> {
        self.attach(deadline).await?;
        let mut pending_setups = self.shared.pending_setups.subscribe();
        let until = deadline.min(Instant::now() + ATTACH_LIMIT);
        // An unresponsive frame must not block actions on the page around it.
        let _ = timeout_at(until, pending_setups.wait_for(|count| *count == 0)).await;
        Ok(())
    }

    /// The world of an out-of-process frame. `None` if it is not attached within the time limit.
    pub(super) async fn frame(
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

    /// Emulates focus, so that focus styles and events work in a background tab.
    pub(super) async fn emulate_focus(&self, deadline: Instant) -> Result<(), PageActionError> {
        let (sent, enabled) = (&self.shared.focus_emulated, true);
        self.send_once(sent, SetFocusEmulation { enabled }, deadline)
            .await
    }

    /// The load state, with lifecycle events enabled.
    pub(super) async fn progress(
        &self,
        deadline: Instant,
    ) -> Result<watch::Receiver<LoadProgress>, PageActionError> {
        let (sent, enabled) = (&self.shared.lifecycle_events, true);
        self.send_once(sent, SetLifecycleEvents { enabled }, deadline)
            .await?;
        Ok(self.shared.progress.clone())
    }

    /// The URL and load state, without enabling lifecycle events.
    pub(super) fn location(&self) -> watch::Receiver<LoadProgress> {
        self.shared.progress.clone()
    }

    /// Where the page is.
    pub(crate) fn url(&self) -> String {
        self.shared.progress.borrow().url.clone()
    }

    /// Waits until the main frame has another document than now.
    pub(crate) fn document_replaced(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut progress = self.location();
        let loader = progress.borrow().loader.clone();
        async move {
            let replaced = progress.wait_for(|progress| progress.loader != loader);
            if replaced.await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Intercepted drags from now on.
    pub(super) fn drags(&self) -> watch::Receiver<DragData> {
        let mut drags = self.shared.drags.clone();
        drags.mark_unchanged();
        drags
    }
}
