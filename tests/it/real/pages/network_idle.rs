//! `waitFor` with `networkidle`: requests of all frames count, streams do not.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::open_page::OpenPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::site::Reply;

on_both_browsers!(
    requests_of_every_frame_are_waited_for,
    streams_are_not_waited_for,
    a_page_that_has_long_been_idle_is_idle,
);

/// Longer than the network has to be quiet.
const SLOW: Duration = Duration::from_millis(2500);

/// A server of an event stream that says one thing and stays open; its URL.
async fn event_stream() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = [0; 4096];
                let _ = socket.read(&mut head).await;
                let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                    Access-Control-Allow-Origin: *\r\n\r\ndata: first\n\n";
                let _ = socket.write_all(answer.as_bytes()).await;
                // Until Chromium closes it.
                while matches!(socket.read(&mut head).await, Ok(1..)) {}
            });
        }
    });
    url
}

fn slow(body: &str) -> Reply {
    let reply = Reply::page(body).with("access-control-allow-origin", "*");
    Reply::After(SLOW, Box::new(reply))
}

async fn requests_of_every_frame_are_waited_for(browser: TestBrowser) {
    let bridge = TestBridge::start_with(browser, |config| {
        config.browser.args.push("--site-per-process".to_owned());
    })
    .await;
    let page = OpenPage::on(bridge, "").await;
    let (site, stream) = (&page.site, event_stream().await);
    site.serve("/slow", slow("slow"));
    let late =
        "fetch('/slow').then((it) => it.text()).then(() => { top.postMessage('slow', '*') })";
    let listen = format!(
        "<script>const got = []; onmessage = (it) => got.push(it.data); new EventSource('{stream}')</script>"
    );
    let inner = format!("<script>{late}</script>");
    site.page("/inner", &inner);
    let there = site.url_on("other.test", "/inner");
    for (path, body) in [
        ("/own", format!("<script>onload = () => {late}</script>")),
        ("/same", "<iframe src=/inner></iframe>".to_owned()),
        ("/there", format!("<iframe src='{there}'></iframe>")),
        (
            "/later",
            format!(
                "<script>onload = () => setTimeout(() => {{ const frame = document.createElement('iframe'); frame.src = '{there}'; document.body.append(frame) }}, 50)</script>"
            ),
        ),
    ] {
        for listen in [
            "<script>const got = []; onmessage = (it) => got.push(it.data)</script>",
            &listen,
        ] {
            let url = site.page(path, &format!("{listen}{body}"));
            page.client
                .navigate(&page.tab, &url)
                .await
                .expect("navigated");
            let idle = page
                .ask("waitFor", json!({"loadState": "networkidle"}))
                .await;
            idle.expect("waited");
            assert_eq!(
                page.evaluate("got").await,
                json!(["slow"]),
                "{path}: {listen}"
            );
        }
    }
    page.bridge.stop().await;
}

async fn streams_are_not_waited_for(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    let stream = event_stream().await;
    for (path, body) in [
        (
            "/source",
            format!("<script>new EventSource('{stream}')</script>"),
        ),
        (
            "/two",
            format!("<script>for (let n = 0; n < 4; n++) new EventSource('{stream}')</script>"),
        ),
        ("/fetch", format!("<script>fetch('{stream}')</script>")),
        (
            "/loaded",
            format!("<script>onload = () => new EventSource('{stream}')</script>"),
        ),
        ("/frame", "<iframe src=/source></iframe>".to_owned()),
    ] {
        let url = page.site.page(path, &body);
        page.client
            .navigate(&page.tab, &url)
            .await
            .expect("navigated");
        let idle = page
            .ask("waitFor", json!({"loadState": "networkidle"}))
            .await;
        idle.expect("waited");
    }
    // Also if it was opened long before.
    page.client.go(&page.tab, &page.site.url("/source")).await;
    page.client.settled(&page.tab, "source").await;
    let idle = page
        .ask("waitFor", json!({"loadState": "networkidle"}))
        .await;
    idle.expect("waited");
    page.bridge.stop().await;
}

async fn a_page_that_has_long_been_idle_is_idle(browser: TestBrowser) {
    let page = OpenPage::with(browser, "<p>idle</p>").await;
    for _ in 0..2 {
        let idle = page
            .ask("waitFor", json!({"loadState": "networkidle"}))
            .await;
        idle.expect("waited");
    }
    let blank = page.client.open("about:blank").await;
    let wait = json!({"type": "waitFor", "tabId": blank, "loadState": "networkidle"});
    page.client.ask(wait).await.expect("waited");
    page.bridge.stop().await;
}
