//! What one client or one page takes of what all share.

use std::collections::HashMap;
use std::time::Duration;

use cdp_bridge::tabs::{TabError, TabShares};
use tokio::time::{Instant, sleep};

use super::harness::{Bridge, MS, settings};

#[tokio::test(start_paused = true)]
async fn pages_that_draw_nothing_delay_no_pictures_of_others() {
    let bridge = Bridge::start().await;
    bridge.fake.hold("Page.captureScreenshot");
    let client = bridge.client();
    let mut hanging = Vec::new();
    for _ in 0..10 {
        let (tab, _) = bridge.tab("http://a.test/").await;
        hanging.push(client.screenshot(tab));
    }
    bridge.settle().await;
    let taken = bridge.fake.calls_of("Page.captureScreenshot").len();
    assert!(
        taken < hanging.len(),
        "one client gets a part of the places"
    );
    let other = client.clone().named("b");
    let tab = other.create("http://b.test/").tab().await;
    let start = Instant::now();
    let _picture = other.screenshot(tab);
    bridge
        .fake
        .wait_for("Page.captureScreenshot", taken + 1)
        .await;
    assert!(start.elapsed() < 100 * MS, "{:?}", start.elapsed());
    // The client's own other pictures wait until the first ones are taken for hanging.
    bridge.fake.wait_for("Page.captureScreenshot", 11).await;
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_that_opens_popups_without_end_gets_a_few_and_the_rest_is_told() {
    let bridge = Bridge::start().await;
    let (_, opener) = bridge.tab("http://a.test/").await;
    for _ in 0..100 {
        bridge.fake.popup(&opener, "http://b.test/");
    }
    sleep(Duration::from_secs(2)).await;
    let popups = bridge.registry.len() - 1;
    assert_eq!(popups, 5, "a quarter of 20 tabs");
    let told = bridge.lines();
    let told: Vec<_> = told
        .iter()
        .filter(|line| line.starts_with("popupBlocked"))
        .collect();
    assert_eq!(told, ["popupBlocked t1 rate 1", "popupBlocked t1 limit 94"]);
    assert_eq!(bridge.fake.targets().len(), 6, "the others are closed");
    bridge.client().create("about:blank").tab().await;
    let other = bridge.client().named("b");
    for _ in 0..10 {
        other.create("about:blank").tab().await;
    }
}

#[tokio::test(start_paused = true)]
async fn popups_that_are_closed_do_not_come_back_at_once() {
    let bridge = Bridge::start().await;
    let (_, opener) = bridge.tab("http://a.test/").await;
    let mut adopted = 0;
    for _ in 0..50 {
        bridge.fake.popup(&opener, "http://b.test/");
        bridge.settle().await;
        let tabs = bridge.registry.list(&"a".into());
        if let Some(popup) = tabs.iter().find(|tab| tab.id.to_string() != "t1") {
            adopted += 1;
            bridge.client().close(popup.id).line().await;
        }
    }
    assert_eq!(adopted, 10, "the most within ten seconds");
}

#[tokio::test(start_paused = true)]
async fn numbers_of_tabs_count_those_of_their_client_only() {
    let bridge = Bridge::start().await;
    let (a, b) = (bridge.client(), bridge.client().named("b"));
    let first = b.create("http://b.test/").tab().await;
    for _ in 0..5 {
        a.create("http://a.test/").tab().await;
    }
    let second = b.create("http://b.test/").tab().await;
    assert_eq!([first, second].map(|id| id.to_string()), ["t1", "t2"]);
    // Two tabs of one number are two tabs.
    let of_a = bridge.registry.list(&"a".into());
    assert!(
        of_a.iter()
            .any(|tab| tab.id == second && tab.url == "http://a.test/")
    );
    assert_eq!(b.close(second).line().await, "tabClosed t2 requested");
    assert_eq!(a.html(second).line().await, "domSnapshot t2 http://a.test/");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_all_tabs_leaves_others_what_is_guaranteed_to_them() {
    let mut settings = settings();
    settings.config.max = 8;
    settings.shares = TabShares {
        max_of: HashMap::from([("a".into(), 8), ("b".into(), 8)]),
        guaranteed: 2,
    };
    let bridge = Bridge::with(settings).await;
    let (a, b) = (bridge.client(), bridge.client().named("b"));
    for _ in 0..6 {
        a.create("about:blank").tab().await;
    }
    let refused = a.create("about:blank").error().await;
    assert!(
        matches!(refused, TabError::TabsReserved { .. }),
        "{refused}"
    );
    for _ in 0..2 {
        b.create("about:blank").tab().await;
    }
    let refused = b.create("about:blank").error().await;
    assert!(matches!(refused, TabError::TooManyTabs { .. }), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_pages_open_slowly_delays_no_other() {
    let bridge = Bridge::start().await;
    bridge.client().create("about:blank").tab().await;
    let b = bridge.client().named("b");
    b.create("about:blank").tab().await;
    let before = bridge.fake.calls_of("Target.createTarget").len();
    bridge.fake.hold("Target.createTarget");
    let _slow: Vec<_> = (0..12)
        .map(|_| bridge.client().create("about:blank"))
        .collect();
    bridge.settle().await;
    let opening = bridge.fake.calls_of("Target.createTarget").len() - before;
    assert!(opening < 12, "one client gets a part of the places");
    let start = Instant::now();
    let _other = b.create("about:blank");
    bridge
        .fake
        .wait_for("Target.createTarget", before + opening + 1)
        .await;
    assert!(start.elapsed() < 100 * MS);
}
