//! A run of a few seconds. `make soak DURATION=1h SEED=1` runs the same for as long as is wanted.

use std::time::Duration;

use crate::support::browsers::{TestBrowser, on_both_browsers};

#[path = "../../../benches/soak/chaos/mod.rs"]
#[allow(clippy::cast_precision_loss, reason = "figures are rounded")]
mod chaos;

use chaos::config::Plan;

on_both_browsers!(while_everything_goes_wrong_each_request_is_answered_once_and_nothing_leaks,);

async fn while_everything_goes_wrong_each_request_is_answered_once_and_nothing_leaks(
    browser: TestBrowser,
) {
    let plan = Plan {
        seed: 1,
        length: Duration::from_secs(6),
        pace: Duration::from_millis(240),
    };
    let report = chaos::run::run(&browser, plan).await;
    println!("{report}");
    assert_eq!(report.to_json()["seed"], 1);
    assert!(report.verdict().is_empty(), "{report}");
}
