//! One tab. Its task owns everything about it and never waits for one thing only: the command at
//! work is one arm of its `select!`, so that events, a close and a crash get through.

mod acts;
mod arrivals;
mod closing;
mod events;
mod hanging;
mod navigation;
mod page_limits;
mod publisher;
mod rebuilding;
mod recovery;
mod refusals;
mod steps;
mod streams;
#[cfg(test)]
mod test_support;
mod work;

use std::sync::Arc;

use cdp_bridge_protocol::event::CloseReason;
use cdp_bridge_protocol::request::Viewport;
use futures::FutureExt as _;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::Instant;

use self::closing::{CLOSE_LIMIT, Closing, End, closing};
use self::navigation::NavigationState;
use self::page_limits::PageLimits;
use self::publisher::TabPublisher;
use self::recovery::Recovery;
use self::streams::Streams;
use self::work::{Work, WorkResult};
use super::captures::{Done, Subject};
use super::changes::Goal;
use super::commands::close::close;
use super::error::{Failure, TabError};
use super::fact::{FactKind, FactSink};
use super::live::{Live, News};
use super::message::TabMessage;
use super::outlet::Outlets;
use super::settings::TabSettings;
use super::supervisor::{SupervisorHandle, Turn};
use super::target::Target;
use super::view::TabView;
use crate::cdp::{CallError, SessionEvent};
use crate::timer::sleep_until_opt;

/// What all tabs share.
pub struct Surroundings {
    /// The configuration.
    pub settings: TabSettings,
    /// Where facts are published.
    pub facts: Arc<dyn FactSink>,
    /// Who opens the ways out, and knows what is refused there.
    pub outlets: Arc<dyn Outlets>,
    /// Who opens targets.
    pub supervisor: SupervisorHandle,
    /// Captures at work in the whole browser.
    pub capture_permits: Arc<Semaphore>,
    /// Downloads that are read at a time.
    pub download_permits: Arc<Semaphore>,
}

/// A tab's task: the loop, and what the parts do to each other.
pub struct Actor {
    tab: TabPublisher,
    around: Arc<Surroundings>,
    viewport: Viewport,
    live: Option<Live>,
    work: Work,
    navigation: NavigationState,
    recovery: Recovery,
    streams: Streams,
    limits: PageLimits,
    mailbox: mpsc::Receiver<TabMessage>,
    closing: Option<Closing>,
    last_used: Instant,
}

