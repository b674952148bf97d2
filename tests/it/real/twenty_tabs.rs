//! Many tabs at a time, and tabs that hang: no tab delays another.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tokio::time::Instant;

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::pages::{ENDLESS, LOOPS};
use crate::support::site::Site;
use crate::support::wait::until;

on_both_browsers!(
    twenty_tabs_over_two_connections_get_their_own_answers,
    a_tab_that_loops_delays_no_ping_and_no_other_tab_and_can_be_closed,
);

/// The colour of a page and what is written in its title.
fn marker(number: usize) -> [u8; 3] {
    let number = u8::try_from(number).unwrap();
    [number * 12, 255 - number * 12, (number % 4) * 80]
}

async fn twenty_tabs_over_two_connections_get_their_own_answers(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::start(browser).await;
    let clients = [bridge.client().await, bridge.client().await];
    let work = (0..20).map(|number| {
        let (client, site) = (&clients[number % 2], &site);
        async move {
            let [red, green, blue] = marker(number);
            let body = format!("<style>body{{background:rgb({red},{green},{blue})}}</style>marker-{number}-");
            let page = site.page(&format!("/page{number}"), &body);
            let own = |what: &str| json!(format!("{what} of {number}"));
            let created = client.ask(json!({"type": "createTab", "requestId": own("createTab")})).await;
            let tab = created.expect("tabCreated").id().to_owned();
            let navigated = client
                .ask(json!({"type": "navigate", "tabId": tab, "url": page, "requestId": own("navigate")}))
                .await
                .expect("navigated");
            assert_eq!((navigated.id(), &navigated["url"]), (tab.as_str(), &json!(page)));
            client.tab_event("loadEventFired", &tab).await;
            let (html, picture) = futures::join!(
                client.ask(json!({"type": "getDomSnapshot", "tabId": tab, "requestId": own("html"), "timeoutMs": 30000})),
                client.ask(json!({"type": "getScreenshot", "tabId": tab, "format": "png", "requestId": own("picture"), "timeoutMs": 30000})),
            );
            let html = html.expect("domSnapshot");
            assert!(html.text().contains(&format!("marker-{number}-")), "{}", html.text());
            let picture = picture.expect("screenshot");
            let colour = first_pixel(picture.bytes());
            assert_eq!(colour, marker(number), "the colour of page {number}");
            tab
        }
    });
    let tabs = join_all(work).await;
    let mut distinct = tabs.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 20, "{tabs:?}");
    for (index, client) in clients.iter().enumerate() {
        for answer in client.log().iter().filter(|it| it.was_asked()) {
            let id = answer["requestId"].as_str().unwrap();
            if let Some((_, number)) = id.split_once(" of ") {
                let number: usize = number.parse().unwrap();
                assert_eq!(number % 2, index, "{answer} came to the other connection");
                assert_eq!(answer.id(), tabs[number], "{answer}");
            }
        }
    }
    bridge.stop().await;
}

/// The colour of the last row's last pixel, where nothing is written. The pictures are of one
/// colour but for a few letters, so that their palette or filters need not be known: they are
/// decoded by the browser's own rules.
fn first_pixel(png: &[u8]) -> [u8; 3] {
    let decoder = png::Decoder::new(std::io::Cursor::new(png));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let size = info.color_type.samples();
    let last = &pixels[info.buffer_size() - size..];
    [last[0], last[1], last[2]]
}

async fn median_ping(client: &Client) -> Duration {
    let mut times = Vec::new();
    for _ in 0..31 {
        let start = Instant::now();
        client.ping().await;
        times.push(start.elapsed());
    }
    times.sort();
    times[times.len() / 2]
}

async fn a_tab_that_loops_delays_no_ping_and_no_other_tab_and_can_be_closed(browser: TestBrowser) {
    let site = Site::start().await;
    let endless = site.page("/endless", ENDLESS);
    let page = site.url_on("other.test", "/page");
    site.page("/page", "alive");
    let bridge = TestBridge::start(browser).await;
    let client = bridge.client().await;
    let healthy = client.open(&page).await;
    let before = median_ping(&client).await;

    let stuck = client.open(&endless).await;
    until("the page loops", async || !site.asked(LOOPS).is_empty()).await;
    let asked = [
        json!({"type": "getDomSnapshot", "tabId": stuck, "timeoutMs": 1500}),
        json!({"type": "getScreenshot", "tabId": stuck, "timeoutMs": 1500}),
    ];
    let mut waiting = Vec::new();
    let start = Instant::now();
    for request in asked {
        waiting.push(client.request(request).await);
    }
    let during = median_ping(&client).await;
    // A ratio within one run, with a floor under which both are nothing but noise.
    let floor = Duration::from_millis(2);
    assert!(
        during <= before.max(floor) * 10,
        "{during:?} beside a loop, {before:?} without"
    );
    assert!(client.html(&healthy).await.contains("alive"));
    client.screenshot(&healthy, "jpeg", false).await;
    client.go(&healthy, &page).await;
    client.ask(json!({"type": "listTabs"})).await.expect("tabs");

    for id in waiting {
        let answer = client.answer(&id).await;
        assert!(
            ["CDP_TIMEOUT", "screenshot"].contains(&answer.code()) || answer.is("screenshot"),
            "{answer}"
        );
    }
    let late = start.elapsed();
    assert!(
        late < Duration::from_secs(10),
        "answers to a looping tab took {late:?}"
    );
    let start = Instant::now();
    client.close(&stuck).await;
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(client.html(&healthy).await.contains("alive"));
    assert_eq!(client.tab_info(&stuck).await, None);
    bridge.stop().await;
}
