//! Scripts that run before those of the page.

use cdp_bridge::policy::EvaluatePolicy;
use serde_json::json;

use super::steps::Lab;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    an_init_script_runs_first_in_every_document_until_it_is_removed,
    init_scripts_are_bounded,
    scripts_that_the_configuration_forbids_are_refused,
);

async fn an_init_script_runs_first_in_every_document_until_it_is_removed(browser: TestBrowser) {
    let lab = Lab::with(browser).await;
    let page = "<script>early = [globalThis.first, globalThis.second].join()</script>";
    lab.site.page("/inner", page);
    let inner = lab.site.url_on("allowed.test", "/inner");
    let frames = format!(
        "{page}<iframe id=same src=/inner></iframe><iframe id=apart src='{inner}'></iframe>"
    );
    lab.site.page("/page", &frames);
    lab.go("/page").await;
    let add = |script: &'static str| lab.ask("addInitScript", json!({"script": script}));
    let first = add("globalThis.first = 1").await.expect("initScriptAdded");
    let second = add("globalThis.second = globalThis.first + 1")
        .await
        .expect("initScriptAdded");
    assert_ne!(first["scriptId"], second["scriptId"]);
    // The present document has loaded already.
    assert_eq!(lab.evaluate("typeof first").await, "undefined");
    lab.go("/page").await;
    assert_eq!(lab.evaluate("early").await, "1,2");
    for frame in ["#same", "#apart"] {
        assert_eq!(
            lab.evaluate_in_frame(frame, "early").await,
            "1,2",
            "{frame}"
        );
    }
    let id = json!({"scriptId": first["scriptId"]});
    lab.ask("removeInitScript", id.clone()).await.expect("done");
    lab.go("/page").await;
    assert_eq!(lab.evaluate("early").await, ",NaN");
    assert_eq!(lab.evaluate_in_frame("#apart", "early").await, ",NaN");
    lab.ask("removeInitScript", id)
        .await
        .expect_error("NOT_FOUND");
    // A script that fails does not keep the next one from running.
    add("throw new Error('no')").await.expect("initScriptAdded");
    add("globalThis.first = 3").await.expect("initScriptAdded");
    lab.go("/page").await;
    assert_eq!(lab.evaluate("early").await, "3,NaN");
    lab.bridge.stop().await;
}

async fn init_scripts_are_bounded(browser: TestBrowser) {
    let lab = Lab::with(browser).await;
    let long = json!({"script": "//".repeat(300_000)});
    lab.ask("addInitScript", long.clone())
        .await
        .expect("initScriptAdded");
    let error = lab
        .ask("addInitScript", long)
        .await
        .expect_error("LIMIT_EXCEEDED");
    assert_eq!(error["details"]["maxBytes"], 1 << 20, "{error}");
    for _ in 0..31 {
        let small = json!({"script": "1"});
        lab.ask("addInitScript", small)
            .await
            .expect("initScriptAdded");
    }
    let error = lab.ask("addInitScript", json!({"script": "1"})).await;
    assert_eq!(error.expect_error("LIMIT_EXCEEDED")["details"]["limit"], 32);
    lab.bridge.stop().await;
}

async fn scripts_that_the_configuration_forbids_are_refused(browser: TestBrowser) {
    let bridge = TestBridge::start_with(browser, |config| {
        config.policy.evaluate = EvaluatePolicy::Deny;
    });
    let lab = Lab::on(bridge.await).await;
    let error = lab.ask("addInitScript", json!({"script": "1"})).await;
    let error = error.expect_error("EVALUATION_FAILED");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("policy.evaluate"), "{message}");
    lab.emulate(json!({"colorScheme": "dark"})).await;
    lab.bridge.stop().await;
}
