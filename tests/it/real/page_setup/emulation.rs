//! Each field of `emulate`, as the page's own scripts and its server see it.

use serde_json::{Value, json};

use super::steps::{Lab, SEEN};
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    a_device_is_seen_by_scripts_and_by_the_server,
    each_setting_holds_until_it_is_reset,
    what_chromium_does_not_know_is_refused_and_changes_nothing,
    a_viewport_of_a_new_tab_is_emulated_like_any_other,
    a_tab_that_is_offline_loads_nothing,
);

#[expect(
    clippy::too_many_lines,
    reason = "most of it is a list of what is seen"
)]
async fn a_device_is_seen_by_scripts_and_by_the_server(browser: TestBrowser) {
    let lab = Lab::with(browser).await;
    let page = format!(
        "<meta name=viewport content='width=device-width'><script>early = {SEEN}; size = [innerWidth, innerHeight, devicePixelRatio]</script>"
    );
    lab.site.page("/page", &page);
    let holds = lab
        .emulate(
            json!({"device": "Pixel 8", "locale": "de-DE", "timezoneId": "Asia/Tokyo",
            "extraHeaders": {"X-Token": "abc"}}),
        )
        .await;
    assert_eq!(holds["device"], "Pixel 8");
    assert_eq!(holds["viewport"], json!({"width": 412, "height": 839}));
    assert_eq!(holds["extraHeaders"], json!(["X-Token"]));
    assert_eq!(lab.told().await, holds);
    lab.go("/page").await;
    let early = lab.evaluate("early").await;
    let agent = early["agent"].as_str().unwrap();
    assert!(
        agent.contains("Android 14; Pixel 8") && !agent.contains("Headless"),
        "{agent}"
    );
    assert_eq!(early["platform"], "Linux armv81");
    assert_eq!(
        (&early["language"], &early["zone"]),
        (&json!("de-DE"), &json!("Asia/Tokyo"))
    );
    assert_eq!(early["number"], "1.234,5");
    assert_eq!(lab.evaluate("size").await, json!([412, 839, 2.625]));
    assert_eq!(
        lab.evaluate("[screen.width, screen.height]").await,
        json!([412, 915])
    );
    assert_eq!(
        lab.evaluate("navigator.maxTouchPoints > 0 && 'ontouchstart' in window")
            .await,
        true
    );
    assert_eq!(
        lab.evaluate("screen.orientation.type").await,
        "portrait-primary"
    );
    let hints = lab
        .evaluate(
            "navigator.userAgentData.getHighEntropyValues(['model', 'platformVersion', 'fullVersionList'])",
        )
        .await;
    assert_eq!(
        (&hints["platform"], &hints["mobile"]),
        (&json!("Android"), &json!(true))
    );
    assert_eq!(
        (&hints["model"], &hints["platformVersion"]),
        (&json!("Pixel 8"), &json!("14.0.0"))
    );
    let asked = &lab.site.asked("/page")[0];
    assert_eq!(asked.header("user-agent"), agent);
    assert_eq!(asked.header("accept-language"), "de-DE");
    assert_eq!(asked.header("sec-ch-ua-mobile"), "?1");
    assert_eq!(asked.header("sec-ch-ua-platform"), "\"Android\"");
    let version = agent
        .split("Chrome/")
        .nth(1)
        .unwrap()
        .split('.')
        .next()
        .unwrap();
    let brand = format!("\"Chromium\";v=\"{version}\"");
    assert!(asked.header("sec-ch-ua").contains(&brand), "{asked:?}");
    let brands = hints["brands"].to_string();
    assert!(
        brands.contains(version) && !brands.contains("Headless"),
        "{brands}"
    );
    assert_eq!(asked.header("x-token"), "abc");
    // A browser that is not based on Chromium has no client hints.
    lab.emulate(json!({"device": "iPhone 15"})).await;
    lab.go("/page").await;
    let asked = &lab.site.asked("/page")[1];
    assert!(
        asked.header("user-agent").contains("iPhone OS 17_5"),
        "{asked:?}"
    );
    assert_eq!(
        (
            asked.header("sec-ch-ua"),
            asked.header("sec-ch-ua-platform")
        ),
        ("", "")
    );
    lab.bridge.stop().await;
}

