//! What was done in sessions, jobs after a restart, and the webhooks of both.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::exchange::{delete, get, post};
use crate::egress::OutgoingDialer;
use crate::operations::sessions::SessionLimits;
use crate::policy::PrivateNetworks;
use crate::sealing::MasterKey;
use crate::server::tests::harness::{Bridge, soon, with_tokens};
use crate::store::fake::FakeBackend;
use crate::store::{Backend as _, StoreError, StoreHandle};
use crate::webhooks::{Signer, WebhookRules, Webhooks, WebhooksConfig};

/// A bridge that keeps its state in this database.
async fn keeping(backend: &Arc<FakeBackend>, key: &MasterKey, webhooks: Webhooks) -> Bridge {
    let store = StoreHandle::start(Arc::<FakeBackend>::clone(backend) as _);
    let services = |services: &mut crate::operations::OperationServices| {
        services.store = store;
        services.master_key = Some(key.clone());
        services.webhooks = webhooks;
    };
    let limits = |settings: &mut crate::operations::OperationSettings| {
        let mut limits = SessionLimits::default();
        limits.config.max_per_client = 1;
        settings.sessions = limits;
    };
    Bridge::with_services(with_tokens, limits, services).await
}

async fn created(bridge: &Bridge, body: Value) -> String {
    let answer = post("/v1/sessions", body)
        .bearer("alpha")
        .send(bridge)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let session = answer.json();
    format!("/v1/sessions/{}", session["sessionId"].as_str().unwrap())
}

async fn entries(bridge: &Bridge, path: &str) -> Vec<Value> {
    let answer = get(path).bearer("alpha").send(bridge).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["entries"].as_array().unwrap().clone()
}

fn types(entries: &[Value]) -> Vec<&str> {
    entries
        .iter()
        .map(|it| it["type"].as_str().unwrap())
        .collect()
}

/// Three requests that fail in their tab, which leave a row each.
async fn three_clicks(bridge: &Bridge) {
    let mut tab = bridge.tab("a", 9);
    for selector in ["#a", "#b", "#c"] {
        let body = json!({"action": "click", "params": {"selector": selector}});
        let asked = post("/v1/pages/t9/command", body).bearer("alpha");
        // A reply that is dropped answers by itself.
        let lost = async { drop(soon("a click", tab.recv()).await) };
        let (answer, ()) = tokio::join!(asked.send(bridge), lost);
        assert_eq!(answer.status, 500, "{}", answer.body);
    }
}

async fn reads_its_history(bridge: &Bridge) {
    three_clicks(bridge).await;
    let whole = "/v1/sessions/default/history";
    let clicks = entries(bridge, &format!("{whole}?type=click")).await;
    assert_eq!(types(&clicks), ["click"; 3]);
    assert_eq!(clicks[0]["outcome"], "INTERNAL");
    assert_eq!(clicks[0]["pageId"], "t9");
    assert_eq!(clicks[0]["detail"], json!({"by": "selector"}));
    assert!(clicks[0]["ms"].as_f64().unwrap() >= 0.0);
    assert_eq!(
        entries(bridge, &format!("{whole}?pageId=t1")).await,
        [Value::Null; 0]
    );

    let first = get(&format!("{whole}?type=click&limit=2"))
        .bearer("alpha")
        .send(bridge)
        .await
        .json();
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = entries(
        bridge,
        &format!("{whole}?type=click&limit=2&cursor={cursor}"),
    )
    .await;
    assert_eq!(rest, clicks[2..]);
    let newest = entries(
        bridge,
        &format!("{whole}?type=click&limit=1&newestFirst=true"),
    )
    .await;
    assert_eq!(newest, clicks[2..]);
    let failed = entries(bridge, &format!("{whole}?failed=true")).await;
    assert_eq!(failed.len(), 3);

    let metrics = get("/v1/sessions/default/metrics")
        .bearer("alpha")
        .send(bridge)
        .await
        .json();
    assert_eq!(metrics["byType"]["click"]["requests"], 3, "{metrics}");
    assert_eq!(metrics["byType"]["click"]["failed"], 3);
    assert_eq!(metrics["failed"], 3);
    assert!(metrics["slowest"].as_array().unwrap().len() >= 3);
    assert!(metrics["used"]["requests"].as_u64().unwrap() >= 3);
}

#[tokio::test]
async fn without_a_store_the_latest_is_remembered() {
    let bridge = Bridge::with(with_tokens).await;
    reads_its_history(&bridge).await;
}

