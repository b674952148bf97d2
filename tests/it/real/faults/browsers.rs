//! The browser itself, and its helpers.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use super::impatient;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::pages::ENDLESS;
use crate::support::processes;
use crate::support::raw::Raw;
use crate::support::relay::Relay;
use crate::support::site::{Reply, Site};
use crate::support::wait::until;

on_both_browsers!(
    the_gpu_process_may_die_again_and_again,
    what_loads_pages_dies_only_with_the_browser,
    a_browser_that_is_told_to_end_by_somebody_else_is_started_again,
    a_browser_that_stands_still_is_replaced,
    a_browser_that_stands_still_for_a_moment_is_not,
    a_browser_with_pages_that_do_not_want_to_go_ends_with_its_bridge,
    a_browser_that_always_dies_is_given_up_and_health_says_so,
    a_connection_to_somebody_elses_browser_that_is_cut_is_made_again,
    twenty_tabs_come_back_after_each_of_several_deaths,
);

async fn helper(bridge: &TestBridge, mark: &str) -> Option<i32> {
    let all = processes::of_group(bridge.browser_pid().await);
    let found = all
        .iter()
        .find(|it| it.arguments.iter().any(|argument| argument == mark));
    found.map(|it| it.pid)
}

async fn the_gpu_process_may_die_again_and_again(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", "alive");
    let bridge = impatient(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&page).await;
    let mut killed = 0;
    for _ in 0..4 {
        if let Some(pid) = helper(&bridge, "--type=gpu-process").await {
            killed += usize::from(processes::try_signal(pid, Signal::KILL));
        }
        client.screenshot(&tab, "jpeg", false).await;
    }
    println!("{killed} GPU processes were killed");
    assert!(client.html(&tab).await.contains("alive"));
    bridge.stop().await;
}

async fn what_loads_pages_dies_only_with_the_browser(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", "alive");
    let bridge = impatient(browser).await;
    let client = bridge.client().await;
    client.open(&page).await;
    // A process of its own would come back without the proxies of the contexts.
    let mark = "--utility-sub-type=network.mojom.NetworkService";
    assert_eq!(helper(&bridge, mark).await, None);
    bridge.stop().await;
}

async fn a_browser_that_is_told_to_end_by_somebody_else_is_started_again(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", "alive");
    let bridge = impatient(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&page).await;
    processes::signal(bridge.browser_pid().await, Signal::TERM);
    client.event("browserUp").await;
    client.tab_event("tabRebuilt", &tab).await;
    client.tab_event("loadEventFired", &tab).await;
    assert!(client.html(&tab).await.contains("alive"));
    bridge.stop().await;
}

async fn a_browser_that_stands_still_is_replaced(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", "alive");
    let bridge = impatient(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&page).await;
    let pid = bridge.browser_pid().await;
    processes::signal(pid, Signal::STOP);
    let pending = client
        .request(json!({"type": "getDomSnapshot", "tabId": tab, "timeoutMs": 60_000}))
        .await;
    let down = client.event("browserDown").await;
    let reason = down["reason"].as_str().unwrap();
    assert!(reason.contains("does not answer"), "{reason}");
    client.answer(&pending).await.expect_error("BROWSER_DOWN");
    client.event("browserUp").await;
    client.tab_event("tabRebuilt", &tab).await;
    client.tab_event("loadEventFired", &tab).await;
    assert!(client.html(&tab).await.contains("alive"));
    until("nothing of the old browser is left", async || {
        processes::of_group(pid).is_empty()
    })
    .await;
    bridge.stop().await;
}

async fn a_browser_that_stands_still_for_a_moment_is_not(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", "alive");
    let bridge = TestBridge::start(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&page).await;
    let pid = bridge.browser_pid().await;
    processes::signal(pid, Signal::STOP);
    let pending = client
        .request(json!({"type": "getDomSnapshot", "tabId": tab}))
        .await;
    // While it stands still, probes say so and nothing else is wrong.
    let health = bridge.get("/health").await;
    assert_eq!(health.status, 503, "{health:?}");
    client.ping().await;
    processes::signal(pid, Signal::CONT);
    client.answer(&pending).await.expect("domSnapshot");
    assert_eq!(bridge.browser_pid().await, pid);
    bridge.stop().await;
}

async fn a_browser_with_pages_that_do_not_want_to_go_ends_with_its_bridge(browser: TestBrowser) {
    let site = Site::start().await;
    let endless = site.page("/endless", ENDLESS);
    let staying = site.page(
        "/staying",
        "<script>onbeforeunload = event => event.preventDefault()</script>",
    );
    site.serve("/never", Reply::Never);
    let never = site.url("/never");
    let bridge = impatient(browser).await;
    let client = bridge.client().await;
    for url in [&endless, &staying] {
        client.open(url).await;
    }
    let created = client.ask(json!({"type": "createTab", "url": never})).await;
    created.expect("tabCreated");
    let pid = bridge.browser_pid().await;
    bridge.stop().await;
    assert!(processes::of_group(pid).is_empty());
}

