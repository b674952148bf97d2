//! Carries out what the documents of a target start with, in all of its sessions: that of the page, and those of its frames
//! in other processes and of its workers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use cdp_bridge_protocol::request::Viewport;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, join_all};

use super::error::SetupError;
use super::overrides::{Aspect, Override, SessionKind};
use super::setup::PageSetup;
use crate::cdp::emulation_methods::{AddInitScript, RemoveInitScript};
use crate::cdp::methods::{
    EmptyResult, EnablePage, FilterEntry, InterceptFileChooser, Method, RunIfWaitingForDebugger,
    SetAutoAttach,
};
use crate::cdp::{CallError, SessionId, TargetId, TargetSession};
use crate::lock::lock;
use crate::tabs::commands::set_up::network;
use crate::tabs::unawaited::UNAWAITED_LIMIT;

/// How long Chromium may take to tell the identifier of a script.
const IDENTIFIER_LIMIT: Duration = Duration::from_mins(10);

/// What a target's documents start with, and its sessions.
#[derive(Debug)]
pub struct TargetSetup {
    session: TargetSession,
    target: TargetId,
    sessions: Mutex<Sessions>,
    /// The first part of its set-up that Chromium has refused.
    refusal: OnceLock<SetupError>,
}

#[derive(Debug)]
struct Sessions {
    /// What holds in every session, or is being sent.
    setup: PageSetup,
    page: Scripts,
    children: HashMap<SessionId, Child>,
    /// Whether new frames and workers are paused until they are set up.
    pauses: bool,
}

/// A frame in another process, or a worker.
#[derive(Debug)]
struct Child {
    session: TargetSession,
    kind: SessionKind,
    scripts: Scripts,
    has_network: bool,
}

/// Chromium's identifiers of scripts in one session, by their numbers; they arrive later.
#[derive(Debug, Default)]
struct Scripts(HashMap<u64, Identifier>);

type Identifier = Shared<BoxFuture<'static, Result<Arc<str>, CallError>>>;

/// A call to the page that a change has queued.
pub(super) struct PendingCall {
    /// `None` for a script, or for what follows from the change.
    pub(super) aspect: Option<Aspect>,
    pub(super) is_script: bool,
    pub(super) answer: BoxFuture<'static, Result<(), CallError>>,
}

impl TargetSetup {
    /// The set-up of a page that has this viewport and nothing else.
    pub fn new(session: TargetSession, target: TargetId, viewport: Viewport) -> Arc<Self> {
        Arc::new(Self {
            session,
            target,
            sessions: Mutex::new(Sessions {
                setup: PageSetup::usual(viewport),
                page: Scripts::default(),
                children: HashMap::new(),
                pauses: false,
            }),
            refusal: OnceLock::new(),
        })
    }

    /// What holds, or is being sent.
    pub fn current(&self) -> PageSetup {
        lock(&self.sessions).setup.clone()
    }

    pub(super) fn refused(&self, error: SetupError) {
        // An earlier one is kept.
        let _ = self.refusal.set(error);
    }

    /// Why a part of what its documents should start with does not hold.
    pub fn refusal(&self) -> Option<&SetupError> {
        self.refusal.get()
    }

    pub(super) fn session(&self) -> &TargetSession {
        &self.session
    }

    /// The page's main frame has the id of its target.
    pub(super) fn main_frame(&self) -> &str {
        self.target.as_str()
    }

