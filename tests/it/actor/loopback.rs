//! The same tabs over a WebSocket, as with `browser.connect`.

use std::time::Duration;

use super::harness::Bridge;
use crate::fake::Fake;
use cdp_bridge::browser::connect::BrowserSource;

const LIMIT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_browser_is_reached_over_its_debugging_port() {
    let fake = Fake::new();
    let url = fake.listen().await;
    let source = BrowserSource::Connect { url, limit: LIMIT };
    let connected = source.connect().await.unwrap();
    assert_eq!(connected.version.product, "HeadlessChrome/156.0.0.0");
    fake.hang_up();
    let reason = connected.browser.ended().await;
    assert!(reason.contains("Chromium"), "{reason}");
}

#[tokio::test]
async fn tabs_work_over_a_debugging_port_and_again_after_it_was_lost() {
    let bridge = Bridge::start().await;
    let url = bridge.fake.listen().await;
    for _ in 0..2 {
        bridge.fake.hang_up();
        bridge
            .supervisor
            .browser_down("it was lost".to_owned())
            .await;
        let source = BrowserSource::Connect {
            url: url.clone(),
            limit: LIMIT,
        };
        let connected = source.connect().await.unwrap();
        let supervisor = &bridge.supervisor;
        supervisor
            .browser_up(
                connected.browser.clone(),
                connected.inbox,
                connected.version,
                None,
            )
            .await;
        let client = bridge.client();
        let tab = client.create("http://a.test/").tab().await;
        let navigated = client.navigate(tab, "http://b.test/").line().await;
        assert_eq!(navigated, format!("navigated {tab} http://b.test/ 200"));
        client.html(tab).answer().await;
        client.screenshot(tab).answer().await;
        client.close(tab).answer().await;
    }
    bridge.supervisor.shut_down().await;
}
