//! Feeds of a stream that opens, fails and ends as a test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cdp_bridge_protocol::{RequestKind, TabId};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::cdp::CallError;
use crate::tabs::error::TabError;
use crate::tabs::identity::{CallId, CallerId};
use crate::tabs::reply::{AnswerKind, Reply};

const SECOND: Duration = Duration::from_secs(1);

type Outcome = Result<(), StreamError>;

type Attempts = VecDeque<oneshot::Sender<Outcome>>;

/// What happened, in order, and the attempts to open a stream that are not decided yet.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<(Vec<String>, Attempts)>>);

impl Log {
    fn note(&self, line: String) {
        self.0.lock().unwrap().0.push(line);
    }

    /// What happened since this was last asked.
    async fn take(&self) -> Vec<String> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        std::mem::take(&mut self.0.lock().unwrap().0)
    }

    /// Decides the oldest attempt that has not been given up.
    fn decide(&self, outcome: Outcome) {
        let attempts = &mut self.0.lock().unwrap().1;
        while let Some(attempt) = attempts.pop_front() {
            if !attempt.is_closed() {
                return attempt.send(outcome).unwrap();
            }
        }
        panic!("nothing is being opened");
    }
}

struct FakeListener {
    key: u8,
    gone: CancellationToken,
}

impl StreamListener for FakeListener {
    type Key = u8;

    fn key(&self) -> u8 {
        self.key
    }

    fn is_gone(&self) -> bool {
        self.gone.is_cancelled()
    }

    async fn gone(&self) {
        self.gone.cancelled().await;
    }

    fn confirm(_tab: TabId, reply: Reply) {
        reply.answer(TabId::new(1), AnswerKind::Subscribed);
    }
}

struct FakeStream {
    log: Log,
    page: FakePage,
    name: String,
    retries: bool,
    is_open: bool,
}

impl PageStream for FakeStream {
    type Listener = FakeListener;
    type Opened = ();

    const FIRST_CALL: &'static str = "Fake.enable";

    fn open(&mut self) -> BoxFuture<'static, Outcome> {
        self.log.note(format!("open {}", self.name));
        let (attempt, outcome) = oneshot::channel();
        self.log.0.lock().unwrap().1.push_back(attempt);
        outcome.map(Result::unwrap).boxed()
    }

    fn opened(&mut self, (): ()) {
        self.is_open = true;
    }

    fn close(&mut self) {
        self.log.note(format!("close {}", self.name));
        self.is_open = false;
    }

    async fn next(&mut self, _: &[Arc<Subscription<FakeListener>>]) -> Outcome {
        if !self.is_open {
            std::future::pending::<()>().await;
        }
        self.page.gone.cancelled().await;
        Err(StreamError::PageGone)
    }

    fn retry_after(&mut self, failure: &StreamError) -> Option<Duration> {
        (self.retries && failure.is_transient()).then_some(SECOND)
    }
}

#[derive(Clone)]
struct FakePage {
    number: u8,
    gone: CancellationToken,
}

fn page(number: u8) -> FakePage {
    let gone = CancellationToken::new();
    FakePage { number, gone }
}

struct FakeFactory {
    log: Log,
    retries: bool,
}

impl StreamFactory for FakeFactory {
    type Stream = FakeStream;
    type Page = FakePage;
    type Spec = char;

    fn stream(&mut self, spec: char, page: &FakePage, replaces: bool) -> FakeStream {
        let again = if replaces { " again" } else { "" };
        FakeStream {
            log: self.log.clone(),
            page: page.clone(),
            name: format!("{spec}{}{again}", page.number),
            retries: self.retries,
            is_open: false,
        }
    }
}

/// The feeds of one tab.
struct Tab {
    feeds: Feeds<FakeFactory>,
    log: Log,
}

fn tab(retries: bool) -> Tab {
    let log = Log::default();
    let factory = FakeFactory {
        log: log.clone(),
        retries,
    };
    Tab {
        feeds: Feeds::with(TabId::new(1), factory),
        log,
    }
}

