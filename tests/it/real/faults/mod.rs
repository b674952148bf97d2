//! What Chromium and its pages can do to a bridge, a named test for each: the rows of the fault list
//! that no other module provokes.
//!
//! | module | what goes wrong |
//! | --- | --- |
//! | [`renderers`] | renderers that die, loop, wait or stand still |
//! | [`pages`] | pages that are too much |
//! | [`browsers`] | the browser itself, and its helpers |

mod browsers;
mod pages;
mod renderers;

use std::time::Duration;

use cdp_bridge::config::Config;

use crate::support::bridge::TestBridge;
use crate::support::browsers::TestBrowser;
use crate::support::client::Client;

/// A bridge that gives pages little time to hang.
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
