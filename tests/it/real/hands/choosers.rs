//! Pages that ask their user for files.

use serde_json::json;

use super::steps::Hands;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::site::Site;
use crate::support::wait::until;

on_both_browsers!(
    a_click_that_asks_for_files_opens_nothing_and_is_told,
    frames_of_any_process_and_popups_ask_in_the_same_way,
);

/// The next file chooser of a tab, and whether it takes several files.
async fn asked_for_several(client: &Client, tab: &str) -> bool {
    let asked = client.tab_event("fileChooserOpened", tab).await;
    asked["multiple"].as_bool().unwrap()
}

async fn a_click_that_asks_for_files_opens_nothing_and_is_told(browser: TestBrowser) {
    let page = "<input type=file id=one><label for=many id=label>Several</label>
        <input type=file id=many multiple hidden>
        <button id=b onclick=\"Object.assign(document.createElement('input'), {type: 'file'}).click()\">Choose</button>
        <p id=out></p><script>
        many.onchange = () => { out.textContent = Array.from(many.files, (it) => it.name).join() }</script>";
    let hands = Hands::on(browser, page).await;
    let (client, tab) = (&hands.client, hands.tab.as_str());
    hands.click("#one").await;
    assert!(!asked_for_several(client, tab).await);
    hands.click("#label").await;
    assert!(asked_for_several(client, tab).await);
    hands.click("#b").await;
    assert!(
        !asked_for_several(client, tab).await,
        "it is nowhere in the page"
    );
    // The page is not blocked, and files are uploaded as without a chooser.
    let files = json!([{"name": "a.txt", "data": "QQ=="}, {"name": "b.txt", "data": "Qg=="}]);
    let upload = json!({"selector": "#many", "files": files});
    hands.ask("upload", upload).await.expect("done");
    assert_eq!(hands.text("#out").await, "a.txt,b.txt");
    let more = client.take_now(|it| it.is("fileChooserOpened"));
    assert!(more.is_none(), "an upload asks for nothing: {more:?}");
    hands.bridge.stop().await;
}

async fn frames_of_any_process_and_popups_ask_in_the_same_way(browser: TestBrowser) {
    let site = Site::start().await;
    let isolate = |config: &mut cdp_bridge::config::Config| {
        config.browser.args.push("--site-per-process".to_owned());
    };
    let bridge = TestBridge::start_with(browser, isolate).await;
    let client = bridge.client().await;
    let asks = "<body style='margin:0'><input id=i type=file style='width:200px;height:40px'>";
    let asking = site.page("/asks", asks);
    let there = site.url_on("other.test", "/asks");
    let frame = |id: &str, url: &str| {
        format!("<iframe id={id} src='{url}' style='border:0;display:block;height:60px'></iframe>")
    };
    let body = format!(
        "<body style='margin:0'>{}{}<a id=a target=_blank href='{asking}'>popup</a>",
        frame("there", &there),
        frame("same", "/asks"),
    );
    let tab = client.open(&site.page("/page", &body)).await;
    let click = async |tab: &str, mut fields: serde_json::Value| {
        fields["type"] = json!("click");
        fields["tabId"] = json!(tab);
        client.ask(fields).await.expect("done");
    };
    // By a point first: nothing has been found in the frame by then. Chromium lets the mouse into a
    // frame of another process only some time after it has been drawn.
    until("the frame asks", async || {
        click(&tab, json!({"x": 20, "y": 20})).await;
        client.ping().await;
        client.take_now(|it| it.is("fileChooserOpened")).is_some()
    })
    .await;
    while client.take_now(|it| it.is("fileChooserOpened")).is_some() {}
    for selector in ["#there >> #i", "#same >> #i"] {
        click(&tab, json!({ "selector": selector })).await;
        assert!(!asked_for_several(&client, &tab).await, "{selector}");
    }
    let upload = json!({
        "type": "upload", "tabId": tab, "selector": "#there >> #i",
        "files": [{"name": "a", "data": "QQ=="}],
    });
    client.ask(upload).await.expect("done");
    click(&tab, json!({"selector": "#a"})).await;
    let popup = client.event("tabCreated").await.id().to_owned();
    client.tab_event("loadEventFired", &popup).await;
    click(&popup, json!({"selector": "#i"})).await;
    assert!(!asked_for_several(&client, &popup).await);
    bridge.stop().await;
}
