//! Keys as a real keyboard sends them.

use serde_json::json;

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    keys_of_the_number_pad_and_of_other_layouts_are_pressed,
    a_modifier_that_is_pressed_alone_counts_as_held,
);

const LOG: &str = "<input id=i><script>window.log = []; for (const name of ['keydown', 'keyup'])
    i.addEventListener(name, (event) => { const {key, code, keyCode, location, metaKey, shiftKey} = event;
    log.push([name, key, code, keyCode, location, metaKey || shiftKey ? 'held' : ''].join(' ').trim()); });</script>";

async fn keys_of_the_number_pad_and_of_other_layouts_are_pressed(browser: TestBrowser) {
    let page = OpenPage::with(browser, LOG).await;
    for (key, keydown) in [
        ("Numpad5", "keydown 5 Numpad5 101 3"),
        ("NumpadAdd", "keydown + NumpadAdd 107 3"),
        ("AltGraph", "keydown AltGraph AltRight 225 2"),
        (
            "MediaPlayPause",
            "keydown MediaPlayPause MediaPlayPause 179 0",
        ),
        ("IntlBackslash", "keydown \\ IntlBackslash 226 0"),
        ("à", "keydown à  0 0"),
    ] {
        page.evaluate("log.length = 0").await;
        let press = json!({"selector": "#i", "key": key});
        page.ask("press", press).await.expect("done");
        assert_eq!(page.evaluate("log[0]").await, keydown);
    }
    // The caret is at the start only until the field has the focus.
    assert_eq!(page.evaluate("i.value").await, "5+\\à");
    page.bridge.stop().await;
}

async fn a_modifier_that_is_pressed_alone_counts_as_held(browser: TestBrowser) {
    let page = OpenPage::with(browser, LOG).await;
    for (key, events) in [
        (
            "Meta",
            [
                "keydown Meta MetaLeft 91 1 held",
                "keyup Meta MetaLeft 91 1",
            ],
        ),
        (
            "ShiftRight",
            [
                "keydown Shift ShiftRight 16 2 held",
                "keyup Shift ShiftRight 16 2",
            ],
        ),
    ] {
        page.evaluate("log.length = 0").await;
        let press = json!({"selector": "#i", "key": key});
        page.ask("press", press).await.expect("done");
        assert_eq!(page.evaluate("log").await, json!(events));
    }
    page.bridge.stop().await;
}
