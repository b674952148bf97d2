//! Downloads: kept for their client, or not written at all.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use cdp_bridge::config::Config;
use cdp_bridge::policy::DownloadPolicy;

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::{Client, Mode};
use crate::support::received::Received;
use crate::support::site::{Reply, Site};
use crate::support::wait::until;

on_both_browsers!(
    what_pages_hand_out_is_told_and_had_in_both_encodings,
    frames_of_any_process_and_popups_hand_files_out_to_their_tab,
    where_policy_denies_it_nothing_is_written_and_that_is_told,
    what_is_too_large_is_broken_off_and_the_oldest_go,
    a_tab_that_is_closed_leaves_nothing_behind,
    what_a_killed_browser_downloaded_is_gone_and_told,
    a_host_that_is_not_allowed_hands_nothing_out,
    in_a_lasting_profile_they_are_kept_as_elsewhere,
);

fn keep(config: &mut Config) {
    config.policy.downloads = DownloadPolicy::Keep;
}

/// A file that is no page.
fn file(name: &str, bytes: &[u8]) -> Reply {
    Reply::page(bytes)
        .with("content-type", "application/octet-stream")
        .with(
            "content-disposition",
            &format!("attachment; filename=\"{name}\""),
        )
}

/// The next download of a tab: when it began, and how it ended.
async fn downloaded(client: &Client, tab: &str) -> (Received, Received) {
    let started = client.tab_event("downloadStarted", tab).await;
    let finished = end_of(client, tab, &started).await;
    (started, finished)
}

/// How a download that has begun ended.
async fn end_of(client: &Client, tab: &str, started: &Received) -> Received {
    let id = started["downloadId"].clone();
    let finished = client
        .take("the end of a download", |it| {
            it.is("downloadFinished") && it["downloadId"] == id
        })
        .await;
    assert_eq!(finished.id(), tab, "{finished}");
    assert_eq!(finished["name"], started["name"], "{finished}");
    finished
}

async fn get(client: &Client, tab: &str, id: &Value) -> Received {
    client
        .ask(json!({"type": "getDownload", "tabId": tab, "downloadId": id}))
        .await
}

async fn click(client: &Client, tab: &str, selector: &str) {
    let click = json!({"type": "click", "tabId": tab, "selector": selector});
    client.ask(click).await.expect("done");
}

/// What is in the directory of downloads.
fn files_of(profile: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(profile.join("downloads")).unwrap();
    let names = entries.map(|it| it.unwrap().file_name().to_string_lossy().into_owned());
    names.collect()
}

/// A server that begins to send a file and never ends; gives its URL.
async fn endless() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/endless", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                let _ = stream.read(&mut asked).await;
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\
                    Content-Disposition: attachment; filename=endless.bin\r\n\r\n";
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(&[7; 10_000]).await;
                std::future::pending::<()>().await;
            });
        }
    });
    url
}

async fn what_pages_hand_out_is_told_and_had_in_both_encodings(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::start_with(browser, keep).await;
    let client = bridge.client().await;
    let bytes: Vec<u8> = (0..600_000_u32).map(|it| (it % 251) as u8).collect();
    let large = site.serve("/large", file("r\u{e9}port final.bin", &bytes));
    site.serve("/empty", file("empty.bin", b""));
    let tab = client
        .open(&site.page(
            "/page",
            "<a id=large href=/large>large</a><a id=empty href=/empty>empty</a>
            <a id=blob download=made.txt>blob</a>
            <script>blob.href = URL.createObjectURL(new Blob(['made in the page']))</script>",
        ))
        .await;
    click(&client, &tab, "#large").await;
    let (started, finished) = downloaded(&client, &tab).await;
    assert_eq!(started["url"], large, "{started}");
    assert_eq!(
        (&finished["state"], &finished["bytes"]),
        (&json!("completed"), &json!(600_000)),
        "{finished}"
    );
    let name = finished["name"].as_str().unwrap();
    assert!(name.contains("port final") && !name.contains('/'), "{name}");
    let id = &finished["downloadId"];
    let got = get(&client, &tab, id).await.expect("download");
    assert!(got.bytes() == bytes, "{got}");
    assert!(got.parts.len() > 2, "{got}");
    assert_eq!(got["name"], finished["name"]);
    let binary = bridge.client_in(Mode::Binary).await;
    let got = get(&binary, &tab, id).await.expect("download");
    assert!(got.bytes() == bytes && got.parts.len() == 3, "{got}");
    for (selector, text) in [("#empty", ""), ("#blob", "made in the page")] {
        click(&client, &tab, selector).await;
        let (_, finished) = downloaded(&client, &tab).await;
        let got = get(&client, &tab, &finished["downloadId"]).await;
        assert_eq!(got.expect("download").text(), text);
    }
    // A navigation to a download fails, but the file is kept.
    let refused = client.navigate(&tab, &large).await;
    let refused = refused.expect_error("NAV_FAILED");
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("downloadFinished"), "{refused}");
    let (_, finished) = downloaded(&client, &tab).await;
    assert_eq!(finished["state"], "completed");
    // No other tab has it, and there are no others.
    let other = client.open("about:blank").await;
    for (tab, id) in [(&other, id), (&tab, &json!("d99")), (&tab, &json!("../x"))] {
        get(&client, tab, id).await.expect_error("NOT_FOUND");
    }
    bridge.stop().await;
}

