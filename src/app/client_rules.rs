//! Compiles section `policy` into the rules of each client.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use super::browser_source::client_of_default_context;
use super::room_settings::SettingsError;
use crate::config::Config;
use crate::policy::{
    ClientPolicyConfig, DownloadPolicy, EgressPolicy, NavigationPolicy, PatternError, PolicyConfig,
    PolicyMode, PrivateNetworks,
};
use crate::server::auth::DEFAULT_CLIENT;
use crate::tabs::ClientId;

/// The compiled policy of one client.
#[derive(Debug)]
pub(super) struct ClientRules {
    /// The settings it was compiled from.
    pub(super) written: PolicyConfig,
    /// Where its tabs may navigate.
    pub(super) navigation: NavigationPolicy,
    /// Where its pages may connect.
    pub(super) egress: Arc<EgressPolicy>,
}

/// What a session leaves of the rules of its client.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Narrowing {
    pub(super) allowlist: Option<Vec<String>>,
    pub(super) downloads: Option<DownloadPolicy>,
}

/// The rules of every client that can own tabs, or the first invalid entry.
pub(super) fn read(config: &Config) -> Result<HashMap<ClientId, ClientRules>, SettingsError> {
    let common = &config.policy;
    check("policy", &overriding(common))?;
    let mut rules = HashMap::new();
    for (index, client) in config.auth.clients.iter().enumerate() {
        let own = client.policy.clone().unwrap_or_default();
        let key = format!("auth.clients[{index}].policy");
        check(&key, &own)?;
        let own = ClientRules::new(common.with(own)).map_err(bad(&key))?;
        rules.insert(client.name.as_str().into(), own);
    }
    // Clients without a token, and tabs of a kept profile that several clients share.
    let without_token = rules.is_empty().then(|| DEFAULT_CLIENT.into());
    let others = [without_token, client_of_default_context(config)];
    for client in others.into_iter().flatten() {
        if let Entry::Vacant(entry) = rules.entry(client) {
            entry.insert(ClientRules::new(common.clone()).map_err(bad("policy"))?);
        }
    }
    Ok(rules)
}

impl ClientRules {
    fn new(written: PolicyConfig) -> Result<Self, PatternError> {
        let (mode, private) = (written.mode, &written.private_networks);
        // In report mode a navigation is reported by the proxy, where its request leaves.
        let listed = match mode {
            PolicyMode::Enforce => written.allowlist.as_slice(),
            PolicyMode::Report => &[],
        };
        let resolve = &written.resolve;
        let navigation = NavigationPolicy::new(listed, private.clone(), resolve.clone())?;
        let egress = EgressPolicy::new(
            &written.allowlist,
            &written.subresources,
            private.clone(),
            resolve.clone(),
            mode,
        )?;
        Ok(Self {
            navigation,
            egress: Arc::new(egress),
            written,
        })
    }

    /// What remains of the rules for one session of the client.
    pub(super) fn narrowed_to(&self, narrowing: &Narrowing) -> Result<Self, PatternError> {
        let (mut navigation, mut egress) = (self.navigation.clone(), Arc::clone(&self.egress));
        if let Some(allowlist) = &narrowing.allowlist {
            navigation = navigation.narrowed_to(allowlist)?;
            egress = Arc::new(egress.narrowed_to(allowlist)?);
        }
        let mut written = self.written.clone();
        if narrowing.downloads == Some(DownloadPolicy::Deny) {
            written.downloads = DownloadPolicy::Deny;
        }
        Ok(Self {
            written,
            navigation,
            egress,
        })
    }
}

/// All values of section `policy`, in the form in which a client overrides them.
pub(super) fn overriding(common: &PolicyConfig) -> ClientPolicyConfig {
    ClientPolicyConfig {
        allowlist: Some(common.allowlist.clone()),
        subresources: Some(common.subresources.clone()),
        mode: Some(common.mode),
        private_networks: Some(common.private_networks.clone()),
        resolve: Some(common.resolve.clone()),
        downloads: Some(common.downloads),
    }
}

/// Compiles each entry alone, so that an error names the key of that entry.
fn check(key: &str, written: &ClientPolicyConfig) -> Result<(), SettingsError> {
    let reads = |listed: &[String], resolve: BTreeMap<String, IpAddr>| {
        NavigationPolicy::new(listed, PrivateNetworks::Deny, resolve).map(drop)
    };
    for (name, entries) in [
        ("allowlist", &written.allowlist),
        ("subresources", &written.subresources),
    ] {
        for (index, entry) in entries.iter().flatten().enumerate() {
            reads(std::slice::from_ref(entry), BTreeMap::new())
                .map_err(bad(&format!("{key}.{name}[{index}]")))?;
        }
    }
    for (name, address) in written.resolve.iter().flatten() {
        reads(&[], BTreeMap::from([(name.clone(), *address)]))
            .map_err(bad(&format!("{key}.resolve.{name}")))?;
    }
    Ok(())
}

fn bad(key: &str) -> impl FnOnce(PatternError) -> SettingsError {
    let key = key.to_owned();
    |source| SettingsError::Policy { key, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::ClientConfig;

    fn refused(change: impl FnOnce(&mut Config)) -> String {
        let mut config = Config::default();
        config.auth.clients = vec![ClientConfig {
            name: "a".to_owned(),
            token: None,
            token_sha256: None,
            token_file: None,
            policy: Some(ClientPolicyConfig::default()),
            limits: None,
        }];
        change(&mut config);
        read(&config).unwrap_err().key().to_owned()
    }

    #[test]
    fn an_error_names_the_key_of_the_entry() {
        let bad = || vec!["a.test".to_owned(), "*.b.test".to_owned()];
        let own = |config: &mut Config, change: fn(&mut ClientPolicyConfig, Vec<String>)| {
            change(config.auth.clients[0].policy.as_mut().unwrap(), bad());
        };
        assert_eq!(
            refused(|config| config.policy.allowlist = bad()),
            "policy.allowlist[1]"
        );
        assert_eq!(
            refused(|config| own(config, |policy, bad| policy.subresources = Some(bad))),
            "auth.clients[0].policy.subresources[1]"
        );
        let name = || ("10.0.0.1".to_owned(), [127, 0, 0, 1].into());
        assert_eq!(
            refused(|config| config.policy.resolve = [name()].into()),
            "policy.resolve.10.0.0.1"
        );
    }

    #[test]
    fn every_possible_owner_of_tabs_has_rules() {
        let names = |config: &Config| {
            let mut names: Vec<_> = read(config).unwrap().into_keys().collect();
            names.sort();
            names.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let mut config = Config::default();
        assert_eq!(names(&config), ["default"]);
        let client = |name: &str| ClientConfig {
            name: name.to_owned(),
            token: None,
            token_sha256: None,
            token_file: None,
            policy: None,
            limits: None,
        };
        config.auth.clients = vec![client("a"), client("b")];
        assert_eq!(names(&config), ["a", "b"]);
        config.browser.user_data_dir = Some("/p".into());
        assert_eq!(names(&config), ["a", "b", "default"]);
    }
}
