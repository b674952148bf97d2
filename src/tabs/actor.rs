//! One tab. Its task owns everything about it and never waits for one thing only: the command at
//! work is one arm of its `select!`, so that events, a close and a crash get through.

mod acts;
mod arrivals;
mod closing;
mod events;
mod hanging;
mod rebuilding;
mod refusals;
mod steps;

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::{CloseReason, TabState};
use cdp_bridge_protocol::request::Viewport;
use futures::FutureExt as _;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::unconstrained;
use tokio::time::Instant;

use self::closing::{CLOSE_LIMIT, Closing, End, closing};
use self::hanging::{DIALOG_WINDOW, DIALOGS};
use self::rebuilding::{Waiting, turn};
use super::captures::{Captures, Done, Subject};
use super::changes::{ChangeQueue, Goal};
use super::commands::close::close;
use super::context_proxy::ProxyProvider;
use super::error::{Failure, TabError};
use super::fact::{Fact, FactKind, FactSink};
use super::hands::looks::{Looked, Looks};
use super::identity::Scope;
use super::live::{Live, Loss, News};
use super::message::{Change, TabMessage};
use super::page_console::ConsoleSubscriptions;
use super::reply::AnswerKind;
use super::running::{Phase, Running, Step};
use super::screencast::Screencasts;
use super::settings::TabSettings;
use super::supervisor::{RebuildPermit, SupervisorHandle};
use super::view::TabView;
use super::watchdog::Watchdog;
use crate::cdp::{CallError, SessionEvent};
use crate::flow::RestartBudget;
use crate::timer::sleep_until_opt;

/// How often a tab may be rebuilt in [`CRASH_WINDOW`] before it is given up.
const CRASHES: usize = 3;
const CRASH_WINDOW: Duration = Duration::from_mins(1);

/// How often a page may ask for files in [`CHOOSER_WINDOW`] and be told of; it gets none either way.
const CHOOSERS: usize = 10;
const CHOOSER_WINDOW: Duration = Duration::from_secs(10);

/// What all tabs share.
pub struct Surroundings {
    /// The configuration.
    pub settings: TabSettings,
    /// Where facts are published.
    pub facts: Arc<dyn FactSink>,
    /// Who opens the ways out, and knows what is refused there.
    pub outlets: Arc<dyn ProxyProvider>,
    /// Who opens targets.
    pub supervisor: SupervisorHandle,
    /// Captures at work in the whole browser.
    pub capture_permits: Arc<Semaphore>,
    /// Downloads that are read at a time.
    pub download_permits: Arc<Semaphore>,
}

/// A tab's task.
pub struct Actor {
    id: TabId,
    scope: Scope,
    around: Arc<Surroundings>,
    view: watch::Sender<TabView>,
    viewport: Viewport,
    live: Option<Live>,
    changes: ChangeQueue,
    running: Option<Running>,
    /// The target is lost, and the tab waits for its turn to get another.
    turn: Option<Waiting>,
    crashes: RestartBudget,
    dialogs: RestartBudget,
    choosers: RestartBudget,
    watchdog: Watchdog,
    /// Where a new target was sent on its way, until something has come of it.
    heading: Option<String>,
    /// The page is somewhere that policy refuses.
    must_leave: bool,
    /// Policy may have changed.
    policy: watch::Receiver<()>,
    captures: Captures,
    looks: Looks,
    casts: Screencasts,
    console: ConsoleSubscriptions,
    mailbox: mpsc::Receiver<TabMessage>,
    closing: Option<Closing>,
    last_used: Instant,
}

