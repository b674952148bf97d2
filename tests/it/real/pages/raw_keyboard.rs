//! Single events of the keyboard, keys that stay down, and text without keys.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    keys_that_are_down_count_for_all_that_is_typed_and_pressed,
    a_key_is_held_as_long_as_asked_and_never_for_good,
    text_is_inserted_without_keys_and_held_keys_copy_and_paste,
);

const LOG: &str = "<input id=i><input id=j><script>window.log = [];
    for (const name of ['keydown', 'keyup', 'beforeinput']) addEventListener(name, (event) => {
    const {key, code, repeat, shiftKey, ctrlKey, inputType} = event; log.push([name, inputType ?? key + ' ' + code, repeat ? 'repeat' : '',
    shiftKey ? 'shift' : '', ctrlKey ? 'ctrl' : ''].filter(Boolean).join(' ')); });</script>";

impl OpenPage {
    pub(super) async fn key(&self, action: &str, key: &str) {
        let fields = json!({"action": action, "key": key});
        self.ask("keyboard", fields).await.expect("done");
    }

    async fn log(&self) -> Value {
        self.evaluate("log.splice(0)").await
    }
}

async fn keys_that_are_down_count_for_all_that_is_typed_and_pressed(browser: TestBrowser) {
    let page = OpenPage::with(browser, LOG).await;
    page.click("#i").await;
    page.key("down", "Shift").await;
    page.key("down", "a").await;
    page.key("down", "KeyA").await;
    page.key("up", "a").await;
    page.ask("press", json!({"key": "KeyB"}))
        .await
        .expect("done");
    page.ask("type", json!({"text": "c1"})).await.expect("done");
    page.key("up", "Shift").await;
    page.ask("press", json!({"key": "d"})).await.expect("done");
    assert_eq!(
        page.log().await,
        json!([
            "keydown Shift ShiftLeft shift",
            "keydown a KeyA shift",
            "beforeinput insertText",
            "keydown A KeyA repeat shift",
            "beforeinput insertText",
            "keyup a KeyA shift",
            "keydown B KeyB shift",
            "beforeinput insertText",
            "keyup B KeyB shift",
            "keydown c KeyC shift",
            "beforeinput insertText",
            "keyup c KeyC shift",
            "keydown 1 Digit1 shift",
            "beforeinput insertText",
            "keyup 1 Digit1 shift",
            "keyup Shift ShiftLeft",
            "keydown d KeyD",
            "beforeinput insertText",
            "keyup d KeyD",
        ])
    );
    assert_eq!(page.evaluate("i.value").await, "aABc1d");
    // Filling a field takes no notice of what is held.
    page.key("down", "Control").await;
    let fill = json!({"selector": "#i", "value": "new"});
    assert_eq!(page.ask("fill", fill).await.expect("done")["matches"], true);
    page.key("up", "Control").await;
    for key in ["hunter2", "Control+a", ""] {
        let fields = json!({"action": "down", "key": key});
        let error = page.ask("keyboard", fields).await;
        let error = error.expect_error("BAD_REQUEST");
        assert_eq!(error["details"]["field"], "key", "{error}");
        assert!(
            key.is_empty() || !error.to_string().contains(key),
            "{error}"
        );
    }
    page.bridge.stop().await;
}

async fn a_key_is_held_as_long_as_asked_and_never_for_good(browser: TestBrowser) {
    let page = OpenPage::with(browser, LOG).await;
    page.click("#i").await;
    let start = Instant::now();
    let press = json!({"key": "Control+ArrowRight", "holdMs": 300});
    page.ask("press", press).await.expect("done");
    assert!(start.elapsed() >= Duration::from_millis(300));
    let pressed = json!([
        "keydown Control ControlLeft ctrl",
        "keydown ArrowRight ArrowRight ctrl",
        "keyup ArrowRight ArrowRight ctrl",
        "keyup Control ControlLeft",
    ]);
    assert_eq!(page.log().await, pressed);
    // The time limit and a cancellation release it, too.
    let press = json!({"key": "Control+ArrowRight", "holdMs": 60_000, "timeoutMs": 400});
    let error = page.ask("press", press).await.expect_error("CDP_TIMEOUT");
    assert_eq!(error["retryable"], false);
    page.ask("press", json!({"key": "x"})).await.expect("done");
    let (log, pressed) = (page.log().await, pressed.as_array().unwrap());
    assert_eq!((&log[2], &log[3]), (&pressed[2], &pressed[3]), "{log}");
    assert_eq!(log[4], "keydown x KeyX", "{log}");
    page.bridge.stop().await;
}

async fn text_is_inserted_without_keys_and_held_keys_copy_and_paste(browser: TestBrowser) {
    let page = OpenPage::with(browser, LOG).await;
    page.click("#i").await;
    let insert = json!({"action": "insertText", "text": "dé 日本"});
    page.ask("keyboard", insert).await.expect("done");
    assert_eq!(page.log().await, json!(["beforeinput insertText"]));
    assert_eq!(page.evaluate("i.value").await, "dé 日本");
    page.key("down", "Control").await;
    for key in ["a", "c"] {
        page.key("down", key).await;
        page.key("up", key).await;
    }
    page.key("up", "Control").await;
    page.click("#j").await;
    page.key("down", "Control").await;
    page.key("down", "v").await;
    page.key("up", "v").await;
    page.ask("press", json!({"key": "v"})).await.expect("done");
    page.key("up", "Control").await;
    assert_eq!(page.evaluate("j.value").await, "dé 日本dé 日本");
    page.bridge.stop().await;
}