impl Tab {
    /// Subscribes with a limit of so many seconds; what comes back ends the subscriber's session.
    fn subscribe(
        &mut self,
        key: u8,
        spec: char,
        limit: u32,
        page: Option<&FakePage>,
    ) -> CancellationToken {
        let (log, gone) = (self.log.clone(), CancellationToken::new());
        let now = Instant::now();
        let reply = Reply::new(
            RequestKind::Subscribe,
            CallId {
                caller: CallerId(u64::from(key)),
                number: 1,
            },
            true,
            now,
            now + limit * SECOND,
            move |outcome| {
                let answer = match outcome.map_err(|failure| failure.error) {
                    Ok(_) => "confirmed",
                    Err(TabError::Dropped) => "dropped",
                    Err(TabError::TimedOut { .. }) => "timed out",
                    Err(TabError::Detached) => "detached",
                    Err(TabError::Refused(_)) => "refused",
                    Err(error) => panic!("{error}"),
                };
                log.note(format!("{key} {answer}"));
            },
        );
        let listener = FakeListener {
            key,
            gone: gone.clone(),
        };
        self.feeds.subscribe(spec, listener, reply, page);
        gone
    }

    fn unsubscribe(&mut self, key: u8) {
        let log = self.log.clone();
        let left = move || log.note(format!("{key} left"));
        self.feeds.unsubscribe(key, left);
    }
}

fn refused() -> StreamError {
    StreamError::Refused(CallError::Protocol {
        method: "Fake.enable".into(),
        data: None,
        code: -32000,
        message: "no".into(),
    })
}

#[tokio::test(start_paused = true)]
async fn one_stream_is_opened_for_equal_specs_and_closed_with_the_last_listener() {
    let (mut tab, page) = (tab(false), page(1));
    tab.subscribe(1, 'a', 5, Some(&page));
    tab.subscribe(2, 'a', 5, Some(&page));
    assert_eq!(tab.log.take().await, ["open a1"]);
    tab.subscribe(3, 'b', 5, Some(&page));
    assert_eq!(tab.log.take().await, ["open b1"]);
    tab.log.decide(Ok(()));
    assert_eq!(tab.log.take().await, ["1 confirmed", "2 confirmed"]);
    tab.unsubscribe(1);
    tab.unsubscribe(1);
    assert_eq!(tab.log.take().await, ["1 left", "1 left"]);
    tab.unsubscribe(2);
    assert_eq!(tab.log.take().await, ["2 left", "close a1"]);
}

#[tokio::test(start_paused = true)]
async fn the_stream_is_given_up_if_the_last_leaves_while_it_is_opened() {
    let (mut tab, page) = (tab(false), page(1));
    tab.subscribe(1, 'a', 5, Some(&page));
    let second = tab.subscribe(2, 'a', 5, Some(&page));
    tab.log.take().await;
    tab.unsubscribe(1);
    second.cancel();
    let log = tab.log.take().await;
    assert_eq!(log, ["1 dropped", "1 left", "2 dropped", "close a1"]);
    tab.subscribe(3, 'a', 5, Some(&page));
    tab.log.take().await;
    tab.log.decide(Ok(()));
    assert_eq!(tab.log.take().await, ["3 confirmed"]);
}

#[tokio::test(start_paused = true)]
async fn pending_subscriptions_to_a_stream_that_fails_are_answered_and_may_be_repeated() {
    for (failure, answer) in [(refused(), "refused"), (StreamError::PageGone, "detached")] {
        let (mut tab, page) = (tab(false), page(1));
        tab.subscribe(1, 'a', 5, Some(&page));
        tab.subscribe(2, 'a', 5, Some(&page));
        tab.log.take().await;
        tab.log.decide(Err(failure));
        let both = [format!("1 {answer}"), format!("2 {answer}")];
        assert_eq!(tab.log.take().await, both);
        tab.subscribe(1, 'a', 5, Some(&page));
        assert_eq!(tab.log.take().await, ["open a1"]);
    }
}

#[tokio::test(start_paused = true)]
async fn each_subscription_waits_for_its_own_deadline() {
    let (mut tab, page) = (tab(false), page(1));
    tab.subscribe(1, 'a', 1, Some(&page));
    tab.subscribe(2, 'a', 3, Some(&page));
    tab.log.take().await;
    tokio::time::sleep(SECOND).await;
    assert_eq!(tab.log.take().await, ["1 timed out"]);
    tab.log.decide(Ok(()));
    assert_eq!(tab.log.take().await, ["2 confirmed"]);
}

