//! One bridge for each build of Chromium that tests share which do not test isolation, settings or
//! the browser's own life. Each test is a client of its own there, so that it has its own browser
//! context and sees only its own tabs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use cdp_bridge::app::Daemon;
use cdp_bridge::browser::options::BrowserBuild;
use cdp_bridge::server::Listen;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

use super::bridge::test_config;
use super::browsers::TestBrowser;

/// How many tests can use one shared bridge.
const CLIENTS: usize = 512;

/// Outlives the runtimes of the tests.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static SHELL: OnceCell<Shared> = OnceCell::const_new();
static CHROME: OnceCell<Shared> = OnceCell::const_new();

struct Shared {
    address: SocketAddr,
    next_client: AtomicUsize,
    /// Never stopped: when the test program ends, the cleanup helper ends Chromium.
    _bridge: Daemon,
}

/// The address of the shared bridge, and a token that no other test has.
pub(crate) async fn join(browser: &TestBrowser) -> (SocketAddr, String) {
    let cell = match browser.kind() {
        BrowserBuild::Shell => &SHELL,
        BrowserBuild::Chrome => &CHROME,
    };
    let path = browser.path().to_owned();
    let shared = cell.get_or_init(|| start(path)).await;
    let number = shared.next_client.fetch_add(1, Ordering::Relaxed);
    assert!(number < CLIENTS, "more than {CLIENTS} tests share a bridge");
    (shared.address, token(number))
}

fn token(number: usize) -> String {
    format!("token-of-test-{number}")
}

async fn start(browser: PathBuf) -> Shared {
    let mut config = test_config(Some(browser));
    config.tabs.max = 1000;
    let clients = (0..CLIENTS)
        .map(|number| json!({"name": format!("test-{number}"), "token": token(number)}));
    config.auth.clients = serde_json::from_value(clients.collect()).unwrap();
    let starting = RUNTIME.spawn(async move { Daemon::start(&config, None).await.unwrap() });
    let bridge = starting.await.unwrap();
    let Listen::Tcp(address) = *bridge.address() else {
        panic!("it is configured to listen on TCP");
    };
    Shared {
        address,
        next_client: AtomicUsize::new(0),
        _bridge: bridge,
    }
}
