//! Limits of a client count for this door too.

use serde_json::json;

use super::exchange::{get, header, post};
use crate::server::tests::harness::{Bridge, LIMITS, soon};

#[tokio::test]
async fn requests_count_against_the_rate_of_the_client_and_say_what_is_left() {
    let bridge = Bridge::with(|settings| settings.limits.rate_per_second = 2).await;
    let list = || get("/v1/sessions/default/pages");
    let first = list().send(&bridge).await;
    assert_eq!(
        header(&first, "ratelimit-policy"),
        Some(r#""requests";q=2;w=1"#)
    );
    assert_eq!(header(&first, "ratelimit"), Some(r#""requests";r=1;t=1"#));
    list().send(&bridge).await;
    let third = list().send(&bridge).await;
    assert_eq!(
        (third.status, &third.json()["code"]),
        (429, &json!("RATE_LIMITED"))
    );
    assert_eq!(header(&third, "x-should-retry"), Some("true"));
    assert!(header(&third, "retry-after-ms").is_some());
    assert!(header(&third, "ratelimit").is_some());
}

#[tokio::test]
async fn unanswered_requests_of_both_doors_count_together() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let reload = || post("/v1/pages/t1/command", json!({"action": "reload"}));
    let mut running = Vec::new();
    for _ in 0..LIMITS.max_inflight {
        running.push(bridge.background(reload().text()));
        if let Some(request) = soon("a request", tab.recv()).await {
            // Dropped, it would be answered.
            std::mem::forget(request);
        }
    }
    let refused = reload().send(&bridge).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (429, &json!("LIMIT_EXCEEDED"))
    );
    assert_eq!(refused.json()["details"]["limit"], LIMITS.max_inflight);
    assert_eq!(get("/v1/pages/t1").send(&bridge).await.status, 200);
    for one in running {
        one.abort();
    }
}