#[tokio::test]
async fn with_a_store_it_is_read_from_there_also_after_a_restart() {
    let (backend, key) = (Arc::<FakeBackend>::default(), MasterKey::random().unwrap());
    let bridge = keeping(&backend, &key, Webhooks::off()).await;
    reads_its_history(&bridge).await;
    let next = keeping(&backend, &key, Webhooks::off()).await;
    let clicks = entries(&next, "/v1/sessions/default/history?type=click").await;
    assert_eq!(types(&clicks), ["click"; 3]);
}

#[tokio::test]
async fn a_session_has_its_own_history_also_when_it_has_ended_and_others_do_not_see_it() {
    let bridge = Bridge::with(with_tokens).await;
    let path = created(&bridge, json!({})).await;
    three_clicks(&bridge).await;
    let ended = delete(&format!("{path}?wait=true"))
        .bearer("alpha")
        .send(&bridge)
        .await;
    assert_eq!(ended.status, 204);
    let history = entries(&bridge, &format!("{path}/history")).await;
    assert!(!types(&history).contains(&"click"), "{history:?}");
    let last = history.last().unwrap();
    assert_eq!(last["type"], "sessionStateChanged");
    assert_eq!(
        last["detail"],
        json!({"status": "destroyed", "endReason": "requested"})
    );
    for part in ["history", "metrics"] {
        let path = format!("{path}/{part}");
        assert_eq!(get(&path).bearer("alpha").send(&bridge).await.status, 200);
        let other = get(&path).bearer("beta").send(&bridge).await;
        assert_eq!(
            (other.status, &other.json()["code"]),
            (404, &json!("UNKNOWN_SESSION"))
        );
        let none = get(&format!(
            "/v1/sessions/0198f2a4-7c00-8000-8000-0123456789ab/{part}"
        ));
        assert_eq!(none.bearer("alpha").send(&bridge).await.status, 404);
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("cursor=x", "cursor"),
    ] {
        let bad = get(&format!("/v1/sessions/default/history?{query}"));
        let bad = bad.bearer("alpha").send(&bridge).await;
        assert_eq!(
            (bad.status, &bad.json()["details"]["field"]),
            (400, &json!(field))
        );
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_said_and_not_described() {
    let (backend, key) = (Arc::<FakeBackend>::default(), MasterKey::random().unwrap());
    let bridge = keeping(&backend, &key, Webhooks::off()).await;
    backend.fail(Some(StoreError::Unavailable(
        "/var/lib/secret-path".to_owned(),
    )));
    let answer = get("/v1/sessions/default/history")
        .bearer("alpha")
        .send(&bridge)
        .await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (503, &json!("STORE_DOWN"))
    );
    assert!(!answer.body.contains("secret-path"), "{}", answer.body);
}

/// Gives what is posted to it, and its URL.
async fn receiver() -> (String, mpsc::Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://{}/told?token=canary",
        listener.local_addr().unwrap()
    );
    let (sender, told) = mpsc::channel(64);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut text = String::new();
            let body = loop {
                let mut part = [0; 4096];
                let count = stream.read(&mut part).await.unwrap();
                text.push_str(std::str::from_utf8(&part[..count]).unwrap());
                let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
                if let Some(body) = body.and_then(|body| serde_json::from_str(body).ok()) {
                    break body;
                }
            };
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
            let head = text.split_once("\r\n\r\n").unwrap().0.to_owned();
            sender.try_send((head, body)).unwrap();
        }
    });
    (url, told)
}

fn webhooks(store: &StoreHandle, key: &MasterKey) -> Webhooks {
    let config = WebhooksConfig {
        allow: vec!["127.0.0.1".to_owned()],
        allow_http: true,
        private_networks: PrivateNetworks::Allow,
        ..WebhooksConfig::default()
    };
    let rules = WebhookRules::new(&config).unwrap().unwrap();
    let signer = Signer::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", None).unwrap();
    let dialer = OutgoingDialer::default();
    Webhooks::start(rules, signer, dialer, store.clone(), Some(key))
}

#[tokio::test]
async fn the_end_of_a_session_is_posted_once_with_why_and_what_it_used() {
    let (backend, key) = (Arc::<FakeBackend>::default(), MasterKey::random().unwrap());
    let store = StoreHandle::start(Arc::<FakeBackend>::clone(&backend) as _);
    let bridge = keeping(&backend, &key, webhooks(&store, &key)).await;
    let (url, mut told) = receiver().await;
    let path = created(
        &bridge,
        json!({"webhookUrl": url, "metadata": {"team": "a"}}),
    )
    .await;
    let shown = get(&path).bearer("alpha").send(&bridge).await;
    assert!(!shown.body.contains("canary"), "its URL may hold a secret");
    delete(&path).bearer("alpha").send(&bridge).await;
    let (head, body) = soon("the webhook", told.recv()).await.unwrap();
    assert!(head.contains("webhook-signature: v1,"), "{head}");
    assert_eq!(body["type"], "session.ended");
    let data = &body["data"];
    assert_eq!(data["sessionId"], path["/v1/sessions/".len()..]);
    assert_eq!(
        (&data["endReason"], &data["metadata"]),
        (&json!("requested"), &json!({"team": "a"}))
    );
    assert!(data["usage"]["requests"].is_u64() && data["endedAt"].is_u64());
    delete(&path).bearer("alpha").send(&bridge).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(told.try_recv().is_err(), "it is posted once");
}