async fn frames_of_any_process_and_popups_hand_files_out_to_their_tab(browser: TestBrowser) {
    let site = Site::start().await;
    let isolate = |config: &mut Config| {
        keep(config);
        config.browser.args.push("--site-per-process".to_owned());
    };
    let bridge = TestBridge::start_with(browser, isolate).await;
    let client = bridge.client().await;
    site.serve("/file", file("a.bin", b"from a frame"));
    site.page(
        "/inner",
        "<a id=a href=/file>file</a><script>onmessage = () => a.click()</script>",
    );
    let there = site.url_on("other.test", "/inner");
    let body = format!(
        "<iframe id=same src=/inner></iframe><iframe id=there src='{there}'></iframe>
        <a id=popup target=_blank href=/file>popup</a>"
    );
    let tab = client.open(&site.page("/page", &body)).await;
    // Before any action has attached to the frame of another process.
    let run = "there.contentWindow.postMessage('', '*')";
    let evaluate = json!({"type": "evaluate", "tabId": tab, "expression": run});
    client.ask(evaluate).await.expect("evaluated");
    let (_, finished) = downloaded(&client, &tab).await;
    let got = get(&client, &tab, &finished["downloadId"]).await;
    assert_eq!(got.expect("download").text(), "from a frame");
    for selector in ["#same >> #a", "#there >> #a", "#popup"] {
        click(&client, &tab, selector).await;
        let (_, finished) = downloaded(&client, &tab).await;
        assert_eq!(finished["state"], "completed", "{selector}");
        let got = get(&client, &tab, &finished["downloadId"]).await;
        assert_eq!(got.expect("download").text(), "from a frame", "{selector}");
    }
    bridge.stop().await;
}

async fn where_policy_denies_it_nothing_is_written_and_that_is_told(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let url = site.serve("/file", file("a.bin", b"bytes"));
    let page = site.page("/page", "<a id=a href=/file>file</a>");
    for logged_out in [false, true] {
        let tab = client
            .open_with(json!({"url": page, "loggedOut": logged_out}))
            .await;
        click(&client, &tab, "#a").await;
        let (started, finished) = downloaded(&client, &tab).await;
        assert_eq!(started["url"], url);
        assert_eq!(
            (&finished["state"], &finished["bytes"]),
            (&json!("denied"), &json!(0))
        );
        let refused = get(&client, &tab, &finished["downloadId"]).await;
        let refused = refused.expect_error("NOT_FOUND");
        let message = refused["message"].as_str().unwrap();
        assert!(message.contains("policy.downloads"), "{refused}");
    }
    assert_eq!(files_of(&bridge.profile().await), [""; 0]);
    bridge.stop().await;
}

async fn what_is_too_large_is_broken_off_and_the_oldest_go(browser: TestBrowser) {
    let site = Site::start().await;
    let limited = |config: &mut Config| {
        keep(config);
        config.flow.max_download_bytes = 100_000;
        config.flow.kept_downloads = 2;
    };
    let bridge = TestBridge::start_with(browser, limited).await;
    let client = bridge.client().await;
    site.serve("/large", file("large.bin", &vec![7; 2_000_000]));
    site.serve("/small", file("small.bin", &vec![7; 50_000]));
    let body = "<a id=large href=/large>large</a><a id=small href=/small>small</a>";
    let tab = client.open(&site.page("/page", body)).await;
    click(&client, &tab, "#large").await;
    let (_, finished) = downloaded(&client, &tab).await;
    assert_eq!(
        (&finished["state"], &finished["bytes"]),
        (&json!("tooLarge"), &json!(0))
    );
    get(&client, &tab, &finished["downloadId"])
        .await
        .expect_error("NOT_FOUND");
    let mut ids = Vec::new();
    for _ in 0..3 {
        click(&client, &tab, "#small").await;
        let (_, finished) = downloaded(&client, &tab).await;
        assert_eq!(finished["state"], "completed");
        ids.push(finished["downloadId"].clone());
    }
    let gone = get(&client, &tab, &ids[0]).await;
    let gone = gone.expect_error("NOT_FOUND");
    let message = gone["message"].as_str().unwrap();
    assert!(message.contains("flow.kept_downloads"), "{gone}");
    for id in &ids[1..] {
        get(&client, &tab, id).await.expect("download");
    }
    let profile = bridge.profile().await;
    until("only two are kept", async || files_of(&profile).len() == 2).await;
    bridge.stop().await;
}

