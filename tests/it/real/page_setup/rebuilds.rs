//! What a tab's documents start with is kept over crashes and the end of the browser.

use rustix::process::Signal;
use serde_json::json;

use super::steps::{Lab, SEEN};
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::processes;
use crate::support::raw::Raw;

on_both_browsers!(a_rebuilt_tab_starts_as_before);

async fn a_rebuilt_tab_starts_as_before(browser: TestBrowser) {
    const STATE: &str =
        "navigator.permissions.query({ name: 'geolocation' }).then((it) => it.state)";
    let lab = Lab::on(TestBridge::start_on_port(browser).await).await;
    let page = lab.site.page(
        "/page",
        &format!("<script>early = {SEEN}; early.init = globalThis.init</script>"),
    );
    let wanted = json!({"device": "Pixel 8", "timezoneId": "Asia/Tokyo", "extraHeaders": {"X-Token": "abc"}});
    let holds = lab.emulate(wanted).await;
    let script = json!({"script": "globalThis.init = 1"});
    let added = lab
        .ask("addInitScript", script)
        .await
        .expect("initScriptAdded");
    let granted = json!({"permissions": ["geolocation"]});
    lab.ask("setPermissions", granted)
        .await
        .expect("permissionsSet");
    lab.go("/page").await;
    let early = lab.evaluate("early").await;
    assert_eq!(
        (&early["zone"], &early["init"]),
        (&json!("Asia/Tokyo"), &json!(1))
    );
    assert_eq!(lab.evaluate(STATE).await, "granted");

    let mut raw = Raw::of_profile(&lab.bridge.profile().await).await;
    let session = raw.page("/page").await;
    raw.send(Some(&session), "Page.crash", json!({})).await;
    for browser_ends in [false, true] {
        if browser_ends {
            processes::signal(lab.bridge.browser_pid().await, Signal::KILL);
        }
        lab.client.tab_event("tabRebuilt", &lab.tab).await;
        lab.client.tab_event("loadEventFired", &lab.tab).await;
        assert_eq!(lab.evaluate("early").await, early);
        assert_eq!(lab.told().await, holds);
        assert_eq!(lab.evaluate(STATE).await, "granted");
    }
    assert!(
        lab.site
            .asked("/page")
            .iter()
            .all(|it| it.header("x-token") == "abc")
    );
    // The script can still be removed from the new target.
    let removed = json!({"scriptId": added["scriptId"]});
    lab.ask("removeInitScript", removed).await.expect("done");
    lab.client.go(&lab.tab, &page).await;
    assert_eq!(lab.evaluate("early.init ?? null").await, json!(null));
    // Another browser context is emulated alike, and has no permissions.
    let switch = json!({"enabled": true});
    lab.ask("setLoggedOutMode", switch)
        .await
        .expect("loggedOutModeSet");
    assert_eq!(lab.evaluate("early.zone").await, "Asia/Tokyo");
    assert_eq!(lab.evaluate(STATE).await, "denied");
    lab.bridge.stop().await;
}
