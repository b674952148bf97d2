//! Requests and failures in random order: each request is answered once and within its time limit, and
//! nothing is leaked.

use std::time::Duration;

use cdp_bridge_protocol::request::SnapshotFormat;
use cdp_bridge_protocol::{RequestKind, TabId};
use fastrand::Rng;
use tokio::time::{sleep, timeout};

use super::describe::describe_outcome;
use super::harness::{Asked, Bridge, Cancelling, Client, MS, settings};
use crate::support::seeds::each_seed;

/// The number of runs without `SEEDS`.
const SEEDS: u64 = 300;
const STEPS: usize = 60;

const URLS: [&str; 6] = [
    "about:blank",
    "http://a.test/",
    "http://a.test/#part",
    "http://b.test/",
    "http://silent.test/",
    "http://unknown.test/",
];

const METHODS: [&str; 9] = [
    "Target.createBrowserContext",
    "Target.createTarget",
    "Target.closeTarget",
    "Target.disposeBrowserContext",
    "Target.activateTarget",
    "Page.enable",
    "Page.navigate",
    "Page.captureScreenshot",
    "Runtime.evaluate",
];

const REMOVING: [&str; 2] = ["Target.closeTarget", "Target.disposeBrowserContext"];

/// One run, with all of its requests.
struct Run {
    rng: Rng,
    bridge: Bridge,
    asked: Vec<Request>,
}

/// A request, and what came of the attempts to cancel it.
struct Request {
    limit: Duration,
    /// `None`: it opens one.
    tab: Option<TabId>,
    client: &'static str,
    asked: Asked,
    cancelling: Vec<Cancelling>,
}

impl Run {
    async fn start(seed: u64) -> Self {
        let mut settings = settings();
        settings.config.max = 6;
        settings.config.idle_timeout = Duration::from_mins(5);
        settings.max_waiting_changes = 4;
        let bridge = Bridge::with(settings).await;
        bridge.fake.silence("http://silent.test/");
        Self {
            rng: Rng::with_seed(seed),
            bridge,
            asked: Vec::new(),
        }
    }

