//! What pages may do.

use serde_json::json;

use super::steps::Lab;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(a_page_may_do_what_its_client_grants_and_policy_allows);

async fn a_page_may_do_what_its_client_grants_and_policy_allows(browser: TestBrowser) {
    const STATES: &str = "Promise.all(['geolocation', 'notifications'].map((name) =>
        navigator.permissions.query({ name }).then((it) => it.state))).then((states) => states.join())";
    const PLACE: &str = "new Promise((done) => navigator.geolocation.getCurrentPosition(
        (it) => done([it.coords.latitude, it.coords.longitude, it.coords.accuracy]), (error) => done(error.code)))";
    let lab = Lab::with(browser).await;
    let page = lab.site.page("/page", "page");
    lab.go("/page").await;
    assert_eq!(lab.evaluate(STATES).await, "denied,denied");
    let place = json!({"geolocation": {"latitude": 52.5, "longitude": 13.4, "accuracy": 10}});
    lab.emulate(place).await;
    assert_eq!(
        lab.evaluate(PLACE).await,
        1,
        "the position alone is no permission"
    );
    let grant = |origin: Option<&str>, permissions: &[&str]| {
        let fields = json!({"origin": origin, "permissions": permissions});
        lab.ask("setPermissions", fields)
    };
    let set = grant(None, &["geolocation", "geolocation"])
        .await
        .expect("permissionsSet");
    assert_eq!(set["permissions"], json!(["geolocation"]));
    assert_eq!(lab.evaluate(STATES).await, "granted,denied");
    assert_eq!(lab.evaluate(PLACE).await, json!([52.5, 13.4, 10]));
    // An origin with grants of its own has no others.
    let set = grant(Some(&page), &["notifications"])
        .await
        .expect("permissionsSet");
    assert_eq!(set["origin"], lab.site.url("").as_str());
    assert_eq!(lab.evaluate(STATES).await, "denied,granted");
    grant(Some(&page), &["geolocation"])
        .await
        .expect("permissionsSet");
    assert_eq!(lab.evaluate(STATES).await, "granted,denied");
    // The position can be changed while a page watches it, and be gone.
    lab.emulate(json!({"geolocation": {"latitude": -1, "longitude": 2}}))
        .await;
    assert_eq!(lab.evaluate(PLACE).await, json!([-1, 2, 0]));
    for name in ["camera", "microphone", "clipboardRead"] {
        let error = grant(None, &["geolocation", name])
            .await
            .expect_error("PERMISSION_DENIED");
        assert!(error["message"].as_str().unwrap().contains(name), "{error}");
    }
    let error = grant(Some("nowhere"), &[])
        .await
        .expect_error("BAD_REQUEST");
    assert_eq!(error["details"]["field"], "origin");
    // Other clients' pages are not concerned.
    let other = lab
        .client
        .open_with(json!({"url": page, "loggedOut": true}))
        .await;
    assert_eq!(lab.evaluate_in(&other, STATES).await, "denied,denied");
    grant(Some(&page), &[]).await.expect("permissionsSet");
    assert_eq!(lab.evaluate(STATES).await, "denied,denied");
    lab.bridge.stop().await;
}
