//! HTTP authentication: credentials that were set, and passwords that clients are asked for.

use std::time::Duration;

use cdp_bridge::policy::AuthPolicy;
use cdp_bridge::tabs::{TabError, TabSettings};
use cdp_bridge_protocol::TabId;
use serde_json::{Value, json};

use super::harness::{Bridge, settings};

async fn with(http_auth: AuthPolicy) -> (Bridge, TabId, String) {
    let settings = TabSettings {
        http_auth,
        answer_timeout: Duration::from_secs(10),
        ..settings()
    };
    let bridge = Bridge::with(settings).await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    (bridge, tab, target)
}

/// A server asks for a password.
fn ask(bridge: &Bridge, target: &str, request: &str, origin: &str, source: &str) {
    let challenge = json!({
        "requestId": request, "request": {"url": format!("{origin}/in?token=s3cret")}, "frameId": target,
        "resourceType": "Document",
        "authChallenge": {"source": source, "origin": origin, "scheme": "basic", "realm": "Area"},
    });
    bridge.fake.send(target, "Fetch.authRequired", &challenge);
}

/// The answers of the bridge so far: the request, and what it got.
fn answers(bridge: &Bridge) -> Vec<(String, Value)> {
    let calls = bridge.fake.calls_of("Fetch.continueWithAuth");
    let answers = calls.into_iter().map(|call| {
        let request = call.params["requestId"].as_str().unwrap().to_owned();
        (request, call.params["authChallengeResponse"].clone())
    });
    answers.collect()
}

fn login(password: &str) -> Value {
    json!({"response": "ProvideCredentials", "username": "ada", "password": password})
}

fn cancelled() -> Value {
    json!({"response": "CancelAuth"})
}

#[tokio::test(start_paused = true)]
async fn credentials_go_to_their_own_server_only_once_and_survive_a_rebuild() {
    let (bridge, tab, target) = with(AuthPolicy::Cancel).await;
    let set = bridge.client().set_credentials(tab, "http://a.test", "one");
    set.line().await;
    let enabled = bridge.fake.calls_of("Fetch.enable");
    assert_eq!(
        enabled.last().unwrap().params["patterns"],
        json!([{"urlPattern": "http://a.test/*"}])
    );
    for (request, origin, source) in [
        ("1", "http://a.test", "Server"),
        ("1", "http://a.test", "Server"),
        ("2", "http://b.test", "Server"),
        ("3", "https://a.test", "Server"),
        ("4", "http://a.test", "Proxy"),
        ("5", "http://a.test", "Server"),
    ] {
        ask(&bridge, &target, request, origin, source);
    }
    bridge.settle().await;
    let expected = [
        ("1", login("one")),
        // It was refused.
        ("1", cancelled()),
        ("2", cancelled()),
        ("3", cancelled()),
        ("4", cancelled()),
        ("5", login("one")),
    ];
    let expected = expected.map(|(request, answer)| (request.to_owned(), answer));
    assert_eq!(answers(&bridge), expected);
    bridge.fake.crash(&target);
    bridge.hear("tabRebuilt t1 http://a.test/ crashed").await;
    bridge.settle().await;
    let target = bridge.fake.targets().pop().unwrap();
    ask(&bridge, &target, "6", "http://a.test", "Server");
    bridge.settle().await;
    assert_eq!(answers(&bridge).pop().unwrap().1, login("one"));
    // They were given to the tab that was logged in.
    bridge.client().switch(tab, true).line().await;
    bridge.settle().await;
    let target = bridge.fake.targets().pop().unwrap();
    ask(&bridge, &target, "7", "http://a.test", "Server");
    bridge.settle().await;
    assert_eq!(answers(&bridge).pop().unwrap().1, cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_client_is_asked_for_a_password_and_asked_again_if_it_is_refused() {
    let (bridge, tab, target) = with(AuthPolicy::Ask).await;
    bridge.forget();
    ask(&bridge, &target, "1", "http://a.test", "Server");
    bridge.settle().await;
    let answered = bridge.client().answer_auth(tab, "a1", Some("wrong"));
    assert_eq!(answered.line().await, "authClosed t1 a1 answered by client");
    ask(&bridge, &target, "1", "http://a.test", "Server");
    bridge.settle().await;
    let answered = bridge.client().answer_auth(tab, "a2", None);
    assert_eq!(
        answered.line().await,
        "authClosed t1 a2 cancelled by client"
    );
    let told = bridge.forget();
    assert_eq!(told[0], "authRequired t1 a1 http://a.test");
    assert!(told.contains(&"authRequired t1 a2 http://a.test again".to_owned()));
    let expected = [login("wrong"), cancelled()].map(|answer| ("1".to_owned(), answer));
    assert_eq!(answers(&bridge), expected);
    for id in ["a1", "a3", ""] {
        let error = bridge.client().answer_auth(tab, id, None).error().await;
        assert!(matches!(error, TabError::NotAsked { .. }), "{error:?}");
    }
    // The bridge's own proxy asks no client.
    ask(&bridge, &target, "2", "http://proxy.test", "Proxy");
    bridge.settle().await;
    assert_eq!(answers(&bridge).pop().unwrap().1, cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_password_is_cancelled_in_time_without_clients_and_ends_with_the_page() {
    let (bridge, tab, target) = with(AuthPolicy::Ask).await;
    ask(&bridge, &target, "1", "http://a.test", "Server");
    bridge.hear("authClosed t1 a1 cancelled by timeout").await;
    ask(&bridge, &target, "2", "http://a.test", "Server");
    bridge.settle().await;
    bridge.client().leave(tab);
    bridge.hear("authClosed t1 a2 cancelled by abandoned").await;
    assert_eq!(answers(&bridge).len(), 2);
    bridge.client().come_back(tab);
    ask(&bridge, &target, "3", "http://a.test", "Server");
    bridge.settle().await;
    bridge.fake.crash(&target);
    bridge.hear("authClosed t1 a3 cancelled by page").await;
    assert_eq!(answers(&bridge).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn servers_that_ask_without_end_are_cancelled() {
    let (bridge, _, target) = with(AuthPolicy::Ask).await;
    for number in 0..30 {
        ask(
            &bridge,
            &target,
            &number.to_string(),
            "http://a.test",
            "Server",
        );
    }
    bridge.settle().await;
    assert_eq!(answers(&bridge).len(), 22, "eight wait");
}
