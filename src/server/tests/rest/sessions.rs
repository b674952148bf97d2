//! Sessions and their tokens.

use std::time::Duration;

use serde_json::{Value, json};

use super::exchange::{Exchange, delete, get, header, post};
use crate::operations::sessions::SessionLimits;
use crate::server::tests::harness::{Bridge, soon, with_tokens};
use crate::tokens::{Audience, Claims, TokenKeys, TokenScopes};

async fn created(bridge: &Bridge, body: Value) -> Value {
    let answer = post("/v1/sessions", body)
        .bearer("alpha")
        .send(bridge)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

fn path_of(session: &Value) -> String {
    format!("/v1/sessions/{}", text(session, "sessionId"))
}

#[tokio::test]
async fn a_session_is_created_shown_listed_and_ended() {
    let bridge = Bridge::with(with_tokens).await;
    let body = json!({"metadata": {"team": "a"}, "maxDurationMs": 120_000, "externalId": "x"});
    let answer = post("/v1/sessions", body.clone())
        .bearer("alpha")
        .send(&bridge)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let session = answer.json();
    let path = path_of(&session);
    assert_eq!(header(&answer, "location"), Some(path.as_str()));
    let (created, expires) = (session["createdAt"].as_u64(), session["expiresAt"].as_u64());
    assert_eq!(expires.unwrap() - created.unwrap(), 120_000);
    assert_eq!(text(&session, "wsUrl"), format!("ws://localhost{path}/ws"));
    assert_eq!(session["pages"], json!([]));

    let again = post("/v1/sessions", body)
        .bearer("alpha")
        .send(&bridge)
        .await;
    assert_eq!(
        (again.status, &again.json()["sessionId"]),
        (200, &session["sessionId"])
    );

    let shown = get(&path).bearer("alpha").send(&bridge).await.json();
    assert!(shown.get("token").is_none());
    assert_eq!(shown["metadata"], json!({"team": "a"}));
    for (query, found) in [
        ("", 1),
        ("?status=all&limit=5", 1),
        ("?metadata.team=a&externalId=x", 1),
        ("?metadata.team=b", 0),
        ("?status=destroyed", 0),
    ] {
        let list = get(&format!("/v1/sessions{query}"))
            .bearer("alpha")
            .send(&bridge)
            .await;
        let sessions = list.json()["sessions"].clone();
        let own = sessions.as_array().unwrap().iter();
        let own = own.filter(|it| it["sessionId"] == session["sessionId"]);
        assert_eq!(own.count(), found, "{query}");
        assert_eq!(list.json()["counts"]["live"], 1);
    }
    for (path, field) in [
        ("/v1/sessions?limit=0", "limit"),
        ("/v1/sessions?limit=many", "limit"),
        ("/v1/sessions?cursor=x", "cursor"),
        ("/v1/sessions?status=odd", "status"),
        ("/v1/sessions?colour=red", "colour"),
    ] {
        let answer = get(path).bearer("alpha").send(&bridge).await;
        assert_eq!(
            (answer.status, &answer.json()["details"]["field"]),
            (400, &json!(field))
        );
    }
    for other in [get(&path), delete(&path)] {
        let answer = other.bearer("beta").send(&bridge).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (404, &json!("UNKNOWN_SESSION"))
        );
    }
    for _ in 0..2 {
        let ended = delete(&format!("{path}?wait=true"))
            .bearer("alpha")
            .send(&bridge)
            .await;
        assert_eq!((ended.status, ended.body.as_str()), (204, ""));
    }
    let shown = get(&path).bearer("alpha").send(&bridge).await.json();
    assert_eq!(
        (&shown["status"], &shown["endReason"]),
        (&json!("destroyed"), &json!("requested"))
    );
    assert_eq!((shown.get("wsUrl"), shown.get("eventsUrl")), (None, None));
}

