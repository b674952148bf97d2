//! Sessions with upstream proxies.

use cdp_bridge::config::Config;
use cdp_bridge::policy::DownloadPolicy;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::daemon::Setup;
use crate::support::received::Received;
use crate::support::site::{Reply, Site};
use crate::support::upstream_proxy::{Kind, PASSWORD, UpstreamProxy};
use crate::support::wait::until;

on_both_browsers!(
    two_sessions_reach_their_servers_through_their_own_proxies,
    each_failure_of_a_proxy_is_a_clear_error,
    the_allowlist_holds_in_front_of_a_proxy,
    a_session_is_in_another_place,
    the_password_of_a_proxy_is_nowhere,
);

fn allowing(config: &mut Config) {
    config.policy.upstream_proxies = vec!["127.0.0.1".to_owned()];
    config.policy.downloads = DownloadPolicy::Keep;
}

/// Creates a session, and returns its id.
async fn session(client: &Client, mut fields: Value) -> String {
    fields["type"] = json!("createSession");
    let created = client.ask(fields).await.expect("sessionCreated");
    created["session"]["sessionId"].as_str().unwrap().to_owned()
}

/// Opens a page in a session, and waits until its script has set this title.
async fn open(client: &Client, session: &str, url: &str, title: &str) -> String {
    let tab = client
        .open_with(json!({"url": url, "sessionId": session}))
        .await;
    let title = format!("<title>{title}</title>");
    let is_set = async || client.html(&tab).await.contains(&title);
    until(&title, is_set).await;
    tab
}

/// A server of `WebSocket`s that sends back what it receives; gives its port.
async fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut socket = tokio_tungstenite::accept_async(stream).await.ok()?;
                while let Some(Ok(message)) = socket.next().await {
                    socket.send(message).await.ok()?;
                }
                Some(())
            });
        }
    });
    port
}

/// A page that speaks over a WebSocket and calls itself after the answer, with a link to a file.
fn page(socket: &str) -> String {
    format!(
        "<!doctype html><title>page</title><a id=file href=/file>file</a>
         <script>const it = new WebSocket('{socket}');
         it.onopen = () => it.send('echoed');
         it.onmessage = event => document.title = event.data;
         it.onerror = () => document.title = 'broken';</script>"
    )
}

async fn two_sessions_reach_their_servers_through_their_own_proxies(browser: TestBrowser) {
    let (first, second) = (Site::start().await, Site::start().await);
    let proxies = [
        UpstreamProxy::start(Kind::Http).await,
        UpstreamProxy::start(Kind::Socks5).await,
    ];
    let sockets = [echo().await, echo().await];
    let bridge = TestBridge::start_with(browser, allowing).await;
    let client = bridge.client().await;
    let hosts = ["allowed.test", "other.test"];
    for (index, site) in [&first, &second].into_iter().enumerate() {
        let (host, port) = (hosts[index], sockets[index]);
        site.serve("/page", Reply::page(page(&format!("ws://{host}:{port}/"))));
        let file = Reply::page("content")
            .with("content-type", "application/octet-stream")
            .with("content-disposition", "attachment; filename=file.bin");
        site.serve("/file", file);
        let proxy = proxies[index].options();
        let session = session(&client, json!({"proxy": proxy})).await;
        let url = site.url_on(host, "/page");
        let tab = open(&client, &session, &url, "echoed").await;
        let click = json!({"type": "click", "tabId": tab, "selector": "#file"});
        client.ask(click).await.expect("done");
        let finished = client.tab_event("downloadFinished", &tab).await;
        assert_eq!(finished["state"], "completed", "{finished}");
    }
    for (index, site) in [&first, &second].into_iter().enumerate() {
        let asked = proxies[index].asked();
        let of = |url: String| {
            let (_, rest) = url.split_once("://").unwrap();
            rest.split('/').next().unwrap().to_owned()
        };
        let server = of(site.url(""));
        let socket = format!("127.0.0.1:{}", sockets[index]);
        assert!(asked.contains(&socket), "{asked:?}");
        let to_server = asked.iter().filter(|it| **it == server).count();
        assert_eq!(to_server, site.connections(), "{asked:?}");
        assert!(to_server > 0);
        let others = asked.iter().filter(|it| **it != server && **it != socket);
        assert_eq!(others.count(), 0, "{asked:?}");
        assert_eq!(site.asked("/file").len(), 1);
        assert_eq!(site.asked("/page")[0].header("proxy-authorization"), "");
    }
    // The client's tabs outside of these sessions go directly.
    let before = [proxies[0].asked().len(), proxies[1].asked().len()];
    client.open(&first.url_on("allowed.test", "/page")).await;
    assert_eq!([proxies[0].asked().len(), proxies[1].asked().len()], before);
    bridge.stop().await;
}