    /// Queues what leads to another set-up, in all sessions, before this returns.
    pub(super) fn send(&self, to: &PageSetup, limit: Duration) -> Vec<PendingCall> {
        let mut sessions = lock(&self.sessions);
        let from = std::mem::replace(&mut sessions.setup, to.clone());
        let mut pending = Vec::new();
        if !sessions.pauses && to.concerns_children() {
            sessions.pauses = true;
            let attach = self.session.start_call(&attach_children(true), limit);
            pending.push(PendingCall::new(None, attach));
            for child in sessions.children.values() {
                tokio::spawn(unheeded(&child.session, &attach_children(true)));
            }
        }
        for change in to.changes_from(&from, SessionKind::Page) {
            let answer = start(&self.session, &change, limit);
            pending.push(PendingCall::new(Some(change.aspect), answer));
        }
        for added in sessions.page.change(&self.session, to, limit) {
            pending.push(PendingCall {
                is_script: true,
                ..PendingCall::new(None, added)
            });
        }
        for child in sessions.children.values_mut() {
            tokio::spawn(child.send(&from, to));
        }
        pending
    }

    /// Has Chromium attach the frames of the page that are in other processes.
    pub(crate) fn attach_frames(
        &self,
        limit: Duration,
    ) -> impl Future<Output = Result<EmptyResult, CallError>> + Send + use<> {
        // The lock keeps this from overtaking a command that pauses new frames.
        let sessions = lock(&self.sessions);
        self.session
            .start_call(&attach_children(sessions.pauses), limit)
    }

    /// Sets up a frame in another process. The commands are queued before this returns, ahead of all others of this frame.
    pub(crate) fn frame_attached(
        &self,
        session: &TargetSession,
        is_paused: bool,
    ) -> impl Future<Output = ()> + Send + use<> {
        let commands = join_all([
            unheeded(session, &EnablePage {}),
            unheeded(session, &InterceptFileChooser { enabled: true }),
        ]);
        let set_up = self.child_attached(session, SessionKind::Frame, is_paused);
        async move {
            commands.await;
            set_up.await;
        }
    }

    /// Sets up a worker, likewise.
    pub(crate) fn worker_attached(
        &self,
        session: &TargetSession,
        is_paused: bool,
    ) -> impl Future<Output = ()> + Send + use<> {
        self.child_attached(session, SessionKind::Worker, is_paused)
    }

    fn child_attached(
        &self,
        session: &TargetSession,
        kind: SessionKind,
        is_paused: bool,
    ) -> impl Future<Output = ()> + Send + use<> {
        let mut sessions = lock(&self.sessions);
        let attach = unheeded(session, &attach_children(sessions.pauses));
        let mut child = Child {
            session: session.clone(),
            kind,
            scripts: Scripts::default(),
            has_network: false,
        };
        let to = sessions.setup.clone();
        let usual = PageSetup::usual(to.viewport());
        let changes = child.send(&usual, &to);
        sessions.children.insert(session.id().clone(), child);
        drop(sessions);
        let run = is_paused.then(|| run(session));
        async move {
            attach.await;
            changes.await;
            if let Some(run) = run {
                run.await;
            }
        }
    }

    /// A frame or worker is gone.
    pub(crate) fn detached(&self, session: &TargetSession) {
        lock(&self.sessions).children.remove(session.id());
    }
}

impl PendingCall {
    fn new<T>(
        aspect: Option<Aspect>,
        answer: impl Future<Output = Result<T, CallError>> + Send + 'static,
    ) -> Self {
        Self {
            aspect,
            is_script: false,
            answer: answer.map(|answer| answer.map(drop)).boxed(),
        }
    }
}

impl Child {
    /// Queues what leads to another set-up, before this returns. Errors are ignored: a frame that is removed needs none, and
    /// what Chromium refuses it has refused to the page before.
    fn send(
        &mut self,
        from: &PageSetup,
        to: &PageSetup,
    ) -> impl Future<Output = ()> + Send + use<> {
        let needs_network = to.emulation.needs_network();
        let mut calls = Vec::new();
        if needs_network && !self.has_network {
            calls.push(unheeded(&self.session, &network()));
        }
        for change in to.changes_from(from, self.kind) {
            calls.push(ignoring(start(&self.session, &change, UNAWAITED_LIMIT)));
        }
        if self.kind == SessionKind::Frame {
            // Queued; their identifiers are awaited elsewhere.
            self.scripts.change(&self.session, to, UNAWAITED_LIMIT);
        }
        // It stays enabled: a query may wait for the requests of the frame.
        self.has_network |= needs_network;
        join_all(calls).map(drop)
    }
}

