//! API keys at the doors: what they open, and what ends with them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::exchange::{Exchange, get, header, post};
use crate::clock::epoch_ms;
use crate::server::Credentials;
use crate::server::settings::ClientKey;
use crate::server::tests::harness::{Bridge, Client, api_key, first_revoked, soon, with_tokens};
use crate::store::fake::FakeBackend;
use crate::store::{Backend as _, Write};
use crate::tabs::TabMessage;

const PING: &str = r#"{"type":"ping"}"#;

async fn with_keys(keys: &[ClientKey]) -> Bridge {
    Bridge::with(|settings| settings.credentials.keys = keys.to_vec()).await
}

async fn created(bridge: &Bridge, key: &str) -> Value {
    let answer = post("/v1/sessions", json!({}))
        .bearer(key)
        .send(bridge)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

fn session_of(created: &Value) -> Exchange {
    get(&format!("/v1/sessions/{}", text(created, "sessionId")))
}

async fn websocket(bridge: &Bridge, token: &str) -> Client {
    let header = format!("Authorization: Bearer {token}");
    bridge.connect_with(&[&header]).await
}

async fn websocket_of(bridge: &Bridge, session: &Value) -> Client {
    let head = format!(
        "GET /v1/sessions/{}/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Authorization: Bearer {}",
        text(session, "sessionId"),
        text(session, "token")
    );
    let mut client = bridge.http(&head).await.client().await;
    assert_eq!(client.event().await["type"], "welcome");
    client
}

#[tokio::test]
async fn a_key_opens_the_doors_of_its_client_beside_configured_tokens() {
    let (text, key) = api_key("b", "rest json cdp watch");
    let bridge = Bridge::with(|settings| {
        with_tokens(settings);
        settings.credentials.keys = vec![key];
    })
    .await;
    for token in [text.as_str(), "alpha", "beta"] {
        let limits = get("/v1/limits").bearer(token).send(&bridge).await;
        assert_eq!(limits.status, 200, "{}", limits.body);
        let mut client = websocket(&bridge, token).await;
        assert_eq!(client.ask(PING).await["type"], "pong");
    }
    let session = created(&bridge, &text).await;
    let by_token = session_of(&session).bearer("beta").send(&bridge).await;
    assert_eq!(by_token.status, 200, "both are credentials of b");
    let of_other = session_of(&session).bearer("alpha").send(&bridge).await;
    assert_eq!(of_other.status, 404);
    let offered = format!("Sec-WebSocket-Protocol: cdp-bridge.v1, cdp-bridge.bearer.{text}");
    let mut in_page = bridge.connect_with(&[&offered]).await;
    assert_eq!(in_page.ask(PING).await["type"], "pong");
}

#[tokio::test]
async fn a_key_grants_its_scopes_and_its_tokens_grant_no_more() {
    let (rest, key) = api_key("a", "rest");
    let (watch, watching) = api_key("a", "watch");
    let bridge = with_keys(&[key, watching]).await;
    let header = format!("Authorization: Bearer {rest}");
    let refused = bridge.upgrade(&[&header]).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let detail = refused.json()["detail"].clone();
    assert_eq!(detail, "this API key does not grant `json`");
    let none = post("/v1/sessions", json!({}));
    assert_eq!(none.bearer(&watch).send(&bridge).await.status, 403);

    let session = created(&bridge, &rest).await;
    let token = text(&session, "token");
    let own = session_of(&session).bearer(token).send(&bridge).await;
    assert_eq!(own.status, 200, "{}", own.body);
    let head = format!("Authorization: Bearer {token}");
    assert_eq!(bridge.upgrade(&[&head]).await.status, 403, "no `json`");
    let tokens = format!("/v1/sessions/{}/tokens", text(&session, "sessionId"));
    let more = post(&tokens, json!({"scopes": ["rest", "json"]}));
    let more = more.bearer(&rest).send(&bridge).await;
    assert_eq!(more.status, 403, "{}", more.body);
    let same = post(&tokens, json!({"scopes": ["rest"]}));
    assert_eq!(same.bearer(&rest).send(&bridge).await.status, 201);
    let beat = format!("/v1/sessions/{}/heartbeat", text(&session, "sessionId"));
    let beat = Exchange::new("POST", &beat).bearer(token);
    let renewed = beat.send(&bridge).await;
    assert_eq!(renewed.status, 200, "{}", renewed.body);
    let head = format!("Authorization: Bearer {}", text(&renewed.json(), "token"));
    assert_eq!(bridge.upgrade(&[&head]).await.status, 403);
}

#[tokio::test]
async fn what_was_opened_with_a_key_ends_when_it_is_revoked_and_the_rest_stays() {
    let (first, second) = (api_key("a", "rest json"), api_key("a", "rest json"));
    let keys = [first.1, second.1];
    let bridge = with_keys(&keys).await;
    let (leaked, kept) = (
        created(&bridge, &first.0).await,
        created(&bridge, &second.0).await,
    );
    let mut tab = bridge.tab("a", 1);
    let mut ending = [
        websocket(&bridge, &first.0).await,
        websocket_of(&bridge, &leaked).await,
    ];
    let mut staying = [
        websocket(&bridge, &second.0).await,
        websocket_of(&bridge, &kept).await,
    ];
    bridge.replace_credentials(first_revoked(&keys));
    for client in &mut ending {
        assert_eq!(client.closed().await, 1008);
    }
    for client in &mut staying {
        assert_eq!(client.ask(PING).await["type"], "pong");
    }
    // The session belongs to the client, which has another key; the token was the first key's.
    let answers = [
        (session_of(&leaked).bearer(&first.0), 401),
        (session_of(&leaked).bearer(text(&leaked, "token")), 401),
        (session_of(&leaked).bearer(&second.0), 200),
        (session_of(&kept).bearer(text(&kept, "token")), 200),
    ];
    for (request, status) in answers {
        let answer = request.send(&bridge).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    assert!(tab.try_recv().is_err(), "its client is still there");
}

#[tokio::test]
async fn the_sessions_and_tabs_of_a_client_end_with_its_last_key() {
    let (key, row) = api_key("a", "rest json");
    let keys = [row];
    let bridge = with_keys(&keys).await;
    let session = created(&bridge, &key).await;
    let mut tab = bridge.tab("a", 1);
    bridge.replace_credentials(first_revoked(&keys));
    let message = soon("the end of the tab", tab.recv()).await.unwrap();
    assert!(matches!(message, TabMessage::Close(..)));
    let id = text(&session, "sessionId").parse().unwrap();
    let view = bridge.operations.session(&"a".into(), id).unwrap();
    assert!(view.end_reason.is_some());
}

#[tokio::test]
async fn the_first_key_closes_a_bridge_that_was_open_and_the_end_of_the_last_does_not_open_it() {
    let bridge = Bridge::start().await;
    let mut anyone = bridge.connect().await;
    assert_eq!(get("/v1/limits").send(&bridge).await.status, 200);
    let made = created(&bridge, "anything").await;
    let (key, row) = api_key("default", "rest json");
    let keys = [row];
    bridge.replace_credentials(Credentials {
        keys: keys.to_vec(),
        ..Credentials::default()
    });
    assert_eq!(anyone.closed().await, 1008);
    assert_eq!(get("/v1/limits").send(&bridge).await.status, 401);
    let by_token = session_of(&made).bearer(text(&made, "token"));
    let by_token = by_token.send(&bridge).await;
    assert_eq!(by_token.status, 401, "it was made without a credential");
    let by_key = session_of(&made).bearer(&key).send(&bridge).await;
    assert_eq!(by_key.status, 200, "the key is of the client that all were");
    bridge.replace_credentials(first_revoked(&keys));
    assert_eq!(get("/v1/limits").send(&bridge).await.status, 401);
    assert_eq!(bridge.upgrade(&[]).await.status, 401);
}

#[tokio::test]
async fn a_key_ends_at_its_time_with_what_it_has_opened() {
    let (key, mut row) = api_key("a", "rest json");
    row.key.expires_ms = Some(epoch_ms() + 700);
    let bridge = with_keys(&[row]).await;
    let session = created(&bridge, &key).await;
    let mut client = websocket(&bridge, &key).await;
    let mut of_session = websocket_of(&bridge, &session).await;
    assert_eq!(client.closed().await, 1008);
    assert_eq!(of_session.closed().await, 1008);
    let after = get("/v1/limits").bearer(&key).send(&bridge).await;
    assert_eq!(after.status, 401);
    let detail = after.json()["detail"].clone();
    assert_eq!(detail, "a valid token is needed: this API key has expired");
    let by_token = session_of(&session).bearer(text(&session, "token"));
    assert_eq!(by_token.send(&bridge).await.status, 401);
}

#[tokio::test]
async fn only_the_holder_of_a_revoked_key_learns_that_it_was_revoked() {
    let (key, row) = api_key("a", "rest");
    let bridge = Bridge::with(|settings| settings.credentials = first_revoked(&[row])).await;
    let own = get("/v1/limits").bearer(&key).send(&bridge).await;
    let detail = own.json()["detail"].clone();
    assert_eq!(detail, "a valid token is needed: this API key was revoked");
    let guess = format!("{}{}", &key[..13], "A".repeat(43));
    let other = get("/v1/limits").bearer(&guess).send(&bridge).await;
    assert_eq!(other.status, 401);
    assert!(!other.body.contains("revoked"), "{}", other.body);
}

#[tokio::test]
async fn an_answer_is_not_given_again_to_another_key() {
    let (first, second) = (api_key("a", "rest"), api_key("a", "rest"));
    let bridge = with_keys(&[first.1, second.1]).await;
    let create = || post("/v1/sessions", json!({})).key("once");
    let made = create().bearer(&first.0).send(&bridge).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let again = create().bearer(&first.0).send(&bridge).await;
    assert_eq!(header(&again, "idempotency-replayed"), Some("true"));
    let by_other = create().bearer(&second.0).send(&bridge).await;
    assert_eq!(by_other.status, 422, "its token is the first key's");
}

#[tokio::test]
async fn the_use_of_a_key_and_what_was_done_with_it_are_kept_and_its_secret_is_not() {
    let kept = Arc::<FakeBackend>::default();
    let ((key, used), (gone, mut revoked)) = (api_key("a", "rest"), api_key("b", "rest"));
    revoked.key.is_revoked = true;
    let row = crate::store::ApiKeyRow {
        id: used.key.id.clone(),
        client: "a".to_owned(),
        secret_sha256: used.key.sha256.to_vec(),
        scopes: "rest".to_owned(),
        limits: None,
        created_ms: 1,
        expires_ms: None,
        last_used_day: None,
        revoked_ms: None,
    };
    kept.commit(vec![vec![Write::InsertKey(row)]]).await;
    let keys = vec![used.clone(), revoked.clone()];
    let bridge = Bridge::keeping(Arc::clone(&kept), |it| it.credentials.keys = keys).await;
    let session = created(&bridge, &key).await;
    let path = format!("/v1/sessions/{}", text(&session, "sessionId"));
    let tokens = post(&format!("{path}/tokens"), json!({"scopes": ["rest"]}));
    assert_eq!(tokens.bearer(&key).send(&bridge).await.status, 201);
    let metadata = json!({"metadata": {"note": "c4nary-metadata"}});
    let update = Exchange::new("PATCH", &path).json(&metadata).bearer(&key);
    assert_eq!(update.send(&bridge).await.status, 200);
    let end = Exchange::new("DELETE", &path).bearer(&key);
    assert_eq!(end.send(&bridge).await.status, 204);
    for _ in 0..30 {
        let refused = get("/v1/limits").bearer(&gone).send(&bridge).await;
        assert_eq!(refused.status, 401, "{}", refused.body);
        let guess = get("/v1/limits").bearer("guess").send(&bridge).await;
        assert!([401, 429].contains(&guess.status), "{}", guess.body);
    }
    let rows = soon("the rows", async {
        loop {
            let rows = kept.audit(0, 100).await.unwrap();
            if rows.iter().any(|it| it.row.action == "authenticate") {
                return rows;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    let by_key = format!("key/{}", used.key.id);
    let session = format!("session/{}", text(&session, "sessionId"));
    let of = |action: &str| {
        let mut rows = rows
            .iter()
            .map(|it| &it.row)
            .filter(|it| it.action == action);
        let row = rows.next().unwrap_or_else(|| panic!("{action}"));
        assert!(rows.next().is_none(), "one row about {action}");
        row
    };
    for action in [
        "session.create",
        "token.mint",
        "session.update",
        "session.end",
    ] {
        let row = of(action);
        assert_eq!([&row.actor, &row.object], [&by_key, &session], "{action}");
        assert_eq!((row.client.as_str(), row.outcome.as_str()), ("a", "ok"));
        assert_eq!(row.peer.as_deref(), Some("127.0.0.1"));
    }
    let use_of_revoked = of("key.use");
    assert_eq!(use_of_revoked.object, format!("key/{}", revoked.key.id));
    assert_eq!(use_of_revoked.outcome, "revoked");
    assert_eq!(of("authenticate").outcome, "refused");
    let all = format!("{rows:?}");
    for secret in [&key[13..], &gone[13..], "c4nary-metadata"] {
        assert!(!all.contains(secret), "{secret}");
    }
    let today = epoch_ms() / 86_400_000;
    let day = kept.keys().await.unwrap()[0].last_used_day;
    assert_eq!(day, Some(today));
}

#[tokio::test]
async fn a_request_that_waits_for_a_session_leaves_the_queue_with_its_key() {
    let (first, second) = (api_key("a", "rest"), api_key("a", "rest"));
    let keys = [first.1, second.1];
    let bridge = Bridge::with_operations(
        |settings| settings.credentials.keys = keys.to_vec(),
        |operations| operations.sessions.config.max = 1,
    )
    .await;
    created(&bridge, &second.0).await;
    let waits = post("/v1/sessions", json!({"queueTimeoutMs": 60_000}));
    let job = waits.bearer(&first.0).send(&bridge).await;
    assert_eq!(job.status, 202, "{}", job.body);
    bridge.replace_credentials(first_revoked(&keys));
    let path = format!("/v1/jobs/{}", text(&job.json(), "jobId"));
    soon("the end of the job", async {
        loop {
            let job = get(&path).bearer(&second.0).send(&bridge).await.json();
            if job["status"] == "failed" {
                return;
            }
            assert_eq!(job["status"], "queued");
        }
    })
    .await;
    let limits = get("/v1/limits").bearer(&second.0).send(&bridge).await;
    assert_eq!(limits.json()["sessions"]["queued"], 0);
}
