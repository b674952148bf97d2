//! Tokens of clients.

use serde_json::json;

use super::exchange::{Exchange, get, header, post};
use crate::server::tests::harness::{Bridge, with_tokens};

const LIST: &str = "/v1/sessions/default/pages";

#[tokio::test]
async fn a_missing_or_wrong_token_is_401_with_how_to_authenticate() {
    let bridge = Bridge::with(with_tokens).await;
    for (exchange, has_token) in [
        (get(LIST), false),
        (get(LIST).header("Authorization", "Basic alpha"), false),
        (get(LIST).bearer("wrong"), true),
        (get(LIST).header("X-Session-Token", "a.b.c"), true),
        (get(LIST).bearer("eyJhbGciOiJub25lIn0.e30."), true),
    ] {
        let answer = exchange.send(&bridge).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (401, &json!("UNAUTHORIZED"))
        );
        let challenge = header(&answer, "www-authenticate").unwrap();
        assert!(
            challenge.starts_with(r#"bearer realm="cdp-bridge""#),
            "{challenge}"
        );
        let names_error = challenge.contains(r#"error="invalid_token""#);
        assert_eq!(names_error, has_token, "{challenge}");
    }
    assert_eq!(get(LIST).bearer("alpha").send(&bridge).await.status, 200);
    let in_query = get(&format!("{LIST}?token=alpha")).send(&bridge).await;
    assert_eq!(
        in_query.status, 401,
        "a client's token is never read from a URL"
    );
}

#[tokio::test]
async fn an_address_that_fails_too_often_waits_and_a_proven_token_does_not() {
    let bridge = Bridge::with(with_tokens).await;
    get(LIST).bearer("wrong").send(&bridge).await;
    assert_eq!(get(LIST).bearer("alpha").send(&bridge).await.status, 200);
    let mut last = 0;
    for number in 0..40 {
        last = get(LIST)
            .bearer(&format!("guess{number}"))
            .send(&bridge)
            .await
            .status;
    }
    assert_eq!(last, 429);
    let answer = get(LIST).bearer("beta").send(&bridge).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (429, &json!("TOO_MANY_ATTEMPTS"))
    );
    assert!(header(&answer, "retry-after").is_some());
    assert_eq!(get(LIST).bearer("alpha").send(&bridge).await.status, 200);
}

#[tokio::test]
async fn guesses_of_session_tokens_are_slowed_down_and_a_good_one_is_not() {
    let guess = |number: usize| format!("a.b.{number}");
    let by_header = |guess: &str| get(LIST).header("X-Session-Token", guess);
    let by_bearer = |guess: &str| get("/v1/sessions").bearer(guess);
    for attempt in [by_header as fn(&str) -> Exchange, by_bearer] {
        let bridge = Bridge::with(with_tokens).await;
        let session = post("/v1/sessions", json!({})).bearer("alpha");
        let session = session.send(&bridge).await.json();
        let first = attempt(&guess(0)).send(&bridge).await;
        assert_eq!(first.status, 401, "{}", first.body);
        let mut last = 0;
        for number in 0..40 {
            last = attempt(&guess(number)).send(&bridge).await.status;
        }
        assert_eq!(last, 429);
        let path = format!("/v1/sessions/{}", session["sessionId"].as_str().unwrap());
        let token = session["token"].as_str().unwrap();
        for good in [
            get(&path).bearer(token),
            get(&path).header("X-Session-Token", token),
        ] {
            assert_eq!(good.send(&bridge).await.status, 200);
        }
    }
}

#[tokio::test]
async fn what_describes_the_door_is_open() {
    let bridge = Bridge::with(with_tokens).await;
    for path in ["/v1/openapi.json", "/openapi.yaml", "/docs"] {
        assert_eq!(get(path).send(&bridge).await.status, 200, "{path}");
    }
    let answer = post("/v1/pages/t1/command", json!({"action": "reload"}));
    assert_eq!(answer.send(&bridge).await.status, 401);
}
