//! HTTP authentication: asked of the client, or set beforehand.

use std::time::Duration;

use cdp_bridge::browser::options::BrowserBuild;
use cdp_bridge::policy::AuthPolicy;
use serde_json::{Value, json};

use super::open_page::OpenPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::raw::Raw;
use crate::support::received::Received;
use crate::support::site::{Reply, Site};

on_both_browsers!(
    a_client_that_is_asked_for_a_password_gives_one_or_cancels,
    credentials_that_were_set_go_to_their_own_origin_only,
    credentials_survive_a_crash_and_are_no_other_clients,
);

/// `ada:s3cret` in base64.
const LOGIN: &str = "Basic YWRhOnMzY3JldA==";

/// Serves a page for those who know the password.
fn protect(site: &Site, path: &str, body: &'static str) {
    site.route(path, move |asked| {
        if asked.authorization == LOGIN {
            Reply::page(body)
        } else {
            Reply::status(401, "<p>who are you?</p>")
                .with("www-authenticate", "Basic realm=\"Area\"")
        }
    });
}

async fn asking(browser: TestBrowser) -> TestBridge {
    TestBridge::start_with(browser, |config| {
        config.policy.http_auth = AuthPolicy::Ask;
        config.policy.answer_timeout = Duration::from_secs(4);
        config.browser.args.push("--site-per-process".to_owned());
    })
    .await
}

async fn required(client: &Client, tab: &str) -> (Received, String) {
    let required = client.tab_event("authRequired", tab).await;
    let id = required["authId"].as_str().unwrap().to_owned();
    (required, id)
}

fn login(tab: &str, auth: &str, password: &str) -> Value {
    json!({"type": "answerAuth", "tabId": tab, "authId": auth, "username": "ada", "password": password})
}

fn navigate(tab: &str, url: &str) -> Value {
    json!({"type": "navigate", "tabId": tab, "url": url})
}

async fn a_client_that_is_asked_for_a_password_gives_one_or_cancels(browser: TestBrowser) {
    let build = browser.kind();
    let page = OpenPage::on(asking(browser).await, "<p>open</p>").await;
    let (site, client, tab) = (&page.site, &page.client, page.tab.as_str());
    protect(site, "/in", "<p>inside</p>");
    let url = site.url("/in?token=canary");
    // No answer in time shows the refusal.
    let going = client.request(navigate(tab, &url)).await;
    let (asked, first) = required(client, tab).await;
    assert_eq!(asked["origin"], site.url(""), "{asked}");
    assert_eq!(
        (&asked["scheme"], &asked["realm"], &asked["refused"]),
        (&json!("basic"), &json!("Area"), &json!(false))
    );
    assert!(!asked.to_string().contains("canary"), "{asked}");
    assert_eq!(
        client.answer(&going).await.expect("navigated")["status"],
        401
    );
    let closed = client.tab_event("authClosed", tab).await;
    assert_eq!(
        (&closed["authId"], &closed["outcome"], &closed["by"]),
        (&json!(first), &json!("cancelled"), &json!("timeout"))
    );
    client
        .ask(login(tab, &first, "s3cret"))
        .await
        .expect_error("NOT_FOUND");
    // One that is cancelled does, too.
    let going = client.request(navigate(tab, &url)).await;
    let (_, id) = required(client, tab).await;
    let cancel = json!({"type": "answerAuth", "tabId": tab, "authId": id, "cancel": true});
    let closed = client.ask(cancel).await.expect("authClosed");
    assert_eq!(closed["outcome"], "cancelled");
    assert_eq!(
        client.answer(&going).await.expect("navigated")["status"],
        401
    );
    // A wrong password is asked for again, and a request that waits says for what.
    let mut request = navigate(tab, &url);
    request["timeoutMs"] = json!(800);
    let going = client.request(request).await;
    let (_, id) = required(client, tab).await;
    client
        .ask(login(tab, &id, "wrong"))
        .await
        .expect("authClosed");
    let (asked, id) = required(client, tab).await;
    assert_eq!(asked["refused"], true);
    let late = client.answer(&going).await.expect_error("CDP_TIMEOUT");
    let message = late["message"].as_str().unwrap();
    assert!(
        message.contains(&id) && message.contains("answerAuth"),
        "{late}"
    );
    let going = client.request(navigate(tab, &url)).await;
    let (_, id) = required(client, tab).await;
    let closed = client.ask(login(tab, &id, "s3cret")).await;
    assert_eq!(closed.expect("authClosed")["outcome"], "answered");
    assert_eq!(
        client.answer(&going).await.expect("navigated")["status"],
        200
    );
    assert_eq!(page.evaluate("document.body.innerText").await, "inside");
    in_frames_and_scripts(&page, build).await;
    page.bridge.stop().await;
}

