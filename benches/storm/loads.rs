//! What client A does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::caller::Caller;
use crate::pages::{NAMES, Pages};

/// A kind of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    SpinningThreads,
    StyleSheets,
    SynchronousRequests,
    Windows,
    UnknownNames,
    Requests,
    Tabs,
    LargePictures,
}

pub(crate) const ALONE: [(&str, Load); 8] = [
    ("spinning threads, not of A", Load::SpinningThreads),
    ("10 style sheets that never arrive", Load::StyleSheets),
    (
        "10 synchronous requests that hang",
        Load::SynchronousRequests,
    ),
    ("a page that opens windows", Load::Windows),
    ("36 logged-out tabs, unknown names", Load::UnknownNames),
    ("requests at the rate limit", Load::Requests),
    ("tabs opened and closed", Load::Tabs),
    ("3 pictures of 90 megapixels", Load::LargePictures),
];

const HANGING: usize = NAMES / 2;
const LOGGED_OUT: usize = 36;
const SPINNING: usize = 4;
const PICTURES: usize = 3;
const CHURNING: usize = 4;
/// One request a tick: the rate of A in its limits.
const TICK: Duration = Duration::from_millis(1);
/// The most requests of the flood in flight: the other loads need some of A's 64.
const IN_FLIGHT: usize = 16;

impl Load {
    /// Whether it uses the processors for as long as it can.
    pub(crate) fn computes(self) -> bool {
        matches!(
            self,
            Self::LargePictures | Self::Tabs | Self::Requests | Self::SpinningThreads
        )
    }
}

/// Loads that run until they are stopped.
pub(crate) struct Running {
    tasks: JoinSet<()>,
    asked: Arc<Asked>,
    spinning: Arc<AtomicBool>,
}

/// How many of A's requests were answered, and how many of these with an error.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) answered: AtomicU64,
    pub(crate) errors: AtomicU64,
}

/// What each task of a load needs.
#[derive(Clone)]
struct Asker {
    client: Arc<Caller>,
    asked: Arc<Asked>,
}

impl Asker {
    /// Waits for an answer; after an error a moment longer, as a refused client should.
    async fn ask(&self, request: Value) -> Option<String> {
        let answer = self.client.ask(request).await;
        self.asked.answered.fetch_add(1, Ordering::Relaxed);
        if answer.r#type == "error" {
            self.asked.errors.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(10)).await;
            return None;
        }
        Some(answer.id)
    }
}

impl Running {
    /// Starts them; the tabs that they need are open then.
    pub(crate) async fn start(loads: &[Load], client: &Arc<Caller>, pages: &Pages) -> Self {
        let mut running = Self {
            tasks: JoinSet::new(),
            asked: Arc::default(),
            spinning: Arc::new(AtomicBool::new(true)),
        };
        let asker = Asker {
            client: Arc::clone(client),
            asked: Arc::clone(&running.asked),
        };
        for load in loads {
            running.add(*load, &asker, pages).await;
        }
        running
    }

    async fn add(&mut self, load: Load, asker: &Asker, pages: &Pages) {
        match load {
            Load::SpinningThreads => {
                for _ in 0..SPINNING {
                    let spinning = Arc::clone(&self.spinning);
                    std::thread::spawn(move || {
                        while spinning.load(Ordering::Relaxed) {
                            std::hint::spin_loop();
                        }
                    });
                }
            }
            Load::StyleSheets => self.hanging(0, "/style", asker, pages).await,
            Load::SynchronousRequests => {
                self.hanging(HANGING, "/synchronous", asker, pages).await;
            }
            Load::Windows => {
                let page = json!({"url": pages.url("/windows")});
                asker.client.open(&page).await;
            }
            Load::UnknownNames => {
                let page = json!({"url": pages.url("/unknown"), "loggedOut": true});
                join_all((0..LOGGED_OUT).map(|_| asker.client.open(&page))).await;
            }
            Load::Requests => self.requests(asker, pages).await,
            Load::Tabs => {
                for _ in 0..CHURNING {
                    self.tasks.spawn(churn(asker.clone(), pages.url("/plain")));
                }
            }
            Load::LargePictures => {
                for _ in 0..PICTURES {
                    let page = json!({"url": pages.url("/large")});
                    let tab = asker.client.open(&page).await;
                    let picture = json!({"type": "getScreenshot", "tabId": tab, "fullPage": true, "timeoutMs": 60_000});
                    self.tasks.spawn(repeat(asker.clone(), picture));
                }
            }
        }
    }

    /// Tabs whose pages draw no frame, with a picture asked of each.
    async fn hanging(&mut self, first: usize, path: &str, asker: &Asker, pages: &Pages) {
        for number in first..first + HANGING {
            let url = pages.named(number, path);
            let tab = asker.client.open(&json!({"url": "about:blank"})).await;
            let asker = asker.clone();
            self.tasks.spawn(async move {
                let navigate = json!({"type": "navigate", "tabId": tab, "url": url});
                let picture = json!({"type": "getScreenshot", "tabId": tab, "timeoutMs": 60_000});
                loop {
                    asker.ask(navigate.clone()).await;
                    asker.ask(picture.clone()).await;
                }
            });
        }
    }

    /// As many as A may make, and more: those are refused.
    async fn requests(&mut self, asker: &Asker, pages: &Pages) {
        let page = json!({"url": pages.url("/plain")});
        let tab = asker.client.open(&page).await;
        let kinds = [
            json!({"type": "ping"}),
            json!({"type": "listTabs"}),
            json!({"type": "query", "tabId": tab, "selector": "h1", "what": "text"}),
            json!({"type": "getDomSnapshot", "tabId": tab}),
        ];
        let places = Arc::new(tokio::sync::Semaphore::new(IN_FLIGHT));
        let asker = asker.clone();
        self.tasks.spawn(async move {
            let mut ticks = interval(TICK);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            let mut in_flight = JoinSet::new();
            for request in kinds.iter().cycle() {
                ticks.tick().await;
                let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                    return;
                };
                let (asker, request) = (asker.clone(), request.clone());
                in_flight.spawn(async move {
                    asker.ask(request).await;
                    drop(place);
                });
                while in_flight.try_join_next().is_some() {}
            }
        });
    }

    /// Ends the loads, and closes all tabs of A.
    pub(crate) async fn stop(mut self, client: &Caller) -> Arc<Asked> {
        self.spinning.store(false, Ordering::Relaxed);
        self.tasks.shutdown().await;
        client.close_all().await;
        // What runs for A in Chromium ends shortly after its tabs are closed.
        sleep(Duration::from_secs(1)).await;
        self.asked
    }
}

async fn repeat(asker: Asker, request: Value) {
    loop {
        asker.ask(request.clone()).await;
    }
}

async fn churn(asker: Asker, url: String) {
    let create = json!({"type": "createTab", "url": url});
    loop {
        if let Some(tab) = asker.ask(create.clone()).await {
            asker.ask(json!({"type": "closeTab", "tabId": tab})).await;
        }
    }
}
