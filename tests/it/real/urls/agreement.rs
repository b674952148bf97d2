//! For a URL that policy allows, Chromium must see exactly the host that the policy checked.
//!
//! `URLS=1000000 SEED=7 cargo test --locked --test it real::urls -- --nocapture` is the long run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cdp_bridge::policy::{NavigationPolicy, PrivateNetworks};
use serde_json::{Value, json};
use url::Url;

use super::generator::Generator;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::plain::Plain;

on_both_browsers!(what_is_allowed_has_the_same_host_in_chromium);

/// URLs that are tried by default.
const URLS: usize = 20_000;
/// How many go to Chromium at a time.
const BATCH: usize = 2_000;
/// The one host of the narrow policy.
const ALLOWED: &str = "example.com";

/// Parses a list of URLs in Chromium; invalid ones become null.
const READ: &str = "(urls => urls.map(text => { try { const url = new URL(text); \
    return [url.protocol, url.hostname, url.port] } catch { return null } }))";

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")),
    )
}

fn policy(allowlist: &[&str]) -> NavigationPolicy {
    let allowlist: Vec<String> = allowlist.iter().map(ToString::to_string).collect();
    // All addresses are allowed, because URLs refused for their address are not compared.
    NavigationPolicy::new(&allowlist, PrivateNetworks::Allow, BTreeMap::new()).unwrap()
}

/// What has been compared.
#[derive(Debug, Default)]
struct Tally {
    tried: usize,
    allowed: usize,
    allowed_narrowly: usize,
    /// Allowed, and no URL to Chromium as they were written.
    refused: usize,
    /// The same of the text that the bridge sends on.
    refused_when_sent: usize,
    hosts: BTreeSet<String>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} URLs, {} allowed where any host is ({} hosts), {} where {ALLOWED} is; Chromium \
             refuses {} of them, and {} as they are sent on",
            self.tried,
            self.allowed,
            self.hosts.len(),
            self.allowed_narrowly,
            self.refused,
            self.refused_when_sent,
        )
    }
}

async fn what_is_allowed_has_the_same_host_in_chromium(browser: TestBrowser) {
    let seed = number("SEED").unwrap_or_else(|| fastrand::u64(..1_000_000));
    let urls = number("URLS").map_or(URLS, |it| usize::try_from(it).unwrap());
    let what = format!("{:?}, seed {seed}", browser.kind());
    let mut plain = Plain::start(&browser, &[]).await;
    let session = plain.raw().page("about:blank").await;
    let (wide, narrow) = (policy(&[]), policy(&[ALLOWED]));
    let mut generator = Generator::new(seed);
    let mut tally = Tally::default();
    while tally.tried < urls {
        let count = BATCH.min(urls - tally.tried);
        tally.tried += count;
        let texts = (0..count).map(|_| generator.next());
        let allowed: Vec<(String, Url)> = texts
            .filter_map(|text| wide.check(&text).ok().map(|url| (text, url)))
            .collect();
        // The original text, and the normalised URL that the bridge sends to Chromium.
        let sent: Vec<&str> = allowed
            .iter()
            .flat_map(|(text, url)| [text.as_str(), url.as_str()])
            .collect();
        let expression = format!("{READ}({})", json!(sent));
        let read = plain.raw().evaluate(&session, &expression).await;
        let read = read.as_array().unwrap();
        assert_eq!(read.len(), 2 * allowed.len());
        for ((text, url), theirs) in allowed.iter().zip(read.chunks(2)) {
            // A URL that is invalid for Chromium is harmless.
            tally.refused += usize::from(theirs[0].is_null());
            tally.refused_when_sent += usize::from(theirs[1].is_null());
            for theirs in theirs.iter().filter(|it| !it.is_null()) {
                assert_eq!(
                    *theirs,
                    whereto(url),
                    "{what}: where Chromium and the policy see {text:?} go"
                );
            }
            if narrow.check(text).is_ok() && url.as_str() != "about:blank" {
                tally.allowed_narrowly += 1;
                let host = theirs[1][1].as_str().unwrap_or(ALLOWED);
                let host = host.trim_end_matches('.');
                let fits = host == ALLOWED || host.ends_with(&format!(".{ALLOWED}"));
                assert!(fits, "{what}: {text:?} goes to {host}");
            }
            tally.hosts.extend(url.host_str().map(str::to_owned));
        }
        tally.allowed += allowed.len();
    }
    plain.stop().await;
    println!("{what}: {tally}");
    assert!(
        tally.allowed > tally.tried / 10 && tally.allowed_narrowly > tally.tried / 100,
        "{what}: enough of them are allowed to be compared: {tally}"
    );
}

/// Scheme, host and port as Chromium tells them.
fn whereto(url: &Url) -> Value {
    let port = url.port().map_or_else(String::new, |port| port.to_string());
    json!([
        format!("{}:", url.scheme()),
        url.host_str().unwrap_or_default(),
        port
    ])
}