impl Actor {
    /// A tab whose first change is this goal.
    pub(super) fn new(
        around: Arc<Surroundings>,
        view: watch::Sender<TabView>,
        viewport: Viewport,
        mailbox: mpsc::Receiver<TabMessage>,
        first: Goal,
        live: Option<Live>,
    ) -> Self {
        let now = Instant::now();
        let mut changes = ChangeQueue::new(around.settings.max_waiting_changes);
        changes.push_first(first);
        let (id, scope) = {
            let view = view.borrow();
            (view.id, view.scope.clone())
        };
        let policy = around.outlets.changes(&scope);
        let captures = Captures::new(&around.settings, Arc::clone(&around.capture_permits));
        let casts = Screencasts::new(id, around.supervisor.clone());
        let console = {
            let (scope, supervisor) = (scope.clone(), around.supervisor.clone());
            ConsoleSubscriptions::new(id, scope, supervisor, Arc::clone(&around.facts))
        };
        let crashes = RestartBudget::new(CRASHES, CRASH_WINDOW);
        let dialogs = RestartBudget::new(DIALOGS, DIALOG_WINDOW);
        let choosers = RestartBudget::new(CHOOSERS, CHOOSER_WINDOW);
        let watchdog = Watchdog::new(around.settings.config.hang_timeout);
        Self {
            id,
            scope,
            around,
            view,
            viewport,
            live,
            changes,
            running: None,
            turn: None,
            crashes,
            dialogs,
            choosers,
            watchdog,
            heading: None,
            must_leave: false,
            policy,
            captures,
            looks: Looks::default(),
            casts,
            console,
            mailbox,
            closing: None,
            last_used: now,
        }
    }

    /// Runs to the end; whatever that is, everybody who waits is answered, and the supervisor is
    /// told.
    pub async fn run(mut self) {
        let end = self.run_inner().await;
        // A tab without a target never came to be: nobody was told of it.
        let announced = self.live.is_some();
        let error = End::error(end.reason);
        self.give_up(&error);
        if end.reason == CloseReason::Crashed
            && let Some(live) = &self.live
        {
            let target = &live.target;
            let limit = CLOSE_LIMIT;
            tokio::spawn(close(target.browser.clone(), target.id.clone(), limit).map(drop));
        }
        let context = self.live.take().and_then(|live| live.target.own_context);
        // Off the list first: nobody who has heard that the tab is closed shall still see it.
        self.around.supervisor.ended(self.id, context).await;
        self.mailbox.close();
        while let Ok(message) = self.mailbox.try_recv() {
            if let Some(reply) = message.into_reply() {
                reply.fail(error.clone());
            }
        }
        let reason = end.reason;
        let mut closed = Fact::of_tab(&self.scope, self.id, FactKind::TabClosed { reason });
        closed.cause = end.replies.first().map(|reply| reply.call);
        if announced {
            self.around.facts.publish(closed.clone());
        }
        for reply in end.replies {
            reply.answer(self.id, AnswerKind::Fact(closed.clone()));
        }
    }

