//! The whole bridge over the fake, and a Coordinator whose connection is cut repeatedly while its tabs
//! are busy: no event is lost or duplicated without a `gap`. `SEED` runs a single seed.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use cdp_bridge::app;
use cdp_bridge::config::Config;
use cdp_bridge::server::Listen;
use cdp_bridge::store::StoreUrl;
use fastrand::Rng;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::fake::Fake;
use crate::support::client::{Client, Mode};
use crate::support::cut_coordinator::{Cut, CutCoordinator, Stories, compare, tell};
use crate::support::wait::until;

const CUTS: usize = 100;
const TABS: usize = 8;
const URLS: [&str; 3] = ["http://a.test/", "http://b.test/", "http://large.test/"];

/// Pages navigate by themselves until this is aborted.
fn busy(fake: Fake, mut rng: Rng) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let targets = fake.targets();
            if !targets.is_empty() {
                let target = &targets[rng.usize(..targets.len())];
                fake.visit(target, URLS[rng.usize(..2)]);
            }
            sleep(Duration::from_micros(rng.u64(200..4000))).await;
        }
    })
}

async fn bridge(fake: &Fake, resume_bytes: usize) -> (app::Daemon, String) {
    fake.page(URLS[0], "<title>A</title>");
    fake.page(URLS[1], "<title>B</title>");
    fake.page(URLS[2], &"<p>large</p>".repeat(100_000));
    let mut config = Config::default();
    config.server.listen = Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    config.server.resume_bytes = resume_bytes;
    config.store.url = StoreUrl::Off;
    config.browser.connect = Some(fake.listen().await);
    let bridge = app::Daemon::start(&config, None).await.unwrap();
    let Listen::Tcp(address) = *bridge.address() else {
        panic!("it is configured to listen on TCP");
    };
    (bridge, format!("ws://{address}/ws"))
}

fn any_request(rng: &mut Rng, tabs: &[String]) -> Value {
    let tab = &tabs[rng.usize(..tabs.len())];
    match rng.u8(..8) {
        0..3 => json!({ "type": "navigate", "tabId": tab, "url": URLS[rng.usize(..3)] }),
        3..5 => json!({ "type": "getDomSnapshot", "tabId": tab }),
        5 => json!({ "type": "getScreenshot", "tabId": tab }),
        6 => json!({ "type": "activateTab", "tabId": tab }),
        _ => json!({ "type": "ping" }),
    }
}

/// The events that a connection without interruptions received.
fn told(witness: &Client) -> Stories {
    let mut stories = Stories::new();
    for received in witness.log() {
        tell(&mut stories, &received.head);
    }
    stories
}

#[expect(clippy::too_many_lines, reason = "it is one story")]
async fn run(seed: u64, resume_bytes: usize) {
    let mut rng = Rng::with_seed(seed);
    let fake = Fake::new();
    let (bridge, url) = bridge(&fake, resume_bytes).await;
    let witness = Client::connect(&url, Mode::Text).await;
    let mut coordinator = CutCoordinator::connect(&url).await;
    let mut created = Vec::new();
    for _ in 0..TABS {
        created.push(coordinator.send(json!({ "type": "createTab" })).await);
    }
    coordinator.settle().await;
    let tabs: Vec<String> = created
        .iter()
        .map(|id| coordinator.answers[id]["id"].as_str().unwrap().to_owned())
        .collect();
    let pages = busy(fake.clone(), rng.fork());
    let mut keys = 0;
    for _ in 0..CUTS {
        for _ in 0..rng.usize(..5) {
            let request = any_request(&mut rng, &tabs);
            coordinator.send(request).await;
        }
        if rng.u8(..10) == 0 {
            keys += 1;
            let request = json!({ "type": "createTab", "idempotencyKey": format!("key {keys}") });
            if rng.bool() {
                coordinator.send(request).await;
            } else {
                coordinator.send_into_the_void(request);
            }
        }
        let time = Duration::from_micros(rng.u64(..30_000));
        coordinator.hear_for(time).await;
        if rng.u8(..4) == 0 {
            let request = any_request(&mut rng, &tabs);
            coordinator.send_into_the_void(request);
        }
        let cut = match rng.u8(..4) {
            0 => Cut::HalfOpen,
            1 => Cut::BeforeWelcome,
            _ => Cut::Drop,
        };
        coordinator.cut(cut).await;
    }
    pages.abort();
    if coordinator.lost == 0 {
        coordinator.settle().await;
    } else {
        coordinator.settle_over_cuts().await;
    }
    // Its answer comes after every event so far.
    witness.ping().await;
    let all = told(&witness);
    assert_eq!(all.len(), TABS + keys, "each tab is created once");
    for tab in all.keys() {
        coordinator
            .send(json!({ "type": "closeTab", "tabId": tab }))
            .await;
    }
    coordinator
        .hear("the end of a tab", |it| {
            all.keys().all(|tab| {
                let story = it.stories.get(tab).and_then(|story| story.last());
                story.is_some_and(|event| event["type"] == "tabClosed")
            })
        })
        .await;
    until("the witness heard all of it", async || {
        let all = told(&witness);
        all.values()
            .all(|story| story.last().unwrap()["type"] == "tabClosed")
    })
    .await;
    compare(&told(&witness), &coordinator.stories, coordinator.lost > 0);
    println!(
        "SEED={seed}: {CUTS} cuts, {} messages, {} lost, {} answers, {} requests sent again",
        coordinator.heard,
        coordinator.lost,
        coordinator.answers.len(),
        coordinator.sent_again,
    );
    if resume_bytes >= 1 << 20 {
        assert_eq!(coordinator.lost, 0);
    }
    bridge.stop().await;
}

fn seed() -> u64 {
    let seed = std::env::var("SEED").map(|seed| seed.parse().expect("SEED is a number"));
    let seed = seed.unwrap_or_else(|_| fastrand::u64(..1_000_000));
    println!("SEED={seed}");
    seed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coordinator_that_is_cut_off_100_times_gets_every_event_once() {
    run(seed(), 4 << 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_small_history_a_gap_reports_lost_events_and_none_is_duplicated() {
    run(seed(), 64 << 10).await;
}
