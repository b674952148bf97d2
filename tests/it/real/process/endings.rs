//! However the daemon ends, it leaves no processes and no files.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::daemon::{Daemon, Setup};
use crate::support::pages::{ENDLESS, LOOPS};
use crate::support::processes;
use crate::support::site::{Reply, Site};
use crate::support::wait::until;

on_both_browsers!(
    sigterm_with_busy_tabs_ends_in_order_and_leaves_nothing,
    sigkill_leaves_nothing_over_a_pipe,
    sigkill_leaves_nothing_over_a_port,
    a_second_signal_ends_it_at_once,
);

/// Opens a tab that shows a page, one that loops, and one that loads for ever.
async fn keep_busy(daemon: &Daemon, site: &Site) -> crate::support::client::Client {
    let client = daemon.client().await;
    let page = site.page("/page", "alive");
    let endless = site.page("/endless", ENDLESS);
    let never = site.serve("/never", Reply::Never);
    client.open(&page).await;
    client.open(&endless).await;
    let loading = client.open("about:blank").await;
    client
        .request(json!({"type": "navigate", "tabId": loading, "url": never, "requestId": "never"}))
        .await;
    until("the pages are busy", async || {
        !site.asked("/never").is_empty() && !site.asked(LOOPS).is_empty()
    })
    .await;
    client
}

async fn browser_of(daemon: &Daemon) -> i32 {
    let health = daemon.get("/health").await.json();
    i32::try_from(health["browser"]["pid"].as_i64().unwrap()).unwrap()
}

async fn sigterm_with_busy_tabs_ends_in_order_and_leaves_nothing(browser: TestBrowser) {
    let site = Site::start().await;
    let mut daemon = Setup::serving(&browser)
        .args(["--set", "server.drain_timeout=1s"])
        .start()
        .await;
    let client = keep_busy(&daemon, &site).await;
    let other = daemon.client().await;
    let pid = browser_of(&daemon).await;
    assert!(processes::of_group(pid).len() > 2 && !daemon.temporary_files().is_empty());

    daemon.signal(Signal::TERM);
    let status = daemon.ended().await;
    assert_eq!(status.code(), Some(0), "{}", daemon.log());
    client.answer(&json!("never")).await.expect("error");
    for client in [&client, &other] {
        assert_eq!(client.closed().await, 1001, "{}", client.story());
        let closed: Vec<_> = client
            .log()
            .into_iter()
            .filter(|it| it.is("tabClosed"))
            .collect();
        assert_eq!(closed.len(), 3, "{}", client.story());
        assert!(
            closed.iter().all(|it| it["reason"] == "shutdown"),
            "{}",
            client.story()
        );
    }
    assert!(
        processes::of_group(pid).is_empty(),
        "{:?}",
        processes::of_group(pid)
    );
    assert!(daemon.browsers().is_empty(), "{:?}", daemon.browsers());
    assert!(
        daemon.temporary_files().is_empty(),
        "{:?}",
        daemon.temporary_files()
    );
}

async fn sigkill_leaves_nothing_over_a_pipe(browser: TestBrowser) {
    sigkill_leaves_nothing(Setup::serving(&browser)).await;
}

async fn sigkill_leaves_nothing_over_a_port(browser: TestBrowser) {
    sigkill_leaves_nothing(Setup::serving(&browser).env("CDP_PORT", "0")).await;
}

async fn sigkill_leaves_nothing(setup: Setup) {
    let site = Site::start().await;
    let mut daemon = setup.start().await;
    let client = keep_busy(&daemon, &site).await;
    let pid = browser_of(&daemon).await;
    daemon.signal(Signal::KILL);
    daemon.killed().await;
    let took = until("nothing is left", async || {
        processes::of_group(pid).is_empty()
            && daemon.browsers().is_empty()
            && daemon.temporary_files().is_empty()
    })
    .await;
    println!("nothing was left after {took:?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    client
        .take("the end of the connection", |it| {
            it.is("close") || it.is("broken")
        })
        .await;
}

#[tokio::test]
async fn an_interruption_before_it_serves_ends_it_with_130() {
    let setup = Setup::new().file("silent", "#!/bin/sh\nsleep 300\n");
    let silent = setup.dir().join("silent");
    std::fs::set_permissions(&silent, std::fs::Permissions::from_mode(0o755)).unwrap();
    let setup = setup
        .args(["serve", "--listen", "127.0.0.1:0", "--chrome-path"])
        .args([silent.to_str().unwrap()]);
    let ended = setup.interrupted_at("using this browser").await;
    assert_eq!(ended.code, Some(130), "{ended:#?}");
    assert_eq!(ended.stdout, "", "it never served");
    until("nothing is left", async || {
        processes::naming(&silent).is_empty()
    })
    .await;
}

async fn a_second_signal_ends_it_at_once(browser: TestBrowser) {
    let site = Site::start().await;
    let mut daemon = Setup::serving(&browser)
        .args(["--set", "server.drain_timeout=60s"])
        .start()
        .await;
    let client = keep_busy(&daemon, &site).await;
    let pid = browser_of(&daemon).await;
    daemon.signal(Signal::INT);
    daemon.logged(&["a second signal exits at once"]).await;
    // While draining it answers requests but accepts no new connections.
    assert_eq!(daemon.get("/readyz").await.status, 503);
    let refused = client.ask(json!({"type": "createTab"})).await;
    refused.expect_error("SHUTTING_DOWN");
    daemon.signal(Signal::INT);
    let status = daemon.ended().await;
    assert_eq!(status.code(), Some(130), "{}", daemon.log());
    until("nothing is left", async || {
        processes::of_group(pid).is_empty() && daemon.temporary_files().is_empty()
    })
    .await;
}
