//! Client B: what it asks for, and how long it waits for each answer.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use crate::caller::Caller;
use crate::pages::Pages;
use crate::samples::Samples;

pub(crate) const REQUESTS: [&str; 5] = ["ping", "query", "createTab", "navigate", "getScreenshot"];

/// The pause between two pictures of a tab, so that the bridge takes each at once.
const PICTURE_PAUSE: Duration = Duration::from_millis(530);
/// The pause after each round, as a client needs to decide on its next step.
const PAUSE: Duration = Duration::from_millis(20);
const PICTURE_TABS: usize = 4;

/// The times of B's requests, and how often each error was answered.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) times: [Samples; REQUESTS.len()],
    pub(crate) errors: BTreeMap<String, usize>,
}

impl Seen {
    pub(crate) fn add(&mut self, other: Self) {
        for (own, times) in self.times.iter_mut().zip(&other.times) {
            own.extend(times);
        }
        for (code, count) in other.errors {
            *self.errors.entry(code).or_default() += count;
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (request, times) in REQUESTS.iter().zip(&self.times) {
            write!(f, "{request} {:.1} ms, ", times.median())?;
        }
        write!(f, "{} errors", self.errors.values().sum::<usize>())
    }
}

pub(crate) struct Witness {
    client: Caller,
    read: String,
    navigated: String,
    pictures: Vec<(String, Instant)>,
    urls: [String; 2],
    rounds: usize,
}

impl Witness {
    pub(crate) async fn start(client: Caller, pages: &Pages) -> Self {
        let url = pages.url("/plain");
        let page = json!({"url": url});
        let mut pictures = Vec::new();
        for _ in 0..PICTURE_TABS {
            pictures.push((client.open(&page).await, Instant::now()));
        }
        Self {
            read: client.open(&page).await,
            navigated: client.open(&page).await,
            urls: [format!("{url}?1"), format!("{url}?2")],
            client,
            pictures,
            rounds: 0,
        }
    }

    /// Asks for each kind in turn.
    pub(crate) async fn measure(&mut self, length: Duration) -> Seen {
        let mut seen = Seen::default();
        let end = Instant::now() + length;
        while Instant::now() < end {
            self.round(&mut seen).await;
            sleep(PAUSE).await;
        }
        seen
    }

    async fn round(&mut self, seen: &mut Seen) {
        self.rounds += 1;
        let read = json!({"type": "query", "tabId": self.read, "selector": "h1", "what": "text"});
        let url = &self.urls[self.rounds % 2];
        let navigate = json!({"type": "navigate", "tabId": self.navigated, "url": url});
        self.timed(0, json!({"type": "ping"}), seen).await;
        self.timed(1, read, seen).await;
        let create = json!({"type": "createTab", "url": "about:blank"});
        if let Some(tab) = self.timed(2, create, seen).await {
            let close = json!({"type": "closeTab", "tabId": tab});
            self.client.ask(close).await;
        }
        self.timed(3, navigate, seen).await;
        let number = self.rounds % PICTURE_TABS;
        let (tab, due) = &self.pictures[number];
        let picture = json!({"type": "getScreenshot", "tabId": tab});
        sleep_until(*due).await;
        self.timed(4, picture, seen).await;
        self.pictures[number].1 = Instant::now() + PICTURE_PAUSE;
    }

    /// The id in the answer, unless it is an error.
    async fn timed(&self, kind: usize, request: Value, seen: &mut Seen) -> Option<String> {
        let start = Instant::now();
        let answer = self.client.ask(request).await;
        if answer.r#type == "error" {
            eprintln!("B: {}: {} {}", REQUESTS[kind], answer.code, answer.message);
            *seen.errors.entry(answer.code).or_default() += 1;
            return None;
        }
        seen.times[kind].add(start.elapsed());
        Some(answer.id)
    }
}
