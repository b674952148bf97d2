//! What is written to a tab's console, on its way to those who subscribed: a task with a session of
//! its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cdp_bridge_protocol::TabId;
use futures::FutureExt as _;
use futures::future::{BoxFuture, select_all};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::entry::Entry;
use super::frames::{Heard, listen};
use super::join::Join;
use crate::cdp::methods::DetachFromTarget;
use crate::cdp::{Attachment, Browser, CallError, Session, TargetId};
use crate::flow::ration::Due;
use crate::flow::{Backoff, Ration};
use crate::metrics;
use crate::tabs::error::TabError;
use crate::tabs::fact::{Audience, Fact, FactKind, FactSink};
use crate::tabs::identity::{CallerId, Scope};
use crate::tabs::reply::{AnswerKind, Reply};
use crate::tabs::supervisor::SupervisorHandle;

/// How long Chromium may take for what nobody waits for.
const ASIDE_LIMIT: Duration = Duration::from_secs(5);

/// Longer than anybody may wait for it.
const LONGEST: Duration = Duration::from_mins(2);

/// How long the feed waits before it tries again to hear a page for those who subscribed to the one
/// before it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// So many messages of a tab are told in each [`INTERVAL`].
const MOST: u32 = 100;
const INTERVAL: Duration = Duration::from_secs(1);

/// How many orders may wait for the task, which takes them at once.
pub(super) const MAILBOX: usize = 64;

/// How many reports of a page wait for the task beside those in its inboxes.
const REPORTS: usize = 256;

/// A connection that wants to be told. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Subscriber {
    /// Who subscribed.
    pub caller: CallerId,
    /// Its other end is dropped when the connection's session is over, or wants no more.
    present: watch::Receiver<()>,
    is_over: Arc<AtomicBool>,
}

impl Subscriber {
    /// A connection that is there until the other end of `present` is dropped.
    pub fn new(caller: CallerId, present: watch::Receiver<()>) -> Self {
        Self {
            caller,
            present,
            is_over: Arc::default(),
        }
    }

    /// Tells it no more.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Whether it is to be told no more.
    pub fn is_gone(&self) -> bool {
        self.is_over.load(Ordering::Relaxed) || self.present.has_changed().is_err()
    }

    /// Waits until its session is over, or wants no more.
    async fn gone(&mut self) {
        while self.present.changed().await.is_ok() {}
    }
}

/// What a feed may be told.
pub(super) enum Order {
    /// Somebody wants to be told. Who has been answered before goes on, in another page.
    Join(Join),
    /// Whoever asks is told no more.
    Leave(Reply),
}

/// What a feed needs to start.
pub(super) struct FeedStart {
    pub(super) tab: TabId,
    pub(super) scope: Scope,
    pub(super) target: TargetId,
    pub(super) browser: Browser,
    pub(super) supervisor: SupervisorHandle,
    pub(super) facts: Arc<dyn FactSink>,
    /// The page is new: what it has written so far is told, too.
    pub(super) is_new: bool,
}

/// Starts a feed for these. While nobody is subscribed it keeps no session; it ends with its page, or
/// when whoever started it lets go of it.
pub(super) fn start(start: FeedStart, joins: Vec<Join>) -> mpsc::Sender<Order> {
    let (sender, orders) = mpsc::channel(MAILBOX);
    let mut feed = Feed {
        start,
        orders,
        reports: silence(),
        state: State::Shut(None),
        subscribers: Vec::new(),
        waiting: Vec::new(),
        ration: Ration::new(INTERVAL, MOST),
        backoff: Backoff::new(FIRST_PAUSE, LONGEST_PAUSE),
        is_silent: true,
    };
    feed.open();
    for join in joins {
        feed.join(join);
    }
    tokio::spawn(feed.run());
    sender
}

/// The reports of a page that is not listened to.
fn silence() -> mpsc::Receiver<Heard> {
    mpsc::channel(1).1
}

/// Why a page is not heard.
#[derive(Debug, Clone)]
enum NotOpened {
    PageGone,
    Refused(CallError),
}

impl NotOpened {
    /// Whether there is something left that may be heard later.
    fn may_pass(&self) -> bool {
        match self {
            Self::PageGone => false,
            Self::Refused(error) => !matches!(
                error,
                CallError::SessionEnded { .. } | CallError::Closed { .. }
            ),
        }
    }
}

