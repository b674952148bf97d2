//! Commands, clocks and misfortunes in random order: what counts is always what is listed, each end is published once, and
//! nothing is left.

use std::collections::HashMap;
use std::time::Duration;

use cdp_bridge::operations::sessions::{
    EndReason, HoldKind, SessionConnections, SessionFilter, SessionId, SessionStatus,
    SessionUpdate, SessionView, StatusFilter,
};
use fastrand::Rng;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::house::{House, Told, config, principal};
use crate::support::seeds::each_seed;

/// The number of runs without `SEEDS`.
const SEEDS: u64 = 60;
const STEPS: usize = 50;
const CLIENTS: [&str; 2] = ["a", "b"];
const SECOND: Duration = Duration::from_secs(1);

const METHODS: [&str; 5] = [
    "Target.createBrowserContext",
    "Target.createTarget",
    "Target.closeTarget",
    "Target.disposeBrowserContext",
    "Page.navigate",
];

struct Run {
    rng: Rng,
    house: House,
    tasks: Vec<JoinHandle<()>>,
    told: Vec<Told>,
}

impl Run {
    async fn start(seed: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            house: House::with(config()).await,
            tasks: Vec::new(),
            told: Vec::new(),
        }
    }

    fn client(&mut self) -> &'static str {
        CLIENTS[self.rng.usize(..CLIENTS.len())]
    }

    /// Any of the client's sessions, also one that has ended.
    fn session(&mut self, client: &str) -> Option<SessionView> {
        let sessions = list(&self.house, client, StatusFilter::All);
        (!sessions.is_empty()).then(|| sessions[self.rng.usize(..sessions.len())].clone())
    }

    async fn step(&mut self) {
        let client = self.client();
        match self.rng.u8(..20) {
            0..5 => self.create(client),
            5..8 => self.request(client),
            8 => self.hold(client),
            9 => self.end(client),
            10 => {
                if let Some(session) = self.session(client) {
                    let _ = self.house.operations.heartbeat(&client.into(), session.id);
                }
            }
            11 => {
                if let Some(session) = self.session(client) {
                    let update = SessionUpdate {
                        idle_timeout: Some(self.rng.u32(10..30) * SECOND),
                        ..SessionUpdate::default()
                    };
                    let operations = &self.house.operations;
                    let client = client.into();
                    let _ = operations.update_session(&client, session.id, update).await;
                }
            }
            12..16 => sleep(Duration::from_millis(self.rng.u64(..20_000))).await,
            _ => self.misfortune().await,
        }
        if self.rng.bool() {
            self.house.bridge.settle().await;
        }
        self.check();
    }

    fn create(&mut self, client: &'static str) {
        let mut options = self.house.options();
        options.max_duration = self.rng.u32(60..120) * SECOND;
        options.idle_timeout = self.rng.u32(10..60) * SECOND;
        if self.rng.u8(..3) == 0 {
            options.heartbeat_timeout = Some(self.rng.u32(1..30) * SECOND);
        }
        if self.rng.bool() {
            options.external_id = Some(self.rng.u8(..3).to_string());
        }
        if self.rng.u8(..3) == 0 {
            options.start_url = Some("http://a.test/".to_owned());
        }
        options.queue_timeout = Some(self.rng.u32(..6) * SECOND);
        let operations = self.house.operations.clone();
        let gives_up = self.rng.u8(..8) == 0;
        let patience = if gives_up {
            SECOND
        } else {
            Duration::from_mins(5)
        };
        self.tasks.push(tokio::spawn(async move {
            let creating = async { operations.create_session(&principal(client), options).await };
            let _ = timeout(patience, creating).await;
        }));
    }

    fn request(&mut self, client: &'static str) {
        // The tabs of the implicit session stay.
        let Some(session) = self.session(client).filter(|it| !it.implicit) else {
            return;
        };
        let id = session.id.to_string();
        let tab = format!("t{}", self.rng.u64(1..8));
        let key = self.rng.bool().then(|| self.rng.u64(..4).to_string());
        let mut request: Value = match self.rng.u8(..5) {
            0..2 => json!({"type": "createTab", "sessionId": id, "url": "http://a.test/"}),
            2 => json!({"type": "createTab", "sessionId": id, "loggedOut": true}),
            3 => json!({"type": "navigate", "tabId": tab, "url": "http://b.test/"}),
            _ => json!({"type": "closeTab", "tabId": tab}),
        };
        if let Some(key) = key {
            request["idempotencyKey"] = key.into();
        }
        let request = cdp_bridge_protocol::Request::parse(&request.to_string()).unwrap();
        let entered = self
            .house
            .operations
            .enter_session(&principal(client), session.id);
        let principal = match entered {
            Ok(entered) if self.rng.bool() => entered,
            _ => principal(client),
        };
        let operations = self.house.operations.clone();
        self.tasks.push(tokio::spawn(async move {
            let caller = operations.caller("test", principal);
            let answered = timeout(Duration::from_mins(2), operations.execute(&caller, request));
            assert!(answered.await.is_ok(), "every request is answered");
        }));
    }

    /// A connection, which its door closes when it has to, or is stuck.
    fn hold(&mut self, client: &str) {
        let kinds = [HoldKind::Json, HoldKind::Cdp, HoldKind::Watch];
        let kind = kinds[self.rng.usize(..kinds.len())];
        let (is_stuck, stays) = (self.rng.u8(..6) == 0, self.rng.u32(1..60) * SECOND);
        let Some(session) = self.session(client) else {
            return;
        };
        let Some(hold) = self.house.operations.hold_session(&session.scope(), kind) else {
            return;
        };
        self.tasks.push(tokio::spawn(async move {
            if is_stuck {
                sleep(stays).await;
            } else {
                let _ = timeout(stays, hold.ended()).await;
            }
            drop(hold);
        }));
    }

    fn end(&mut self, client: &str) {
        let Some(session) = self.session(client).filter(|it| !it.implicit) else {
            return;
        };
        let (operations, client) = (self.house.operations.clone(), client.into());
        let waits = self.rng.bool();
        self.tasks.push(tokio::spawn(async move {
            let ended = operations.end_session(&client, session.id, EndReason::Requested, waits);
            ended.await.unwrap();
        }));
    }

    async fn misfortune(&mut self) {
        let bridge = &self.house.bridge;
        let targets = bridge.fake.targets();
        let target = (!targets.is_empty()).then(|| &targets[self.rng.usize(..targets.len())]);
        match (self.rng.u8(..8), target) {
            (0, _) => {
                bridge.outage().await;
                sleep(Duration::from_millis(self.rng.u64(..5000))).await;
                bridge.connect().await;
            }
            (1, Some(target)) => bridge.fake.crash(target),
            (2, Some(target)) => bridge.fake.close_target(target),
            (3, Some(target)) => _ = bridge.fake.popup(target, "http://b.test/"),
            (4..7, _) => {
                let method = METHODS[self.rng.usize(..METHODS.len())];
                bridge.fake.hold(method);
                sleep(Duration::from_millis(self.rng.u64(..3000))).await;
                bridge.fake.release(method);
            }
            _ => {}
        }
    }

    /// What counts is what is listed, and tabs belong to sessions of which something is left.
    fn check(&mut self) {
        self.told.extend(self.house.told());
        let mut all = 0;
        for client in CLIENTS {
            let live = list(&self.house, client, StatusFilter::Live);
            let live: Vec<_> = live.iter().filter(|it| !it.implicit).collect();
            let limits = self.house.operations.session_limits(&client.into());
            assert_eq!(live.len(), limits.live);
            assert!(limits.live <= limits.limit, "{limits:?}");
            all += live.len();
            let destroyed = list(
                &self.house,
                client,
                StatusFilter::Only(SessionStatus::Destroyed),
            );
            for session in destroyed {
                let tabs = self.house.operations.tabs_of(&session.scope());
                assert!(tabs.is_empty(), "{tabs:?} of a session that is gone");
            }
        }
        assert!(all <= config().max);
    }

    async fn end_all(mut self) {
        for method in METHODS {
            self.house.bridge.fake.release(method);
        }
        let ending = self.house.operations.end_all_sessions(EndReason::Shutdown);
        assert!(timeout(Duration::from_mins(2), ending).await.is_ok());
        for task in std::mem::take(&mut self.tasks) {
            let finished = timeout(Duration::from_mins(5), task).await;
            finished.expect("it finishes").unwrap();
        }
        // Popups and pages that came late are closed behind the scenes.
        sleep(Duration::from_mins(1)).await;
        self.told.extend(self.house.told());
        self.house.assert_empty().await;
        for client in CLIENTS {
            for session in list(&self.house, client, StatusFilter::All) {
                assert_eq!(session.connections, SessionConnections::default());
            }
        }
        let mut lives: HashMap<SessionId, Vec<Told>> = HashMap::new();
        for told in self.told {
            lives.entry(told.0).or_default().push(told);
        }
        for life in lives.values() {
            let ends = |status| life.iter().filter(|told| told.1 == status).count();
            let ended = ends(SessionStatus::Completed) + ends(SessionStatus::Error);
            assert_eq!(ended, 1, "{life:?}");
            assert_eq!(
                ends(SessionStatus::Destroyed),
                ends(SessionStatus::Completed),
                "{life:?}"
            );
            let reasons: Vec<_> = life.iter().filter_map(|told| told.2).collect();
            assert!(
                reasons.iter().all(|reason| *reason == reasons[0]),
                "{life:?}"
            );
        }
        // With the last record the clock ends.
        sleep(Duration::from_mins(61)).await;
        let records = CLIENTS.map(|client| list(&self.house, client, StatusFilter::All).len());
        assert_eq!(records, [1, 1], "the implicit ones");
    }
}

fn list(house: &House, client: &str, status: StatusFilter) -> Vec<SessionView> {
    let mut filter = SessionFilter {
        status,
        limit: Some(7),
        ..SessionFilter::default()
    };
    let mut sessions = Vec::new();
    loop {
        let page = house.operations.list_sessions(&client.into(), &filter);
        sessions.extend(page.sessions);
        filter.cursor = page.next_cursor;
        if filter.cursor.is_none() {
            return sessions;
        }
    }
}

#[test]
fn nothing_is_left_of_sessions_whatever_happens_to_them() {
    each_seed(SEEDS, |seed| async move {
        let mut run = Run::start(seed).await;
        let tasks = Handle::current().metrics().num_alive_tasks();
        for _ in 0..STEPS {
            run.step().await;
        }
        run.end_all().await;
        let left = Handle::current().metrics().num_alive_tasks();
        assert!(
            left <= tasks,
            "{left} tasks are left, of {tasks} at the start"
        );
    });
}
