//! The decision about a whole URL.

use std::collections::BTreeMap;
use std::net::IpAddr;

use url::Url;

use super::denied::Denied;
use super::host::{Host, normalise};
use super::pattern::{HostPattern, parse_name};
use super::pattern_error::PatternError;
use super::private::{LOCALHOST, PrivateNetworks};
use super::redact::{redact_url, shorten};

/// Hosts and schemes are cut to this many characters before they go into a message.
const MAX_SHOWN: usize = 128;

/// Which pages tabs may open.
///
/// - Only `http`, `https` and exactly `about:blank`.
/// - An empty allowlist means any host. An entry without a port allows every port of its host;
///   the port of a URL that names none is the scheme's own.
/// - Addresses, names in `resolve`, and `localhost` with everything below it are held against
///   `private` here, also where the allowlist names them. What other names lead to is only known
///   where the connection is made, and is checked there with [`NavigationPolicy::permits`].
#[derive(Debug, Clone)]
pub struct NavigationPolicy {
    allowlist: Vec<HostPattern>,
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
            allowlist: allowlist
                .iter()
                .map(|entry| HostPattern::parse(entry))
                .collect::<Result<_, _>>()?,
            private,
            resolve: resolve
                .into_iter()
                .map(|(name, address)| Ok((parse_name(&name)?, address)))
                .collect::<Result<_, PatternError>>()?,
        })
    }

    /// The same with the hosts that another one names, too.
    #[must_use]
    pub(super) fn with_hosts_of(mut self, other: Self) -> Self {
        self.allowlist.extend(other.allowlist);
        self
    }

    /// Whether a tab may be sent to this URL.
    ///
    /// Send the URL that is returned, never the text that was checked: so it does not matter
    /// where Chromium would have read the text differently.
    pub fn check(&self, text: &str) -> Result<Url, Denied> {
        let url = Url::parse(text).map_err(|source| Denied::NotAUrl {
            url: redact_url(text),
            source,
        })?;
        if url.as_str() == "about:blank" {
            return Ok(url);
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Denied::Scheme {
                scheme: shorten(url.scheme(), MAX_SHOWN),
            });
        }
        // Both are always there with http and https; a missing one is refused, not assumed.
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(Denied::NotAUrl {
                url: redact_url(text),
                source: url::ParseError::EmptyHost,
            });
        };
        self.check_host(&host, port)?;
        Ok(url)
    }

    /// Whether a tab may stay on the URL that it has committed: what [`NavigationPolicy::check`]
    /// allows, and the places where Chromium itself puts a tab.
    pub fn check_committed(&self, text: &str) -> Result<Url, Denied> {
        let url = Url::parse(text).map_err(|source| Denied::NotAUrl {
            url: redact_url(text),
            source,
        })?;
        match url.as_str() {
            "about:srcdoc" | "chrome-error://chromewebdata/" => Ok(url),
            _ => self.check(text),
        }
    }

    /// Whether a host may be reached on a port, as far as that is known before its name is
    /// resolved. Returns the host in the form that was compared.
    pub fn check_host<S: AsRef<str>>(
        &self,
        host: &url::Host<S>,
        port: u16,
    ) -> Result<Host, Denied> {
        let host = normalise(host).map_err(|source| Denied::Host {
            host: match host {
                url::Host::Domain(name) => shorten(name.as_ref(), MAX_SHOWN),
                url::Host::Ipv4(address) => address.to_string(),
                url::Host::Ipv6(address) => address.to_string(),
            },
            source,
        })?;
        self.check_allowlist(&host, port)?;
        match &host {
            Host::Ipv4(address) => self.permits(IpAddr::V4(*address))?,
            Host::Ipv6(address) => self.permits(IpAddr::V6(*address))?,
            Host::Domain(name) => self.check_known_name(name)?,
        }
        Ok(host)
    }

    /// Whether an address may be connected to; for whoever resolves names.
    pub fn permits(&self, address: IpAddr) -> Result<(), Denied> {
        self.private.permits(address)
    }

    /// The address that `policy.resolve` gives for a name (in the form that
    /// [`NavigationPolicy::check_host`] returns), which is then not asked for in DNS.
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

    /// What is known of a name without asking DNS. `localhost` leads to both loopback addresses,
    /// and one that is let in is enough: the other one is refused where the connection is made.
    fn check_known_name(&self, name: &str) -> Result<(), Denied> {
        if let Some(address) = self.pinned(name) {
            return self
                .permits(address)
                .map_err(|denied| denied.reached_by(name));
        }
        if name != "localhost" && !name.ends_with(".localhost") {
            return Ok(());
        }
        let [v4, v6] = LOCALHOST;
        match self.permits(v4) {
            Err(_) if self.permits(v6).is_ok() => Ok(()),
            decision => decision.map_err(|denied| denied.reached_by(name)),
        }
    }
}

#[cfg(test)]
mod tests;