async fn a_tab_that_is_closed_leaves_nothing_behind(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::start_with(browser, keep).await;
    let client = bridge.client().await;
    let endless = endless().await;
    site.serve("/file", file("a.bin", b"bytes"));
    let body = format!("<a id=a href=/file>file</a><a id=endless href='{endless}'>endless</a>");
    let page = site.page("/page", &body);
    let profile = bridge.profile().await;
    for logged_out in [false, true] {
        let tab = client
            .open_with(json!({"url": page, "loggedOut": logged_out}))
            .await;
        click(&client, &tab, "#a").await;
        downloaded(&client, &tab).await;
        click(&client, &tab, "#endless").await;
        let started = client.tab_event("downloadStarted", &tab).await;
        let under_way = get(&client, &tab, &started["downloadId"]).await;
        let under_way = under_way.expect_error("NOT_FOUND");
        let message = under_way["message"].as_str().unwrap();
        assert!(message.contains("in progress"), "{under_way}");
        assert!(!files_of(&profile).is_empty());
        client.close(&tab).await;
        until("nothing is left of it", async || {
            files_of(&profile).is_empty()
        })
        .await;
    }
    bridge.stop().await;
    assert!(!profile.exists());
}

async fn what_a_killed_browser_downloaded_is_gone_and_told(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::start_with(browser, keep).await;
    let client = bridge.client().await;
    let endless = endless().await;
    site.serve("/file", file("a.bin", b"bytes"));
    let body = format!("<a id=a href=/file>file</a><a id=endless href='{endless}'>endless</a>");
    let tab = client.open(&site.page("/page", &body)).await;
    click(&client, &tab, "#a").await;
    let (_, kept) = downloaded(&client, &tab).await;
    click(&client, &tab, "#endless").await;
    // A click is answered at the first sign of a navigation, which may be before the download.
    let started = client.tab_event("downloadStarted", &tab).await;
    let before = bridge.profile().await;
    let pid = rustix::process::Pid::from_raw(bridge.browser_pid().await).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let finished = end_of(&client, &tab, &started).await;
    assert_eq!(finished["state"], "canceled", "{finished}");
    client.event("browserUp").await;
    client.tab_event("tabRebuilt", &tab).await;
    client.tab_event("loadEventFired", &tab).await;
    get(&client, &tab, &kept["downloadId"])
        .await
        .expect_error("NOT_FOUND");
    assert!(!before.exists());
    // The next browser keeps downloads, too.
    click(&client, &tab, "#a").await;
    let (_, finished) = downloaded(&client, &tab).await;
    let got = get(&client, &tab, &finished["downloadId"]).await;
    assert_eq!(got.expect("download").text(), "bytes");
    bridge.stop().await;
}

async fn a_host_that_is_not_allowed_hands_nothing_out(browser: TestBrowser) {
    const EVIL: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    let (site, evil) = (Site::start().await, Site::start_on(EVIL).await);
    let walled = |config: &mut Config| {
        keep(config);
        config.policy.allowlist = vec!["allowed.test".to_owned()];
        config.policy.resolve.insert("evil.test".to_owned(), EVIL);
    };
    let bridge = TestBridge::start_with(browser, walled).await;
    let client = bridge.client().await;
    evil.serve("/file", file("evil.bin", b"evil"));
    site.serve("/file", file("good.bin", b"good"));
    let elsewhere = evil.url_on("evil.test", "/file");
    site.serve("/away", Reply::redirect(&elsewhere));
    let body = format!(
        "<a id=direct href='{elsewhere}' download>direct</a><a id=away href=/away download=x.bin>away</a>
        <a id=good href=/file>good</a>"
    );
    site.page("/page", &body);
    let tab = client.open(&site.url_on("allowed.test", "/page")).await;
    for selector in ["#away", "#direct"] {
        click(&client, &tab, selector).await;
        client.event("requestBlocked").await;
        client.go(&tab, &site.url_on("allowed.test", "/page")).await;
    }
    click(&client, &tab, "#good").await;
    let good = client
        .take("the good one", |it| {
            it.is("downloadFinished") && it["state"] == "completed"
        })
        .await;
    assert_eq!(good["name"], "good.bin", "{}", client.story());
    assert_eq!(evil.connections(), 0);
    bridge.stop().await;
}

async fn in_a_lasting_profile_they_are_kept_as_elsewhere(browser: TestBrowser) {
    let profile = tempfile::tempdir().unwrap();
    let site = Site::start().await;
    site.serve("/file", file("a.bin", b"bytes"));
    let page = site.page("/page", "<a id=a href=/file>file</a>");
    let path = profile.path().to_owned();
    let lasting = |config: &mut Config| {
        keep(config);
        config.browser.user_data_dir = Some(path);
    };
    let bridge = TestBridge::start_with(browser, lasting).await;
    let client = bridge.client().await;
    let tab = client.open(&page).await;
    click(&client, &tab, "#a").await;
    let (_, finished) = downloaded(&client, &tab).await;
    assert_eq!(finished["state"], "completed", "{finished}");
    let got = get(&client, &tab, &finished["downloadId"]).await;
    assert_eq!(got.expect("download").text(), "bytes");
    assert!(!profile.path().join("downloads").exists());
    bridge.stop().await;
}
