//! Policy violations of pages, and the proxies of their contexts.

use cdp_bridge::tabs::TabError;

use super::harness::Bridge;

const TUNNEL_FAILED: &str = "net::ERR_TUNNEL_CONNECTION_FAILED";

#[tokio::test(start_paused = true)]
async fn a_page_that_navigates_to_a_denied_url_is_reported_and_replaced() {
    let bridge = Bridge::start().await;
    let (_, target) = bridge.tab("http://a.test/").await;
    bridge.fake.page_with_status("http://evil.test/", 403, "");
    bridge.fake.visit(&target, "http://evil.test/");
    bridge.settle().await;
    let lines = bridge.lines();
    assert_eq!(lines[0], "failure t1 NAV_DENIED", "{lines:#?}");
    assert!(
        lines.contains(&"navigated t1 about:blank".to_owned()),
        "{lines:#?}"
    );
    assert!(
        !lines.iter().any(|line| line.contains("evil.test")),
        "{lines:#?}"
    );
    assert_eq!(bridge.fake.url_of(&target), "about:blank");
}

#[tokio::test(start_paused = true)]
async fn a_navigation_that_is_redirected_to_a_denied_url_is_denied() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    // As after a redirect: committed with the proxy's response, or failed because of it.
    bridge.fake.page_with_status("http://evil.test/", 403, "");
    assert_eq!(
        client.navigate(tab, "http://evil.test/").code().await,
        "NAV_DENIED"
    );
    bridge
        .fake
        .unreachable("http://evil.test/tls", TUNNEL_FAILED);
    let denied = client.navigate(tab, "http://evil.test/tls");
    let html = client.html(tab);
    assert_eq!(denied.code().await, "NAV_DENIED");
    let line = html.line().await;
    assert_eq!(
        line, "domSnapshot t1 about:blank",
        "the denied URL is not published"
    );
    bridge.settle().await;
    assert_eq!(bridge.fake.url_of(&target), "about:blank");
    let again = client.navigate(tab, "http://b.test/");
    assert_eq!(again.line().await, "navigated t1 http://b.test/ 200");
}

#[tokio::test(start_paused = true)]
async fn the_proxy_knows_why_it_failed_a_navigation() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    bridge
        .fake
        .unreachable("http://inside.test/", TUNNEL_FAILED);
    assert_eq!(
        client.navigate(tab, "http://inside.test/").code().await,
        "NAV_DENIED"
    );
    bridge
        .fake
        .page_with_status("http://inside.test/plain", 403, "");
    assert_eq!(
        client
            .navigate(tab, "http://inside.test/plain")
            .code()
            .await,
        "NAV_DENIED"
    );
    bridge.fake.unreachable("http://dead.test/", TUNNEL_FAILED);
    let error = client.navigate(tab, "http://dead.test/").error().await;
    let TabError::NavFailed { net, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(net, "net::ERR_CONNECTION_REFUSED");
}

#[tokio::test(start_paused = true)]
async fn a_navigation_in_progress_leaves_the_denied_page_by_itself() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.page_with_status("http://evil.test/", 403, "");
    bridge.fake.hold("Page.navigate");
    let asked = bridge.client().navigate(tab, "http://b.test/");
    bridge.settle().await;
    bridge.fake.visit(&target, "http://evil.test/");
    bridge.settle().await;
    bridge.fake.release("Page.navigate");
    assert_eq!(asked.line().await, "navigated t1 http://b.test/ 200");
    bridge.settle().await;
    assert_eq!(bridge.fake.url_of(&target), "http://b.test/");
}

