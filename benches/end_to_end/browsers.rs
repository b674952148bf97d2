//! The two browsers, side by side.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use cdp_bridge::app::Daemon;
use cdp_bridge::browser::find::{BrowserQuery, FoundBrowser, RealHost, find};
use cdp_bridge::browser::options::{BrowserBuild, LaunchOptions};
use cdp_bridge::browser::{BrowserConfig, Flavor};
use cdp_bridge::config::Config;
use cdp_bridge::policy::PrivateNetworks;
use cdp_bridge::server::Listen;
use cdp_bridge::store::StoreUrl;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::options::Options;
use crate::pages::Site;
use crate::raw::{Raw, RawTab};
use crate::support::coordinator::Coordinator;
use crate::support::samples::{Samples, time};

/// The pause between two captures of one tab, so that the bridge starts each at once.
const SNAPSHOT_PAUSE: Duration = Duration::from_millis(320);
const PICTURE_PAUSE: Duration = Duration::from_millis(530);

/// Both sides of the comparison.
pub(crate) struct Browsers {
    pub(crate) runtime: Runtime,
    pub(crate) site: Site,
    pub(crate) raw: Raw,
    pub(crate) bridge: BridgeAt,
    pub(crate) client: Coordinator,
    /// The name and version of the browser.
    pub(crate) version: String,
    pub(crate) found: FoundBrowser,
}

/// A running bridge.
pub(crate) struct BridgeAt {
    bridge: Daemon,
    pub(crate) address: SocketAddr,
}

impl BridgeAt {
    /// Starts a bridge on a free port.
    pub(crate) async fn start(config: &Config) -> Self {
        let bridge = Daemon::start(config, None).await.unwrap();
        let Listen::Tcp(address) = *bridge.address() else {
            panic!("it is configured to listen on TCP");
        };
        Self { bridge, address }
    }

    pub(crate) async fn stop(self) {
        self.bridge.stop().await;
    }
}

impl Browsers {
    pub(crate) fn start(options: &Options, site: Site) -> Self {
        let runtime = cdp_bridge::runtime::start().unwrap();
        let flavor = match options.kind {
            BrowserBuild::Shell => Flavor::Shell,
            BrowserBuild::Chrome => Flavor::Chrome,
        };
        let found = find(&BrowserQuery { path: None, flavor }, &RealHost).unwrap();
        let mut raw = Raw::start(runtime.handle(), &launch_options(&found));
        let answer = raw.call(None, "Browser.getVersion", &json!({}));
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let version = answer["result"]["product"].as_str().unwrap().to_owned();
        let bridge = runtime.block_on(BridgeAt::start(&configuration(&found)));
        let client = Coordinator::connect(bridge.address, false);
        Self {
            runtime,
            site,
            raw,
            bridge,
            client,
            version,
            found,
        }
    }

    pub(crate) fn stop(self) {
        self.raw.stop(self.runtime.handle());
        self.runtime.block_on(self.bridge.stop());
    }

    /// Opens this many tabs of a page on both sides.
    pub(crate) fn open(&mut self, url: &str, count: usize) -> Vec<TabPair> {
        (0..count)
            .map(|_| TabPair {
                raw: self.raw.open_at(url),
                id: self.client.open_at(url),
                quiet_from: Instant::now(),
            })
            .collect()
    }

    /// The load times of a page on both sides. The first load of each is
    /// excluded: it creates processes and connections that later ones reuse.
    pub(crate) fn loads(&mut self, url: &str, count: usize) -> (Samples, Samples) {
        let tabs = self.open(url, 1);
        let (mut raw, mut bridge) = (Samples::default(), Samples::default());
        for _ in 0..count {
            raw.add(time(|| self.raw.go(&tabs[0].raw, url)).1);
            let client = &mut self.client;
            let request = json!({"type": "navigate", "tabId": tabs[0].id, "url": url});
            let load = || {
                let id = client.send(request);
                let (mut answered, mut loaded) = (false, false);
                client.until(|head| {
                    answered |= head.request_id == id;
                    loaded |= head.r#type == "loadEventFired";
                    answered && loaded
                })
            };
            bridge.add(time(load).1);
        }
        self.close(tabs);
        (raw, bridge)
    }

    pub(crate) fn close(&mut self, tabs: Vec<TabPair>) {
        for tab in tabs {
            self.raw.close(&tab.raw);
            self.client
                .ask(json!({"type": "closeTab", "tabId": tab.id}));
        }
    }
}

/// The same page on both sides.
pub(crate) struct TabPair {
    pub(crate) raw: RawTab,
    pub(crate) id: String,
    quiet_from: Instant,
}

impl TabPair {
    /// Waits until a snapshot would start at once.
    pub(crate) fn quiet_for_snapshot(&mut self) {
        self.quiet(SNAPSHOT_PAUSE);
    }

    /// Waits until a screenshot would start at once.
    pub(crate) fn quiet_for_picture(&mut self) {
        self.quiet(PICTURE_PAUSE);
    }

    fn quiet(&mut self, pause: Duration) {
        let wait = self.quiet_from.saturating_duration_since(Instant::now());
        std::thread::sleep(wait);
        self.quiet_from = Instant::now() + pause;
    }

    pub(crate) fn snapshot(&self) -> Value {
        json!({"type": "getDomSnapshot", "tabId": self.id})
    }

    pub(crate) fn picture(&self) -> Value {
        json!({"type": "getScreenshot", "tabId": self.id})
    }
}

/// The configuration of a bridge that allows the pages of the benchmark.
pub(crate) fn configuration(found: &FoundBrowser) -> Config {
    let mut config = Config::default();
    config.server.listen = Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    config.browser.path = Some(found.path.clone());
    config.policy.private_networks = PrivateNetworks::Allow;
    config.store.url = StoreUrl::Off;
    config
}

/// The switches of the raw browser: the same as the bridge's.
pub(crate) fn launch_options(found: &FoundBrowser) -> LaunchOptions {
    LaunchOptions {
        executable: found.path.clone(),
        kind: found.kind,
        config: BrowserConfig::default(),
        proxy: None,
    }
}