#[tokio::test]
async fn the_implicit_session_cannot_be_ended_or_changed() {
    let bridge = Bridge::with(with_tokens).await;
    let path = "/v1/sessions/default";
    let change = Exchange::new("PATCH", path).json(&json!({"idleTimeoutMs": 60_000}));
    for exchange in [delete(path), change] {
        let answer = exchange.bearer("alpha").send(&bridge).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (400, &json!("BAD_REQUEST"))
        );
        assert_eq!(answer.json()["details"]["field"], "sessionId");
    }
}

#[tokio::test]
async fn a_session_ends_before_its_token_and_is_not_idle_after_its_end() {
    let bridge = Bridge::with(with_tokens).await;
    let body = json!({"maxDurationMs": 60_000, "idleTimeoutMs": 3_600_000});
    let session = created(&bridge, body).await;
    assert_eq!(session["idleExpiresAt"], session["expiresAt"]);
    assert_eq!(session["tokenExpiresAt"], session["expiresAt"]);
    let keys = TokenKeys::new(b"a secret of the tests", None);
    let end = session["expiresAt"].as_u64().unwrap();
    let claims = keys.verify(text(&session, "token"), Audience::Session, end / 1000);
    let exp = claims.map(|claims| claims.exp);
    if end % 1000 == 0 {
        assert!(exp.is_err(), "both end now");
    } else {
        assert!(exp.unwrap() * 1000 >= end);
    }
}

#[tokio::test]
async fn a_house_that_is_full_for_all_is_429_with_numbers_too() {
    let bridge = Bridge::with_operations(with_tokens, |operations| {
        operations.sessions = SessionLimits::default();
        operations.sessions.config.max = 1;
    })
    .await;
    created(&bridge, json!({})).await;
    let full = post("/v1/sessions", json!({}))
        .bearer("beta")
        .send(&bridge)
        .await;
    let problem = full.json();
    assert_eq!((full.status, &problem["code"]), (429, &json!("CAPACITY")));
    let details = &problem["details"];
    assert_eq!(
        (
            &details["limit"],
            &details["current"],
            &problem["retryable"]
        ),
        (&json!(1), &json!(1), &json!(true))
    );
    assert_eq!(header(&full, "x-should-retry"), Some("true"));
    assert!(header(&full, "retry-after").is_some());
}

