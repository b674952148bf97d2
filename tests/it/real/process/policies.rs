//! SIGHUP: policies change while clients and pages are active.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::reload::{REFUSED, TAKEN, connect, hang_up};
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::daemon::{Daemon, Setup};
use crate::support::site::{Reply, Site};
use crate::support::wait::until;

on_both_browsers!(
    a_narrower_policy_cuts_what_is_open_and_another_client_notices_nothing,
    whose_downloads_are_kept_changes_under_open_tabs,
);

const ALICE: &str = "tok-alice-1a2b3c4d";
const BOB: &str = "tok-bob-5e6f7a8b";

/// Alice may go where it says; for Bob section `policy` holds.
fn configured(alice: &str, usual: &str) -> String {
    format!(
        "[policy]\n{usual}\nresolve = {{ \"stays.test\" = \"127.0.0.1\", \"goes.test\" = \"127.0.0.1\" }}\n\
         [[auth.clients]]\nname = \"alice\"\ntoken = \"{ALICE}\"\n{alice}\n\
         [[auth.clients]]\nname = \"bob\"\ntoken = \"{BOB}\"\n"
    )
}

/// A `WebSocket` server that repeats what it is told.
struct Echo {
    address: SocketAddr,
    ended: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Echo {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let ended = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&ended);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let counted = Arc::clone(&counted);
                tokio::spawn(async move {
                    let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
                    while let Some(Ok(message)) = socket.next().await {
                        if socket.send(message).await.is_err() {
                            break;
                        }
                    }
                    counted.fetch_add(1, Ordering::Relaxed);
                });
            }
        });
        Self {
            address,
            ended,
            task,
        }
    }

    /// How many of its connections have ended.
    fn ended(&self) -> usize {
        self.ended.load(Ordering::Relaxed)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn is_titled(client: &Client, tab: &str, title: &str) {
    let wanted = format!("<title>{title}</title>");
    let is_so = async || client.html(tab).await.contains(&wanted);
    until(&format!("{tab} is titled {title}"), is_so).await;
}

/// Checks that the tab was navigated away and that its client received the reason.
async fn has_left(client: &Client, tab: &str) {
    let denied = client.tab_event("error", tab).await;
    let denied = denied.expect_error("NAV_DENIED");
    assert_eq!(denied["details"]["host"], "goes.test", "{denied}");
    let left = client.tab_event("navigated", tab).await;
    assert_eq!(left["url"], "about:blank");
}

async fn a_narrower_policy_cuts_what_is_open_and_another_client_notices_nothing(
    browser: TestBrowser,
) {
    let (site, echo) = (Site::start().await, Echo::start().await);
    site.page("/own", "");
    site.serve("/never", Reply::Never);
    let never = site.url_on("goes.test", "/never");
    let socket = format!("ws://goes.test:{}/", echo.address.port());
    site.page(
        "/holds",
        &format!(
            "<script>onload = () => {{
               let open = 2;
               const over = () => {{ open -= 1; if (!open) document.title = 'cut' }};
               fetch('{never}', {{mode: 'no-cors'}}).then(over, over);
               const socket = new WebSocket('{socket}');
               socket.onopen = () => socket.send('hello');
               socket.onmessage = () => document.title = 'open';
               socket.onclose = over;
             }}</script>"
        ),
    );
    let holds = site.url_on("stays.test", "/holds");
    let forbidden = site.url_on("goes.test", "/own");
    let both = "policy = { allowlist = [\"stays.test\", \"goes.test\"] }";
    let one = "policy = { allowlist = [\"=stays.test\"] }\nlimits = { tabs = 2 }";
    let setup = Setup::serving(&browser)
        .file("bridge.toml", &configured(both, ""))
        .args(["--config", "bridge.toml"]);
    let daemon = setup.start().await;
    let write = |text: &str| std::fs::write(daemon.dir().join("bridge.toml"), text).unwrap();
    let alice = connect(&daemon, ALICE).await.unwrap();
    let bob = connect(&daemon, BOB).await.unwrap();
    let (of_alice, of_bob) = (alice.open(&holds).await, bob.open(&holds).await);
    for (client, tab) in [(&alice, &of_alice), (&bob, &of_bob)] {
        is_titled(client, tab, "open").await;
    }
    until("both wait", async || site.asked("/never").len() == 2).await;
    let (stands, stays) = (alice.open(&forbidden).await, bob.open(&forbidden).await);
    let heard = bob.log().len();

    write(&configured(one, ""));
    hang_up(&daemon, TAKEN).await;
    is_titled(&alice, &of_alice, "cut").await;
    has_left(&alice, &stands).await;
    let denied = alice.navigate(&of_alice, &forbidden).await;
    denied.expect_error("NAV_DENIED");
    let denied = alice.ask(json!({"type": "createTab", "url": forbidden}));
    denied.await.expect_error("NAV_DENIED");
    let limited = alice.ask(json!({"type": "createTab"})).await;
    let limited = limited.expect_error("LIMIT_EXCEEDED");
    assert_eq!(limited["details"]["limit"], 2, "{limited}");
    alice
        .go(&of_alice, &site.url_on("stays.test", "/own"))
        .await;

    assert_eq!(echo.ended(), 1, "Bob's is open");
    assert_eq!(bob.log().len(), heard, "{}", bob.story());
    is_titled(&bob, &of_bob, "open").await;
    assert_eq!(bob.tab_info(&stays).await.unwrap()["url"], forbidden);

    let wildcard = "policy = { allowlist = [\"stays.test\", \"*.goes.test\"] }";
    write(&configured(wildcard, "allowlist = [\"stays.test\"]"));
    hang_up(&daemon, REFUSED).await;
    let place = ["bridge.toml:7", "auth.clients[0].policy.allowlist[1]"];
    daemon.logged(&place).await;
    alice
        .navigate(&of_alice, &forbidden)
        .await
        .expect_error("NAV_DENIED");
    bob.go(&stays, &forbidden).await;

    // The default policy becomes narrower, Alice's own becomes wider.
    write(&configured(both, "allowlist = [\"stays.test\"]"));
    hang_up(&daemon, TAKEN).await;
    has_left(&bob, &stays).await;
    is_titled(&bob, &of_bob, "cut").await;
    assert_eq!(echo.ended(), 2);
    alice.go(&of_alice, &forbidden).await;
    alice.open(&forbidden).await;
    refused_is_counted(&daemon).await;
    daemon.stop().await;
}

