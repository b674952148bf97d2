//! Dialogs that the client answers.

use std::time::Duration;

use cdp_bridge::policy::DialogPolicy;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::open_page::OpenPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::processes;
use crate::support::received::Received;
use crate::support::site::Site;
use crate::support::wait::until;

on_both_browsers!(
    a_client_answers_dialogs_of_every_kind,
    a_page_that_wants_to_stay_stays_or_is_left_as_the_client_says,
    what_a_tab_does_while_a_dialog_is_open,
    dialogs_of_frames_in_other_processes_are_answered,
    a_dialog_ends_by_time_with_its_clients_and_with_its_page,
);

async fn asking(browser: TestBrowser, timeout: Duration) -> TestBridge {
    TestBridge::start_with(browser, |config| {
        config.policy.dialogs = DialogPolicy::Ask;
        config.policy.answer_timeout = timeout;
        config.browser.args.push("--site-per-process".to_owned());
        config.server.resume_window = Duration::ZERO;
    })
    .await
}

const LONG: Duration = Duration::from_mins(2);

/// The next dialog of the tab, and its id.
async fn opened(client: &Client, tab: &str) -> (Received, String) {
    let opened = client.tab_event("dialogOpened", tab).await;
    assert_eq!(opened["handled"], "asked", "{opened}");
    let id = opened["dialogId"].as_str().unwrap().to_owned();
    (opened, id)
}

fn answer(tab: &str, dialog: &str, accept: bool) -> Value {
    json!({"type": "answerDialog", "tabId": tab, "dialogId": dialog, "accept": accept})
}

async fn a_client_answers_dialogs_of_every_kind(browser: TestBrowser) {
    let body = "<button id=b onclick='ask()'>B</button><script>window.answers = [];
        const ask = () => { alert('one'); answers.push(confirm('two?'), confirm('three?'), prompt('four?', 'Ada'),
        prompt('five?', 'Ada'), prompt('six?'), prompt('seven?')); }</script>";
    let page = OpenPage::on(asking(browser, LONG).await, body).await;
    let (client, tab) = (&page.client, page.tab.as_str());
    // Another connection sees all, and answers one.
    let other = page.bridge.client().await;
    let click = json!({"type": "click", "tabId": tab, "selector": "#b"});
    let click = client.request(click).await;
    for (number, (kind, message, proposed, accept, text)) in [
        ("alert", "one", None, true, None),
        ("confirm", "two?", None, true, None),
        ("confirm", "three?", None, false, None),
        ("prompt", "four?", Some("Ada"), true, None),
        ("prompt", "five?", Some("Ada"), true, Some("Grace")),
        ("prompt", "six?", None, true, None),
        ("prompt", "seven?", None, false, None),
    ]
    .into_iter()
    .enumerate()
    {
        let (dialog, id) = opened(client, tab).await;
        assert_eq!(dialog["kind"], kind);
        assert_eq!(dialog["message"], message);
        assert_eq!(dialog["defaultValue"].as_str(), proposed, "{dialog}");
        assert!(dialog["answerBy"].as_u64().unwrap() > 1_700_000_000_000);
        let mut request = answer(tab, &id, accept);
        if let Some(text) = text {
            request["promptText"] = json!(text);
        }
        let who = if number == 1 { &other } else { client };
        let closed = who.ask(request.clone()).await.expect("dialogClosed");
        let handled = if accept { "accepted" } else { "dismissed" };
        assert_eq!(
            (&closed["dialogId"], &closed["handled"], &closed["by"]),
            (&json!(id), &json!(handled), &json!("client"))
        );
        let bystander = if number == 1 { client } else { &other };
        let told = bystander.tab_event("dialogClosed", tab).await;
        assert_eq!(told["dialogId"], id);
        who.ask(request).await.expect_error("NOT_FOUND");
    }
    client.answer(&click).await.expect("done");
    let expected = json!([true, false, "Ada", "Grace", "", null]);
    assert_eq!(page.evaluate("answers").await, expected);
    page.bridge.stop().await;
}

async fn a_page_that_wants_to_stay_stays_or_is_left_as_the_client_says(browser: TestBrowser) {
    let clinging = "<p>clinging</p><button id=b>B</button><script>
        onbeforeunload = (event) => { event.preventDefault(); return 'no' }</script>";
    let page = OpenPage::on(asking(browser, LONG).await, clinging).await;
    let (client, tab) = (&page.client, page.tab.as_str());
    let next = page.site.page("/next", "next");
    // A page that nobody has used may be left.
    page.click("#b").await;
    for request in [
        json!({"type": "navigate", "tabId": tab, "url": next}),
        json!({"type": "reload", "tabId": tab}),
    ] {
        let leaving = client.request(request).await;
        let (dialog, id) = opened(client, tab).await;
        assert_eq!(dialog["kind"], "beforeunload");
        client
            .ask(answer(tab, &id, false))
            .await
            .expect("dialogClosed");
        let stayed = client.answer(&leaving).await.expect_error("NAV_FAILED");
        assert_eq!(stayed["details"]["net"], "net::ERR_ABORTED", "{stayed}");
        assert_eq!(
            page.evaluate("document.querySelector('p').textContent")
                .await,
            "clinging"
        );
    }
    let leaving = json!({"type": "navigate", "tabId": tab, "url": next});
    let leaving = client.request(leaving).await;
    let (_, id) = opened(client, tab).await;
    let closed = client.ask(answer(tab, &id, true)).await;
    assert_eq!(closed.expect("dialogClosed")["handled"], "accepted");
    let left = client.answer(&leaving).await.expect("navigated");
    assert_eq!(left["url"], next);
    page.bridge.stop().await;
}