#[tokio::test(start_paused = true)]
async fn opening_is_given_up_when_every_deadline_has_passed() {
    let (mut tab, page) = (tab(false), page(1));
    tab.subscribe(1, 'a', 1, Some(&page));
    tokio::time::sleep(SECOND).await;
    assert_eq!(tab.log.take().await, ["open a1", "1 timed out", "close a1"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_subscription_takes_the_place_of_the_first() {
    let (mut tab, page) = (tab(false), page(1));
    tab.subscribe(1, 'a', 5, Some(&page));
    tab.subscribe(1, 'a', 5, Some(&page));
    assert_eq!(tab.log.take().await, ["1 dropped", "open a1"]);
    tab.log.decide(Ok(()));
    assert_eq!(tab.log.take().await, ["1 confirmed"]);
    let streams = Arc::strong_count(&tab.log.0);
    tab.subscribe(1, 'b', 5, Some(&page));
    // The stream without listeners is dropped with its feed, which closes it.
    assert_eq!(tab.log.take().await, ["open b1"]);
    tab.log.decide(Ok(()));
    assert_eq!(tab.log.take().await, ["1 confirmed"]);
    assert_eq!(Arc::strong_count(&tab.log.0), streams);
}

#[tokio::test(start_paused = true)]
async fn subscriptions_continue_in_the_next_page_and_pending_ones_are_confirmed_there() {
    let (mut tab, first, second) = (tab(false), page(1), page(2));
    tab.subscribe(1, 'a', 5, Some(&first));
    tab.log.take().await;
    tab.log.decide(Ok(()));
    tab.subscribe(2, 'b', 5, Some(&first));
    assert_eq!(tab.log.take().await, ["1 confirmed", "open b1"]);
    first.gone.cancel();
    tab.feeds.moved(&second);
    let mut log = tab.log.take().await;
    log.sort();
    assert_eq!(log, ["open a2 again", "open b2 again"]);
    tab.log.decide(Ok(()));
    tab.log.decide(Ok(()));
    assert_eq!(tab.log.take().await, ["2 confirmed"]);
    tab.unsubscribe(1);
    assert_eq!(tab.log.take().await, ["1 left", "close a2 again"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_opened_in_the_next_page_if_all_have_left() {
    let (mut tab, first) = (tab(false), page(1));
    let session = tab.subscribe(1, 'a', 5, Some(&first));
    tab.log.take().await;
    tab.log.decide(Ok(()));
    tab.log.take().await;
    session.cancel();
    assert_eq!(tab.log.take().await, ["close a1"]);
    tab.feeds.moved(&page(2));
    assert_eq!(tab.log.take().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_subscription_is_retried_where_the_stream_says_so() {
    for retries in [false, true] {
        let (mut tab, first, second) = (tab(retries), page(1), page(2));
        tab.subscribe(1, 'a', 5, Some(&first));
        tab.log.take().await;
        tab.log.decide(Ok(()));
        tab.log.take().await;
        tab.feeds.moved(&second);
        tab.log.take().await;
        tab.log.decide(Err(refused()));
        assert_eq!(tab.log.take().await, [""; 0]);
        tokio::time::sleep(SECOND).await;
        assert_eq!(tab.log.take().await.is_empty(), !retries);
        // The subscription still exists in the page after that.
        tab.feeds.moved(&page(3));
        assert_eq!(tab.log.take().await, ["open a3 again"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_tab_without_a_page_answers_in_time_or_when_it_has_one() {
    let mut tab = tab(false);
    tab.subscribe(1, 'a', 1, None);
    tab.subscribe(2, 'a', 5, None);
    let due = tab.feeds.next_deadline().unwrap();
    assert_eq!(due, Instant::now() + SECOND);
    tab.feeds.expire(due);
    assert_eq!(tab.log.take().await, ["1 timed out"]);
    tab.feeds.moved(&page(1));
    assert_eq!(tab.feeds.next_deadline(), None);
    tab.log.take().await;
    tab.log.decide(Ok(()));
    assert_eq!(tab.log.take().await, ["2 confirmed"]);
}

#[tokio::test(start_paused = true)]
async fn the_actor_gets_back_every_reply_that_is_open_when_the_tab_ends() {
    let (mut tab, page) = (tab(false), page(1));
    tab.subscribe(1, 'a', 5, Some(&page));
    tab.log.take().await;
    tab.log.decide(Ok(()));
    tab.subscribe(2, 'b', 5, Some(&page));
    tab.subscribe(3, 'a', 5, None);
    tab.log.take().await;
    tab.feeds.end();
    let replies = tab.feeds.give_up_waiting();
    for reply in replies {
        reply.fail(TabError::Detached);
    }
    let log = tab.log.take().await;
    assert_eq!(log, ["2 detached", "3 detached"]);
}
