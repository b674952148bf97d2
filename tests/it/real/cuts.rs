//! A Coordinator whose connection is cut repeatedly while its tabs are busy.

use std::time::Duration;

use fastrand::Rng;
use serde_json::json;

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::{Client, Mode};
use crate::support::cut_coordinator::{Cut, CutCoordinator, Stories, compare, tell};
use crate::support::pages::large;
use crate::support::site::Site;
use crate::support::wait::LONGEST;

on_both_browsers!(a_coordinator_cut_off_100_times_while_20_tabs_are_busy_hears_everything_once);

const CUTS: usize = 100;
const TABS: usize = 20;

/// Navigates within the document repeatedly.
const BUSY: &str = "<script>let n = 0; setInterval(() => location.hash = n++, 150)</script>";

fn told(witness: &Client) -> Stories {
    let mut stories = Stories::new();
    for received in witness.log() {
        tell(&mut stories, &received.head);
    }
    stories
}

async fn a_coordinator_cut_off_100_times_while_20_tabs_are_busy_hears_everything_once(
    browser: TestBrowser,
) {
    let seed = std::env::var("SEED").map(|seed| seed.parse().expect("SEED is a number"));
    let seed = seed.unwrap_or_else(|_| fastrand::u64(..1_000_000));
    println!("SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let site = Site::start().await;
    let busy = site.page("/busy", BUSY);
    let pages = [busy.clone(), site.page("/large", &large(600_000))];
    let bridge = TestBridge::start(browser).await;
    let witness = Client::connect(&bridge.url(), Mode::Text).await;
    let mut coordinator = CutCoordinator::connect(&bridge.url()).await;
    let mut created = Vec::new();
    for _ in 0..TABS {
        let request = json!({ "type": "createTab", "url": busy });
        created.push(coordinator.send(request).await);
    }
    coordinator.settle().await;
    let tabs: Vec<String> = created
        .iter()
        .map(|id| coordinator.answers[id]["id"].as_str().unwrap().to_owned())
        .collect();
    for _ in 0..CUTS {
        for _ in 0..rng.usize(..3) {
            let tab = &tabs[rng.usize(..TABS)];
            let request = match rng.u8(..4) {
                0 => json!({ "type": "navigate", "tabId": tab, "url": pages[rng.usize(..2)] }),
                1 => json!({ "type": "getScreenshot", "tabId": tab }),
                _ => json!({ "type": "getDomSnapshot", "tabId": tab }),
            };
            coordinator.send(request).await;
        }
        let time = Duration::from_millis(rng.u64(..60));
        coordinator.hear_for(time).await;
        let cut = match rng.u8(..4) {
            0 => Cut::HalfOpen,
            1 => Cut::BeforeWelcome,
            _ => Cut::Drop,
        };
        coordinator.cut(cut).await;
    }
    coordinator.settle().await;
    let mut closes = Vec::new();
    for tab in &tabs {
        let close = json!({ "type": "closeTab", "tabId": tab, "timeoutMs": 60_000 });
        closes.push(coordinator.send(close).await);
    }
    coordinator.settle().await;
    for id in closes {
        let answer = &coordinator.answers[&id];
        assert_eq!(answer["type"], "tabClosed", "{answer}");
    }
    let heard_all = async {
        let is_over = |story: &Vec<serde_json::Value>| story.last().unwrap()["type"] == "tabClosed";
        while !told(&witness).values().all(is_over) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(LONGEST, heard_all).await.is_err() {
        let mut stories = told(&witness);
        stories.retain(|_, story| story.last().unwrap()["type"] != "tabClosed");
        panic!("the witness did not hear the end of {stories:#?}");
    }
    let all = told(&witness);
    assert_eq!(all.len(), TABS);
    compare(&all, &coordinator.stories, coordinator.lost > 0);
    println!(
        "SEED={seed}: {CUTS} cuts, {} messages, {} lost, {} answers, {} requests sent again",
        coordinator.heard,
        coordinator.lost,
        coordinator.answers.len(),
        coordinator.sent_again,
    );
    bridge.stop().await;
}
