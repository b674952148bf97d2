//! Egress: pages reach only the hosts that policy allows.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::json;

use cdp_bridge::config::Config;
use cdp_bridge::policy::PolicyMode;

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::daemon::Setup;
use crate::support::site::{Reply, Site};

on_both_browsers!(
    what_a_page_loads_from_elsewhere_does_not_get_there,
    a_redirect_to_elsewhere_is_a_refusal,
    a_page_that_goes_elsewhere_is_sent_to_about_blank,
    a_host_that_pages_may_load_from_is_not_one_to_go_to,
    what_is_only_reported_gets_there,
    a_name_that_leads_to_a_private_address_is_a_refusal,
    a_dead_server_is_named_as_such_though_the_proxy_found_out,
    what_is_stopped_is_counted_also_in_a_lasting_profile,
);

const EVIL: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// `allowed.test` is in the allowlist, `evil.test` is a server of its own and is not.
fn walled(config: &mut Config) {
    config.policy.allowlist = vec!["allowed.test".to_owned()];
    config.policy.resolve.insert("evil.test".to_owned(), EVIL);
}

/// Waits until the page's scripts have set its title to `done`.
async fn done(client: &Client, tab: &str) {
    let is_done = async || client.html(tab).await.contains("<title>done</title>");
    crate::support::wait::until("the page is done", is_done).await;
}

async fn what_a_page_loads_from_elsewhere_does_not_get_there(browser: TestBrowser) {
    let (site, evil) = (Site::start().await, Site::start_on(EVIL).await);
    site.page("/own", "");
    let elsewhere = evil.url_on("evil.test", "");
    let by_address = evil.url_on("127.0.0.2", "");
    let socket = elsewhere.replace("http:", "ws:");
    let tls = elsewhere.replace("http:", "https:");
    site.page(
        "/page",
        &format!(
            "<script>onload = async () => {{
               const image = url => new Promise(end => {{
                 const it = new Image(); it.onload = it.onerror = end; it.src = url }});
               const socket = url => new Promise(end => {{
                 const it = new WebSocket(url); it.onopen = it.onclose = end }});
               const fetched = url => fetch(url, {{mode: 'no-cors'}}).catch(() => 0);
               await fetch('/own');
               await Promise.all([
                 image('{elsewhere}/image'), image('{by_address}/address'), image('{tls}/tls'),
                 fetched('{elsewhere}/fetch?secret=1'), socket('{socket}/socket'),
               ]);
               document.title = 'done';
             }}</script>"
        ),
    );
    let bridge = TestBridge::start_with(browser, walled).await;
    let client = bridge.client().await;
    let url = site.url_on("allowed.test", "/page");
    for logged_out in [false, true] {
        let tab = client
            .open_with(json!({"url": url, "loggedOut": logged_out}))
            .await;
        done(&client, &tab).await;
        let blocked = client.event("requestBlocked").await;
        let expected = if logged_out { json!(tab) } else { json!(null) };
        assert_eq!(blocked["id"], expected, "{blocked}");
        assert!(!blocked.to_string().contains("secret"), "{blocked}");
        // The others follow a second later, in one summary event.
        let rest = client.event("requestBlocked").await;
        assert!(rest["count"].as_u64() >= Some(4), "{rest}");
    }
    assert_eq!(site.asked("/own").len(), 2);
    assert_eq!(evil.connections(), 0, "nothing gets there");
    bridge.stop().await;
}

async fn a_redirect_to_elsewhere_is_a_refusal(browser: TestBrowser) {
    let (site, evil) = (Site::start().await, Site::start_on(EVIL).await);
    let elsewhere = evil.url_on("evil.test", "/");
    let plain = site.serve("/plain", Reply::redirect(&elsewhere));
    let tls = site.serve(
        "/tls",
        Reply::redirect(&elsewhere.replace("http:", "https:")),
    );
    let here = |url: &str| url.replace("127.0.0.1", "allowed.test");
    site.page("/page", "alive");
    let bridge = TestBridge::start_with(browser, walled).await;
    let client = bridge.client().await;
    let page = site.url_on("allowed.test", "/page");
    let tab = client.open(&page).await;
    for url in [here(&plain), here(&tls)] {
        let denied = client.navigate(&tab, &url).await.expect_error("NAV_DENIED");
        assert_eq!(denied["details"]["host"], "evil.test", "{denied}");
        let left = client.tab_event("navigated", &tab).await;
        assert_eq!(left["url"], "about:blank");
        assert_eq!(client.tab_info(&tab).await.unwrap()["url"], "about:blank");
        assert_eq!(client.go(&tab, &page).await["url"], page);
    }
    // The first page of a tab, too, which is reported by an event only.
    let created = client
        .ask(json!({"type": "createTab", "url": here(&plain)}))
        .await;
    let tab = created.expect("tabCreated").id().to_owned();
    client
        .tab_event("error", &tab)
        .await
        .expect_error("NAV_DENIED");
    assert_eq!(
        client.tab_event("navigated", &tab).await["url"],
        "about:blank"
    );
    assert_eq!(evil.connections(), 0);
    bridge.stop().await;
}

async fn a_page_that_goes_elsewhere_is_sent_to_about_blank(browser: TestBrowser) {
    let (site, evil) = (Site::start().await, Site::start_on(EVIL).await);
    let elsewhere = evil.url_on("evil.test", "/");
    site.page(
        "/page",
        &format!("<script>onload = () => setTimeout(() => location = '{elsewhere}', 50)</script>"),
    );
    let bridge = TestBridge::start_with(browser, walled).await;
    let client = bridge.client().await;
    let tab = client.open(&site.url_on("allowed.test", "/page")).await;
    let denied = client
        .tab_event("error", &tab)
        .await
        .expect_error("NAV_DENIED");
    assert_eq!(denied["details"]["host"], "evil.test", "{denied}");
    assert_eq!(
        client.tab_event("navigated", &tab).await["url"],
        "about:blank"
    );
    assert_eq!(evil.connections(), 0);
    bridge.stop().await;
}