#[tokio::test]
async fn a_webhook_that_may_not_be_called_is_refused_with_the_session() {
    let (backend, key) = (Arc::<FakeBackend>::default(), MasterKey::random().unwrap());
    let store = StoreHandle::start(Arc::<FakeBackend>::clone(&backend) as _);
    let bridge = keeping(&backend, &key, webhooks(&store, &key)).await;
    let off = Bridge::with(with_tokens).await;
    for (bridge, url) in [
        (&bridge, "https://elsewhere.test/?token=canary"),
        (&bridge, "http://10.0.0.1/?token=canary"),
        (&bridge, "no url"),
        (&off, "http://127.0.0.1:1/?token=canary"),
    ] {
        let answer = post("/v1/sessions", json!({"webhookUrl": url}))
            .bearer("alpha")
            .send(bridge)
            .await;
        let problem = answer.json();
        assert_eq!(
            (answer.status, &problem["details"]["field"]),
            (400, &json!("webhookUrl")),
            "{url}"
        );
        assert!(!answer.body.contains("canary"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_job_outlives_the_process_and_one_that_was_not_over_has_failed() {
    let (backend, key) = (Arc::<FakeBackend>::default(), MasterKey::random().unwrap());
    let store = StoreHandle::start(Arc::<FakeBackend>::clone(&backend) as _);
    let bridge = keeping(&backend, &key, webhooks(&store, &key)).await;
    let (url, mut told) = receiver().await;
    let first = created(&bridge, json!({})).await;
    let job = |url: &str| {
        post(
            "/v1/sessions",
            json!({"queueTimeoutMs": 60_000, "webhookUrl": url}),
        )
        .bearer("alpha")
    };
    let over = job(&url).send(&bridge).await;
    assert_eq!(over.status, 202, "{}", over.body);
    let over = over.json()["jobId"].as_str().unwrap().to_owned();
    delete(&format!("{first}?wait=true"))
        .bearer("alpha")
        .send(&bridge)
        .await;
    let (_, body) = soon("the end of the job", told.recv()).await.unwrap();
    assert_eq!(body["type"], "job.finished");
    assert_eq!(
        (&body["data"]["jobId"], &body["data"]["status"]),
        (&json!(over), &json!("succeeded"))
    );
    assert!(body["data"]["sessionId"].is_string() && !body.to_string().contains("token"));
    let waiting = job(&url).send(&bridge).await.json();
    let waiting = waiting["jobId"].as_str().unwrap().to_owned();
    let rows = format!("{:?}", backend.jobs().await.unwrap());
    assert!(
        !rows.contains("canary") && rows.contains(&waiting),
        "{rows}"
    );

    // The process is killed here: nothing more of it reaches the store.
    let next = keeping(&backend, &key, webhooks(&store, &key)).await;
    let shown = get(&format!("/v1/jobs/{over}"))
        .bearer("alpha")
        .send(&next)
        .await
        .json();
    assert_eq!(shown["status"], "succeeded", "{shown}");
    assert!(shown["result"]["token"].is_string(), "{shown}");
    let failed = get(&format!("/v1/jobs/{waiting}"))
        .bearer("alpha")
        .send(&next)
        .await
        .json();
    assert_eq!(failed["status"], "failed", "{failed}");
    assert_eq!(failed["error"]["code"], "JOB_INTERRUPTED");
    assert_eq!(failed["error"]["retryable"], true);
    let (_, body) = soon("the end of the other", told.recv()).await.unwrap();
    assert_eq!(
        (&body["data"]["jobId"], &body["data"]["status"]),
        (&json!(waiting), &json!("failed"))
    );
    assert_eq!(body["data"]["error"]["code"], "JOB_INTERRUPTED");
    let other = get(&format!("/v1/jobs/{over}"))
        .bearer("beta")
        .send(&next)
        .await;
    assert_eq!(other.status, 404);
    delete(&format!("/v1/jobs/{over}"))
        .bearer("alpha")
        .send(&next)
        .await;
    assert_eq!(
        get(&format!("/v1/jobs/{over}"))
            .bearer("alpha")
            .send(&next)
            .await
            .status,
        404
    );
}
