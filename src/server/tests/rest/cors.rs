//! Pages of other origins.

use super::exchange::{Exchange, get, header};
use crate::server::tests::harness::{Bridge, with_tokens};

const ALLOWED: &str = "https://app.example";

fn preflight(origin: &str) -> Exchange {
    Exchange::new("OPTIONS", "/v1/pages/t1/command")
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
}

#[tokio::test]
async fn an_allowed_page_may_ask_and_read_and_another_may_not() {
    let bridge = Bridge::with(with_tokens).await;
    let answer = preflight(ALLOWED).send(&bridge).await;
    assert_eq!(answer.status, 204, "before any token");
    assert_eq!(
        header(&answer, "access-control-allow-origin"),
        Some(ALLOWED)
    );
    assert_eq!(header(&answer, "access-control-max-age"), Some("86400"));
    assert_eq!(header(&answer, "access-control-allow-credentials"), None);
    assert_eq!(header(&answer, "vary"), Some("origin"));
    let allowed = header(&answer, "access-control-allow-headers").unwrap();
    for name in [
        "authorization",
        "content-type",
        "x-session-token",
        "idempotency-key",
        "last-event-id",
    ] {
        assert!(allowed.contains(name), "{name}");
    }
    assert_eq!(
        preflight("https://evil.example").send(&bridge).await.status,
        403
    );
    let read = get("/v1/pages/t1")
        .bearer("alpha")
        .header("Origin", ALLOWED);
    let read = read.send(&bridge).await;
    assert_eq!(read.status, 404);
    assert_eq!(header(&read, "access-control-allow-origin"), Some(ALLOWED));
    assert!(header(&read, "access-control-expose-headers").is_some());
    let plain = get("/v1/pages/t1").bearer("alpha").send(&bridge).await;
    assert_eq!(header(&plain, "access-control-allow-origin"), None);
    assert_eq!(header(&plain, "vary"), Some("origin"));
}