impl Actor {
    /// A tab whose first command is this one.
    pub(super) fn new(
        around: Arc<Surroundings>,
        view: watch::Sender<TabView>,
        viewport: Viewport,
        mailbox: mpsc::Receiver<TabMessage>,
        first: Goal,
        live: Option<Live>,
    ) -> Self {
        let (settings, facts) = (&around.settings, &around.facts);
        let tab = TabPublisher::new(view, Arc::clone(facts));
        let (id, scope, supervisor) = (tab.id, tab.scope.clone(), &around.supervisor);
        Self {
            viewport,
            live,
            work: Work::new(settings, Arc::clone(&around.capture_permits), first),
            navigation: NavigationState::new(scope.clone(), Arc::clone(&around.outlets)),
            recovery: Recovery::new(settings.config.hang_timeout),
            streams: Streams::new(id, scope, supervisor, Arc::clone(facts)),
            limits: PageLimits::default(),
            mailbox,
            closing: None,
            last_used: Instant::now(),
            tab,
            around,
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
        self.around.supervisor.ended(self.tab.id, context).await;
        self.mailbox.close();
        while let Ok(message) = self.mailbox.try_recv() {
            if let Some(reply) = message.into_reply() {
                reply.fail(error.clone());
            }
        }
        let reason = end.reason;
        let closed = FactKind::TabClosed { reason };
        self.tab.publish_end(closed, end.replies, announced);
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
                () = self.navigation.policy_changed() => Happened::OtherPolicy,
                message = self.mailbox.recv() => Happened::Message(message),
                closed = closing(&mut self.closing) => Happened::Closed(closed),
                turn = self.recovery.turn() => Happened::Turn(turn),
                result = self.work.next() => Happened::Work(result),
                () = timer => Happened::Tick,
            };
            let end = match happened {
                Happened::News(News::Event(Some(SessionEvent::Raw(event)))) => {
                    let step = self.work.navigation_answer();
                    match step.and_then(|step| self.on_step(step)) {
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
                        self.recovery.page_answered(Instant::now());
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
                Happened::Turn(turn) => self.on_turn(turn),
                Happened::Work(WorkResult::Command(step)) => self.on_step(step),
                Happened::Work(WorkResult::Capture(done)) => {
                    self.on_captured(done);
                    None
                }
                Happened::Work(WorkResult::Query(looked)) => {
                    looked.answer(self.tab.id, self.session());
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
        if self.closing.is_some() || self.recovery.is_waiting() || parting {
            return None;
        }
        self.leave_if_refused();
        while let Some((place, goal)) = self.work.pop() {
            if let Some(end) = self.start(place, goal) {
                return Some(end);
            }
        }
        let live = self.live.as_ref().filter(|live| live.is_usable())?;
        let subject = subject(live, self.viewport);
        self.work.start_due(&subject, Instant::now());
        None
    }

    fn on_message(&mut self, message: TabMessage) -> Option<End> {
        let now = Instant::now();
        self.last_used = now;
        self.tab.used(now);
        match message {
            TabMessage::Close(reason, reply) => self.close(reason, reply),
            message if self.closing.is_some() => {
                if let Some(reply) = message.into_reply() {
                    reply.fail(TabError::Closed);
                }
            }
            TabMessage::Unwatch(reply) => self.streams.unwatch(reply),
            TabMessage::Unsubscribe(reply) => self.streams.unsubscribe(reply),
            message if let Some(error) = self.refusal_without_target() => {
                if let Some(reply) = message.into_reply() {
                    reply.fail(error);
                }
            }
            TabMessage::Watch(spec, watcher, reply) => {
                let target = usable_target(self.live.as_ref());
                self.streams.watch(spec, watcher, reply, target);
            }
            TabMessage::Subscribe(subscriber, reply) => {
                let target = usable_target(self.live.as_ref());
                self.streams.subscribe(subscriber, reply, target);
            }
            TabMessage::Change(change, reply) => self.work.push(change, reply),
            TabMessage::Capture(capture, reply) => self.work.push_capture(capture, reply, now),
            TabMessage::Look(look, reply) => self.work.push_query(look, reply),
        }
        None
    }

    fn on_captured(&mut self, done: Done) {
        if let Some(live) = &self.live {
            let subject = subject(live, self.viewport);
            self.work.settle_capture(done, self.tab.id, &subject);
        }
    }

    /// When something is due or runs out of time.
    fn next_wake(&self) -> Option<Instant> {
        let now = Instant::now();
        let idle = self.last_used + self.around.settings.config.idle_timeout;
        let wakes = [
            Some(idle),
            self.work.next_wake(now),
            self.streams.next_deadline(),
            self.closing.as_ref().and_then(Closing::next_deadline),
            self.live.as_ref().and_then(Live::next_wake),
            self.next_look(),
        ];
        wakes.into_iter().flatten().min()
    }

    fn on_tick(&mut self) -> Option<End> {
        let now = Instant::now();
        let session = self.session();
        if self.work.expire(now, session.as_deref()) {
            self.recovery.suspect_page(now);
        }
        self.streams.expire(now);
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
        let end = if self.work.is_active_overdue(now) {
            self.out_of_time()
        } else {
            None
        };
        self.look_after_page(now);
        end
    }

    /// Ends everything, and answers what runs or waits with this error.
    fn give_up(&mut self, error: &TabError) {
        self.streams.end();
        self.refuse_everything(error);
    }

    /// Answers everything that runs or waits with this error. Who watches goes on watching.
    fn refuse_everything(&mut self, error: &TabError) {
        let mut replies = self.work.drain();
        replies.extend(self.streams.take_pending());
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

    fn update_view(&self) {
        let is_rebuilding = self.work.is_rebuilding();
        self.tab.update_view(self.live.as_ref(), is_rebuilding);
    }
}

/// What woke the actor.
enum Happened {
    News(News),
    OtherPolicy,
    Message(Option<TabMessage>),
    Closed(Result<(), CallError>),
    Turn(Option<Turn>),
    Work(WorkResult),
    Tick,
}

/// What comes next from the target, if there is one. The session ends once.
async fn news(live: &mut Option<Live>) -> News {
    match live {
        Some(live) => live.news().await,
        None => std::future::pending().await,
    }
}

fn usable_target(live: Option<&Live>) -> Option<&Target> {
    let usable = live.filter(|live| live.is_usable());
    usable.map(|live| &live.target)
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