    fn choice<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        (!from.is_empty()).then(|| from[self.rng.usize(..from.len())].clone())
    }

    async fn step(&mut self) {
        match self.rng.u8(..20) {
            0..10 => self.ask(),
            10..12 => self.cancel(),
            12..15 => {
                let pause = self.rng.u64(..700);
                sleep(Duration::from_millis(pause)).await;
            }
            _ => self.misfortune().await,
        }
        if self.rng.bool() {
            self.bridge.settle().await;
        }
    }

    fn ask(&mut self) {
        let limit = MS * self.rng.u32(100..3000);
        let name = if self.rng.u8(..4) == 0 { "b" } else { "a" };
        let connection = self.rng.u64(1..3);
        let url = self.choice(&URLS).unwrap_or_default();
        let tabs: Vec<_> = self.bridge.registry.list(&name.into());
        let tab = self.choice(&tabs).map(|tab| tab.id);
        let kind = self.rng.u8(..18);
        let client = self.bridge.client().named(name);
        let client = client.on_connection(connection).within(limit);
        let asked = match tab {
            Some(tab) => ask_tab(&client, tab, url, kind),
            None => client.create_tab(url, kind.is_multiple_of(3), None),
        };
        let tab = tab.filter(|_| asked.kind != RequestKind::CreateTab);
        self.asked.push(Request {
            limit,
            tab,
            client: name,
            asked,
            cancelling: Vec::new(),
        });
    }

    /// Cancels one of the latest requests.
    fn cancel(&mut self) {
        let latest = self.asked.len().min(4);
        if latest == 0 {
            return;
        }
        let at = self.asked.len() - 1 - self.rng.usize(..latest);
        let request = &mut self.asked[at];
        let client = self.bridge.client().named(request.client);
        let is_there = |tab: &TabId| {
            self.bridge
                .registry
                .get(&request.client.into(), *tab)
                .is_some()
        };
        let cancelling = match request.tab {
            None => client.cancel_create(&request.asked),
            Some(tab) if is_there(&tab) => client.cancel(tab, &request.asked),
            Some(_) => return,
        };
        request.cancelling.push(cancelling);
    }

    async fn misfortune(&mut self) {
        let method = self.choice(&METHODS).unwrap_or_default();
        let targets = self.bridge.fake.targets();
        let target = self.choice(&targets);
        let kind = self.rng.u8(..16);
        let fake = &self.bridge.fake;
        match (kind, target) {
            (0..2, _) => fake.hold(method),
            (2, _) => fake.hold_answers(method),
            // Removing fails only if the object is already gone.
            (3, _) if !REMOVING.contains(&method) => fake.fail(method, "Internal error"),
            (4..9, _) => METHODS.iter().for_each(|method| fake.release(method)),
            (9, Some(target)) => fake.crash(&target),
            (10, Some(target)) => fake.close_target(&target),
            (11, Some(target)) => {
                fake.popup(&target, "http://b.test/");
            }
            (12, Some(target)) => {
                fake.popup_without_opener(&target, "http://b.test/");
            }
            (13, Some(target)) => fake.visit(&target, "http://b.test/"),
            (14, Some(target)) => fake.dialog(&target, "confirm", "?"),
            (15, _) if self.rng.u8(..4) == 0 => {
                self.bridge.outage().await;
                if self.rng.bool() {
                    self.ask();
                }
                self.bridge.connect().await;
            }
            _ => {}
        }
    }

    async fn end(self) {
        let Self { bridge, asked, .. } = self;
        let stopped = timeout(Duration::from_mins(5), bridge.supervisor.shut_down()).await;
        assert!(
            stopped.is_ok(),
            "the bridge does not stop: {:#?}",
            bridge.lines()
        );
        assert!(bridge.registry.is_empty());
        for Request {
            limit,
            asked,
            cancelling,
            ..
        } in asked
        {
            let what = format!("{} ({})", asked.kind.as_str(), asked.number);
            let (took, outcome) = asked.timed().await;
            let line = describe_outcome(&outcome);
            assert!(
                took <= limit + MS,
                "{what} took {took:?} of {limit:?}: {line}"
            );
            assert!(!line.contains("lost"), "{what} was lost");
            let mut reports = Vec::new();
            for cancelling in cancelling {
                reports.push(cancelling.report().await);
            }
            let is_cancelled = line == "CANCELLED";
            assert_eq!(is_cancelled, reports.contains(&true), "{what}: {line}");
        }
        for method in METHODS {
            bridge.fake.release(method);
        }
        sleep(Duration::from_mins(1)).await;
        let left = bridge.fake.targets();
        assert!(left.is_empty(), "pages are left behind: {left:?}");
        let contexts = bridge.fake.contexts();
        assert!(
            contexts.len() <= 2,
            "contexts are left behind: {contexts:?}"
        );
    }
}

fn ask_tab(client: &Client<'_>, tab: TabId, url: &str, kind: u8) -> Asked {
    match kind {
        0..2 => client.create(url),
        2 => client.create_logged_out(url),
        3..7 => client.navigate(tab, url),
        7 => client.activate(tab),
        8 => client.switch(tab, true),
        9 => client.switch(tab, false),
        10..12 => client.html(tab),
        12 => client.snapshot(tab, SnapshotFormat::Structured),
        13..15 => client.screenshot(tab),
        15 => client.fill(tab, "#never-there", "x"),
        16 => client.query(tab, "#a"),
        _ => client.close(tab),
    }
}

#[test]
fn each_request_is_answered_once_and_nothing_is_leaked() {
    each_seed(SEEDS, |seed| async move {
        let mut run = Run::start(seed).await;
        for _ in 0..STEPS {
            run.step().await;
        }
        run.end().await;
    });
}
