//! What section `policy` says, read for each client: all of it, or nothing, is put in force.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use super::browser_source::client_of_default_context;
use super::room_settings::SettingsError;
use crate::config::Config;
use crate::policy::{
    ClientPolicyConfig, EgressPolicy, NavigationPolicy, PatternError, PolicyConfig, PolicyMode,
    PrivateNetworks,
};
use crate::server::auth::DEFAULT_CLIENT;
use crate::tabs::ClientId;

/// What the pages of one client may reach.
#[derive(Debug)]
pub(super) struct ClientRules {
    /// What it was read from.
    pub(super) written: PolicyConfig,
    /// Where its tabs may be sent.
    pub(super) navigation: NavigationPolicy,
    /// What its pages may connect to.
    pub(super) egress: Arc<EgressPolicy>,
}

/// Reads what holds for everybody whose tabs there may be.
pub(super) fn read(config: &Config) -> Result<HashMap<ClientId, ClientRules>, SettingsError> {
    let usual = &config.policy;
    check("policy", &whole(usual))?;
    let mut rules = HashMap::new();
    for (index, client) in config.auth.clients.iter().enumerate() {
        let own = client.policy.clone().unwrap_or_default();
        let key = format!("auth.clients[{index}].policy");
        check(&key, &own)?;
        let own = ClientRules::new(usual.with(own)).map_err(bad(&key))?;
        rules.insert(client.name.as_str().into(), own);
    }
    // Whoever comes without a token, and what is nobody's in a lasting profile.
    let nobody = rules.is_empty().then(|| DEFAULT_CLIENT.into());
    for client in nobody.into_iter().chain(client_of_default_context(config)) {
        if let Entry::Vacant(entry) = rules.entry(client) {
            entry.insert(ClientRules::new(usual.clone()).map_err(bad("policy"))?);
        }
    }
    Ok(rules)
}

impl ClientRules {
    fn new(written: PolicyConfig) -> Result<Self, PatternError> {
        let (mode, private) = (written.mode, &written.private_networks);
        // What a tab is sent to is reported where it goes out.
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
}

/// Section `policy` as if a client had written all of it.
fn whole(usual: &PolicyConfig) -> ClientPolicyConfig {
    ClientPolicyConfig {
        allowlist: Some(usual.allowlist.clone()),
        subresources: Some(usual.subresources.clone()),
        mode: Some(usual.mode),
        private_networks: Some(usual.private_networks.clone()),
        resolve: Some(usual.resolve.clone()),
        downloads: Some(usual.downloads),
    }
}

/// Reads each entry alone, so that a mistake is told with the key it stands under.
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
    fn a_mistake_is_told_with_the_key_it_stands_under() {
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
    fn somebody_s_tabs_are_held_to_rules_in_every_configuration() {
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
