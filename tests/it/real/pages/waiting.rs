//! What `waitFor` can wait for, besides elements and load states.

use cdp_bridge::policy::EvaluatePolicy;
use serde_json::json;

use super::open_page::OpenPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    a_script_is_waited_for_until_its_value_is_true,
    a_url_is_waited_for_by_a_regular_expression,
    one_of_several_conditions_is_enough_and_it_is_told_which,
    scripts_are_not_waited_for_where_the_configuration_forbids_them,
);

async fn a_script_is_waited_for_until_its_value_is_true(browser: TestBrowser) {
    let page = OpenPage::with(
        browser,
        "<script>n = 0; setTimeout(() => { n = 3 }, 300)</script>",
    )
    .await;
    for (expression, args, value) in [
        ("n === 3 && [n, 'there']", json!([]), json!([3, "there"])),
        ("(a, b) => n >= 3 && a + b", json!([1, 2]), json!(3)),
        (
            "() => new Promise((done) => setTimeout(() => done('late'), 50))",
            json!([]),
            json!("late"),
        ),
        ("const c = n; c && { c }", json!([]), json!({"c": 3})),
        // What has no JSON is true all the same.
        ("window", json!([]), json!(null)),
    ] {
        let fields = json!({"expression": expression, "args": args});
        let waited = page.ask("waitFor", fields).await.expect("waited");
        assert_eq!(waited["value"], value, "{expression}: {waited}");
        assert_eq!(waited["index"], json!(null));
    }
    // The document that follows is asked too.
    page.site.page("/next", "<p id=there>there</p>");
    page.evaluate("setTimeout(() => location = '/next', 200)")
        .await;
    let fields = json!({"expression": "document.querySelector('#there')?.textContent"});
    let waited = page.ask("waitFor", fields).await.expect("waited");
    assert_eq!(
        (&waited["value"], &waited["url"]),
        (&json!("there"), &json!(page.site.url("/next")))
    );
    for (expression, code) in [
        ("0", "CDP_TIMEOUT"),
        ("NaN", "CDP_TIMEOUT"),
        ("a.b", "EVALUATION_FAILED"),
        ("(", "EVALUATION_FAILED"),
    ] {
        let fields = json!({"expression": expression, "timeoutMs": 1500});
        let error = page.ask("waitFor", fields).await.expect_error(code);
        assert_eq!(error["retryable"], code == "CDP_TIMEOUT", "{error}");
    }
    page.bridge.stop().await;
}

async fn a_url_is_waited_for_by_a_regular_expression(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    page.evaluate("setTimeout(() => history.pushState(0, '', '/orders/17?x'), 200)")
        .await;
    let fields = json!({"urlRegex": r"/orders/\d+\?"});
    let waited = page.ask("waitFor", fields).await.expect("waited");
    assert_eq!(waited["url"], page.site.url("/orders/17?x"));
    let long = format!("/{}", "a".repeat(4000));
    page.evaluate(&format!("history.pushState(0, '', '{long}')"))
        .await;
    let fields = json!({"urlRegex": "(a+)+$"});
    page.ask("waitFor", fields).await.expect("waited");
    let fields = json!({"urlRegex": "(a|aa)+b", "timeoutMs": 500});
    let error = page
        .ask("waitFor", fields)
        .await
        .expect_error("CDP_TIMEOUT");
    assert_eq!(error["details"]["reached"], "commit", "{error}");
    for regex in ["(", "(?=a)", r"(a)\1", r"(\w{200}){200}"] {
        let error = page.ask("waitFor", json!({"urlRegex": regex})).await;
        let error = error.expect_error("BAD_REQUEST");
        assert_eq!(error["details"]["field"], "urlRegex", "{error}");
    }
    page.bridge.stop().await;
}

async fn one_of_several_conditions_is_enough_and_it_is_told_which(browser: TestBrowser) {
    let page = OpenPage::with(browser, "<p id=p hidden>Welcome</p>").await;
    page.evaluate("setTimeout(() => { p.hidden = false }, 300)")
        .await;
    let any = json!([{"text": "Wrong password"}, {"selector": "#p"}, {"url": "**/elsewhere"}]);
    let waited = page
        .ask("waitFor", json!({"any": any}))
        .await
        .expect("waited");
    assert_eq!(waited["index"], 1, "{waited}");
    let any = json!([{"selector": "#none"}, {"expression": "7"}]);
    let waited = page
        .ask("waitFor", json!({"any": any}))
        .await
        .expect("waited");
    assert_eq!((&waited["index"], &waited["value"]), (&json!(1), &json!(7)));
    let any = json!([{"selector": "#none"}, {"loadState": "load"}, {"text": "none"}]);
    assert_eq!(page.ask("waitFor", json!({"any": any})).await["index"], 1);
    let any = json!([{"selector": "#none"}, {"text": "none"}, {"url": "none"}, {"selector": "#p", "state": "hidden"}]);
    let error = page
        .ask("waitFor", json!({"any": any, "timeoutMs": 1000}))
        .await;
    let error = error.expect_error("CDP_TIMEOUT");
    let message = error["message"].as_str().unwrap();
    for part in ["0: no element matches `#none`", "2: the URL", "3: `#p`"] {
        assert!(message.contains(part), "{part}: {error}");
    }
    // What can never be so fails at once.
    let any = json!([{"selector": "#none"}, {"selector": "p[["}]);
    page.ask("waitFor", json!({"any": any}))
        .await
        .expect_error("BAD_SELECTOR");
    page.bridge.stop().await;
}

async fn scripts_are_not_waited_for_where_the_configuration_forbids_them(browser: TestBrowser) {
    let deny = |config: &mut cdp_bridge::config::Config| {
        config.policy.evaluate = EvaluatePolicy::Deny;
    };
    let page = OpenPage::on(
        TestBridge::start_with(browser, deny).await,
        "<button id=b>B</button>",
    )
    .await;
    for (kind, fields) in [
        ("waitFor", json!({"expression": "1"})),
        (
            "waitFor",
            json!({"any": [{"text": "B"}, {"expression": "1"}]}),
        ),
        (
            "click",
            json!({"selector": "#b", "waitFor": {"expression": "1"}}),
        ),
    ] {
        let error = page
            .ask(kind, fields)
            .await
            .expect_error("EVALUATION_FAILED");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("policy.evaluate"), "{error}");
    }
    let fields = json!({"selector": "#b", "waitFor": {"text": "B"}});
    page.ask("click", fields).await.expect("done");
    page.bridge.stop().await;
}