async fn a_browser_that_always_dies_is_given_up_and_health_says_so(browser: TestBrowser) {
    let bridge = TestBridge::start_with(browser, |config| {
        config.browser.restart.max_restarts = 2;
        config.browser.restart.initial_backoff = Duration::from_millis(10);
    })
    .await;
    let client = bridge.client().await;
    let tab = client.open("about:blank").await;
    for _ in 0..3 {
        processes::signal(bridge.browser_pid().await, Signal::KILL);
        let down = client.event("browserDown").await;
        if down["restarts"] == 2 {
            break;
        }
        client.event("browserUp").await;
    }
    let closed = client.tab_event("tabClosed", &tab).await;
    assert_eq!(closed["reason"], "browserExited");
    let health = bridge.get("/health").await;
    assert_eq!(health.status, 503);
    assert!(
        health.body.contains("given up after 2 restarts"),
        "{health:?}"
    );
    assert_eq!(bridge.get("/readyz").await.status, 503);
    assert_eq!(bridge.get("/livez").await.status, 200);
    let refused = client.ask(json!({"type": "createTab"})).await;
    let refused = refused.expect_error("BROWSER_DOWN");
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("given up"), "{message}");
    bridge.stop().await;
}

async fn a_connection_to_somebody_elses_browser_that_is_cut_is_made_again(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site.page("/page", "alive");
    let own = site.page("/own", "its own");
    let owner = TestBridge::start_on_port(browser).await;
    let owners = owner.client().await;
    let own_tab = owners.open(&own).await;
    let port = std::fs::read_to_string(owner.profile().await.join("DevToolsActivePort")).unwrap();
    let relay = Relay::to(port.lines().next().unwrap().parse().unwrap()).await;
    let address = relay.address();
    let guest = TestBridge::start_for(None, |config| {
        config.browser.connect = Some(format!("http://{address}").parse().unwrap());
    })
    .await;
    let client = guest.client().await;
    let tab = client.open(&page).await;
    let mut raw = Raw::of_profile(&owner.profile().await).await;
    assert_eq!(raw.pages_at("/page").await, 1);
    relay.cut();
    client.event("browserDown").await;
    client.event("browserUp").await;
    let rebuilt = client.tab_event("tabRebuilt", &tab).await;
    assert_eq!(rebuilt["reason"], "browserExited");
    client.tab_event("loadEventFired", &tab).await;
    assert!(client.html(&tab).await.contains("alive"));
    // Only the page of the connection that was cut is gone.
    until("there is one page", async || {
        raw.pages_at("/page").await == 1
    })
    .await;
    assert!(owners.html(&own_tab).await.contains("its own"));
    guest.stop().await;
    until("none is left", async || raw.pages_at("/page").await == 0).await;
    owner.stop().await;
}

/// `KILLS=100` repeats it more often.
const KILLS: usize = 3;
const TABS: usize = 20;

async fn twenty_tabs_come_back_after_each_of_several_deaths(browser: TestBrowser) {
    let kills = std::env::var("KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let site = Site::start().await;
    let page = site.page("/page", "alive");
    let bridge = TestBridge::start_with(browser, |config| {
        config.browser.restart.max_restarts = 1_000_000;
        config.browser.restart.max_backoff = Duration::from_millis(250);
    })
    .await;
    let client = bridge.client().await;
    let mut tabs = Vec::new();
    for number in 0..TABS {
        let fields = json!({"url": page, "loggedOut": number % 5 == 0});
        tabs.push(client.open_with(fields).await);
    }
    let mut worst = Worst::default();
    let mut before = None;
    for round in 0..kills {
        let mut pending = Vec::new();
        for tab in &tabs {
            for kind in ["getDomSnapshot", "getScreenshot"] {
                pending.push(client.request(json!({"type": kind, "tabId": tab})).await);
            }
            let navigate = json!({"type": "navigate", "tabId": tab, "url": page});
            pending.push(client.request(navigate).await);
        }
        let pid = bridge.browser_pid().await;
        let profile = bridge.profile().await;
        let killed = tokio::time::Instant::now();
        processes::signal(pid, Signal::KILL);
        for id in &pending {
            let answer = client.answer(id).await;
            let good = ["domSnapshot", "screenshot", "navigated"].contains(&answer.kind());
            assert!(good || answer.code() == "BROWSER_DOWN", "{answer}");
        }
        worst.answered = worst.answered.max(killed.elapsed());
        client.event("browserDown").await;
        client.event("browserUp").await;
        worst.up = worst.up.max(killed.elapsed());
        for tab in &tabs {
            let rebuilt = client.tab_event("tabRebuilt", tab).await;
            assert_eq!(rebuilt["reason"], "browserExited");
        }
        worst.rebuilt = worst.rebuilt.max(killed.elapsed());
        for tab in &tabs {
            until("the tab is where it was", async || {
                let info = client.tab_info(tab).await.unwrap();
                info["state"] == "ready" && info["url"] == page.as_str()
            })
            .await;
        }
        let listed = client.ask(json!({"type": "listTabs"})).await;
        assert_eq!(listed["tabs"].as_array().unwrap().len(), TABS);
        until("nothing of the old browser is left", async || {
            processes::of_group(pid).is_empty() && !profile.exists()
        })
        .await;
        client.forget();
        if round == kills / 10 {
            before = Some(Held::now());
        }
    }
    let (before, after) = (before.unwrap(), Held::now());
    println!("{kills} kills; at worst {worst:?} after the kill; held {before:?}, then {after:?}");
    assert!(processes::zombies_of(std::process::id().cast_signed()).is_empty());
    bridge.stop().await;
}

/// How long after a kill things had happened, at worst.
#[derive(Debug, Default)]
struct Worst {
    answered: Duration,
    up: Duration,
    rebuilt: Duration,
}

/// Resources of this process; other tests that run now count in them.
#[derive(Debug)]
#[expect(dead_code, reason = "it is printed")]
struct Held {
    descriptors: usize,
    resident_kib: usize,
}

impl Held {
    fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.unwrap().trim().trim_end_matches(" kB");
        Self {
            descriptors: std::fs::read_dir("/proc/self/fd").unwrap().count(),
            resident_kib: resident.parse().unwrap(),
        }
    }
}
