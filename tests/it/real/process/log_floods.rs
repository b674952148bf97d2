//! What a peer without a token can write to the log.

use crate::support::browsers::TestBrowser;
use crate::support::client::{Client, Mode};
use crate::support::daemon::Setup;
use crate::support::http;

#[tokio::test]
async fn refusals_are_counted_and_only_the_first_is_logged() {
    const TRIES: usize = 50;
    let browser = TestBrowser::shell().await;
    let daemon = Setup::serving(&browser)
        .env("CDP_BRIDGE_AUTH_TOKEN", "good-token")
        .start()
        .await;
    for _ in 0..TRIES {
        let foreign = [("Origin", "https://evil.test")];
        let answer = http::get(daemon.address(), "/livez", &foreign).await;
        assert_eq!(answer.status, 403);
        let wrong = [("Authorization", "Bearer bad-token")];
        assert!(
            Client::try_connect(&daemon.url, Mode::Text, &wrong)
                .await
                .is_err()
        );
    }
    let metrics = daemon.get("/metrics").await.body;
    let refused = |reason: &str| {
        let name = format!("cdp_bridge_refused_total{{reason=\"{reason}\"}} ");
        let count = metrics.lines().find_map(|line| line.strip_prefix(&name));
        count.map_or(0, |count| count.parse::<usize>().unwrap())
    };
    assert_eq!(refused("origin"), TRIES, "{metrics}");
    // After some, the tokens from this address are not looked at.
    let of_tokens = [refused("token"), refused("attempts")];
    assert_eq!(of_tokens.iter().sum::<usize>(), TRIES, "{of_tokens:?}");
    assert!(of_tokens.iter().all(|count| *count > 0), "{of_tokens:?}");
    let log = daemon.log();
    for words in ["a request was refused", "no valid token"] {
        let lines = log.lines().filter(|line| line.contains(words)).count();
        // A slow machine may reach the next interval.
        assert!((1..TRIES / 5).contains(&lines), "{lines} times {words:?}");
    }
    daemon.stop().await;
}
