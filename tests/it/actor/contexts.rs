//! The browser context of each tab.

use serde_json::json;

use super::harness::Bridge;

#[tokio::test(start_paused = true)]
async fn a_client_has_one_context_for_all_its_tabs() {
    let bridge = Bridge::start().await;
    let (client, other) = (bridge.client(), bridge.client().named("b"));
    let asked = [
        client.create("about:blank"),
        client.create("about:blank"),
        other.create("about:blank"),
    ];
    for asked in asked {
        asked.tab().await;
    }
    client.create("about:blank").tab().await;
    assert_eq!(bridge.fake.calls_of("Target.createBrowserContext").len(), 2);
    assert_eq!(bridge.fake.contexts().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn every_context_denies_downloads_and_permissions() {
    let bridge = Bridge::start().await;
    bridge.client().create("about:blank").tab().await;
    bridge.client().create_logged_out("about:blank").tab().await;
    let contexts = bridge.fake.contexts();
    for (method, field, value) in [
        ("Browser.setDownloadBehavior", "behavior", json!("deny")),
        ("Browser.grantPermissions", "permissions", json!([])),
    ] {
        let told = bridge.fake.calls_of(method);
        assert!(told.iter().all(|call| call.params[field] == value));
        let told: Vec<_> = told
            .iter()
            .map(|call| call.text("browserContextId"))
            .collect();
        assert_eq!(
            told,
            [None, Some(contexts[0].as_str()), Some(contexts[1].as_str())],
            "{method}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_context_that_could_not_be_made_is_tried_again_by_the_next_tab() {
    let bridge = Bridge::start().await;
    bridge.fake.fail("Target.createBrowserContext", "no");
    let first = bridge.client().create("about:blank");
    assert_eq!(first.code().await, "INTERNAL (refused)");
    assert!(bridge.registry.is_empty());
    bridge.client().create("about:blank").tab().await;
}

#[tokio::test(start_paused = true)]
async fn a_context_whose_setup_fails_is_not_kept() {
    for method in ["Browser.setDownloadBehavior", "Browser.grantPermissions"] {
        let bridge = Bridge::start().await;
        bridge.client().create("about:blank").tab().await;
        bridge.fake.fail(method, "no");
        let created = bridge.client().create_logged_out("about:blank");
        assert_eq!(created.code().await, "INTERNAL (refused)", "{method}");
        bridge.settle().await;
        assert_eq!(bridge.fake.contexts().len(), 1, "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_logged_out_tab_has_a_context_of_its_own_that_ends_with_it() {
    let bridge = Bridge::start().await;
    let client = bridge.client();
    let first = client.create_logged_out("http://a.test/").tab().await;
    let second = client.create_logged_out("http://a.test/").tab().await;
    assert_eq!(bridge.fake.contexts().len(), 2);
    client.close(first).line().await;
    bridge.settle().await;
    assert_eq!(bridge.fake.contexts().len(), 1);
    client.close(second).line().await;
    bridge.settle().await;
    assert!(bridge.fake.contexts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_switch_moves_the_tab_into_a_new_context_and_back() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let shared = bridge.fake.context_of(&target);
    let switched = client.switch(tab, true);
    assert_eq!(
        switched.line().await,
        "loggedOutModeSet t1 true http://a.test/"
    );
    let expected = [
        "navigated t1 http://a.test/ 200",
        "loggedOutModeSet t1 true http://a.test/ (but c1)",
        "setLoggedOutMode => loggedOutModeSet t1 true http://a.test/",
    ];
    assert_eq!(bridge.forget()[..3], expected);
    bridge.settle().await;
    let [new] = &bridge.fake.targets()[..] else {
        panic!("the old target is closed: {:?}", bridge.fake.targets());
    };
    assert_ne!(bridge.fake.context_of(new), shared);
    assert_eq!(bridge.fake.url_of(new), "http://a.test/");
    let switched = client.switch(tab, false);
    assert_eq!(
        switched.line().await,
        "loggedOutModeSet t1 false http://a.test/"
    );
    bridge.settle().await;
    let back = bridge.fake.targets().pop().unwrap();
    assert_eq!(bridge.fake.context_of(&back), shared);
    assert_eq!(
        bridge.fake.contexts().len(),
        1,
        "the context left behind is gone"
    );
}

#[tokio::test(start_paused = true)]
async fn a_switch_takes_no_password_along() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://u:p@a.test/").await;
    let switched = bridge.client().switch(tab, true);
    assert_eq!(
        switched.line().await,
        "loggedOutModeSet t1 true http://a.test/"
    );
}

#[tokio::test(start_paused = true)]
async fn a_switch_to_the_mode_that_is_set_already_changes_nothing() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let before = bridge.fake.calls().len();
    let switched = bridge.client().switch(tab, false);
    assert_eq!(
        switched.line().await,
        "loggedOutModeSet t1 false http://a.test/"
    );
    assert!(bridge.methods_since(before).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_switch_whose_page_cannot_be_loaded_again_has_switched_all_the_same() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge
        .fake
        .unreachable("http://a.test/", "net::ERR_CONNECTION_REFUSED");
    let switched = bridge.client().switch(tab, true);
    assert_eq!(
        switched.line().await,
        "loggedOutModeSet t1 true about:blank"
    );
    bridge.settle().await;
    let lines = bridge.forget();
    assert_eq!(lines[0], "failure t1 NAV_FAILED");
    assert!(
        !lines[1..].iter().any(|line| line.starts_with("failure")),
        "{lines:#?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_switch_that_fails_leaves_the_tab_where_it_was() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.fake.fail("Target.createTarget", "no window");
    let switched = bridge.client().switch(tab, true);
    assert_eq!(switched.code().await, "INTERNAL (refused)");
    bridge.settle().await;
    assert_eq!(bridge.fake.targets(), [target]);
    assert_eq!(
        bridge.fake.contexts().len(),
        1,
        "the new context is gone again"
    );
    let html = bridge.client().html(tab);
    assert_eq!(html.line().await, "domSnapshot t1 http://a.test/");
}

#[tokio::test(start_paused = true)]
async fn requests_queued_behind_a_switch_run_in_the_new_context() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let (switch, navigate) = (
        client.switch(tab, true),
        client.navigate(tab, "http://b.test/"),
    );
    let html = client.html(tab);
    switch.line().await;
    navigate.line().await;
    assert_eq!(html.line().await, "domSnapshot t1 http://b.test/");
    let target = bridge.fake.targets().pop().unwrap();
    let session = bridge.fake.session_of(&target);
    let evaluated = bridge.fake.calls_of("Runtime.evaluate").pop().unwrap();
    assert_eq!(evaluated.session, session);
}
