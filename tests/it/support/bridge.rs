//! A bridge inside the process of the test.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use cdp_bridge::app::Daemon;
use cdp_bridge::browser::TransportKind;
use cdp_bridge::config::Config;
use cdp_bridge::policy::PrivateNetworks;
use cdp_bridge::server::Listen;

use super::browsers::TestBrowser;
use super::client::{Client, Mode};
use super::http::{self, Response};
use super::processes;

/// A running bridge, with its browser.
pub(crate) struct TestBridge {
    bridge: Daemon,
    address: SocketAddr,
    _browser: Option<TestBrowser>,
}

impl TestBridge {
    /// A bridge that allows the test sites.
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
        let mut config = Config::default();
        config.server.listen = Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        config.browser.path = browser.as_ref().map(|browser| browser.path().to_owned());
        config.policy.private_networks =
            PrivateNetworks::Only(vec!["127.0.0.0/8".parse().unwrap()]);
        for name in ["allowed.test", "other.test"] {
            let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
            config.policy.resolve.insert(name.to_owned(), here);
        }
        tune(&mut config);
        let bridge = Daemon::start(&config, None).await.unwrap();
        let Listen::Tcp(address) = *bridge.address() else {
            panic!("it is configured to listen on TCP");
        };
        Self {
            bridge,
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
        let client = Client::connect(&format!("ws://{}/ws", self.address), mode).await;
        client.event("welcome").await;
        client
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

    pub(crate) async fn stop(self) {
        self.bridge.stop().await;
    }
}
