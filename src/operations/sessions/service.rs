//! The table of sessions, with what waits for its changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, Weak};

use tokio::sync::{Notify, oneshot, watch};
use tokio::time::Instant;

use super::{EndReason, SessionError, SessionId};
use crate::clock::epoch_ms;
use crate::lock::lock;
use crate::metrics;
use crate::operations::idempotency::IdempotencyGuard;
use crate::operations::staging::Staging;
use crate::operations::{CallId, OperationServices};
use crate::sessions::clocks::Moment;
use crate::sessions::table::{Admitted, UseKind};
use crate::sessions::{SessionLimits, SessionStatus, SessionTable};
use crate::tabs::{Audience, Fact, FactKind, Scope};

/// Waits for the session that it creates.
pub(in crate::operations) type Waiter = oneshot::Sender<Place>;

/// What became of a request that waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::operations) enum Place {
    New(SessionId),
    Existing(SessionId),
    /// None: another client, which has fewer requests in the queue, took its place there.
    QueueFull,
    ShuttingDown,
}

/// How far a session is with its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::operations) enum EndStage {
    Alive,
    /// It takes no more work.
    Ending(EndReason),
    /// The store knows that it ends: it does not come back.
    Noted(EndReason),
    /// Its connections are closed.
    Closing(EndReason),
    /// Nothing of it is left.
    Gone(EndReason),
}

impl EndStage {
    pub(super) fn reason(self) -> Option<EndReason> {
        match self {
            Self::Alive => None,
            Self::Ending(reason)
            | Self::Noted(reason)
            | Self::Closing(reason)
            | Self::Gone(reason) => Some(reason),
        }
    }

    pub(super) fn is_noted(self) -> bool {
        !matches!(self, Self::Alive | Self::Ending(_))
    }

    pub(super) fn closes_connections(self) -> bool {
        matches!(self, Self::Closing(_) | Self::Gone(_))
    }

    pub(super) fn is_gone(self) -> bool {
        matches!(self, Self::Gone(_))
    }
}

/// What waits for the changes of one session of which something is left.
#[derive(Debug)]
pub(super) struct Signals {
    pub(super) stage: watch::Sender<EndStage>,
    /// Requests that are being carried out, and open connections.
    pub(super) uses: watch::Sender<[usize; 2]>,
}

/// All sessions.
#[derive(Debug)]
pub(in crate::operations) struct Sessions {
    pub(super) services: OperationServices,
    pub(super) staging: Arc<Staging>,
    pub(super) idempotency: Arc<IdempotencyGuard>,
    /// Held while a state changes and is published, so that states are published in their order. Taken before `state`.
    telling: Mutex<()>,
    state: Mutex<State>,
    /// The clock has to look again.
    pub(super) clock: Arc<Notify>,
    /// For the tasks that it starts.
    this: OnceLock<Weak<Self>>,
}

#[derive(Debug)]
struct State {
    table: SessionTable<Waiter>,
    signals: HashMap<SessionId, Signals>,
    clock_runs: bool,
    /// When the clock looks again.
    clock_due: Option<Instant>,
    /// The bridge is stopping: no session is created.
    is_stopping: bool,
}

impl State {
    fn update_uses(&self, id: SessionId) {
        if let Some(signals) = self.signals.get(&id) {
            let uses = [self.table.calls(id), self.table.connections(id)];
            signals.uses.send_replace(uses);
        }
    }
}

impl Sessions {
    pub(in crate::operations) fn new(
        limits: SessionLimits,
        services: OperationServices,
        staging: Arc<Staging>,
        idempotency: Arc<IdempotencyGuard>,
    ) -> Arc<Self> {
        let state = State {
            table: SessionTable::new(limits, moment()),
            signals: HashMap::new(),
            clock_runs: false,
            clock_due: None,
            is_stopping: false,
        };
        let sessions = Arc::new(Self {
            services,
            staging,
            idempotency,
            telling: Mutex::default(),
            state: Mutex::new(state),
            clock: Arc::default(),
            this: OnceLock::new(),
        });
        metrics::sessions(SessionStatus::ALL.map(|status| (status.as_str(), 0)));
        // It is new, so that this is the first value.
        let _ = sessions.this.set(Arc::downgrade(&sessions));
        sessions
    }

    /// Itself, for a task; `None` while it is being dropped.
    pub(super) fn shared(&self) -> Option<Arc<Self>> {
        self.this.get()?.upgrade()
    }

    /// Looks at the table or changes it, without telling.
    pub(in crate::operations) fn table<T>(
        &self,
        act: impl FnOnce(&mut SessionTable<Waiter>) -> T,
    ) -> T {
        act(&mut lock(&self.state).table)
    }

    /// The receiver of a session's stages; `None` once nothing of it is left.
    pub(super) fn stages(&self, id: SessionId) -> Option<watch::Receiver<EndStage>> {
        let state = lock(&self.state);
        state.signals.get(&id).map(|it| it.stage.subscribe())
    }

    /// The session goes on to this stage of its end.
    pub(super) fn set_stage(&self, id: SessionId, stage: EndStage) {
        if let Some(signals) = lock(&self.state).signals.get(&id) {
            signals.stage.send_replace(stage);
        }
    }

    pub(super) fn uses(&self, id: SessionId) -> Option<watch::Receiver<[usize; 2]>> {
        let state = lock(&self.state);
        state.signals.get(&id).map(|it| it.uses.subscribe())
    }