impl Scripts {
    /// Queues the commands for the scripts that the session does not have, and for those that it has no more. Returns the
    /// answers for the new ones.
    fn change(
        &mut self,
        session: &TargetSession,
        to: &PageSetup,
        limit: Duration,
    ) -> Vec<Identifier> {
        let removed = self.0.extract_if(|number, _| !to.scripts.has(*number));
        for (_, identifier) in removed {
            tokio::spawn(remove(session.clone(), identifier));
        }
        let mut added = Vec::new();
        for script in to.scripts.iter() {
            if self.0.contains_key(&script.number) {
                continue;
            }
            let method = AddInitScript {
                source: script.source.expose().to_owned(),
            };
            // Longer than the request waits: Chromium adds the script even if it answers late, and without its
            // identifier it could not be removed.
            let answer = session.start_call(&method, limit.max(IDENTIFIER_LIMIT));
            let identifier = answer.map(|added| Ok(added?.identifier.into()));
            let identifier = identifier.boxed().shared();
            // It must be known for a removal, even if the request is given up.
            tokio::spawn(identifier.clone().map(drop));
            self.0.insert(script.number, identifier.clone());
            added.push(identifier);
        }
        added
    }
}

async fn remove(session: TargetSession, identifier: Identifier) {
    // Without an identifier Chromium has no such script.
    if let Ok(identifier) = identifier.await {
        let identifier = identifier.as_ref().to_owned();
        unheeded(&session, &RemoveInitScript { identifier }).await;
    }
}

fn start(
    session: &TargetSession,
    change: &Override,
    limit: Duration,
) -> impl Future<Output = Result<(), CallError>> + Send + use<> {
    let call = session.start_raw_call(change.method.into(), change.params.clone(), limit);
    call.map(|answer| answer.map(drop))
}

/// Queues a call whose failure has no consequence.
fn unheeded<M: Method + 'static>(session: &TargetSession, method: &M) -> BoxFuture<'static, ()> {
    ignoring(session.start_call(method, UNAWAITED_LIMIT))
}

fn ignoring<T>(
    call: impl Future<Output = Result<T, CallError>> + Send + 'static,
) -> BoxFuture<'static, ()> {
    let logged = call.map(|answer| {
        if let Err(error) = answer {
            tracing::debug!(%error, "a frame or worker could not be set up");
        }
    });
    logged.boxed()
}

/// Lets a frame or worker run. It would stand still for ever if the queue for started calls were full.
fn run(session: &TargetSession) -> impl Future<Output = ()> + Send + use<> {
    let session = session.clone();
    let started = session.start_call(&RunIfWaitingForDebugger {}, UNAWAITED_LIMIT);
    async move {
        if let Err(CallError::QueueFull { .. }) = started.await {
            // Without the session there is nothing to run.
            let _ = session
                .call(RunIfWaitingForDebugger {}, UNAWAITED_LIMIT)
                .await;
        }
    }
}

/// Attaches frames without pausing them, for a session that sets nothing up.
pub(crate) fn attach_frames() -> SetAutoAttach {
    attach_children(false)
}

/// Attaches frames; and workers too, paused, where they have to be set up before their first script.
fn attach_children(pauses: bool) -> SetAutoAttach {
    let types: &[&'static str] = if pauses {
        &["iframe", "worker", "shared_worker", "service_worker"]
    } else {
        &["iframe"]
    };
    let included = types.iter().map(|r#type| FilterEntry {
        r#type: Some(r#type),
        exclude: false,
    });
    let nothing_else = FilterEntry {
        r#type: None,
        exclude: true,
    };
    SetAutoAttach {
        auto_attach: true,
        wait_for_debugger_on_start: pauses,
        flatten: true,
        filter: included.chain([nothing_else]).collect(),
    }
}