async fn failed(client: &Client, proxy: Value, url: &str) -> Received {
    let session = session(client, json!({"proxy": proxy})).await;
    let tab = client.open_with(json!({"sessionId": session})).await;
    let error = client
        .navigate(&tab, url)
        .await
        .expect_error("PROXY_FAILED");
    let end = json!({"type": "endSession", "sessionId": session});
    client.ask(end).await;
    error
}

async fn each_failure_of_a_proxy_is_a_clear_error(browser: TestBrowser) {
    let site = Site::start().await;
    let page = site
        .page("/page", "alive")
        .replace("127.0.0.1", "allowed.test");
    let tls = page.replace("http:", "https:");
    let [http, socks5, unwilling] =
        [Kind::Http, Kind::Socks5, Kind::Unwilling].map(UpstreamProxy::start);
    let (http, socks5, unwilling) = tokio::join!(http, socks5, unwilling);
    let bridge = TestBridge::start_with(browser, allowing).await;
    let client = bridge.client().await;
    let wrong = |proxy: &UpstreamProxy| json!({"server": proxy.server(), "username": "u", "password": "wrong"});
    let dead = "http://127.0.0.1:1";
    for (proxy, reason, status, retryable) in [
        (wrong(&http), "authentication", json!(407), false),
        (wrong(&socks5), "authentication", json!(1), false),
        (unwilling.options(), "authentication", json!(407), false),
        (
            json!({"server": http.server()}),
            "authentication",
            json!(407),
            false,
        ),
        (json!({"server": dead}), "unreachable", json!(null), true),
    ] {
        for url in [&page, &tls] {
            let error = failed(&client, proxy.clone(), url).await;
            let details = &error["details"];
            assert_eq!(details["reason"], reason, "{error}");
            assert_eq!(details["status"], status, "{error}");
            assert_eq!(details["server"], proxy["server"], "{error}");
            assert_eq!(error["retryable"], retryable, "{error}");
            let message = error["message"].as_str().unwrap();
            assert!(
                message.contains(proxy["server"].as_str().unwrap()),
                "{error}"
            );
        }
    }
    assert_eq!(site.connections(), 0);
    // One that is not allowed is refused with the session.
    for server in [
        "http://127.0.0.2:3128",
        "socks5://localhost",
        "ftp://127.0.0.1",
        "http://u:p@127.0.0.1",
    ] {
        let create = json!({"type": "createSession", "proxy": {"server": server}});
        let error = client.ask(create).await.expect_error("BAD_REQUEST");
        let field = error["details"]["field"].as_str().unwrap();
        assert!(field.starts_with("proxy"), "{error}");
        assert!(!error.to_string().contains("u:p@"), "{error}");
    }
    bridge.stop().await;
}

async fn the_allowlist_holds_in_front_of_a_proxy(browser: TestBrowser) {
    let (site, evil) = (Site::start().await, Site::start().await);
    let elsewhere = evil.url_on("evil.test", "");
    let socket = elsewhere.replace("http:", "ws:");
    let page = format!(
        "<!doctype html><title>page</title><script>onload = async () => {{
           const socket = url => new Promise(end => {{
             const it = new WebSocket(url); it.onopen = it.onclose = end }});
           const fetched = url => fetch(url, {{mode: 'no-cors'}}).catch(() => 0);
           await Promise.all([fetched('{elsewhere}/x'), fetched('http://10.0.0.1/'), socket('{socket}/s')]);
           document.title = 'done' }}</script>"
    );
    site.serve("/page", Reply::page(page));
    site.serve("/away", Reply::redirect(&elsewhere));
    let proxy = UpstreamProxy::start(Kind::Http).await;
    let bridge = TestBridge::start_with(browser, |config| {
        allowing(config);
        config.policy.allowlist = vec!["allowed.test".to_owned()];
    })
    .await;
    let client = bridge.client().await;
    let session = session(&client, json!({"proxy": proxy.options()})).await;
    let tab = open(
        &client,
        &session,
        &site.url_on("allowed.test", "/page"),
        "done",
    )
    .await;
    for url in [site.url_on("allowed.test", "/away"), elsewhere] {
        let denied = client.navigate(&tab, &url).await.expect_error("NAV_DENIED");
        assert_eq!(denied["details"]["host"], "evil.test", "{denied}");
    }
    let server = site.url("").replace("http://", "");
    assert!(
        proxy.asked().iter().all(|it| *it == server),
        "{:?}",
        proxy.asked()
    );
    assert_eq!(evil.connections(), 0);
    bridge.stop().await;
}

