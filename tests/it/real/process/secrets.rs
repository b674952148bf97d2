//! Secrets are not logged at any level.

use rustix::process::Signal;
use serde_json::json;

use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::{Client, Mode};
use crate::support::daemon::Setup;
use crate::support::http;
use crate::support::site::{Reply, Site};

on_both_browsers!(no_secret_is_logged_even_at_the_finest_level);

async fn no_secret_is_logged_even_at_the_finest_level(browser: TestBrowser) {
    const TOKEN: &str = "tok-9f8e7d6c5b4a";
    const COOKIE: &str = "cookie-1a2b3c4d";
    const QUERY: &str = "query-5e6f7a8b";
    const WRITTEN: &str = "page-0c1d2e3f";
    let secrets = [TOKEN, COOKIE, QUERY, WRITTEN];

    let site = Site::start().await;
    let secret_cookie = format!("session={COOKIE}; Path=/; Max-Age=600");
    site.serve(
        "/in",
        Reply::page(format!("<p>{WRITTEN}</p>")).with("set-cookie", &secret_cookie),
    );
    let daemon = Setup::serving(&browser)
        .env("CDP_BRIDGE_AUTH_TOKEN", TOKEN)
        .args(["--log-level", "trace,cdp_bridge=trace"])
        .start()
        .await;
    let wrong = format!("Bearer {TOKEN}x");
    let refused = Client::try_connect(&daemon.url, Mode::Text, &[("Authorization", &wrong)]).await;
    assert!(refused.is_err());
    let bearer = format!("Bearer {TOKEN}");
    let client = Client::try_connect(&daemon.url, Mode::Text, &[("Authorization", &bearer)])
        .await
        .unwrap();
    client.event("welcome").await;
    let url = site.url(&format!("/in?key={QUERY}#{QUERY}"));
    let tab = client.open(&url).await;
    client.html(&tab).await;
    client.screenshot(&tab, "jpeg", false).await;
    // Failures are logged with their causes.
    let with_user = url.replace("http://", &format!("http://user:{QUERY}@"));
    client.navigate(&tab, &with_user).await;
    client
        .navigate(&tab, &format!("file:///{QUERY}"))
        .await
        .expect_error("NAV_DENIED");
    client
        .navigate(&tab, &format!("http://127.0.0.1:9/?{QUERY}"))
        .await
        .expect_error("NAV_FAILED");
    client
        .ask(json!({"type": "navigate", "tabId": tab, "url": url, "key": QUERY}))
        .await
        .expect_error("BAD_REQUEST");
    client.send_text(&format!("{{\"type\": {QUERY}")).await;
    client
        .ask(json!({"type": "setLoggedOutMode", "tabId": tab, "enabled": true}))
        .await;
    client.close(&tab).await;
    // Rejected handshakes are logged without their headers.
    let (path, address) = (format!("/health?token={QUERY}"), daemon.address());
    let oversized = format!("{TOKEN}{}", "x".repeat(20_000));
    for header in [
        ("Origin", format!("https://user:{QUERY}@evil.test/?{QUERY}")),
        ("Authorization", format!("Bearer {TOKEN}y")),
        ("Cookie", format!("session={COOKIE}")),
        ("X-Long", oversized),
    ] {
        let _ = http::try_get(address, &path, &[(header.0, &header.1)]).await;
    }
    let metrics = daemon.get("/metrics").await.body;

    let mut daemon = daemon;
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().await.code(), Some(0));
    let log = daemon.log();
    assert!(log.lines().count() > 10, "a fine log says something: {log}");
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in the log");
        assert!(!metrics.contains(secret), "{secret} is in the metrics");
    }
}
