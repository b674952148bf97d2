//! Deletions that are repeated, because their answer was lost.

use cdp_bridge_protocol::event::CloseReason;
use serde_json::json;

use super::exchange::{Exchange, delete, get, header, post};
use crate::server::tests::harness::{Bridge, answer, soon};
use crate::tabs::{FactKind, TabMessage};

/// Deletes it twice without a key and twice with one: the answers are the same.
async fn deleted_alike(bridge: &Bridge, path: &str) {
    for _ in 0..2 {
        let gone = delete(path).send(bridge).await;
        assert_eq!(gone.status, 204, "{path}: {}", gone.body);
    }
    for replayed in [None, Some("true")] {
        let gone = delete(path).key(path).send(bridge).await;
        assert_eq!(gone.status, 204, "{path}: {}", gone.body);
        assert_eq!(header(&gone, "idempotency-replayed"), replayed);
    }
}

#[tokio::test]
async fn a_session_is_ended_as_often_as_it_is_asked() {
    let bridge = Bridge::start().await;
    let session = post("/v1/sessions", json!({})).send(&bridge).await.json();
    let path = format!("/v1/sessions/{}", session["sessionId"].as_str().unwrap());
    deleted_alike(&bridge, &path).await;
    deleted_alike(&bridge, &format!("{path}?wait=true")).await;
    let by_token = delete(&path).bearer(session["token"].as_str().unwrap());
    assert_eq!(by_token.send(&bridge).await.status, 204);
    let none = "/v1/sessions/01999999-0000-8000-8000-000000000001";
    assert_eq!(delete(none).send(&bridge).await.status, 404);
}

#[tokio::test]
async fn a_page_is_closed_as_often_as_it_is_asked() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let first = bridge.background(delete("/v1/pages/t1").text());
    match soon("the end", tab.recv()).await {
        Some(TabMessage::Close(_, Some(reply))) => {
            bridge.tab_ended("default", 1);
            let reason = CloseReason::Requested;
            answer(reply, 1, FactKind::TabClosed { reason });
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(first.await.unwrap().status, 204);
    deleted_alike(&bridge, "/v1/pages/t1").await;
    assert_eq!(delete("/v1/pages/t9").send(&bridge).await.status, 404);
}

#[tokio::test]
async fn an_upload_is_dropped_as_often_as_it_is_asked() {
    let bridge = Bridge::start().await;
    let uploads = "/v1/sessions/default/uploads";
    let file = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n--b--\r\n";
    let upload = || {
        Exchange::new("POST", uploads)
            .header("Content-Type", "multipart/form-data; boundary=b")
            .body(file)
    };
    for _ in 0..2 {
        assert_eq!(upload().send(&bridge).await.status, 201);
    }
    deleted_alike(&bridge, &format!("{uploads}/u1")).await;
    assert_eq!(
        get(&format!("{uploads}/u1")).send(&bridge).await.status,
        404
    );
    let other = get(&format!("{uploads}/u2")).send(&bridge).await;
    assert_eq!(other.status, 200, "the other file is still there");
    for unknown in ["u0", "u3", "u01", "x"] {
        let path = format!("{uploads}/{unknown}");
        assert_eq!(delete(&path).send(&bridge).await.status, 404, "{unknown}");
    }
    let session = post("/v1/sessions", json!({})).send(&bridge).await.json();
    let of_other = format!(
        "/v1/sessions/{}/uploads/u2",
        session["sessionId"].as_str().unwrap()
    );
    let foreign = delete(&of_other).send(&bridge).await;
    assert_eq!(foreign.status, 404, "it is a file of another session");
}

#[tokio::test]
async fn a_job_is_cancelled_as_often_as_it_is_asked() {
    let bridge =
        Bridge::with_operations(|_| {}, |operations| operations.sessions.config.max = 1).await;
    let only = post("/v1/sessions", json!({})).send(&bridge).await;
    assert_eq!(only.status, 201, "{}", only.body);
    let waits = post("/v1/sessions", json!({"queueTimeoutMs": 60_000}));
    let job = waits.send(&bridge).await;
    assert_eq!(job.status, 202, "{}", job.body);
    let path = format!("/v1/jobs/{}", job.json()["jobId"].as_str().unwrap());
    deleted_alike(&bridge, &path).await;
    assert_eq!(get(&path).send(&bridge).await.status, 404);
    assert_eq!(delete("/v1/jobs/none").send(&bridge).await.status, 404);
    let limits = get("/v1/limits").send(&bridge).await.json();
    assert_eq!(limits["sessions"]["queued"], 0);
}
