//! A bridge inside the test's own process: one of the test's own, or the shared one.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use cdp_bridge::app::Daemon;
use cdp_bridge::browser::TransportKind;
use cdp_bridge::config::Config;
use cdp_bridge::policy::PrivateNetworks;
use cdp_bridge::server::Listen;
use cdp_bridge::store::StoreUrl;
use futures::future::join_all;
use serde_json::json;

use super::browsers::TestBrowser;
use super::client::{Client, Mode};
use super::http::{self, Response};
use super::rest_client::RestClient;
use super::{processes, shared};

/// A running bridge, with its browser.
pub(crate) struct TestBridge {
    instance: Instance,
    address: SocketAddr,
    _browser: Option<TestBrowser>,
}

/// Whose bridge it is.
enum Instance {
    /// This test's, which stops it.
    Own(Box<Daemon>),
    /// All tests'; this one is the client with this token.
    Shared { token: String },
}

/// The settings of a bridge that may go to the test sites.
pub(crate) fn test_config(browser: Option<PathBuf>) -> Config {
    let mut config = Config::default();
    config.server.listen = Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    config.browser.path = browser;
    config.store.url = StoreUrl::Off;
    config.policy.private_networks = PrivateNetworks::Only(vec!["127.0.0.0/8".parse().unwrap()]);
    for name in ["allowed.test", "other.test"] {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        config.policy.resolve.insert(name.to_owned(), here);
    }
    config
}

impl TestBridge {
    /// The bridge that tests share. For a test that needs default settings, that looks only at its own
    /// tabs, and that does nothing to the browser which others would notice.
    pub(crate) async fn shared(browser: TestBrowser) -> Self {
        let (address, token) = shared::join(&browser).await;
        Self {
            instance: Instance::Shared { token },
            address,
            _browser: Some(browser),
        }
    }

    /// A bridge that may go to the test sites.
    pub(crate) async fn start(browser: TestBrowser) -> Self {
        Self::start_with(browser, |_| {}).await
    }

    /// The same with other settings.
    pub(crate) async fn start_with(browser: TestBrowser, tune: impl FnOnce(&mut Config)) -> Self {
        Self::start_for(Some(browser), tune).await
    }

    /// A bridge that starts this browser, or none.
    pub(crate) async fn start_for(
        browser: Option<TestBrowser>,
        tune: impl FnOnce(&mut Config),
    ) -> Self {
        let path = browser.as_ref().map(|browser| browser.path().to_owned());
        let mut config = test_config(path);
        tune(&mut config);
        let bridge = Daemon::start(&config, None).await.unwrap();
        let Listen::Tcp(address) = *bridge.address() else {
            panic!("it is configured to listen on TCP");
        };
        Self {
            instance: Instance::Own(Box::new(bridge)),
            address,
            _browser: browser,
        }
    }

    /// A bridge that uses a debugging port, so that a test can use it too.
    pub(crate) async fn start_on_port(browser: TestBrowser) -> Self {
        Self::start_with(browser, |config| {
            config.browser.transport = TransportKind::Port;
        })
        .await
    }

    /// Connects a Coordinator and waits for its `welcome`.
    pub(crate) async fn client(&self) -> Client {
        self.client_in(Mode::Text).await
    }

    pub(crate) async fn client_in(&self, mode: Mode) -> Client {
        let client = self.connect(mode).await;
        client.event("welcome").await;
        client
    }

    /// The same client through the REST door.
    pub(crate) fn rest(&self) -> RestClient {
        RestClient::new(self.address, self.bearer())
    }

    fn bearer(&self) -> Option<String> {
        match &self.instance {
            Instance::Own(_) => None,
            Instance::Shared { token } => Some(format!("Bearer {token}")),
        }
    }

    /// A Coordinator whose `welcome` is still to be taken.
    pub(crate) async fn connect(&self, mode: Mode) -> Client {
        let bearer = self.bearer();
        let headers: Vec<_> = bearer
            .as_deref()
            .map(|bearer| ("Authorization", bearer))
            .into_iter()
            .collect();
        let url = self.url();
        Client::try_connect(&url, mode, &headers)
            .await
            .unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        http::get(self.address, path, &[]).await
    }

    /// The process id of Chromium.
    pub(crate) async fn browser_pid(&self) -> i32 {
        let health = self.get("/health").await.json();
        let pid = health["browser"]["pid"].as_i64();
        i32::try_from(pid.unwrap_or_else(|| panic!("a pid in {health}"))).unwrap()
    }

    /// The profile directory of Chromium.
    pub(crate) async fn profile(&self) -> PathBuf {
        processes::profile_of(self.browser_pid().await).unwrap()
    }

    /// Ends the bridge; of the shared one, only the tabs of this test.
    pub(crate) async fn stop(self) {
        match self.instance {
            Instance::Own(bridge) => bridge.stop().await,
            Instance::Shared { .. } => self.close_tabs().await,
        }
    }

    async fn close_tabs(&self) {
        let client = self.client().await;
        let listed = client.ask(json!({"type": "listTabs"})).await;
        let tabs = listed["tabs"].as_array().into_iter().flatten();
        let closing = tabs.map(|tab| client.ask(json!({"type": "closeTab", "tabId": tab["id"]})));
        join_all(closing).await;
    }
}
