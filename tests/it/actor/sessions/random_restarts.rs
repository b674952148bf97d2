//! Commands, restarts and failures of the store in random order: nothing is doubled, nothing is left behind, and every
//! session lives or has ended once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use cdp_bridge::operations::sessions::{EndReason, SessionFilter, SessionId, StatusFilter};
use cdp_bridge::operations::{OnDisconnect, OperationOutcome, Success};
use cdp_bridge::store::{Backend as _, StoreError};
use fastrand::Rng;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::house::{House, HouseSettings, config};
use crate::support::seeds::each_seed;

/// The number of runs without `SEEDS`.
const SEEDS: u64 = 40;
const STEPS: usize = 40;
const SECOND: Duration = Duration::from_secs(1);

/// What a client knows from its answers, and what it has ended.
#[derive(Default)]
struct Known {
    /// Sessions and tabs by the keys under which they were made.
    made: HashMap<String, String>,
    /// Sessions that it has created and not ended.
    alive: BTreeSet<SessionId>,
    ended: BTreeSet<SessionId>,
    /// The tabs that it has created: each number once.
    tabs: BTreeMap<u64, SessionId>,
    closed: BTreeSet<u64>,
}

struct Run {
    rng: Rng,
    house: House,
    known: Known,
    /// Whether the store has failed since everything was written last.
    is_behind: bool,
}

impl Run {
    async fn step(mut self) -> Self {
        match self.rng.u8(..20) {
            0..4 => self.create_session().await,
            4..9 => self.create_tab().await,
            9 => self.end_session().await,
            10..12 => self.close_tab().await,
            12..14 => sleep(Duration::from_millis(self.rng.u64(..3000))).await,
            14 => self.repeat().await,
            15..17 => self.store_fails(),
            17 if !self.is_behind => self = self.killed_at_work().await,
            17 | 18 => {
                // What was answered while the store could be written is there again.
                self.catch_up().await;
                self.house = self.house.restarted().await;
                self.check().await;
            }
            _ => {
                self.catch_up().await;
                self.house = self.house.killed().await;
                self.check().await;
            }
        }
        self
    }

    /// The process is killed while it carries out a request, which is sent again.
    async fn killed_at_work(mut self) -> Self {
        self.catch_up().await;
        let key = self.key("w");
        let mut request = match self.rng.u8(..3) {
            0 => json!({"type": "createSession", "maxDurationMs": 86_400_000,
                        "idleTimeoutMs": 3_600_000}),
            _ => json!({"type": "createTab", "url": "http://b.test/"}),
        };
        request["idempotencyKey"] = format!("{key}{}", request["type"]).into();
        let (operations, caller) = (self.house.operations.clone(), self.house.caller("a"));
        let asked = cdp_bridge_protocol::Request::parse(&request.to_string()).unwrap();
        let asking = tokio::spawn(async move { operations.execute(&caller, asked).await });
        for _ in 0..self.rng.u8(..60) {
            tokio::task::yield_now().await;
        }
        self.house = self.house.killed().await;
        asking.abort();
        self.keyed(request).await;
        self.check().await;
        self
    }

    /// The store works again, and has had the time to be told everything.
    async fn catch_up(&mut self) {
        self.house.backend.fail(None);
        let pause = if self.is_behind {
            12 * SECOND
        } else {
            SECOND / 100
        };
        sleep(pause).await;
        self.is_behind = false;
    }

    async fn ask(&self, request: Value) -> OperationOutcome {
        self.house.ask(&self.house.caller("a"), request).await
    }

    fn key(&mut self, kind: &str) -> String {
        format!("{kind}{}", self.rng.u8(..6))
    }

    async fn create_session(&mut self) {
        let key = self.key("s");
        self.keyed(
            json!({"type": "createSession", "maxDurationMs": 86_400_000, "idleTimeoutMs": 3_600_000,
                          "idempotencyKey": key}),
        )
        .await;
    }

    async fn create_tab(&mut self) {
        let key = self.key("t");
        let session = self.any_session();
        // A key belongs to one request: the session is part of it.
        let key = session.map_or(key.clone(), |id| format!("{key}{}", &id.to_string()[28..]));
        let mut request =
            json!({"type": "createTab", "url": "http://a.test/", "idempotencyKey": key});
        if let Some(id) = session {
            request["sessionId"] = id.to_string().into();
        }
        self.keyed(request).await;
    }

    fn any_session(&mut self) -> Option<SessionId> {
        let alive: Vec<_> = self.known.alive.iter().copied().collect();
        (!alive.is_empty()).then(|| alive[self.rng.usize(..alive.len())])
    }