/// Clicks a download link; returns the state in which the download ended.
async fn download(client: &Client, tab: &str) -> serde_json::Value {
    let click = json!({"type": "click", "tabId": tab, "selector": "#a"});
    client.ask(click).await.expect("done");
    let finished = client.tab_event("downloadFinished", tab).await;
    finished["state"].clone()
}

async fn whose_downloads_are_kept_changes_under_open_tabs(browser: TestBrowser) {
    let site = Site::start().await;
    let file = Reply::page("bytes").with("content-disposition", "attachment");
    site.serve(
        "/file",
        file.with("content-type", "application/octet-stream"),
    );
    let page = site.page("/page", "<a id=a href=/file>file</a>");
    let keep = "policy = { downloads = \"keep\" }";
    let setup = Setup::serving(&browser)
        .file("bridge.toml", &configured(keep, ""))
        .args(["--config", "bridge.toml"]);
    let daemon = setup.start().await;
    let alice = connect(&daemon, ALICE).await.unwrap();
    let bob = connect(&daemon, BOB).await.unwrap();
    let (of_alice, of_bob) = (alice.open(&page).await, bob.open(&page).await);
    assert_eq!(download(&alice, &of_alice).await, "completed");
    assert_eq!(download(&bob, &of_bob).await, "denied");
    let turned = configured("policy = { downloads = \"deny\" }", "downloads = \"keep\"");
    std::fs::write(daemon.dir().join("bridge.toml"), turned).unwrap();
    hang_up(&daemon, TAKEN).await;
    assert_eq!(download(&alice, &of_alice).await, "denied");
    // Chromium may hear of it a little later.
    until("Bob's are kept", async || {
        download(&bob, &of_bob).await == "completed"
    })
    .await;
    // Downloads kept before stay available.
    let first = json!({"type": "getDownload", "tabId": of_alice, "downloadId": "d1"});
    alice.ask(first).await.expect("download");
    daemon.stop().await;
}

async fn refused_is_counted(daemon: &Daemon) {
    let metrics = daemon.get("/metrics").await.body;
    let counted = "cdp_bridge_client_limit_total{limit=\"tabs\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
}