async fn a_host_that_pages_may_load_from_is_not_one_to_go_to(browser: TestBrowser) {
    let (site, evil) = (Site::start().await, Site::start_on(EVIL).await);
    let picture = evil.page("/picture", "");
    let there = picture.replace("127.0.0.1", "evil.test");
    let away = site.serve("/away", Reply::redirect(&there));
    site.page("/page", &format!("<img src='{there}'>"));
    let bridge = TestBridge::start_with(browser, |config| {
        walled(config);
        config.policy.subresources = vec!["evil.test".to_owned()];
    })
    .await;
    let client = bridge.client().await;
    let tab = client.open(&site.url_on("allowed.test", "/page")).await;
    assert_eq!(evil.asked("/picture").len(), 1);
    let away = away.replace("127.0.0.1", "allowed.test");
    client
        .navigate(&tab, &away)
        .await
        .expect_error("NAV_DENIED");
    assert_eq!(
        client.tab_event("navigated", &tab).await["url"],
        "about:blank"
    );
    bridge.stop().await;
}

async fn what_is_only_reported_gets_there(browser: TestBrowser) {
    let (site, evil) = (Site::start().await, Site::start_on(EVIL).await);
    evil.page("/picture", "");
    let there = evil.url_on("evil.test", "/picture");
    site.page("/page", &format!("<img src='{there}'>"));
    let bridge = TestBridge::start_with(browser, |config| {
        walled(config);
        config.policy.mode = PolicyMode::Report;
    })
    .await;
    let client = bridge.client().await;
    let tab = client.open(&site.url_on("allowed.test", "/page")).await;
    assert_eq!(evil.asked("/picture").len(), 1);
    let told = client.event("requestBlocked").await;
    assert_eq!(told["url"], there);
    assert!(
        told["reason"].as_str().unwrap().contains("it was allowed"),
        "{told}"
    );
    assert_eq!(client.go(&tab, &there).await["url"], there);
    bridge.stop().await;
}

async fn a_name_that_leads_to_a_private_address_is_a_refusal(browser: TestBrowser) {
    let evil = Site::start_on(EVIL).await;
    let bridge = TestBridge::start_with(browser, |config| {
        config.policy.private_networks =
            cdp_bridge::policy::PrivateNetworks::Only(vec!["127.0.0.1/32".parse().unwrap()]);
    })
    .await;
    let client = bridge.client().await;
    let site = Site::start().await;
    // Only the proxy resolves this name.
    let inside = evil
        .url_on("evil.test", "/")
        .replace("evil.test", "127.0.0.2");
    let away = site.serve("/away", Reply::redirect(&inside));
    let tab = client.open("about:blank").await;
    let denied = client
        .navigate(&tab, &away)
        .await
        .expect_error("NAV_DENIED");
    assert_eq!(denied["details"]["host"], "127.0.0.2", "{denied}");
    assert_eq!(evil.connections(), 0);
    bridge.stop().await;
}

async fn a_dead_server_is_named_as_such_though_the_proxy_found_out(browser: TestBrowser) {
    let bridge = TestBridge::start(browser).await;
    let client = bridge.client().await;
    let dead = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let tab = client.open("about:blank").await;
    for scheme in ["http", "https"] {
        let error = client.navigate(&tab, &format!("{scheme}://{dead}/")).await;
        let error = error.expect_error("NAV_FAILED");
        assert_eq!(
            error["details"]["net"], "net::ERR_CONNECTION_REFUSED",
            "{error}"
        );
    }
    let error = client.navigate(&tab, "http://unknown.invalid/").await;
    let error = error.expect_error("NAV_FAILED");
    assert_eq!(
        error["details"]["net"], "net::ERR_NAME_NOT_RESOLVED",
        "{error}"
    );
    bridge.stop().await;
}

async fn what_is_stopped_is_counted_also_in_a_lasting_profile(browser: TestBrowser) {
    let (site, evil) = (Site::start().await, Site::start_on(EVIL).await);
    let page = site.page(
        "/page",
        &format!("<img src='{}'>", evil.url_on("127.0.0.2", "/picture")),
    );
    for lasting in [false, true] {
        let mut setup = Setup::serving(&browser).env("ALLOWLIST_DOMAINS", "127.0.0.1");
        if lasting {
            let profile = setup.dir().join("tmp/profile");
            let setting = format!("browser.user_data_dir={}", profile.display());
            setup = setup.args(["--set", &setting]);
        }
        let daemon = setup.start().await;
        let client = daemon.client().await;
        client.open(&page).await;
        let blocked = client.event("requestBlocked").await;
        // Chrome's own traffic shares the context of a lasting profile and is reported too.
        if !lasting {
            let there = evil.url_on("127.0.0.2", "/picture");
            assert_eq!(blocked["url"], there, "{blocked}");
        }
        let metrics = daemon.get("/metrics").await.body;
        let counted = "cdp_bridge_requests_blocked_total{reason=\"allowlist\"} ";
        assert!(metrics.contains(counted), "{metrics}");
        assert!(
            !daemon.log().contains("is not our Chromium"),
            "{}",
            daemon.log()
        );
        daemon.stop().await;
    }
    assert_eq!(evil.connections(), 0);
}
