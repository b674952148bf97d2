//! Which URLs may be called (pure): as far as that is known before their names are resolved.

use url::{Host, Url};

use super::settings::WebhooksConfig;
use crate::policy::{Denied, EgressPolicy, EgressVerdict, PatternError, PolicyMode};

/// The entry that stands for every host.
const ANY: &str = "*";

/// The longest URL.
const MAX_URL: usize = 2048;

/// A URL is not called. The messages do not repeat it: its query may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefused {
    /// Nothing is told.
    #[error("the configuration allows no webhooks (webhooks.allow, webhooks.secret)")]
    Off,
    /// It is no URL that could be called.
    #[error(
        "expected a URL with https:// and a host, without user and password, of at most 2048 characters"
    )]
    NotAUrl,
    /// It goes over plain HTTP.
    #[error("expected a URL with https:// (webhooks.allow_http)")]
    Plain,
    /// Its host is not allowed.
    #[error("the configuration does not allow its host (webhooks.allow)")]
    Host,
    /// Its host is an address that is not allowed.
    #[error(
        "its host is an address of this machine or of a network that is not public (webhooks.private_networks)"
    )]
    Address,
}

/// Judges URLs.
#[derive(Debug, Clone)]
pub struct WebhookRules {
    policy: EgressPolicy,
    allow_http: bool,
}

impl WebhookRules {
    /// Reads the entries of `webhooks.allow`; `None` if there are none. An error has the index of its entry.
    pub fn new(config: &WebhooksConfig) -> Result<Option<Self>, (usize, PatternError)> {
        if config.allow.is_empty() {
            return Ok(None);
        }
        let read = |entries: &[String]| {
            let (private, resolve) = (config.private_networks.clone(), [].into());
            EgressPolicy::new(entries, &[], private, resolve, PolicyMode::Enforce)
        };
        let is_any = |entry: &String| entry.trim() == ANY;
        for (index, entry) in config.allow.iter().enumerate() {
            if !is_any(entry) {
                read(std::slice::from_ref(entry)).map_err(|error| (index, error))?;
            }
        }
        // An empty list lets every host in.
        let is_open = config.allow.iter().any(is_any);
        let entries = if is_open { &[][..] } else { &config.allow };
        Ok(Some(Self {
            policy: read(entries).map_err(|error| (0, error))?,
            allow_http: config.allow_http,
        }))
    }

    /// The URL, if it may be called as far as is known without DNS.
    pub fn check(&self, url: &str) -> Result<Url, UrlRefused> {
        if url.len() > MAX_URL {
            return Err(UrlRefused::NotAUrl);
        }
        let url = Url::parse(url).map_err(|_| UrlRefused::NotAUrl)?;
        let is_plain = match url.scheme() {
            "https" => false,
            "http" => true,
            _ => return Err(UrlRefused::NotAUrl),
        };
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(UrlRefused::NotAUrl);
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlRefused::NotAUrl);
        }
        if is_plain && !self.allow_http {
            return Err(UrlRefused::Plain);
        }
        self.check_host(&host, port)?;
        Ok(url)
    }

    fn check_host(&self, host: &Host<&str>, port: u16) -> Result<(), UrlRefused> {
        match self.policy.check_host(host, port) {
            EgressVerdict::Allowed(_) => Ok(()),
            EgressVerdict::Reported(_, denied) | EgressVerdict::Denied(denied) => {
                Err(match denied {
                    Denied::Address { .. } => UrlRefused::Address,
                    _ => UrlRefused::Host,
                })
            }
        }
    }

    /// Judges the addresses that a name resolves to.
    pub(super) fn policy(&self) -> &EgressPolicy {
        &self.policy
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PrivateNetworks;

    fn rules(allow: &[&str], change: impl FnOnce(&mut WebhooksConfig)) -> WebhookRules {
        let mut config = WebhooksConfig {
            allow: allow.iter().map(ToString::to_string).collect(),
            ..WebhooksConfig::default()
        };
        change(&mut config);
        WebhookRules::new(&config).unwrap().unwrap()
    }

    fn may(rules: &WebhookRules, url: &str) -> bool {
        rules.check(url).is_ok()
    }

    #[test]
    fn a_url_is_called_over_https_at_an_allowed_host() {
        let rules = rules(&["hooks.test", "=exact.test:8443"], |_| {});
        assert!(
            may(&rules, "https://hooks.test/x?token=1") && may(&rules, "https://a.hooks.test/")
        );
        assert!(may(&rules, "https://exact.test:8443/") && !may(&rules, "https://exact.test/"));
        for refused in [
            "https://other.test/",
            "http://hooks.test/",
            "https://user:pw@hooks.test/",
            "ftp://hooks.test/",
            "hooks.test",
            "file:///etc/passwd",
            "https://127.0.0.1/",
            "https://localhost/",
        ] {
            assert!(!may(&rules, refused), "{refused}");
        }
        let long = format!("https://hooks.test/{}", "x".repeat(MAX_URL));
        assert_eq!(rules.check(&long), Err(UrlRefused::NotAUrl));
    }

    #[test]
    fn private_addresses_are_refused_unless_they_are_allowed() {
        let open = rules(&["*"], |it| it.allow_http = true);
        assert!(may(&open, "http://any.test/"));
        for private in [
            "http://127.0.0.1:1/",
            "http://169.254.169.254/latest/meta-data",
            "http://[::1]/",
            "http://2130706433/",
            "http://localhost/",
            "http://10.0.0.1/",
        ] {
            assert!(!may(&open, private), "{private}");
        }
        let local = rules(&["*"], |it| {
            it.allow_http = true;
            it.private_networks = PrivateNetworks::Only(vec!["127.0.0.0/8".parse().unwrap()]);
        });
        assert!(may(&local, "http://127.0.0.1:1/") && !may(&local, "http://10.0.0.1/"));
    }

    #[test]
    fn a_bad_entry_is_named_and_an_empty_list_allows_nothing() {
        let config = |allow: &[&str]| WebhooksConfig {
            allow: allow.iter().map(ToString::to_string).collect(),
            ..WebhooksConfig::default()
        };
        assert!(WebhookRules::new(&config(&[])).unwrap().is_none());
        let bad = WebhookRules::new(&config(&["a.test", "*.b.test"]));
        assert_eq!(bad.unwrap_err().0, 1);
    }

    #[test]
    fn a_refusal_does_not_repeat_the_query() {
        let rules = rules(&["hooks.test"], |_| {});
        let refused = rules
            .check("https://other.test/?token=hunter2")
            .unwrap_err();
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    }
}
