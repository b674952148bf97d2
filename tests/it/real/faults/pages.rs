//! Pages that exhaust or block something.

use std::time::Duration;

use serde_json::json;

use super::{impatient, impatient_with, serves};
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::site::{Reply, Site};
use crate::support::wait::{until, until_some};

on_both_browsers!(
    a_page_that_opens_dialog_after_dialog_is_left,
    a_page_that_reloads_itself_for_ever_is_looked_at_and_left,
    a_document_that_never_ends_is_looked_at_and_left,
    a_page_of_deeply_nested_elements_does_not_keep_its_tab,
    a_page_that_floods_the_console_costs_nobody_anything,
    what_asks_a_person_is_answered_without_one,
    going_back_to_a_page_that_was_kept_is_told,
    a_page_that_is_to_be_prerendered_is_not,
    windows_that_nobody_asked_for_are_not_opened,
    a_navigation_under_a_capture_gives_the_new_page,
);

async fn a_page_that_opens_dialog_after_dialog_is_left(browser: TestBrowser) {
    let site = Site::start().await;
    let storm = site.page(
        "/storm",
        "<script>onload = () => setTimeout(() => { for (;;) alert('again') }, 9)</script>",
    );
    let page = site.page("/page", "alive");
    let bridge = impatient(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&storm).await;
    let rebuilt = client.tab_event("tabRebuilt", &tab).await;
    assert_eq!(rebuilt["url"], "about:blank");
    let told = client.story_of(&tab);
    let dialogs = told.iter().filter(|it| *it == "dialogOpened").count();
    assert_eq!(dialogs, 20, "{told:?}");
    client.go(&tab, &page).await;
    assert!(client.html(&tab).await.contains("alive"));
    bridge.stop().await;
}

async fn a_page_that_reloads_itself_for_ever_is_looked_at_and_left(browser: TestBrowser) {
    let site = Site::start().await;
    let restless = site.page("/restless", "<script>location.reload()</script>restless");
    let page = site.page("/page", "alive");
    let bridge = impatient(browser).await;
    let client = bridge.client().await;
    let created = client
        .ask(json!({"type": "createTab", "url": restless}))
        .await;
    let tab = created.expect("tabCreated").id().to_owned();
    for _ in 0..5 {
        client.tab_event("navigated", &tab).await;
    }
    client.ping().await;
    // The page may reload during a capture and so abort it.
    until_some("a snapshot", async || {
        let request = json!({"type": "getDomSnapshot", "tabId": tab});
        client.ask(request).await.is("domSnapshot").then_some(())
    })
    .await;
    // The page's own reload may come after the navigation and abort it.
    until("another page stays", async || {
        let request = json!({"type": "navigate", "tabId": tab, "url": page});
        client.ask(request).await.is("navigated")
            && client
                .ask(json!({"type": "getDomSnapshot", "tabId": tab}))
                .await
                .is("domSnapshot")
            && client.tab_info(&tab).await.unwrap()["url"] == page.as_str()
    })
    .await;
    until("it has loaded", async || {
        client.html(&tab).await.contains("alive")
    })
    .await;
    bridge.stop().await;
}

async fn a_document_that_never_ends_is_looked_at_and_left(browser: TestBrowser) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let site = Site::start().await;
    let page = site.page("/page", "alive");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<title>more</title>";
                let mut next = head.as_bytes();
                while stream.write_all(next).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    next = b"<p>and one more";
                }
            });
        }
    });
    let bridge = impatient(browser).await;
    let client = bridge.client().await;
    let created = client.ask(json!({"type": "createTab", "url": url})).await;
    let tab = created.expect("tabCreated").id().to_owned();
    client.tab_event("navigated", &tab).await;
    until("a part of it is there", async || {
        client.html(&tab).await.contains("and one more")
    })
    .await;
    client.go(&tab, &page).await;
    assert!(client.html(&tab).await.contains("alive"));
    serving.abort();
    bridge.stop().await;
}

async fn a_page_of_deeply_nested_elements_does_not_keep_its_tab(browser: TestBrowser) {
    let site = Site::start().await;
    let deep = site.page(
        "/deep",
        "<script>onload = () => setTimeout(() => { let here = document.body; \
         for (let depth = 0; depth < 20000; depth++) \
         here = here.appendChild(document.createElement('div')); \
         document.body.innerText.length }, 9)</script>",
    );
    let page = site.page("/page", "alive");
    let bridge = impatient(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&deep).await;
    // The page may be captured, hang or crash; in each case the tab must work again.
    client
        .ask(json!({"type": "getDomSnapshot", "tabId": tab, "format": "structured"}))
        .await;
    until_some("another page", async || {
        let request = json!({"type": "navigate", "tabId": tab, "url": page, "timeoutMs": 10_000});
        client.ask(request).await.is("navigated").then_some(())
    })
    .await;
    until("it is captured", async || {
        client.html(&tab).await.contains("alive")
    })
    .await;
    bridge.stop().await;
}