enum State {
    /// Nothing is heard, and when that is tried again by itself.
    Shut(Option<Instant>),
    Opening(BoxFuture<'static, Result<Listening, NotOpened>>),
    /// Held while somebody is subscribed.
    Open(#[expect(dead_code, reason = "dropping it is its use")] Listening),
}

/// A session that is let go of when this is dropped.
struct Listening {
    browser: Browser,
    session: Session,
}

impl Drop for Listening {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (browser, session_id) = (self.browser.clone(), self.session.id().clone());
        runtime.spawn(async move {
            let detach = DetachFromTarget { session_id };
            // Of a page that is gone there is no session any more.
            let _ = browser.call(detach, ASIDE_LIMIT).await;
        });
    }
}

struct Feed {
    start: FeedStart,
    orders: mpsc::Receiver<Order>,
    reports: mpsc::Receiver<Heard>,
    state: State,
    subscribers: Vec<Subscriber>,
    /// Those who have not been answered.
    waiting: Vec<Join>,
    ration: Ration<Entry>,
    backoff: Backoff,
    /// There are no reports: it is not listened to, or the page went away before it was heard.
    is_silent: bool,
}

/// What woke the feed.
enum Happened {
    Order(Option<Order>),
    Opened(Result<Listening, NotOpened>),
    Heard(Option<Heard>),
    Rested,
    Tick,
    SomebodyLeft,
}

impl Feed {
    async fn run(mut self) {
        loop {
            self.subscribers.retain(|subscriber| !subscriber.is_gone());
            self.waiting.retain(Join::is_waiting);
            self.expire(Instant::now());
            if self.subscribers.is_empty() && self.waiting.is_empty() {
                // Who has asked already need not wait for another session.
                if let Ok(order) = self.orders.try_recv() {
                    self.obey(order);
                    continue;
                }
                self.shut(None);
            }
            match self.next().await {
                Happened::Order(Some(order)) => self.obey(order),
                // The tab is gone, or has another page, which has a feed of its own. Who was not
                // answered is answered there.
                Happened::Order(None) => break,
                Happened::Opened(Ok(_)) if self.is_silent => {
                    return self.end(&NotOpened::PageGone).await;
                }
                Happened::Opened(Ok(listening)) => self.opened(listening),
                Happened::Opened(Err(why)) if why.may_pass() => self.not_opened(&why),
                Happened::Opened(Err(why)) => return self.end(&why).await,
                Happened::Heard(Some(heard)) => self.hear(&heard),
                // The page is gone; if the tab gets another, its actor starts another feed.
                Happened::Heard(None) if matches!(self.state, State::Open(_)) => {
                    return self.end(&NotOpened::PageGone).await;
                }
                Happened::Heard(None) => self.is_silent = true,
                Happened::Rested => self.open(),
                Happened::Tick => {
                    if let Some(due) = self.ration.take_due(Instant::now()) {
                        self.tell(due);
                    }
                }
                Happened::SomebodyLeft => {}
            }
        }
    }

    async fn next(&mut self) -> Happened {
        let deadlines = self.waiting.iter().filter_map(Join::deadline);
        let wake = deadlines.chain(self.ration.next_due()).min();
        let timer = async {
            match wake {
                Some(wake) => sleep_until(wake).await,
                None => std::future::pending().await,
            }
        };
        let opened = async {
            match &mut self.state {
                State::Opening(opening) => Happened::Opened(opening.await),
                State::Shut(Some(again)) => {
                    sleep_until(*again).await;
                    Happened::Rested
                }
                State::Shut(None) | State::Open(_) => std::future::pending().await,
            }
        };
        let departures = self.subscribers.iter_mut().map(|it| it.gone().boxed());
        let departures: Vec<_> = departures.collect();
        let somebody_left = async {
            if departures.is_empty() {
                std::future::pending::<()>().await;
            } else {
                select_all(departures).await;
            }
        };
        tokio::select! {
            // Who leaves hears no more, and a flood holds nobody up.
            biased;
            order = self.orders.recv() => Happened::Order(order),
            () = somebody_left => Happened::SomebodyLeft,
            () = timer => Happened::Tick,
            happened = opened => happened,
            heard = self.reports.recv(), if !self.is_silent => Happened::Heard(heard),
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Join(join) => self.join(join),
            Order::Leave(reply) => {
                self.forget(reply.call.caller);
                reply.answer(self.start.tab, AnswerKind::Subscribed);
            }
        }
    }

    fn join(&mut self, join: Join) {
        self.forget(join.subscriber.caller);
        match &self.state {
            State::Open(_) => {
                let reply = join.take_reply();
                self.subscribers.push(join.subscriber);
                if let Some(reply) = reply {
                    reply.answer(self.start.tab, AnswerKind::Subscribed);
                }
            }
            _ if !join.is_waiting() => self.subscribers.push(join.subscriber),
            State::Opening(_) => self.waiting.push(join),
            State::Shut(_) => {
                self.waiting.push(join);
                self.open();
            }
        }
    }