async fn each_setting_holds_until_it_is_reset(browser: TestBrowser) {
    const QUERIES: &str = "({ dark: matchMedia('(prefers-color-scheme: dark)').matches,
        still: matchMedia('(prefers-reduced-motion: reduce)').matches, print: matchMedia('print').matches,
        coarse: matchMedia('(pointer: coarse)').matches, width: innerWidth, scale: devicePixelRatio })";
    let lab = Lab::with(browser).await;
    lab.site.page("/page", "page");
    lab.site.page("/other", "other");
    lab.go("/page").await;
    let usual = (lab.evaluate(QUERIES).await, lab.evaluate(SEEN).await);
    for (field, value, query, expected) in [
        ("colorScheme", json!("dark"), "dark", json!(true)),
        ("reducedMotion", json!("reduce"), "still", json!(true)),
        ("media", json!("print"), "print", json!(true)),
        (
            "viewport",
            json!({"width": 500, "height": 400}),
            "width",
            json!(500),
        ),
        ("deviceScaleFactor", json!(2.5), "scale", json!(2.5)),
        ("touch", json!(true), "coarse", json!(true)),
        ("userAgent", json!("Agent/1"), "agent", json!("Agent/1")),
        ("locale", json!("fr-FR"), "language", json!("fr-FR")),
        (
            "timezoneId",
            json!("America/New_York"),
            "zone",
            json!("America/New_York"),
        ),
    ] {
        let see = || async {
            let (queries, seen) = (lab.evaluate(QUERIES).await, lab.evaluate(SEEN).await);
            if queries[query].is_null() {
                seen[query].clone()
            } else {
                queries[query].clone()
            }
        };
        // It holds at once, and for the next document.
        assert_eq!(
            lab.emulate(json!({field: value})).await,
            json!({field: value})
        );
        assert_eq!(see().await, expected, "{field}");
        lab.go("/other").await;
        assert_eq!(see().await, expected, "{field}");
        assert_eq!(lab.emulate(json!({field: null})).await, json!({}));
        assert_eq!(lab.told().await, Value::Null);
    }
    lab.go("/page").await;
    assert_eq!(
        (lab.evaluate(QUERIES).await, lab.evaluate(SEEN).await),
        usual
    );
    lab.bridge.stop().await;
}

async fn what_chromium_does_not_know_is_refused_and_changes_nothing(browser: TestBrowser) {
    let lab = Lab::with(browser).await;
    lab.site.page("/page", "page");
    lab.go("/page").await;
    lab.emulate(json!({"locale": "fr-FR"})).await;
    let unknown = json!({"timezoneId": "Mars/Olympus", "locale": "de-DE", "colorScheme": "dark"});
    let error = lab
        .ask("emulate", unknown)
        .await
        .expect_error("BAD_REQUEST");
    assert_eq!(error["details"]["field"], "timezoneId", "{error}");
    assert_eq!(lab.told().await, json!({"locale": "fr-FR"}));
    let seen = lab.evaluate(SEEN).await;
    assert_eq!(seen["language"], "fr-FR", "{seen}");
    assert_eq!(
        lab.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
            .await,
        false
    );
    let missing = json!({"type": "emulate", "tabId": "t999"});
    lab.client.ask(missing).await.expect_error("UNKNOWN_TAB");
    lab.bridge.stop().await;
}

async fn a_viewport_of_a_new_tab_is_emulated_like_any_other(browser: TestBrowser) {
    let lab = Lab::with(browser).await;
    let viewport = json!({"width": 640, "height": 360, "deviceScaleFactor": 2});
    let tab = lab.client.open_with(json!({"viewport": viewport})).await;
    let info = lab.client.tab_info(&tab).await.unwrap();
    let expected = json!({"viewport": {"width": 640, "height": 360}, "deviceScaleFactor": 2.0});
    assert_eq!(info["emulation"], expected);
    let size = json!({"viewport": {"width": 300, "height": 200}});
    lab.ask_of(&tab, "emulate", size).await.expect("emulated");
    let picture = lab.client.screenshot(&tab, "png", false).await;
    assert_eq!(
        (&picture["width"], &picture["height"]),
        (&json!(600), &json!(400))
    );
    let reset = json!({"viewport": null, "deviceScaleFactor": null});
    lab.ask_of(&tab, "emulate", reset).await.expect("emulated");
    let picture = lab.client.screenshot(&tab, "png", false).await;
    assert_eq!(
        (&picture["width"], &picture["height"]),
        (&json!(1280), &json!(720))
    );
    lab.bridge.stop().await;
}

async fn a_tab_that_is_offline_loads_nothing(browser: TestBrowser) {
    const FETCHES: &str = "fetch('/data').then(() => 'there', () => 'unreachable')";
    let lab = Lab::with(browser).await;
    let page = lab.site.page("/page", "page");
    lab.site.page("/data", "data");
    lab.go("/page").await;
    lab.emulate(json!({"offline": true})).await;
    assert_eq!(lab.evaluate("navigator.onLine").await, false);
    assert_eq!(lab.evaluate(FETCHES).await, "unreachable");
    let navigate = json!({"url": page});
    let error = lab
        .ask("navigate", navigate)
        .await
        .expect_error("NAV_FAILED");
    assert_eq!(
        error["details"]["net"], "net::ERR_INTERNET_DISCONNECTED",
        "{error}"
    );
    lab.emulate(json!({"offline": false})).await;
    lab.go("/page").await;
    assert_eq!(lab.evaluate(FETCHES).await, "there");
    assert_eq!(lab.site.asked("/data").len(), 1);
    lab.bridge.stop().await;
}