async fn what_a_tab_does_while_a_dialog_is_open(browser: TestBrowser) {
    let body = "<p>text</p><button id=b onclick='window.said = confirm(1)'>B</button>";
    let page = OpenPage::on(asking(browser, LONG).await, body).await;
    let (client, tab) = (&page.client, page.tab.as_str());
    let click = json!({"type": "click", "tabId": tab, "selector": "#b", "timeoutMs": 1500});
    let click = client.request(click).await;
    let (_, id) = opened(client, tab).await;
    // A picture can be taken.
    let picture = client.screenshot(tab, "png", false).await;
    assert_eq!(
        (&picture["width"], &picture["height"]),
        (&json!(1280), &json!(720))
    );
    client.ask(json!({"type": "listTabs"})).await.expect("tabs");
    // All else waits, and says behind what.
    for request in [
        json!({"type": "query", "selector": "p", "what": "text"}),
        json!({"type": "getDomSnapshot"}),
        json!({"type": "navigate", "url": page.site.url("/page")}),
        json!({"type": "press", "key": "a"}),
    ] {
        let mut request = request;
        request["tabId"] = json!(tab);
        request["timeoutMs"] = json!(300);
        let late = client.ask(request).await.expect_error("CDP_TIMEOUT");
        let message = late["message"].as_str().unwrap();
        assert!(message.contains(&format!("confirm dialog {id}")), "{late}");
    }
    let late = client.answer(&click).await.expect_error("CDP_TIMEOUT");
    let message = late["message"].as_str().unwrap();
    assert!(message.contains("answerDialog"), "{late}");
    let waiting = json!({"type": "query", "tabId": tab, "selector": "p", "what": "text"});
    let waiting = client.request(waiting).await;
    client
        .ask(answer(tab, &id, true))
        .await
        .expect("dialogClosed");
    assert_eq!(client.answer(&waiting).await["value"], "text");
    assert_eq!(page.evaluate("said").await, true);
    // A tab is closed at once with its dialog.
    page.evaluate("setTimeout(() => alert('last'))").await;
    opened(client, tab).await;
    client.close(tab).await;
    let closed = client.tab_event("dialogClosed", tab).await;
    assert_eq!(closed["by"], "page");
    page.bridge.stop().await;
}

async fn dialogs_of_frames_in_other_processes_are_answered(browser: TestBrowser) {
    let site = Site::start().await;
    site.page(
        "/frame",
        "<button id=b onclick='b.textContent = prompt(1)'>B</button>",
    );
    let page = OpenPage::on(asking(browser, LONG).await, "").await;
    let there = site.url_on("other.test", "/frame");
    let body = format!("<iframe id=f src='{there}'></iframe>");
    let url = page.site.page("/frames", &body);
    let (client, tab) = (&page.client, page.tab.as_str());
    client.go(tab, &url).await;
    let click = json!({"type": "click", "tabId": tab, "selector": "#f >> #b"});
    let click = client.request(click).await;
    let (dialog, id) = opened(client, tab).await;
    assert_eq!(dialog["kind"], "prompt");
    let mut request = answer(tab, &id, true);
    request["promptText"] = json!("there");
    client.ask(request).await.expect("dialogClosed");
    client.answer(&click).await.expect("done");
    let query = json!({"selector": "#f >> #b", "what": "text"});
    let text = page.ask("query", query).await.expect("queried");
    assert_eq!(text["value"], "there");
    page.bridge.stop().await;
}

async fn a_dialog_ends_by_time_with_its_clients_and_with_its_page(browser: TestBrowser) {
    let body = "<script>window.answers = []; window.ask = () => setTimeout(() => {
        answers.push(confirm(1)); fetch('/answered') })</script>";
    let bridge = asking(browser, Duration::from_secs(3)).await;
    let mut page = OpenPage::on(bridge, body).await;
    let tab = page.tab.clone();
    page.evaluate("ask()").await;
    let (_, id) = opened(&page.client, &tab).await;
    let closed = page.client.tab_event("dialogClosed", &tab).await;
    assert_eq!(
        (&closed["dialogId"], &closed["handled"], &closed["by"]),
        (&json!(id), &json!("dismissed"), &json!("timeout"))
    );
    assert_eq!(page.evaluate("answers").await, json!([false]));
    // The page goes.
    page.evaluate("ask()").await;
    opened(&page.client, &tab).await;
    for process in processes::of_group(page.bridge.browser_pid().await) {
        if process.kind() == Some("renderer") {
            processes::signal(process.pid, Signal::KILL);
        }
    }
    let closed = page.client.tab_event("dialogClosed", &tab).await;
    assert_eq!(closed["by"], "page");
    page.client.tab_event("tabRebuilt", &tab).await;
    page.client.tab_event("loadEventFired", &tab).await;
    // The only client goes.
    page.evaluate("ask()").await;
    opened(&page.client, &tab).await;
    page.client.leave().await;
    until("it is dismissed", async || {
        page.site.asked("/answered").len() == 2
    })
    .await;
    page.client = page.bridge.client().await;
    assert_eq!(page.evaluate("answers").await, json!([false]));
    page.bridge.stop().await;
}