    /// Whoever of them still waited has been answered by the tab.
    fn forget(&mut self, caller: CallerId) {
        self.subscribers.retain(|it| it.caller != caller);
        self.waiting.retain(|it| it.subscriber.caller != caller);
    }

    fn expire(&mut self, now: Instant) {
        let is_over = |join: &mut Join| join.deadline().is_some_and(|deadline| deadline <= now);
        for join in self.waiting.extract_if(.., is_over) {
            join.refuse(|reply| reply.timed_out("Runtime.enable"));
        }
    }

    /// Begins to listen.
    fn open(&mut self) {
        let (heard, reports) = mpsc::channel(REPORTS);
        self.reports = reports;
        self.is_silent = false;
        self.state = State::Opening(open(&self.start, heard).boxed());
    }

    fn opened(&mut self, listening: Listening) {
        self.state = State::Open(listening);
        self.backoff.reset();
        for join in self.waiting.drain(..) {
            if let Some(reply) = join.take_reply() {
                self.subscribers.push(join.subscriber);
                reply.answer(self.start.tab, AnswerKind::Subscribed);
            }
        }
    }

    /// Listens no more, until somebody subscribes or this time has come.
    fn shut(&mut self, again: Option<Instant>) {
        if again.is_none() {
            // What is written while nobody is subscribed is nobody's.
            self.start.is_new = false;
            self.ration = Ration::new(INTERVAL, MOST);
        }
        self.reports = silence();
        self.is_silent = true;
        self.state = State::Shut(again);
    }

    /// Chromium does not let the page be heard. Those who subscribed to the one before it were told
    /// that they are, and cannot know that they should ask again.
    fn not_opened(&mut self, why: &NotOpened) {
        self.refuse(why);
        if !self.subscribers.is_empty() {
            let tab = self.start.tab;
            tracing::warn!(%tab, ?why, "the page's console is not heard; trying again");
        }
        // There is nobody else to keep out of the way of.
        let pause = self.backoff.next(1.0);
        self.shut(Some(Instant::now() + pause));
    }

    /// The page is gone. Who came before is still answered.
    async fn end(mut self, why: &NotOpened) {
        self.orders.close();
        while let Some(order) = self.orders.recv().await {
            self.obey(order);
        }
        self.refuse(why);
    }

    fn refuse(&mut self, why: &NotOpened) {
        for join in self.waiting.drain(..) {
            join.refuse(|reply| {
                let limit = reply.deadline - reply.arrived;
                match why {
                    NotOpened::PageGone => TabError::Detached,
                    NotOpened::Refused(error) => TabError::of_ending(error, reply.kind, limit)
                        .unwrap_or_else(|| TabError::Refused(error.clone())),
                }
            });
        }
    }

    fn hear(&mut self, heard: &Heard) {
        // Another try shall not tell it again.
        self.start.is_new = false;
        self.ration.lost(heard.lost);
        let Some(entry) = Entry::read(&heard.event) else {
            return;
        };
        match self.ration.add(entry, Instant::now()) {
            Some(due) => self.tell(due),
            None => metrics::dropped("consoleMessage", "flood"),
        }
    }

    fn tell(&self, Due { news, omitted }: Due<Entry>) {
        let FeedStart {
            tab, scope, facts, ..
        } = &self.start;
        let present = self.subscribers.iter().filter(|it| !it.is_gone());
        let present = present.map(|it| it.caller).collect();
        let line = FactKind::ConsoleMessage(news.into_line(omitted));
        facts.publish(Fact {
            audience: Audience::Subscribers(scope.clone(), present),
            ..Fact::of_tab(scope, *tab, line)
        });
    }
}

/// Makes the session, and has the page's console reported.
fn open(
    start: &FeedStart,
    heard: mpsc::Sender<Heard>,
) -> impl Future<Output = Result<Listening, NotOpened>> + use<> {
    let (supervisor, target) = (start.supervisor.clone(), start.target.clone());
    let (browser, is_new) = (start.browser.clone(), start.is_new);
    async move {
        let attached = supervisor.attach(target).await;
        let Attachment { session, inbox, .. } = attached.ok_or(NotOpened::PageGone)?;
        let listening = Listening { browser, session };
        let session = listening.session.clone();
        match listen(session, inbox, is_new, LONGEST, heard).await {
            Ok(Ok(())) => Ok(listening),
            Ok(Err(error)) => Err(NotOpened::Refused(error)),
            Err(_) => Err(NotOpened::PageGone),
        }
    }
}