    /// Sends a request with a key, which makes nothing if it has made something before.
    async fn keyed(&mut self, request: Value) {
        let name = request.to_string();
        let outcome = self.ask(request).await;
        let made = match &outcome {
            Ok(Success::SessionCreated(created)) => created.view.id.to_string(),
            Ok(Success::Tab(answer)) => answer.tab.to_string(),
            _ => return,
        };
        if let Some(before) = self.known.made.insert(name, made.clone()) {
            assert_eq!(before, made, "it is made once");
            return;
        }
        match outcome {
            Ok(Success::SessionCreated(created)) => {
                assert!(self.known.alive.insert(created.view.id));
            }
            Ok(Success::Tab(answer)) => {
                let tabs = self.house.bridge.registry.all();
                let tab = tabs.iter().find(|tab| tab.id == answer.tab);
                let session = tab.map(|tab| SessionId::of(&tab.scope));
                let number = answer.tab.number();
                let before = self.known.tabs.insert(number, session.expect("it is open"));
                assert_eq!(before, None, "t{number} is given once");
            }
            _ => {}
        }
    }

    async fn repeat(&mut self) {
        let names: Vec<_> = self.known.made.keys().cloned().collect();
        if !names.is_empty() {
            let name = &names[self.rng.usize(..names.len())];
            self.keyed(serde_json::from_str(name).unwrap()).await;
        }
    }

    async fn end_session(&mut self) {
        let Some(id) = self.any_session() else {
            return;
        };
        self.house
            .operations
            .end_session(&"a".into(), id, EndReason::Requested, true)
            .await
            .unwrap();
        self.known.alive.remove(&id);
        self.known.ended.insert(id);
        self.known.tabs.retain(|_, of| *of != id);
    }

    async fn close_tab(&mut self) {
        let numbers: Vec<_> = self.known.tabs.keys().copied().collect();
        if numbers.is_empty() {
            return;
        }
        let number = numbers[self.rng.usize(..numbers.len())];
        let close = json!({"type": "closeTab", "tabId": format!("t{number}")});
        self.ask(close).await.unwrap();
        self.known.tabs.remove(&number);
        self.known.closed.insert(number);
    }

    fn store_fails(&mut self) {
        if self.rng.bool() {
            let failure = StoreError::Unavailable("the disk is full".to_owned());
            self.house.backend.fail(Some(failure));
            self.is_behind = true;
        } else {
            self.house.backend.fail(None);
        }
    }

    /// What the client has created is there, and nothing else.
    async fn check(&mut self) {
        sleep(2 * SECOND).await;
        let filter = SessionFilter {
            status: StatusFilter::Live,
            limit: Some(100),
            ..SessionFilter::default()
        };
        let client = "a".into();
        let page = self.house.operations.list_sessions(&client, &filter);
        let mut live: BTreeSet<_> = page.sessions.iter().map(|it| it.id).collect();
        assert!(live.remove(&SessionId::DEFAULT));
        assert_eq!(live, self.known.alive);
        for id in &self.known.ended {
            let view = self.house.operations.session_or_ended(&client, *id).await;
            assert_eq!(view.unwrap().end_reason, Some(EndReason::Requested));
        }
        let tabs = self.house.bridge.registry.all();
        let tabs: BTreeMap<_, _> = tabs
            .iter()
            .map(|tab| (tab.id.number(), SessionId::of(&tab.scope)))
            .collect();
        assert_eq!(tabs, self.known.tabs);
        assert_eq!(self.house.bridge.fake.targets().len(), tabs.len());
    }

    async fn end(mut self) {
        self.catch_up().await;
        let ending = self
            .house
            .operations
            .end_all_sessions(EndReason::Terminated);
        ending.await;
        self.known.alive.clear();
        self.known.tabs.retain(|_, of| *of == SessionId::DEFAULT);
        sleep(SECOND).await;
        assert_eq!(self.house.backend.live_sessions().await.unwrap(), []);
        let rows = self.house.backend.tabs().await.unwrap();
        let rows: BTreeSet<_> = rows.iter().map(|row| row.tab).collect();
        assert_eq!(rows, self.known.tabs.keys().copied().collect());
    }
}

#[test]
fn nothing_is_lost_or_doubled_whenever_the_process_ends() {
    each_seed(SEEDS, |seed| async move {
        let mut settings = HouseSettings {
            on_disconnect: OnDisconnect::Keep,
            ..HouseSettings::default()
        };
        settings.config.max = 50;
        settings.config.max_per_client = 50;
        assert_eq!(settings.config.retention, config().retention);
        let mut run = Run {
            rng: Rng::with_seed(seed),
            house: House::over(settings, Arc::default()).await,
            known: Known::default(),
            is_behind: false,
        };
        for _ in 0..STEPS {
            run = run.step().await;
        }
        run.end().await;
    });
}