async fn a_page_that_floods_the_console_costs_nobody_anything(browser: TestBrowser) {
    let site = Site::start().await;
    let loud = site.page(
        "/loud",
        "<script>for (let line = 0; line < 20000; line++) console.log(line)</script>loud",
    );
    let bridge = impatient_with(browser, |config| {
        config.tabs.hang_timeout = Duration::from_secs(15);
    })
    .await;
    serves(&bridge.client().await, &loud, "loud").await;
    bridge.stop().await;
}

async fn what_asks_a_person_is_answered_without_one(browser: TestBrowser) {
    let site = Site::start().await;
    let asking = site.page(
        "/asking",
        "<input type=file id=file><script>\
         const tries = { \
         print: async () => print(), \
         file: async () => file.click(), \
         notification: () => Notification.requestPermission(), \
         clipboard: () => navigator.clipboard.readText(), \
         place: () => new Promise((yes, no) => navigator.geolocation.getCurrentPosition(yes, no)), \
         camera: () => navigator.mediaDevices.getUserMedia({video: true}), \
         screen: () => document.body.requestFullscreen(), \
         }; \
         onload = async () => { \
         for (const [name, ask] of Object.entries(tries)) { \
         try { await ask(); } catch {} \
         document.body.append(name + ' is over; '); } \
         document.title = 'all over'; }</script>",
    );
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&asking).await;
    until("nothing waits for a person", async || {
        client.html(&tab).await.contains("screen is over")
    })
    .await;
    client.screenshot(&tab, "jpeg", false).await;
    bridge.stop().await;
}

async fn going_back_to_a_page_that_was_kept_is_told(browser: TestBrowser) {
    let site = Site::start().await;
    let first = site.page("/first", "the first");
    let back = site.page(
        "/back",
        "<script>onload = () => setTimeout(() => history.back(), 50)</script>",
    );
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&first).await;
    client.go(&tab, &back).await;
    let navigated = client.tab_event("navigated", &tab).await;
    assert_eq!(navigated["url"], first);
    until("it is shown", async || {
        client.html(&tab).await.contains("the first")
    })
    .await;
    assert_eq!(client.tab_info(&tab).await.unwrap()["url"], first);
    bridge.stop().await;
}

async fn a_page_that_is_to_be_prerendered_is_not(browser: TestBrowser) {
    let site = Site::start().await;
    let next = site.page("/next", "the next");
    let first = site.page(
        "/first",
        "<script type=speculationrules>{\"prerender\": [{\"source\": \"list\", \
         \"urls\": [\"/next\"], \"eagerness\": \"immediate\"}]}</script>the first",
    );
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let tab = client.open(&first).await;
    client.go(&tab, &next).await;
    assert!(client.html(&tab).await.contains("the next"));
    let info = client.tab_info(&tab).await.unwrap();
    assert_eq!(info["url"], next);
    client.screenshot(&tab, "jpeg", false).await;
    bridge.stop().await;
}

async fn windows_that_nobody_asked_for_are_not_opened(browser: TestBrowser) {
    let site = Site::start().await;
    let small = site.page("/small", "small");
    let greedy = site.page(
        "/greedy",
        "<script>onload = () => { for (let number = 0; number < 30; number++) open('/small'); \
         document.title = 'opened' }</script>",
    );
    let bridge = TestBridge::start_with(browser, |config| config.tabs.max = 5).await;
    let client = bridge.client().await;
    let tab = client.open(&greedy).await;
    client.settled(&tab, "opened").await;
    let tabs = client.ask(json!({"type": "listTabs"})).await.expect("tabs");
    let count = tabs["tabs"].as_array().unwrap().len();
    assert!(count <= 5, "{tabs}");
    client.close(&tab).await;
    until_some("a tab of one's own", async || {
        let created = client.ask(json!({"type": "createTab", "url": small})).await;
        created.is("tabCreated").then_some(())
    })
    .await;
    bridge.stop().await;
}

async fn a_navigation_under_a_capture_gives_the_new_page(browser: TestBrowser) {
    let site = Site::start().await;
    let slow = Reply::After(Duration::from_millis(200), Box::new(Reply::page("arrived")));
    site.serve("/slow", slow);
    // Under another name it is another site, and gets another process.
    let slow = site.url_on("other.test", "/slow");
    let leaving = site.page(
        "/leaving",
        &format!("<script>onload = () => location = '{slow}'</script>leaving"),
    );
    let bridge = TestBridge::shared(browser).await;
    let client = bridge.client().await;
    let created = client
        .ask(json!({"type": "createTab", "url": leaving}))
        .await;
    let tab = created.expect("tabCreated").id().to_owned();
    loop {
        let request = json!({"type": "getDomSnapshot", "tabId": tab});
        let snapshot = client.ask(request).await.expect("domSnapshot");
        let (url, html) = (snapshot["url"].as_str().unwrap(), snapshot.text());
        match url {
            "about:blank" => assert!(!html.contains("leaving"), "{html}"),
            url if url == leaving => assert!(!html.contains("arrived"), "{html}"),
            url => {
                assert_eq!(url, slow);
                assert!(!html.contains("leaving"), "{html}");
                if html.contains("arrived") {
                    break;
                }
            }
        }
    }
    bridge.stop().await;
}