#[tokio::test]
async fn a_session_that_its_client_never_read_of_ends_with_its_job() {
    let bridge = Bridge::with_operations(with_tokens, |operations| {
        operations.sessions = SessionLimits::default();
        operations.sessions.config.max_per_client = 1;
    })
    .await;
    let live = async || {
        let list = get("/v1/sessions").bearer("alpha").send(&bridge).await;
        list.json()["counts"]["live"].as_u64().unwrap()
    };
    for is_read in [false, true] {
        let first = created(&bridge, json!({})).await;
        let waits = post("/v1/sessions", json!({})).bearer("alpha");
        let job = waits.header("Prefer", "respond-async").send(&bridge).await;
        let job = header(&job, "location").unwrap().to_owned();
        let ended = delete(&format!("{}?wait=true", path_of(&first)));
        assert_eq!(ended.bearer("alpha").send(&bridge).await.status, 204);
        soon("its session", async {
            let is_ready = async || {
                let list = get("/v1/sessions?status=ready").bearer("alpha");
                let list = list.send(&bridge).await.json();
                let listed = list["sessions"].as_array().unwrap().iter();
                listed.filter(|it| it["sessionId"] != "default").count() == 1
            };
            while !is_ready().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        if is_read {
            let read = get(&job).bearer("alpha").send(&bridge).await;
            assert_eq!(read.status, 200);
        }
        let deleted = delete(&job).bearer("alpha").send(&bridge).await;
        assert_eq!(deleted.status, 204);
        if is_read {
            assert_eq!(live().await, 1);
        } else {
            soon("its end", async {
                while live().await > 0 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            })
            .await;
        }
    }
}

#[tokio::test]
async fn an_option_that_is_wrong_is_named_and_no_session_is_made() {
    let bridge = Bridge::with(with_tokens).await;
    for (body, field) in [
        (json!({"maxDurationMs": 5}), "maxDurationMs"),
        (json!({"maxDuration": 5}), "maxDurationMs"),
        (json!({"idleTimeoutMs": "5"}), "idleTimeoutMs"),
        (json!({"browser": "own"}), "browser"),
        (json!({"colour": "red"}), "colour"),
        (json!({"requestId": 1}), "requestId"),
        (
            json!({"viewport": {"width": 0, "height": 1}}),
            "viewport.width",
        ),
    ] {
        let answer = post("/v1/sessions", body.clone())
            .bearer("alpha")
            .send(&bridge)
            .await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["details"]["field"], field, "{body}");
    }
    let list = get("/v1/sessions")
        .bearer("alpha")
        .send(&bridge)
        .await
        .json();
    assert_eq!(list["counts"]["live"], 0);
}

#[tokio::test]
async fn the_token_of_a_session_opens_it_alone_until_it_ends() {
    let bridge = Bridge::with(with_tokens).await;
    let (one, two) = (
        created(&bridge, json!({})).await,
        created(&bridge, json!({})).await,
    );
    let token = text(&one, "token").to_owned();
    let (path, other) = (path_of(&one), path_of(&two));
    for exchange in [
        get(&path).bearer(&token),
        get(&path).header("X-Session-Token", &token),
        get(&path).bearer("alpha").header("X-Session-Token", &token),
        get(&format!("{path}/pages")).bearer(&token),
    ] {
        let sent = exchange.text();
        assert_eq!(exchange.send(&bridge).await.status, 200, "{sent}");
    }
    for (exchange, status, code) in [
        (get(&other).bearer(&token), 404, "UNKNOWN_SESSION"),
        (
            get(&format!("{other}/pages")).bearer(&token),
            404,
            "UNKNOWN_SESSION",
        ),
        (delete(&other).bearer(&token), 404, "UNKNOWN_SESSION"),
        (get("/v1/sessions").bearer(&token), 403, "FORBIDDEN"),
        (
            post("/v1/sessions", json!({})).bearer(&token),
            403,
            "FORBIDDEN",
        ),
        (
            get("/v1/sessions/default/pages").bearer(&token),
            404,
            "UNKNOWN_SESSION",
        ),
        (
            get(&path).bearer("beta").header("X-Session-Token", &token),
            401,
            "UNAUTHORIZED",
        ),
        (
            get(&path).bearer("wrong").header("X-Session-Token", &token),
            401,
            "UNAUTHORIZED",
        ),
        (get(&path).bearer(&format!("{token}x")), 401, "UNAUTHORIZED"),
        (get(&format!("{path}?token={token}")), 401, "UNAUTHORIZED"),
    ] {
        let sent = exchange.text();
        let answer = exchange.send(&bridge).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (status, &json!(code)),
            "{sent}"
        );
        assert!(!answer.body.contains(&token), "{}", answer.body);
    }
    let ended = delete(&format!("{path}?wait=true"))
        .bearer(&token)
        .send(&bridge)
        .await;
    assert_eq!(ended.status, 204);
    let gone = get(&format!("{path}/pages"))
        .bearer(&token)
        .send(&bridge)
        .await;
    assert_eq!(
        (gone.status, &gone.json()["code"]),
        (410, &json!("SESSION_ENDED"))
    );
    assert_eq!(gone.json()["details"]["endReason"], "requested");
    assert_eq!(get(&path).bearer(&token).send(&bridge).await.status, 200);
    assert_eq!(delete(&path).bearer(&token).send(&bridge).await.status, 204);
}