    async fn run_inner(&mut self) -> End {
        loop {
            if let Some(end) = self.advance() {
                return end;
            }
            let wake = self.next_wake();
            let timer = sleep_until_opt(wake);
            let happened = tokio::select! {
                // What Chromium says comes first: a crash or a detach decides what the rest
                // means. Requests come before the work they may cancel.
                biased;
                news = news(&mut self.live) => Happened::News(news),
                Ok(()) = self.policy.changed() => Happened::OtherPolicy,
                message = self.mailbox.recv() => Happened::Message(message),
                closed = closing(&mut self.closing) => Happened::Closed(closed),
                step = step(&mut self.running) => Happened::Step(step),
                turn = turn(&mut self.turn) => Happened::Turn(turn),
                done = self.captures.next_done() => Happened::Captured(done),
                looked = self.looks.next_done() => Happened::Looked(looked),
                () = timer => Happened::Tick,
            };
            let end = match happened {
                Happened::News(News::Event(Some(SessionEvent::Raw(event)))) => {
                    match self.take_answer() {
                        Some(end) => Some(end),
                        None => self.on_event(&event),
                    }
                }
                Happened::News(News::Event(Some(SessionEvent::Attached(frame)))) => {
                    if let Some(live) = &self.live {
                        live.attached(*frame);
                    }
                    None
                }
                Happened::News(News::Event(None)) => self.target_gone(),
                Happened::News(News::Title(title)) => {
                    self.on_title(title);
                    None
                }
                Happened::News(News::Probed(answered)) => {
                    if answered {
                        self.watchdog.answered(Instant::now());
                    }
                    None
                }
                Happened::News(News::Witnessed(answers)) => self.on_witness(answers),
                Happened::OtherPolicy => {
                    self.on_other_policy();
                    None
                }
                Happened::Message(Some(message)) => self.on_message(message),
                // The registry and the supervisor are gone: the bridge is stopping.
                Happened::Message(None) => Some(End::of(CloseReason::Shutdown)),
                Happened::Closed(outcome) => self.on_closed(outcome),
                Happened::Step(step) => self.on_step(step),
                Happened::Turn(turn) => self.on_turn(turn),
                Happened::Captured(done) => {
                    self.on_captured(done);
                    None
                }
                Happened::Looked(looked) => {
                    looked.answer(self.id, self.session());
                    None
                }
                Happened::Tick => self.on_tick(),
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// Starts whatever can be started.
    fn advance(&mut self) -> Option<End> {
        let parting = self.live.as_ref().is_some_and(Live::is_parting);
        if self.closing.is_some() || self.turn.is_some() || parting {
            return None;
        }
        self.leave_if_refused();
        while self.running.is_none() {
            let Some((place, goal)) = self.changes.pop() else {
                break;
            };
            if let Some(end) = self.start(place, goal) {
                return Some(end);
            }
        }
        let live = self.live.as_ref().filter(|live| live.is_usable())?;
        if self.running.as_ref().is_some_and(Running::replaces_target) {
            return None;
        }
        let running = self.running.as_ref().map(|running| running.place);
        let changes = &self.changes;
        let subject = subject(live, self.viewport);
        self.captures.start_due(
            &subject,
            |after| changes.permits(after, running),
            Instant::now(),
        );
        self.looks
            .start_due(live.hands(), |after| changes.permits(after, running));
        None
    }

    /// Takes in Chromium's answer to the navigation at work, if it is there. An answer precedes
    /// the events that follow from it, but when the tab looks, both may have come; without the
    /// answer it would not know the commit that it waits for.
    fn take_answer(&mut self) -> Option<End> {
        let running = self.running.as_mut()?;
        if !matches!(running.phase, Phase::Navigating(_)) {
            return None;
        }
        let step = unconstrained(running.step()).now_or_never()?;
        self.on_step(step)
    }

    fn on_message(&mut self, message: TabMessage) -> Option<End> {
        let now = Instant::now();
        self.last_used = now;
        self.view.send_if_modified(|view| {
            view.last_used = now;
            false
        });
        match message {
            TabMessage::Close(reason, reply) => self.close(reason, reply),
            message if self.closing.is_some() => {
                if let Some(reply) = message.into_reply() {
                    reply.fail(TabError::Closed);
                }
            }
            TabMessage::Unwatch(reply) => self.casts.unwatch(self.id, reply),
            TabMessage::Unsubscribe(reply) => self.console.unsubscribe_from_console(self.id, reply),
            message if let Some(error) = self.refusal_without_target() => {
                if let Some(reply) = message.into_reply() {
                    reply.fail(error);
                }
            }
            TabMessage::Watch(spec, watcher, reply) => {
                let usable = self.live.as_ref().filter(|live| live.is_usable());
                self.casts
                    .subscribe(spec, watcher, reply, usable.map(|live| &live.target));
            }
            TabMessage::Subscribe(subscriber, reply) => {
                let usable = self.live.as_ref().filter(|live| live.is_usable());
                let target = usable.map(|live| &live.target);
                self.console.subscribe((), subscriber, reply, target);
            }
            TabMessage::Change(change, reply) => {
                let goal = match change {
                    Change::Navigate { url } => Goal::Navigate { url, reply },
                    Change::Activate => Goal::Activate { reply },
                    Change::SetLoggedOut { enabled } => Goal::Switch { enabled, reply },
                    Change::Travel(way) => Goal::Travel { way, reply },
                    Change::Act(action) => Goal::Act { action, reply },
                };
                if let Err(goal) = self.changes.push(goal)
                    && let Some(reply) = goal.into_reply()
                {
                    let limit = self.around.settings.max_waiting_changes;
                    reply.fail(TabError::QueueFull { limit });
                }
            }
            TabMessage::Capture(capture, reply) => {
                self.captures.push(capture, self.changes.now(), reply, now);
            }
            TabMessage::Look(look, reply) => self.looks.push(look, self.changes.now(), reply),
        }
        None
    }

    fn on_captured(&mut self, done: Done) {
        if let Some(live) = &self.live {
            let subject = subject(live, self.viewport);
            self.captures.settle(done, self.id, &subject);
        }
    }

    /// When something is due or runs out of time.
    fn next_wake(&self) -> Option<Instant> {
        let now = Instant::now();
        let idle = self.last_used + self.around.settings.config.idle_timeout;
        let running = self.running.as_ref().map(|running| running.deadline);
        let captures = self.captures.next_wake(now);
        let looks = self.looks.next_deadline();
        let changes = self.changes.next_deadline();
        let casts = self.casts.next_deadline();
        let console = self.console.next_deadline();
        let closing = self.closing.as_ref().and_then(Closing::next_deadline);
        let live = self.live.as_ref().and_then(Live::next_wake);
        let look = self.next_look();
        [
            Some(idle),
            running,
            captures,
            looks,
            changes,
            casts,
            console,
            closing,
            live,
            look,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn on_tick(&mut self) -> Option<End> {
        let now = Instant::now();
        for reply in self.changes.expire(now) {
            let error = reply.timed_out("the tab's other requests");
            reply.fail(self.failure(error));
        }
        // Both, whatever the first one says.
        if self.captures.expire(now) | self.looks.expire(now) {
            self.watchdog.doubt(now);
        }
        self.casts.expire(now);
        self.console.expire(now);
        if let Some(live) = &mut self.live {
            live.listen_no_more(now);
        }
        if now >= self.last_used + self.around.settings.config.idle_timeout {
            self.last_used = now;
            self.close(CloseReason::Idle, None);
        }
        if self.closing.is_some() {
            return self.closing_out_of_time(now);
        }
        let end = match &self.running {
            Some(running) if running.deadline <= now => self.out_of_time(),
            _ => None,
        };
        self.look_after_page(now);
        end
    }

    /// Ends everything, and answers what runs or waits with this error.
    fn give_up(&mut self, error: &TabError) {
        self.casts.end();
        self.console.end();
        self.refuse_everything(error);
    }

    /// Answers everything that runs or waits with this error. Who watches goes on watching.
    fn refuse_everything(&mut self, error: &TabError) {
        let running = self
            .running
            .take()
            .and_then(|running| running.goal.into_reply());
        let replies = running
            .into_iter()
            .chain(self.changes.drain())
            .chain(self.captures.drain())
            .chain(self.looks.drain())
            .chain(self.casts.give_up_waiting())
            .chain(self.console.give_up_waiting());
        let replies: Vec<_> = replies.collect();
        for reply in replies {
            reply.fail(self.failure(error.clone()));
        }
    }

    /// An error, with the session it happened in.
    fn failure(&self, error: TabError) -> Failure {
        let session = self.session();
        Failure { error, session }
    }

    fn session(&self) -> Option<String> {
        let live = self.live.as_ref()?;
        Some(live.target.session.id().to_string())
    }

    /// Says anew how far the tab is.
    fn update_view(&self) {
        let rebuilding = self.running.as_ref().is_some_and(|running| {
            running.replaces_target() && matches!(running.goal, Goal::Rebuild { .. })
        });
        self.view.send_if_modified(|view| {
            let before = view.clone();
            let Some(live) = &self.live else { return false };
            view.url.clone_from(&live.page.url);
            view.title.clone_from(&live.page.title);
            view.logged_out = live.target.own_context.is_some();
            view.state = match live {
                live if !rebuilding && live.loss == Some(Loss::Crashed) => TabState::Crashed,
                live if rebuilding || !live.is_usable() => TabState::Rebuilding,
                live if live.page.loading => TabState::Loading,
                _ => TabState::Ready,
            };
            *view != before
        });
    }
}

/// What woke the actor.
enum Happened {
    News(News),
    OtherPolicy,
    Message(Option<TabMessage>),
    Closed(Result<(), CallError>),
    Step(Step),
    Turn(Option<RebuildPermit>),
    Captured(Done),
    Looked(Looked),
    Tick,
}

/// What comes next from the target, if there is one. The session ends once.
async fn news(live: &mut Option<Live>) -> News {
    match live {
        Some(live) => live.news().await,
        None => std::future::pending().await,
    }
}

async fn step(running: &mut Option<Running>) -> Step {
    match running {
        Some(running) => running.step().await,
        None => std::future::pending().await,
    }
}

fn subject(live: &Live, viewport: Viewport) -> Subject<'_> {
    Subject {
        url: &live.page.url,
        loader: live.page.loader.as_ref(),
        session: &live.target.session,
        hands: live.hands(),
        viewport,
    }
}
