//! The bridge stops.

use std::time::Duration;

use tokio::time::timeout;

use super::closes::ask_everything;
use super::harness::{Bridge, MS};

#[tokio::test(start_paused = true)]
async fn a_stop_closes_every_tab_and_answers_all_requests() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge
        .client()
        .create_logged_out("http://b.test/")
        .tab()
        .await;
    let waiting = ask_everything(&bridge, &bridge.client(), tab).await;
    bridge.supervisor.shut_down().await;
    assert!(bridge.registry.is_empty() && bridge.fake.targets().is_empty());
    for asked in waiting {
        assert_eq!(asked.code().await, "SHUTTING_DOWN");
    }
    let lines = bridge.forget();
    for line in ["tabClosed t1 shutdown", "tabClosed t2 shutdown"] {
        assert!(lines.iter().any(|said| said == line), "{lines:#?}");
    }
    let late = bridge.client().create("about:blank");
    assert_eq!(late.code().await, "SHUTTING_DOWN");
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_tabs_that_are_being_opened() {
    for method in [
        "Target.createBrowserContext",
        "Target.createTarget",
        "Page.enable",
    ] {
        let bridge = Bridge::start().await;
        bridge.fake.hold(method);
        let created = bridge.client().create("http://a.test/");
        bridge.fake.wait_for(method, 1).await;
        let stopped = timeout(1000 * MS, bridge.supervisor.shut_down()).await;
        assert!(stopped.is_ok(), "{method}");
        assert_eq!(created.code().await, "SHUTTING_DOWN");
        assert_eq!(
            bridge.lines(),
            ["createTab => SHUTTING_DOWN"],
            "a tab that was never published does not end either ({method})"
        );
        bridge.fake.release(method);
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert!(bridge.fake.targets().is_empty(), "{method}");
        assert!(bridge.registry.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_without_tabs_or_without_a_browser_completes_at_once() {
    let bridge = Bridge::start().await;
    bridge.supervisor.shut_down().await;
    let bridge = Bridge::start().await;
    bridge.fake.hang_up();
    bridge.settle().await;
    bridge.supervisor.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_ever_for_a_browser_that_hangs() {
    let bridge = Bridge::start().await;
    bridge.tab("http://a.test/").await;
    bridge.fake.hold("Target.closeTarget");
    let stopped = timeout(Duration::from_secs(10), bridge.supervisor.shut_down()).await;
    assert!(stopped.is_ok());
    assert_eq!(bridge.lines(), ["tabClosed t1 shutdown"]);
}