#[tokio::test]
async fn tokens_of_other_keys_times_purposes_and_clients_are_refused() {
    let bridge = Bridge::with(with_tokens).await;
    let session = created(&bridge, json!({})).await;
    let path = path_of(&session);
    let now = crate::clock::epoch_ms() / 1000;
    let claims = Claims {
        aud: Audience::Session,
        sub: text(&session, "sessionId").to_owned(),
        cli: "a".to_owned(),
        scp: TokenScopes::all(),
        pg: None,
        key: None,
        bound: false,
        r#gen: 0,
        iat: now,
        exp: now + 60,
        jti: "j".to_owned(),
    };
    let keys = TokenKeys::new(b"a secret of the tests", None);
    let foreign = TokenKeys::new(b"another secret of the tests", None);
    let with = |change: fn(&mut Claims)| {
        let mut claims = claims.clone();
        change(&mut claims);
        keys.sign(&claims)
    };
    assert_eq!(
        get(&path)
            .bearer(&keys.sign(&claims))
            .send(&bridge)
            .await
            .status,
        200
    );
    for (token, status) in [
        (foreign.sign(&claims), 401),
        (with(|it| it.exp = it.iat), 401),
        (with(|it| it.aud = Audience::Link), 401),
        (with(|it| it.cli = "gone".to_owned()), 401),
        (with(|it| it.r#gen = 1), 401),
        (with(|it| it.cli = "b".to_owned()), 404),
        (
            with(|it| it.scp = [crate::tokens::TokenScope::Watch].into_iter().collect()),
            403,
        ),
    ] {
        let answer = get(&path).bearer(&token).send(&bridge).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_further_token_has_fewer_rights_and_a_shorter_life() {
    let bridge = Bridge::with(with_tokens).await;
    let session = created(&bridge, json!({})).await;
    let path = format!("{}/tokens", path_of(&session));
    let ask = |body: Value| post(&path, body).bearer("alpha");
    let answer = ask(json!({"scopes": ["json"], "ttlMs": 60_000}))
        .send(&bridge)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let token = answer.json();
    assert!(token["expiresAt"].as_u64() < session["expiresAt"].as_u64());
    let refused = get(&path_of(&session))
        .bearer(text(&token, "token"))
        .send(&bridge)
        .await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (403, &json!("FORBIDDEN"))
    );
    for (body, field) in [
        (json!({"scopes": []}), "scopes"),
        (json!({"scopes": ["all"]}), "scopes[0]"),
        (json!({"scopes": ["rest"], "ttlMs": 1}), "ttlMs"),
    ] {
        let answer = ask(body).send(&bridge).await;
        assert_eq!(
            (answer.status, &answer.json()["details"]["field"]),
            (400, &json!(field))
        );
    }
    let unknown = ask(json!({"scopes": ["rest"], "pageId": "t9"}))
        .send(&bridge)
        .await;
    assert_eq!(unknown.status, 404);
}

/// A further token, with these fields.
async fn further(bridge: &Bridge, session: &Value, body: Value) -> String {
    let path = format!("{}/tokens", path_of(session));
    let answer = post(&path, body).bearer("alpha").send(bridge).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    text(&answer.json(), "token").to_owned()
}

#[tokio::test]
async fn a_token_of_one_page_is_not_one_of_the_whole_session() {
    let bridge = Bridge::with(with_tokens).await;
    let session = created(&bridge, json!({})).await;
    let path = path_of(&session);
    // A page that is not there can be named by its maker's key alone.
    let claims = Claims {
        aud: Audience::Session,
        sub: text(&session, "sessionId").to_owned(),
        cli: "a".to_owned(),
        scp: TokenScopes::all(),
        pg: Some("t1".to_owned()),
        key: None,
        bound: true,
        r#gen: 0,
        iat: 0,
        exp: u64::MAX / 10_000,
        jti: "j".to_owned(),
    };
    let token = TokenKeys::new(b"a secret of the tests", None).sign(&claims);
    let change = json!({"maxDurationMs": 86_400_000});
    for exchange in [
        post(&format!("{path}/pages"), json!({})),
        Exchange::new("PATCH", &path).json(&change),
        delete(&path),
        delete(&format!("{path}/uploads/u1")),
    ] {
        let sent = exchange.text();
        let answer = exchange.bearer(&token).send(&bridge).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (403, &json!("FORBIDDEN")),
            "{sent}"
        );
    }
    let beat = Exchange::new("POST", &format!("{path}/heartbeat"));
    assert_eq!(beat.bearer(&token).send(&bridge).await.status, 200);
    assert_eq!(get(&path).bearer(&token).send(&bridge).await.status, 200);
}

#[tokio::test]
async fn a_token_that_only_watches_does_not_keep_its_session_alive() {
    let bridge = Bridge::with(with_tokens).await;
    let session = created(&bridge, json!({"idleTimeoutMs": 60_000})).await;
    let (path, token) = (path_of(&session), text(&session, "token"));
    let watcher = further(&bridge, &session, json!({"scopes": ["watch"]})).await;
    let idle_end = async || {
        let shown = get(&path).bearer("alpha").send(&bridge).await.json();
        shown["idleExpiresAt"].as_u64().unwrap()
    };
    let before = idle_end().await;
    soon("a use", async {
        while idle_end().await == before {
            assert_eq!(get(&path).bearer(token).send(&bridge).await.status, 200);
        }
    })
    .await;
    let before = idle_end().await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(get(&path).bearer(&watcher).send(&bridge).await.status, 403);
    let events = format!("{path}/events?lastEventId=no");
    assert_eq!(
        get(&events).bearer(&watcher).send(&bridge).await.status,
        400
    );
    assert_eq!(idle_end().await, before);
}

#[tokio::test]
async fn a_key_gives_no_token_the_answer_of_one_with_other_rights() {
    let bridge = Bridge::with(with_tokens).await;
    let session = created(&bridge, json!({})).await;
    let less = further(&bridge, &session, json!({"scopes": ["rest"]})).await;
    let path = format!("{}/heartbeat", path_of(&session));
    let beat = |token: &str| Exchange::new("POST", &path).bearer(token).key("k");
    let all = beat(text(&session, "token"));
    assert_eq!(all.send(&bridge).await.status, 200);
    let other = beat(&less).send(&bridge).await;
    assert_eq!(other.status, 422, "{}", other.body);
    let again = beat(text(&session, "token")).send(&bridge).await;
    assert_eq!(header(&again, "idempotency-replayed"), Some("true"));

    // The implicit session has the scope of its client.
    let implicit = json!({"sessionId": "default"});
    let implicit = further(&bridge, &implicit, json!({"scopes": ["rest"]})).await;
    let change = |token: &str| {
        let change = Exchange::new("PATCH", &path_of(&session)).json(&json!({"metadata": {}}));
        change.bearer(token).key("k2")
    };
    assert_eq!(change("alpha").send(&bridge).await.status, 200);
    let other = change(&implicit).send(&bridge).await;
    assert_eq!(other.status, 422, "{}", other.body);
}

#[tokio::test]
async fn a_token_is_renewed_with_its_session_whoever_changed_that_and_one_with_a_time_of_its_own_is_not()
 {
    let bridge = Bridge::with(with_tokens).await;
    let session = created(&bridge, json!({"maxDurationMs": 60_000})).await;
    let path = path_of(&session);
    let timed = json!({"scopes": ["rest"], "ttlMs": 3_600_000});
    let timed = further(&bridge, &session, timed).await;
    let change = Exchange::new("PATCH", &path).json(&json!({"maxDurationMs": 120_000}));
    let changed = change.bearer("alpha").send(&bridge).await.json();
    let beat = |token: &str| Exchange::new("POST", &format!("{path}/heartbeat")).bearer(token);
    let beaten = beat(text(&session, "token")).send(&bridge).await.json();
    let ends = |value: &Value| value["tokenExpiresAt"].as_u64().unwrap();
    assert_eq!(ends(&beaten), ends(&changed));
    let beaten = beat(&timed).send(&bridge).await;
    assert_eq!(
        (beaten.status, &beaten.json()["token"]),
        (200, &Value::Null)
    );
}

#[tokio::test]
async fn a_heartbeat_and_a_change_renew_the_token() {
    let bridge = Bridge::with(with_tokens).await;
    let session = created(&bridge, json!({"maxDurationMs": 60_000})).await;
    let (path, token) = (path_of(&session), text(&session, "token"));
    let beat = Exchange::new("POST", &format!("{path}/heartbeat"));
    let beat = beat.bearer(token).send(&bridge).await;
    assert_eq!(beat.status, 200, "{}", beat.body);
    assert_eq!(beat.json()["expiresAt"], session["expiresAt"]);
    assert!(beat.json()["token"].is_string());
    let by_client = Exchange::new("POST", &format!("{path}/heartbeat"));
    let by_client = by_client.bearer("alpha").send(&bridge).await;
    assert_eq!(by_client.status, 401);
    for way in ["Authorization: Bearer", "X-Session-Token"] {
        assert!(text(&by_client.json(), "detail").contains(way), "{way}");
    }
    let change = Exchange::new("PATCH", &path).json(&json!({"maxDurationMs": 120_000}));
    let changed = change.bearer(token).send(&bridge).await.json();
    assert!(changed["tokenExpiresAt"].as_u64() > session["tokenExpiresAt"].as_u64());
    assert_eq!(
        changed["expiresAt"].as_u64().unwrap() - session["expiresAt"].as_u64().unwrap(),
        60_000
    );
    let nothing = Exchange::new("PATCH", &path).json(&json!({}));
    let nothing = nothing.bearer(token).send(&bridge).await;
    assert_eq!(
        (nothing.status, nothing.json().get("token")),
        (200, None),
        "nothing changed"
    );
    let wrong = Exchange::new("PATCH", &path).json(&json!({"idleTimeoutMs": 1}));
    let wrong = wrong.bearer(token).send(&bridge).await;
    assert_eq!(
        (wrong.status, &wrong.json()["details"]["field"]),
        (400, &json!("idleTimeoutMs"))
    );
}

#[tokio::test]
async fn a_full_house_is_429_with_numbers_and_ending_is_always_allowed() {
    let bridge = Bridge::with_operations(with_tokens, |operations| {
        operations.sessions = SessionLimits::default();
        operations.sessions.config.max_per_client = 1;
    })
    .await;
    let first = created(&bridge, json!({})).await;
    let full = post("/v1/sessions", json!({}))
        .bearer("alpha")
        .send(&bridge)
        .await;
    assert_eq!(
        (full.status, &full.json()["code"]),
        (429, &json!("LIMIT_EXCEEDED"))
    );
    let details = full.json()["details"].clone();
    assert_eq!(
        (&details["limit"], &details["current"]),
        (&json!(1), &json!(1))
    );
    assert!(header(&full, "retry-after").is_some());
    assert_eq!(header(&full, "x-should-retry"), Some("true"));
    let waits = || {
        post("/v1/sessions", json!({}))
            .bearer("alpha")
            .header("Prefer", "respond-async")
    };
    let job = waits().send(&bridge).await;
    assert_eq!((job.status, &job.json()["status"]), (202, &json!("queued")));
    let path = header(&job, "location").unwrap().to_owned();
    assert_eq!(get(&path).bearer("beta").send(&bridge).await.status, 404);
    let limits = get("/v1/limits").bearer("alpha").send(&bridge).await.json();
    assert_eq!(limits["sessions"]["live"], 1);
    let pressure = get("/v1/pressure")
        .bearer("alpha")
        .send(&bridge)
        .await
        .json();
    assert_eq!(pressure["isAvailable"], false);
    assert_eq!(
        delete(&path_of(&first))
            .bearer("alpha")
            .send(&bridge)
            .await
            .status,
        204
    );
    let done = soon("the job", async {
        loop {
            let job = get(&path).bearer("alpha").send(&bridge).await.json();
            if job["status"] != "queued" {
                break job;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert_eq!(done["status"], "succeeded", "{done}");
    assert!(done["result"]["token"].is_string());
    let cancelled = waits().send(&bridge).await;
    let path = header(&cancelled, "location").unwrap();
    assert_eq!(delete(path).bearer("alpha").send(&bridge).await.status, 204);
    assert_eq!(get(path).bearer("alpha").send(&bridge).await.status, 404);
}

#[tokio::test]
async fn sessions_are_ended_together_by_id_or_by_what_they_have_in_common() {
    let bridge = Bridge::with(with_tokens).await;
    let mut ids = Vec::new();
    for team in ["a", "a", "b"] {
        let session = created(&bridge, json!({"metadata": {"team": team}})).await;
        ids.push(text(&session, "sessionId").to_owned());
    }
    let end = |body: Value| post("/v1/sessions/terminate", body).bearer("alpha");
    let common = end(json!({"metadata": {"team": "a"}}))
        .send(&bridge)
        .await
        .json();
    assert_eq!(common["terminated"].as_array().unwrap().len(), 2);
    let named = end(json!({"ids": [ids[2], "nonsense"]}))
        .send(&bridge)
        .await
        .json();
    assert_eq!(named["terminated"], json!([ids[2]]));
    assert_eq!(
        named["failed"],
        json!([{"id": "nonsense", "code": "UNKNOWN_SESSION"}])
    );
    for body in [json!({}), json!({"ids": vec!["x"; 51]})] {
        assert_eq!(end(body).send(&bridge).await.status, 400);
    }
    assert_eq!(end(json!({"all": true})).send(&bridge).await.status, 200);
}

#[tokio::test]
async fn both_tokens_are_asked_for_where_the_configuration_says_so() {
    let bridge = Bridge::with(|settings| {
        with_tokens(settings);
        settings.require_session_token = true;
    })
    .await;
    let session = created(&bridge, json!({})).await;
    let (path, token) = (path_of(&session), text(&session, "token"));
    let both = get(&path).bearer("alpha").header("X-Session-Token", token);
    assert_eq!(both.send(&bridge).await.status, 200);
    for one in [
        get(&path).bearer("alpha"),
        get(&path).bearer(token),
        get(&path).header("X-Session-Token", token),
    ] {
        assert_eq!(one.send(&bridge).await.status, 401);
    }
    assert_eq!(
        get("/v1/sessions")
            .bearer("alpha")
            .send(&bridge)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn without_clients_no_token_is_needed_but_a_bad_one_is_refused() {
    let bridge = Bridge::start().await;
    let answer = Exchange::new("POST", "/v1/sessions").send(&bridge).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let session = answer.json();
    let (path, token) = (path_of(&session), text(&session, "token"));
    assert_eq!(get(&path).send(&bridge).await.status, 200);
    assert_eq!(get(&path).bearer(token).send(&bridge).await.status, 200);
    assert_eq!(get(&path).bearer("a.b.c").send(&bridge).await.status, 401);
}

#[tokio::test]
async fn a_session_that_is_created_with_a_key_is_created_once() {
    let bridge = Bridge::with(with_tokens).await;
    let create = || post("/v1/sessions", json!({})).bearer("alpha").key("k");
    let (one, two) = (create().send(&bridge).await, create().send(&bridge).await);
    assert_eq!((one.status, two.status), (201, 201));
    assert_eq!(one.body, two.body);
    assert_eq!(header(&two, "location"), header(&one, "location"));
    let list = get("/v1/sessions")
        .bearer("alpha")
        .send(&bridge)
        .await
        .json();
    assert_eq!(list["counts"]["live"], 1);
}
