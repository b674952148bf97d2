//! Many captures of one tab at once: each is answered, and Chromium gets few calls.

use std::time::Duration;

use tokio::time::sleep;

use super::harness::{Bridge, MS};

#[tokio::test(start_paused = true)]
async fn a_hundred_snapshots_in_a_second_cost_at_most_five_captures() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let mut asked = Vec::new();
    for _ in 0..100 {
        asked.push(client.html(tab));
        sleep(10 * MS).await;
    }
    let (mut taken, mut coalesced, mut listed) = (0, 0, 0);
    for asked in asked {
        let line = asked.line().await;
        if line == "coalesced" {
            coalesced += 1;
        } else {
            assert!(line.starts_with("domSnapshot t1 http://a.test/"), "{line}");
            taken += 1;
            if let Some((_, ids)) = line.split_once(" for ") {
                listed += ids.trim_end_matches(" too").split(", ").count();
            }
        }
    }
    let captures = bridge.fake.calls_of("Runtime.evaluate").len();
    assert_eq!(taken, captures, "each capture is answered to one request");
    assert!(captures <= 5, "{captures} captures");
    assert_eq!((taken + coalesced, listed), (100, coalesced));
}

#[tokio::test(start_paused = true)]
async fn of_fifty_screenshots_in_a_second_the_due_and_the_queued_ones_are_taken() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    let client = bridge.client();
    let mut asked = Vec::new();
    for _ in 0..50 {
        asked.push(client.screenshot(tab));
        sleep(20 * MS).await;
    }
    let (mut taken, mut dropped) = (0, 0);
    for asked in asked {
        match asked.outcome().await {
            Ok(_) => taken += 1,
            Err(failure) => {
                assert!(failure.to_string().contains("pushed out"), "{failure}");
                dropped += 1;
            }
        }
    }
    // One is started at 0 ms and one at 500 ms, and four are queued at the end of the second.
    assert_eq!((taken, dropped), (6, 44));
    let calls = bridge.fake.calls_of("Page.captureScreenshot");
    assert_eq!(calls.len(), 6);
    for pair in calls.windows(2) {
        assert!(pair[1].at - pair[0].at >= Duration::from_millis(500));
    }
}