    /// Whether sessions can be created.
    pub(super) fn check_open(&self) -> Result<(), SessionError> {
        if lock(&self.state).is_stopping {
            return Err(SessionError::ShuttingDown);
        }
        Ok(())
    }

    /// Refuses further sessions, and turns away the requests that wait for one.
    pub(in crate::operations) fn stop_creating(&self) {
        let waiting = {
            let mut state = lock(&self.state);
            state.is_stopping = true;
            state.table.turn_away_all()
        };
        for waiter in waiting {
            let _ = waiter.send(Place::ShuttingDown);
        }
    }

    /// Changes a session, and tells of it.
    pub(super) fn tell(
        &self,
        id: SessionId,
        cause: Option<CallId>,
        change: impl FnOnce(&mut SessionTable<Waiter>) -> bool,
        goes_to: Option<EndStage>,
    ) -> bool {
        let _telling = lock(&self.telling);
        let (fact, statuses) = {
            let mut state = lock(&self.state);
            let before = state.table.status(id);
            if !change(&mut state.table) {
                return false;
            }
            let is_new = state.table.status(id) != before;
            if let (Some(stage), Some(signals)) = (goes_to, state.signals.get(&id)) {
                signals.stage.send_replace(stage);
            }
            if goes_to.is_some_and(EndStage::is_gone) {
                state.signals.remove(&id);
            }
            let fact = fact_of(&state.table, id, cause).filter(|_| is_new);
            (fact, state.table.statuses())
        };
        metrics::sessions(statuses.map(|(status, count)| (status.as_str(), count)));
        if let Some(fact) = fact {
            self.services.facts.publish(fact);
        }
        true
    }

    /// A session was inserted into the table.
    pub(super) fn opened(&self, id: SessionId) {
        let mut state = lock(&self.state);
        state.signals.insert(
            id,
            Signals {
                stage: watch::Sender::new(EndStage::Alive),
                uses: watch::Sender::new([0, 0]),
            },
        );
        let starts = !std::mem::replace(&mut state.clock_runs, true);
        drop(state);
        if starts && let Some(sessions) = self.shared() {
            tokio::spawn(super::session_clock::run(Arc::downgrade(&sessions)));
        }
        self.clock.notify_one();
    }

    /// When the clock has to act next. `None`: it ends.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let mut state = lock(&self.state);
        let due = state.table.next_due();
        // While a session ends there may be nothing due, until its record is to be forgotten.
        state.clock_runs = due.is_some() || state.table.live() > 0;
        let due = due.or_else(|| state.clock_runs.then(|| Instant::now() + LONG));
        state.clock_due = due;
        due
    }

    pub(super) fn clock_changed(&self) {
        self.clock.notify_one();
    }

    /// A heartbeat came in this scope.
    pub(in crate::operations) fn beat(&self, scope: &Scope) {
        let now = Instant::now();
        // One of a session that has just ended changes nothing.
        let _ = self.table(|table| table.heartbeat(&scope.client, SessionId::of(scope), now));
    }

    pub(super) fn begin_use(
        &self,
        scope: &Scope,
        kind: UseKind,
    ) -> Result<Option<watch::Receiver<EndStage>>, SessionError> {
        let id = SessionId::of(scope);
        let mut state = lock(&self.state);
        state
            .table
            .begin_use(scope, kind, Instant::now())
            .map_err(|error| SessionError::unusable(id, error))?;
        state.update_uses(id);
        let stages = state.signals.get(&id).map(|it| it.stage.subscribe());
        Ok(stages)
    }

    pub(super) fn end_use(&self, scope: &Scope, kind: UseKind, now: Instant) {
        let id = SessionId::of(scope);
        let mut state = lock(&self.state);
        state.table.end_use(scope, kind, now);
        state.update_uses(id);
        // The clock may not know that the session is not held any more.
        let is_sooner = |due| state.clock_due.is_some_and(|clock| due < clock);
        if state.table.due(id).is_some_and(is_sooner) {
            self.clock.notify_one();
        }
    }

    /// Gives free places to requests that wait.
    pub(super) fn admit_waiting(&self) {
        let admitted = self.table(|table| table.admit_waiting(new_id));
        for Admitted { waiter, id, is_new } in admitted {
            let place = if is_new {
                self.opened(id);
                Place::New(id)
            } else {
                Place::Existing(id)
            };
            if waiter.send(place).is_err() && is_new {
                // Its client has gone in this moment.
                drop(self.begin_end(id, EndReason::Failed, None));
            }
        }
    }
}

/// How long the clock sleeps while sessions end.
const LONG: std::time::Duration = std::time::Duration::from_mins(1);

/// Now.
pub(super) fn moment() -> Moment {
    Moment {
        at: Instant::now(),
        ms: epoch_ms(),
    }
}

/// The id of a session that is created now.
pub(super) fn new_id() -> (SessionId, Moment) {
    let now = moment();
    let mut random = [0; 8];
    // An id is no secret: without the system's generator a weaker one keeps ids apart.
    if getrandom::fill(&mut random).is_err() {
        fastrand::fill(&mut random);
    }
    (SessionId::new(now.ms, u64::from_ne_bytes(random)), now)
}

fn fact_of(table: &SessionTable<Waiter>, id: SessionId, cause: Option<CallId>) -> Option<Fact> {
    let scope = table.scope(id)?;
    let view = table.view(&scope.client, id, Instant::now())?;
    let status: SessionStatus = view.status;
    Some(Fact {
        audience: Audience::Session(scope),
        tab: None,
        cause,
        kind: FactKind::SessionStateChanged {
            status,
            end_reason: view.end_reason,
        },
    })
}
