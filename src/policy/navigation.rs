//! The policy for URLs that tabs open.

use std::collections::BTreeMap;
use std::net::IpAddr;

use url::Url;

use super::denied::Denied;
use super::host::{Host, normalise};
use super::pattern::{HostPattern, parse_name};
use super::pattern_error::PatternError;
use super::private::{LOCALHOST, PrivateNetworks};
use super::redact::{redact_url, shorten};

/// The most characters of a host or a scheme in a message.
const MAX_SHOWN: usize = 128;

/// The URLs that tabs may open.
///
/// - Only `http`, `https` and exactly `about:blank`.
/// - An empty allowlist means any host. An entry without a port allows every port of its host; a
///   URL without a port has the default port of its scheme.
/// - Addresses, names in `resolve`, and `localhost` with its subdomains are checked against
///   `private` here, even if the allowlist contains them. Other names are checked with
///   [`NavigationPolicy::permits`] when the proxy has resolved them.
#[derive(Debug, Clone)]
pub struct NavigationPolicy {
    allowlist: Vec<HostPattern>,
    /// One of them has to match, too, unless there are none: the allowlist of a session.
    narrowed: Vec<HostPattern>,
    private: PrivateNetworks,
    resolve: BTreeMap<String, IpAddr>,
}

impl NavigationPolicy {
    /// Reads the entries of `policy.allowlist` and the names of `policy.resolve`.
    pub fn new(
        allowlist: &[String],
        private: PrivateNetworks,
        resolve: BTreeMap<String, IpAddr>,
    ) -> Result<Self, PatternError> {
        Ok(Self {
            allowlist: patterns(allowlist)?,
            narrowed: Vec::new(),
            private,
            resolve: resolve
                .into_iter()
                .map(|(name, address)| Ok((parse_name(&name)?, address)))
                .collect::<Result<_, PatternError>>()?,
        })
    }

    /// Adds the hosts of another policy.
    #[must_use]
    pub(super) fn with_hosts_of(mut self, other: Self) -> Self {
        self.allowlist.extend(other.allowlist);
        self
    }

    /// The same policy, of which only the hosts of this list remain.
    pub fn narrowed_to(mut self, allowlist: &[String]) -> Result<Self, PatternError> {
        self.narrowed = patterns(allowlist)?;
        Ok(self)
    }

    /// Checks a URL that a tab is about to open.
    ///
    /// Navigate to the returned URL, never to the text: Chromium might parse the text differently.
    pub fn check(&self, text: &str) -> Result<Url, Denied> {
        let url = parse(text)?;
        if url.as_str() == "about:blank" {
            return Ok(url);
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Denied::Scheme {
                scheme: shorten(url.scheme(), MAX_SHOWN),
            });
        }
        // Both are always present with http and https; a missing one is denied, not assumed.
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(Denied::NotAUrl {
                url: redact_url(text),
                source: url::ParseError::EmptyHost,
            });
        };
        self.check_host(&host, port)?;
        Ok(url)
    }

    /// Checks a committed URL: what [`NavigationPolicy::check`] allows, and Chromium's own internal
    /// pages.
    pub fn check_committed(&self, text: &str) -> Result<Url, Denied> {
        let url = parse(text)?;
        match url.as_str() {
            "about:srcdoc" | "chrome-error://chromewebdata/" => Ok(url),
            _ => self.check(text),
        }
    }

    /// Checks a host and port before DNS. Returns the normalised host.
    pub fn check_host<S: AsRef<str>>(
        &self,
        host: &url::Host<S>,
        port: u16,
    ) -> Result<Host, Denied> {
        let host = normalise(host).map_err(|source| Denied::Host {
            host: shorten(&host.to_string(), MAX_SHOWN),
            source,
        })?;
        self.check_allowlist(&host, port)?;
        self.check_narrowed(&host, port)?;
        match &host {
            Host::Ipv4(address) => self.permits(IpAddr::V4(*address))?,
            Host::Ipv6(address) => self.permits(IpAddr::V6(*address))?,
            Host::Domain(name) => self.check_known_name(name)?,
        }
        Ok(host)
    }

    /// Checks an address that a name resolved to.
    pub fn permits(&self, address: IpAddr) -> Result<(), Denied> {
        self.private.permits(address)
    }

    /// The same for an address of this machine.
    pub fn permits_own(&self, address: IpAddr) -> Result<(), Denied> {
        self.private.permits_own(address)
    }

    /// The address that `policy.resolve` sets for a normalised name, instead of DNS.
    pub fn pinned(&self, name: &str) -> Option<IpAddr> {
        self.resolve.get(name).copied()
    }

    fn check_allowlist(&self, host: &Host, port: u16) -> Result<(), Denied> {
        if self.allowlist.is_empty() || self.allowlist.iter().any(|p| p.matches(host, port)) {
            Ok(())
        } else if self
            .allowlist
            .iter()
            .any(|pattern| pattern.matches_host(host))
        {
            Err(Denied::Port {
                host: host.to_string(),
                port,
            })
        } else {
            Err(Denied::NotInAllowlist {
                host: host.to_string(),
            })
        }
    }

    fn check_narrowed(&self, host: &Host, port: u16) -> Result<(), Denied> {
        let mut narrowed = self.narrowed.iter();
        if self.narrowed.is_empty() || narrowed.any(|pattern| pattern.matches(host, port)) {
            return Ok(());
        }
        Err(Denied::NotInSession {
            host: host.to_string(),
        })
    }

    /// Checks names whose addresses are known without DNS. `localhost` has both loopback addresses;
    /// one that is permitted is enough, because the proxy checks the address that it connects to.
    fn check_known_name(&self, name: &str) -> Result<(), Denied> {
        if let Some(address) = self.pinned(name) {
            return self
                .permits(address)
                .map_err(|denied| denied.with_name(name));
        }
        if name != "localhost" && !name.ends_with(".localhost") {
            return Ok(());
        }
        let [v4, v6] = LOCALHOST;
        match self.permits(v4) {
            Err(_) if self.permits(v6).is_ok() => Ok(()),
            decision => decision.map_err(|denied| denied.with_name(name)),
        }
    }
}

fn patterns(entries: &[String]) -> Result<Vec<HostPattern>, PatternError> {
    let entries = entries.iter();
    entries.map(|entry| HostPattern::parse(entry)).collect()
}

fn parse(text: &str) -> Result<Url, Denied> {
    Url::parse(text).map_err(|source| Denied::NotAUrl {
        url: redact_url(text),
        source,
    })
}

#[cfg(test)]
mod tests;