#[tokio::test(start_paused = true)]
async fn a_tab_leaves_a_url_that_policy_now_denies_and_other_tabs_stay() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    let (_, stays) = bridge.tab("http://b.test/").await;
    let other = bridge.client().named("b").create("http://a.test/");
    let other = other.tab().await;
    bridge.settle().await;
    bridge.forget();
    let before = bridge.fake.calls().len();
    bridge.proxies.forbid("a", "http://a.test/");
    let html = bridge.client().html(tab);
    bridge.settle().await;
    let lines = bridge.lines();
    assert_eq!(lines[0], "failure t1 NAV_DENIED", "{lines:#?}");
    assert!(
        lines.contains(&"navigated t1 about:blank".to_owned()),
        "{lines:#?}"
    );
    assert_eq!(html.line().await, "domSnapshot t1 about:blank");
    assert_eq!(bridge.fake.url_of(&target), "about:blank");
    assert_eq!(bridge.fake.url_of(&stays), "http://b.test/");
    let methods = bridge.methods_since(before);
    let navigations = methods.iter().filter(|it| *it == "Page.navigate");
    assert_eq!(navigations.count(), 1, "{methods:?}");
    let view = bridge.registry.get(&"b".into(), other).unwrap().view();
    assert_eq!(view.url, "http://a.test/", "it is another client's");
}

#[tokio::test(start_paused = true)]
async fn a_tab_with_a_pending_navigation_continues_it_when_policy_changes() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.hold("Page.navigate");
    let asked = bridge.client().navigate(tab, "http://b.test/");
    bridge.settle().await;
    bridge.proxies.forbid("a", "http://a.test/");
    bridge.settle().await;
    let url = bridge.registry.list(&"a".into())[0].url.clone();
    assert_eq!(url, "about:blank", "that is where it would be sent");
    bridge.fake.release("Page.navigate");
    assert_eq!(asked.line().await, "navigated t1 http://b.test/ 200");
    bridge.settle().await;
    assert_eq!(bridge.fake.url_of(&target), "http://b.test/");

    // The pending URL is denied when it commits.
    bridge.fake.hold("Page.navigate");
    bridge.fake.page("http://c.test/", "C");
    let asked = bridge.client().navigate(tab, "http://c.test/");
    bridge.settle().await;
    bridge.proxies.forbid("a", "http://c.test/");
    bridge.settle().await;
    bridge.fake.release("Page.navigate");
    assert_eq!(asked.code().await, "NAV_DENIED");
    bridge.settle().await;
    assert_eq!(bridge.fake.url_of(&target), "about:blank");
}

#[tokio::test(start_paused = true)]
async fn every_context_has_its_own_proxy_until_it_is_disposed() {
    let bridge = Bridge::start().await;
    let client = bridge.client();
    client.create("about:blank").tab().await;
    client.create("about:blank").tab().await;
    let own = client.create_logged_out("about:blank").tab().await;
    let made = bridge.fake.calls_of("Target.createBrowserContext");
    let proxies: Vec<_> = made
        .iter()
        .filter_map(|call| call.text("proxyServer"))
        .collect();
    assert_eq!(proxies, ["http://127.0.0.1:1", "http://127.0.0.1:2"]);
    assert!(
        made.iter()
            .all(|call| call.text("proxyBypassList") == Some("<-loopback>"))
    );
    assert_eq!(bridge.proxies.open_now(), 2);
    bridge.fake.hold("Target.disposeBrowserContext");
    client.close(own).line().await;
    bridge.settle().await;
    assert_eq!(bridge.proxies.open_now(), 2, "the context is still there");
    bridge.fake.release("Target.disposeBrowserContext");
    bridge.settle().await;
    assert_eq!(bridge.proxies.open_now(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_context_that_is_not_disposed_keeps_its_proxy() {
    let bridge = Bridge::start().await;
    let own = bridge.client().create_logged_out("about:blank").tab().await;
    bridge.fake.fail("Target.disposeBrowserContext", "no");
    bridge.client().close(own).line().await;
    bridge.settle().await;
    assert_eq!(bridge.proxies.open_now(), 1);
    bridge.supervisor.browser_down("it ended".to_owned()).await;
    bridge.settle().await;
    assert_eq!(bridge.proxies.open_now(), 0, "it ends with the browser");
}
