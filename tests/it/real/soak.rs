//! A short run of what `make soak` does for as long as one likes.

use std::time::Duration;

use crate::support::browsers::TestBrowser;

#[path = "../../../benches/soak/chaos/mod.rs"]
#[allow(clippy::cast_precision_loss, reason = "figures are rounded")]
mod chaos;

use chaos::config::Plan;

/// On the small build. On a busy machine new headless may be left answering everything but
/// `Target.createTarget`, which the bridge does not take for a hang yet; `make soak` shows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_everything_goes_wrong_each_request_is_answered_once_and_nothing_leaks() {
    let browser = TestBrowser::shell().await;
    let plan = Plan {
        seed: 1,
        length: Duration::from_secs(10),
        pace: Duration::from_millis(400),
    };
    let report = chaos::run::run(&browser, plan).await;
    println!("{report}");
    assert_eq!(report.to_json()["seed"], 1);
    assert!(report.verdict().is_empty(), "{report}");
}
