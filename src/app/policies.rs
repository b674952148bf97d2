//! The configured policies, one for each client.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use tokio::sync::watch;

use super::settings::SettingsError;
use crate::config::{self, ClientPolicyConfig, Config, PolicyConfig, PolicyMode};
use crate::egress::Recall;
use crate::policy::{Denied, EgressPolicy, Mode, NavigationPolicy, PrivateNetworks};
use crate::server::{NavDenied, UrlPolicy};
use crate::tabs::ClientId;

/// Every client's policy.
#[derive(Debug)]
pub(super) struct Policies {
    /// Of whoever has none of its own.
    usual: ClientPolicy,
    clients: HashMap<ClientId, ClientPolicy>,
}

/// One client's policy, and what it lately kept from being reached.
#[derive(Debug)]
pub(super) struct ClientPolicy {
    navigation: NavigationPolicy,
    egress: watch::Sender<Arc<EgressPolicy>>,
    pub(super) recall: Arc<Recall>,
}

impl Policies {
    /// Reads section `policy`, and what each client has set anew.
    pub(super) fn new(config: &Config) -> Result<Self, SettingsError> {
        let clients = config.auth.clients.iter().map(|client| {
            let own = client.policy.clone().unwrap_or_default();
            let policy = ClientPolicy::new(&merged(&config.policy, own), &client.name)?;
            Ok((ClientId::from(client.name.as_str()), policy))
        });
        Ok(Self {
            usual: ClientPolicy::new(&config.policy, "")?,
            clients: clients.collect::<Result<_, SettingsError>>()?,
        })
    }

    /// The policy of a client.
    pub(super) fn of(&self, client: &ClientId) -> &ClientPolicy {
        self.clients.get(client).unwrap_or(&self.usual)
    }
}

/// Section `policy` as one client has it.
fn merged(usual: &PolicyConfig, own: ClientPolicyConfig) -> PolicyConfig {
    let usual = usual.clone();
    PolicyConfig {
        allowlist: own.allowlist.unwrap_or(usual.allowlist),
        subresources: own.subresources.unwrap_or(usual.subresources),
        mode: own.mode.unwrap_or(usual.mode),
        private_networks: own.private_networks.unwrap_or(usual.private_networks),
        resolve: own.resolve.unwrap_or(usual.resolve),
        ..usual
    }
}

impl ClientPolicy {
    fn new(config: &PolicyConfig, client: &str) -> Result<Self, SettingsError> {
        let private = private_networks(&config.private_networks)?;
        let bad = |source| SettingsError::Policy {
            client: client.to_owned(),
            source,
        };
        let mode = match config.mode {
            PolicyMode::Enforce => Mode::Enforce,
            PolicyMode::Report => Mode::Report,
        };
        // What a tab is sent to is reported where it goes out.
        let listed = match mode {
            Mode::Enforce => config.allowlist.as_slice(),
            Mode::Report => &[],
        };
        let resolve = &config.resolve;
        let navigation =
            NavigationPolicy::new(listed, private.clone(), resolve.clone()).map_err(bad)?;
        let egress = EgressPolicy::new(
            &config.allowlist,
            &config.subresources,
            private,
            resolve.clone(),
            mode,
        );
        Ok(Self {
            navigation,
            egress: watch::Sender::new(Arc::new(egress.map_err(bad)?)),
            recall: Arc::default(),
        })
    }

    /// What its pages may reach.
    pub(super) fn egress(&self) -> watch::Receiver<Arc<EgressPolicy>> {
        self.egress.subscribe()
    }

    /// Whether a tab may stay where its main frame is.
    pub(super) fn check_committed(&self, url: &str) -> Result<(), Denied> {
        // What a page has put together itself belongs to its origin, which stands in the URL.
        let url = url.strip_prefix("blob:").unwrap_or(url);
        let is_blank = url
            .strip_prefix("about:blank")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['#', '?']));
        if is_blank {
            return Ok(());
        }
        self.navigation.check_committed(url).map(|_| ())
    }
}

impl UrlPolicy for Policies {
    fn check(&self, client: &ClientId, url: &str) -> Result<String, NavDenied> {
        match self.of(client).navigation.check(url) {
            Ok(url) => Ok(url.into()),
            Err(denied) => Err(NavDenied {
                message: denied.to_string(),
                host: denied.host().map(ToString::to_string),
                scheme: denied.scheme().map(ToString::to_string),
            }),
        }
    }
}

/// An entry may be a range, or one address.
fn private_networks(config: &config::PrivateNetworks) -> Result<PrivateNetworks, SettingsError> {
    let networks = match config {
        config::PrivateNetworks::Deny => return Ok(PrivateNetworks::Deny),
        config::PrivateNetworks::Allow => return Ok(PrivateNetworks::Allow),
        config::PrivateNetworks::Only(networks) => networks,
    };
    networks
        .iter()
        .map(|text| {
            let range = text.parse::<IpNet>();
            range
                .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| SettingsError::Network { text: text.clone() })
        })
        .collect::<Result<_, _>>()
        .map(PrivateNetworks::Only)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ClientConfig;

    fn policies() -> Policies {
        let mut config = Config::default();
        config.policy.allowlist = vec!["usual.test".to_owned()];
        let client = |name: &str, policy| ClientConfig {
            name: name.to_owned(),
            token: None,
            token_sha256: None,
            token_file: None,
            policy,
            limits: None,
        };
        let own = ClientPolicyConfig {
            allowlist: Some(vec!["own.test".to_owned()]),
            ..ClientPolicyConfig::default()
        };
        let report = ClientPolicyConfig {
            mode: Some(PolicyMode::Report),
            ..ClientPolicyConfig::default()
        };
        config.auth.clients = vec![
            client("a", None),
            client("b", Some(own)),
            client("c", Some(report)),
        ];
        Policies::new(&config).unwrap()
    }

    #[test]
    fn each_client_has_its_own_policy_or_the_usual_one() {
        let policies = policies();
        let may = |client: &str, url| policies.check(&client.into(), url).is_ok();
        assert!(may("a", "http://usual.test/") && !may("a", "http://own.test/"));
        assert!(may("b", "http://own.test/") && !may("b", "http://usual.test/"));
        assert!(may("c", "http://any.test/") && !may("c", "http://10.0.0.1/"));
        assert!(may("unknown", "http://usual.test/"));
    }

    #[test]
    fn a_tab_may_stay_where_chromium_itself_puts_it() {
        let policies = policies();
        let policy = policies.of(&"a".into());
        for url in [
            "about:blank",
            "about:blank#x",
            "blob:http://usual.test/0-1",
            "chrome-error://chromewebdata/",
            "https://www.usual.test/",
        ] {
            assert_eq!(policy.check_committed(url), Ok(()), "{url}");
        }
        for url in [
            "about:blankx",
            "blob:http://evil.test/0-1",
            "blob:null/0-1",
            "http://evil.test/",
            "chrome://version/",
            "data:text/html,x",
        ] {
            assert!(policy.check_committed(url).is_err(), "{url}");
        }
    }
}
