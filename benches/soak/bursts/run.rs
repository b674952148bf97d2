//! The bursts, one after the other, on a daemon of their own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::memory::BurstMemory;
use super::pages;
use crate::support::browsers::TestBrowser;
use crate::support::client::{Client, Mode};
use crate::support::daemon::{Daemon, Setup};
use crate::support::site::Site;
use crate::support::wait::until;

/// How much at once, in bytes unless it says otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bursts {
    pub(crate) console_line: usize,
    /// How many, and how large each one is.
    pub(crate) snapshots: (usize, usize),
    /// How many pictures.
    pub(crate) pictures: usize,
    pub(crate) staged_file: usize,
    /// A message; the limit is 1 MiB.
    pub(crate) message: usize,
}

impl Bursts {
    /// More than ordinary pages do.
    pub(crate) const LARGE: Self = Self {
        console_line: 50_000_000,
        snapshots: (10, 20_000_000),
        pictures: 100,
        staged_file: 30_000_000,
        message: 60_000_000,
    };
}

/// Tabs that are pictured at the same time.
const PICTURED: usize = 10;
/// Pictures that may be queued for a tab (`flow.screenshot_queue`).
const QUEUED: usize = 4;
/// What goes into a message of a staged file; with base64, nearly the limit.
const PART: usize = 768 * 1000;

/// Runs all of them on a new daemon, closes everything, and measures what is left.
pub(crate) async fn run(browser: &TestBrowser, bursts: Bursts) -> BurstMemory {
    let site = Site::start().await;
    let daemon = Setup::serving(browser).start().await;
    let pid = daemon.pid();
    let mut memory = BurstMemory::at_start(pid);
    let client = daemon.client().await;

    let tab = client.open(&pages::loud(&site, bursts.console_line)).await;
    console_line(&client, &tab).await;
    memory.after_burst("after a console line", pid);
    staged_file(&client, &tab, bursts.staged_file).await;
    memory.after_burst("after a staged file", pid);
    client.close(&tab).await;

    let url = pages::long(&site, bursts.snapshots.1);
    snapshots(&daemon, &url, bursts.snapshots).await;
    memory.after_burst("after snapshots", pid);
    pictures(&client, &pages::noise(&site), bursts.pictures).await;
    memory.after_burst("after pictures", pid);
    long_message(&client, bursts.message).await;
    memory.after_burst("after a message over the limit", pid);

    drop(client);
    until("all connections and tabs are gone", async || {
        let health = daemon.get("/health").await.json();
        health["server"]["connections"] == 0 && health["tabs"]["open"] == 0
    })
    .await;
    memory.after_all(pid).await;
    daemon.stop().await;
    memory
}

async fn console_line(client: &Client, tab: &str) {
    let subscribe = json!({"type": "subscribe", "tabId": tab, "events": ["consoleMessage"]});
    client.ask(subscribe).await.expect("done");
    click(client, tab).await;
    client.tab_event("consoleMessage", tab).await;
    client.forget();
}

async fn click(client: &Client, tab: &str) {
    // Writing the line may keep the page busy before the click has finished.
    let click = json!({"type": "click", "tabId": tab, "selector": "#b", "timeoutMs": 60_000});
    client.ask(click).await.expect("done");
}

async fn staged_file(client: &Client, tab: &str, bytes: usize) {
    let file = vec![7; bytes];
    let mut id = Value::Null;
    for (number, part) in file.chunks(PART).enumerate() {
        let mut request = json!({"type": "stageFile", "data": STANDARD.encode(part)});
        if number == 0 {
            request["name"] = json!("file");
            request["size"] = json!(bytes);
        } else {
            request["fileId"] = id;
            request["offset"] = json!(number * PART);
        }
        let staged = client.ask(request).await.expect("fileStaged");
        id = staged["fileId"].clone();
    }
    let upload = json!({"type": "upload", "tabId": tab, "selector": "#f", "files": [{"fileId": id}], "timeoutMs": 60_000});
    client.ask(upload).await.expect("done");
    client.forget();
}

/// Half of them as text and half as binary messages.
async fn snapshots(daemon: &Daemon, url: &str, (count, bytes): (usize, usize)) {
    for mode in [Mode::Text, Mode::Binary] {
        let client = Client::connect(&daemon.url, mode).await;
        let tab = client.open(url).await;
        for _ in 0..count / 2 {
            let html = client.html(&tab).await;
            assert!(html.len() > bytes / 10 * 9, "{} bytes", html.len());
            client.forget();
        }
        client.close(&tab).await;
    }
}

async fn pictures(client: &Client, url: &str, count: usize) {
    let mut tabs = Vec::new();
    for _ in 0..PICTURED {
        tabs.push(client.open(url).await);
    }
    let mut left = count;
    while left > 0 {
        let mut asked = Vec::new();
        for tab in tabs.iter().cycle().take(left.min(PICTURED * QUEUED)) {
            let request = json!({"type": "getScreenshot", "tabId": tab});
            asked.push(client.request(request).await);
        }
        left -= asked.len();
        for id in asked {
            client.answer(&id).await.expect("screenshot");
            client.forget();
        }
    }
    for tab in tabs {
        client.close(&tab).await;
    }
}

async fn long_message(client: &Client, bytes: usize) {
    let filling = "x".repeat(bytes);
    let answer = client.ask(json!({"type": "ping", "requestId": "long", "z": filling}));
    answer.await.expect_error("TOO_LARGE");
}
