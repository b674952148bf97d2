//! Faults of Chromium and its pages: a test for each row of the fault list that no other module covers.
//!
//! | module | what goes wrong |
//! | --- | --- |
//! | [`renderers`] | renderers that die, loop, wait or stand still |
//! | [`pages`] | pages that exhaust or block something |
//! | [`browsers`] | the browser itself, and its helpers |

mod browsers;
mod pages;
mod renderers;

use std::time::Duration;

use cdp_bridge::config::Config;

use crate::support::bridge::TestBridge;
use crate::support::browsers::TestBrowser;
use crate::support::client::Client;

/// A bridge with a short `tabs.hang_timeout`.
async fn impatient(browser: TestBrowser) -> TestBridge {
    impatient_with(browser, |_| {}).await
}

async fn impatient_with(browser: TestBrowser, tune: impl FnOnce(&mut Config)) -> TestBridge {
    TestBridge::start_with(browser, |config| {
        config.tabs.hang_timeout = Duration::from_secs(1);
        tune(config);
    })
    .await
}

/// Fails unless a tab can be opened, looked at and closed.
async fn serves(client: &Client, url: &str, holds: &str) {
    let tab = client.open(url).await;
    let html = client.html(&tab).await;
    assert!(html.contains(holds), "{html}");
    client.close(&tab).await;
}
