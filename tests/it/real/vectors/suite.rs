//! The runs: Chromium alone, behind a bridge that forbids no host, and behind one that does.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use cdp_bridge::config::Config;
use cdp_bridge::policy::PrivateNetworks;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use super::allowed::{ALLOWED, Pages, TRUSTWORTHY, furnish};
use super::evil::{EVIL, Evil, REBOUND};
use super::names::{self, Place};
use super::net_log;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::plain::Plain;
use crate::support::site::Site;
use crate::support::upstream_proxy::{Kind, UpstreamProxy};
use crate::support::wait::{LONGEST, until};

on_both_browsers!(
    every_vector_arrives_where_there_is_no_bridge,
    what_a_bridge_does_not_switch_off_arrives_where_every_host_is_allowed,
    nothing_arrives_at_a_host_that_is_not_allowed,
    nothing_arrives_from_a_lasting_profile_either,
    nothing_arrives_through_an_upstream_proxy_either,
);

/// Time for stray requests to arrive after everything has been tried.
const GRACE: Duration = Duration::from_secs(1);

/// Both sides, and where Chromium logs.
struct Scene {
    site: Site,
    evil: Evil,
    dir: TempDir,
    pages: Vec<(Place, Pages)>,
}

impl Scene {
    async fn new(places: &[Place]) -> Self {
        let site = Site::start().await;
        let evil = Evil::start(places).await;
        let pages = places
            .iter()
            .map(|place| (*place, furnish(&site, &evil, *place)))
            .collect();
        Self {
            site,
            evil,
            dir: tempfile::Builder::new().prefix("cdpb-").tempdir().unwrap(),
            pages,
        }
    }

    fn net_log(&self) -> PathBuf {
        self.dir.path().join("net-log.json")
    }

    /// Switches that the vectors and their log need.
    fn switches(&self) -> Vec<String> {
        vec![
            "--disable-popup-blocking".to_owned(),
            format!("--log-net-log={}", self.net_log().display()),
        ]
    }

    /// A bridge that knows the names of both sides.
    async fn bridge(&self, browser: TestBrowser, tune: impl FnOnce(&mut Config)) -> TestBridge {
        TestBridge::start_with(browser, |config| {
            config.browser.args.extend(self.switches());
            for (name, address) in [
                (TRUSTWORTHY, Ipv4Addr::LOCALHOST),
                ("evil.test", EVIL),
                ("sub.evil.test", EVIL),
                ("rebind.test", REBOUND),
            ] {
                let address = IpAddr::V4(address);
                config.policy.resolve.insert(name.to_owned(), address);
            }
            tune(config);
        })
        .await
    }

    /// Opens the pages of every place in tabs of a bridge, in this session.
    async fn open(&self, client: &Client, session: &Value) {
        for (place, pages) in &self.pages {
            for (_, url) in pages.trying.iter().chain(&pages.leaving) {
                let logged_out = *place == Place::LoggedOut;
                // A page that navigates away at once may cause an error; it has been tried all the same.
                client
                    .ask(json!({
                        "type": "createTab", "url": url, "loggedOut": logged_out,
                        "sessionId": session,
                    }))
                    .await;
            }
        }
    }

    /// Waits until the pages of all places have tried everything.
    async fn tried(&self) {
        for (_, pages) in &self.pages {
            for (path, _) in pages.trying.iter().chain(&pages.leaving) {
                until(path, async || !self.site.asked(path).is_empty()).await;
            }
        }
    }