async fn a_session_is_in_another_place(browser: TestBrowser) {
    let site = Site::start().await;
    let url = site.serve(
        "/page",
        Reply::page("<title>page</title><script>onclick = () => open('/page')</script><p>page"),
    );
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let place = json!({"locale": "de-DE", "timezoneId": "Asia/Tokyo",
        "geolocation": {"latitude": 52.5, "longitude": 13.25}});
    let session = session(&client, place.clone()).await;
    let tab = client
        .open_with(json!({"url": url, "sessionId": session}))
        .await;
    let listed = json!({"type": "listTabs", "sessionId": session});
    let listed = client.ask(listed).await.expect("tabs");
    let emulation = listed["tabs"][0]["emulation"].clone();
    assert_eq!(emulation["locale"], "de-DE", "{emulation}");
    assert_eq!(emulation["geolocation"]["latitude"], 52.5, "{emulation}");
    let seen = "[navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone].join()";
    let evaluate = |tab: &str| json!({"type": "evaluate", "tabId": tab, "expression": seen});
    let result = client.ask(evaluate(&tab)).await.expect("evaluated");
    assert_eq!(result["value"], "de-DE,Asia/Tokyo", "{result}");
    let click = json!({"type": "click", "tabId": tab, "selector": "p"});
    client.ask(click).await.expect("done");
    let popup = client.event("tabCreated").await.id().to_owned();
    client.tab_event("loadEventFired", &popup).await;
    let result = client.ask(evaluate(&popup)).await.expect("evaluated");
    assert_eq!(result["value"], "de-DE,Asia/Tokyo", "{result}");
    // What Chromium does not know is an error of the first tab.
    let nowhere = self::session(&client, json!({"timezoneId": "Nowhere/Else"})).await;
    let create = json!({"type": "createTab", "sessionId": nowhere});
    let error = client.ask(create).await.expect_error("BAD_REQUEST");
    assert_eq!(error["details"]["field"], "timezoneId", "{error}");
    for session in [session, nowhere] {
        let end = json!({"type": "endSession", "sessionId": session});
        client.ask(end).await;
    }
    bridge.stop().await;
}

async fn the_password_of_a_proxy_is_nowhere(browser: TestBrowser) {
    let site = Site::start().await;
    let url = site.page("/page", "alive");
    let unwilling = UpstreamProxy::start(Kind::Unwilling).await;
    let willing = UpstreamProxy::start(Kind::Socks5).await;
    let daemon = Setup::serving(&browser)
        .args(["--set", "policy.upstream_proxies=[\"127.0.0.1\"]"])
        .args(["--log-level", "trace"])
        .start()
        .await;
    let client = daemon.client().await;
    failed(&client, unwilling.options(), &url).await;
    let session = session(&client, json!({"proxy": willing.options()})).await;
    client
        .open_with(json!({"url": url, "sessionId": session}))
        .await;
    for request in ["getSession", "endSession"] {
        client
            .ask(json!({"type": request, "sessionId": session}))
            .await;
    }
    client
        .ask(json!({"type": "listSessions", "status": "all"}))
        .await;
    let metrics = daemon.get("/metrics").await.body;
    let counted = "cdp_bridge_upstream_proxy_failures_total{reason=\"authentication\"}";
    assert!(metrics.contains(counted), "{metrics}");
    let shown = [client.story(), metrics, daemon.log()].concat();
    for secret in [PASSWORD, "Y2FuYXJ5LXVzZXI6"] {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
    daemon.stop().await;
}