/// Frames of other origins, and requests of scripts, ask in the same way. A full browser gives frames of other origins the
/// refusal without asking.
async fn in_frames_and_scripts(page: &OpenPage, build: BrowserBuild) {
    let (client, tab) = (&page.client, page.tab.as_str());
    let there = Site::start().await;
    protect(&there, "/in", "<p>there</p>");
    let frame = format!(
        "<iframe id=f src='{}'></iframe>",
        there.url_on("other.test", "/in")
    );
    let url = page.site.page("/frames", &frame);
    client.navigate(tab, &url).await.expect("navigated");
    if build == BrowserBuild::Shell {
        let (asked, id) = required(client, tab).await;
        assert_eq!(asked["origin"], there.url_on("other.test", ""), "{asked}");
        let answered = client.ask(login(tab, &id, "s3cret")).await;
        answered.expect("authClosed");
    }
    let shown = match build {
        BrowserBuild::Shell => "there",
        BrowserBuild::Chrome => "who are you?",
    };
    let fields = json!({"selector": format!("#f >> text={shown}")});
    page.ask("waitFor", fields).await.expect("waited");
    let other = Site::start().await;
    protect(&other, "/data", "data");
    client.go(tab, &other.page("/page", "<p>open</p>")).await;
    page.evaluate("void fetch('/data').then((it) => { document.title = it.status })")
        .await;
    let (asked, id) = required(client, tab).await;
    assert_eq!(asked["url"], other.url("/data"));
    client
        .ask(login(tab, &id, "s3cret"))
        .await
        .expect("authClosed");
    client.settled(tab, "200").await;
}

async fn credentials_that_were_set_go_to_their_own_origin_only(browser: TestBrowser) {
    let page = OpenPage::with(browser, "<p>open</p>").await;
    let (site, client, tab) = (&page.site, &page.client, page.tab.as_str());
    let other = Site::start().await;
    for site in [site, &other] {
        protect(site, "/in", "<p>inside</p>");
        protect(site, "/data", "data");
    }
    let set = async |origin: &str, password: &str| {
        let entry = json!({"origin": origin, "username": "ada", "password": password});
        page.ask("setCredentials", json!({"credentials": [entry]}))
            .await
    };
    set(&site.url(""), "s3cret").await.expect("done");
    // A script asks before any document does.
    let fetched = "fetch('/data').then((it) => it.status)";
    assert_eq!(page.evaluate(fetched).await, 200);
    assert_eq!(client.go(tab, &site.url("/in")).await["status"], 200);
    for url in [other.url("/in"), site.url_on("allowed.test", "/in")] {
        assert_eq!(client.go(tab, &url).await["status"], 401, "{url}");
    }
    assert!(
        other
            .asked("/in")
            .iter()
            .all(|it| it.authorization.is_empty())
    );
    // A wrong one is tried once, and shows the refusal.
    set(&other.url(""), "wrong").await.expect("done");
    assert_eq!(client.go(tab, &other.url("/in")).await["status"], 401);
    let tried = other.asked("/in");
    let tried = tried.iter().filter(|it| !it.authorization.is_empty());
    assert_eq!(tried.count(), 1);
    for origin in [
        "127.0.0.1",
        "http://ada:s3cret@a.test",
        "http://a.test/in",
        "ftp://a.test",
    ] {
        let error = set(origin, "s3cret").await.expect_error("BAD_REQUEST");
        assert_eq!(
            error["details"]["field"], "credentials[0].origin",
            "{error}"
        );
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
    page.bridge.stop().await;
}

async fn credentials_survive_a_crash_and_are_no_other_clients(browser: TestBrowser) {
    let site = Site::start().await;
    protect(&site, "/in", "<p>inside</p>");
    let page = OpenPage::on(TestBridge::start_on_port(browser).await, "<p>open</p>").await;
    let (client, tab) = (&page.client, page.tab.as_str());
    let entry = json!({"origin": site.url(""), "username": "ada", "password": "s3cret"});
    let set = json!({"credentials": [entry]});
    page.ask("setCredentials", set).await.expect("done");
    let mut raw = Raw::of_profile(&page.bridge.profile().await).await;
    let session = raw.page("/page").await;
    raw.send(Some(&session), "Page.crash", json!({})).await;
    client.tab_event("tabRebuilt", tab).await;
    client.tab_event("loadEventFired", tab).await;
    assert_eq!(client.go(tab, &site.url("/in")).await["status"], 200);
    // A tab with another browser context has not, and neither has this one in another.
    let apart = json!({"url": site.url("/in"), "loggedOut": true, "type": "createTab"});
    let apart = client.ask(apart).await.expect("tabCreated").id().to_owned();
    assert_eq!(client.tab_event("navigated", &apart).await["status"], 401);
    let switch = json!({"type": "setLoggedOutMode", "tabId": tab, "enabled": true});
    client.ask(switch).await.expect("loggedOutModeSet");
    assert_eq!(client.go(tab, &site.url("/in")).await["status"], 401);
    page.bridge.stop().await;
}