    /// Waits until all of this has arrived.
    async fn arrived(&self, place: Place, expected: &BTreeSet<String>) {
        let wait = async {
            while !expected.is_subset(&self.evil.seen(place)) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(LONGEST, wait).await.is_err() {
            let seen = self.evil.seen(place);
            let missing: Vec<_> = expected.difference(&seen).collect();
            panic!("{place:?}: waited in vain for {missing:?}");
        }
    }

    /// Which names of this place Chromium looked up, once it has ended.
    fn looked_up(&self, place: Place) -> BTreeSet<String> {
        net_log::looked_up(&self.net_log(), place.name())
    }
}

async fn every_vector_arrives_where_there_is_no_bridge(browser: TestBrowser) {
    let kind = browser.kind();
    let scene = Scene::new(&[Place::Default, Place::LoggedOut]).await;
    let mut switches = scene.switches();
    switches.push(format!(
        "--host-resolver-rules=MAP {ALLOWED} 127.0.0.1,MAP *evil.test {EVIL},\
         MAP *evil.test. {EVIL},MAP rebind.test {REBOUND}"
    ));
    let mut plain = Plain::start(&browser, &switches).await;
    let isolated = plain.context().await;
    for (place, pages) in &scene.pages {
        let context = (*place == Place::LoggedOut).then_some(isolated.as_str());
        for (_, url) in pages.trying.iter().chain(&pages.leaving) {
            plain.open(url, context).await;
        }
    }
    scene.tried().await;
    for (place, _) in &scene.pages {
        scene.arrived(*place, &names::sent(kind, *place)).await;
    }
    plain.stop().await;
    for (place, _) in &scene.pages {
        let missing = &names::looked_up(kind, *place) - &scene.looked_up(*place);
        assert!(missing.is_empty(), "{place:?}: {missing:?} are looked up");
    }
}

async fn what_a_bridge_does_not_switch_off_arrives_where_every_host_is_allowed(
    browser: TestBrowser,
) {
    let kind = browser.kind();
    let scene = Scene::new(&[Place::Client, Place::LoggedOut]).await;
    let bridge = scene
        .bridge(browser, |config| {
            config.policy.private_networks = PrivateNetworks::Allow;
        })
        .await;
    scene.open(&bridge.client().await, &json!("default")).await;
    scene.tried().await;
    for (place, _) in &scene.pages {
        let expected = names::sent_behind_a_bridge(kind, *place);
        scene.arrived(*place, &expected).await;
    }
    bridge.stop().await;
}

async fn nothing_arrives_at_a_host_that_is_not_allowed(browser: TestBrowser) {
    nothing_arrives(browser, &[Place::Client, Place::LoggedOut], None).await;
}

async fn nothing_arrives_from_a_lasting_profile_either(browser: TestBrowser) {
    nothing_arrives(browser, &[Place::Default], None).await;
}

async fn nothing_arrives_through_an_upstream_proxy_either(browser: TestBrowser) {
    let proxy = UpstreamProxy::start(Kind::Socks5).await;
    nothing_arrives(browser, &[Place::Client, Place::LoggedOut], Some(&proxy)).await;
    let asked = proxy.asked();
    let evil = format!("{EVIL}:");
    assert!(asked.iter().any(|it| it.starts_with("127.0.0.1:")));
    assert!(!asked.iter().any(|it| it.starts_with(&evil)), "{asked:?}");
}

async fn nothing_arrives(browser: TestBrowser, places: &[Place], proxy: Option<&UpstreamProxy>) {
    let kind = browser.kind();
    let scene = Scene::new(places).await;
    let bridge = scene
        .bridge(browser, |config| {
            // Both sides are let in, so that the allowlist alone decides between them; where an
            // allowed name leads to all of a sudden is not.
            let let_in = ["127.0.0.1/32".to_owned(), format!("{EVIL}/32")]
                .map(|network| network.parse().unwrap());
            config.policy.private_networks = PrivateNetworks::Only(let_in.into());
            config.policy.allowlist = [ALLOWED, TRUSTWORTHY, "rebind.test"]
                .map(str::to_owned)
                .into();
            config.policy.upstream_proxies = vec!["127.0.0.1".to_owned()];
            if places.contains(&Place::Default) {
                config.browser.user_data_dir = Some(scene.dir.path().join("profile"));
            }
        })
        .await;
    let client = bridge.client().await;
    let session = match proxy {
        Some(proxy) => {
            let create = json!({"type": "createSession", "proxy": proxy.options()});
            let created = client.ask(create).await.expect("sessionCreated");
            created["session"]["sessionId"].clone()
        }
        None => json!("default"),
    };
    scene.open(&client, &session).await;
    scene.tried().await;
    sleep(GRACE).await;
    for place in places {
        let seen = scene.evil.seen(*place);
        assert!(seen.is_empty(), "{place:?}: {seen:?} arrived");
        let tried = names::sent_behind_a_bridge(kind, *place);
        for name in names::redirected().filter(|name| tried.contains(*name)) {
            let hop = names::hop(*place, name);
            assert!(
                !scene.site.asked(&hop).is_empty(),
                "the allowed host is reached: {hop}"
            );
        }
    }
    assert_eq!(scene.evil.contacts(), 0, "not even a connection is made");
    client.event("requestBlocked").await;
    bridge.stop().await;
    for place in places {
        let looked_up = scene.looked_up(*place);
        assert!(
            looked_up.is_empty(),
            "{place:?}: {looked_up:?} are looked up"
        );
    }
}
