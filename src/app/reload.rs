//! A new configuration while the bridge runs.

use super::Bridge;
use super::settings::{self, SettingsError};
use crate::config::{self, Config};
use crate::server::ReplaceError;

/// What is replaced; everything else is read at the start.
const REPLACED: [&str; 2] = ["auth.clients", "server.tls"];

/// A new configuration was not taken; the old one is in force as it was.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// A value cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A client would have another policy than it has.
    #[error(
        "auth.clients: the policy of `{client}` is not the one at the start; policies need a restart"
    )]
    Policy {
        /// The client.
        client: String,
    },
    /// The one client whose pages a kept profile holds would not be the only one any more, or
    /// another.
    #[error(
        "auth.clients: with browser.user_data_dir, one client becoming several, or another, needs \
         a restart"
    )]
    DefaultContext,
    /// Clients or certificate cannot be used.
    #[error(transparent)]
    Replace(#[from] ReplaceError),
}

impl Bridge {
    /// Takes clients and certificate from a new configuration. Says which other keys are not as
    /// they were at the start: they need a restart.
    pub fn reload(&self, config: &Config) -> Result<Vec<&'static str>, ReloadError> {
        keep_policies(&self.started_with, config)?;
        let clients = settings::clients(&config.auth)?;
        let tls = config.server.tls.as_ref().map(settings::tls_files);
        self.replacer.replace(clients, tls.as_ref())?;
        Ok(need_restart(&self.started_with, config))
    }
}

/// Policies are read at the start. A client that brings one of its own would have the usual one
/// instead, which may allow more.
fn keep_policies(before: &Config, after: &Config) -> Result<(), ReloadError> {
    let of = |config: &Config, name: &str| {
        let mut clients = config.auth.clients.iter();
        let own = clients.find(|client| client.name == name);
        own.and_then(|client| client.policy.clone())
            .unwrap_or_default()
    };
    for client in &after.auth.clients {
        if of(before, &client.name) != of(after, &client.name) {
            return Err(ReloadError::Policy {
                client: client.name.clone(),
            });
        }
    }
    let of_default = settings::client_of_default_context;
    if before.browser.user_data_dir.is_some()
        && of_default(before)
            != of_default(&Config {
                browser: before.browser.clone(),
                ..after.clone()
            })
    {
        return Err(ReloadError::DefaultContext);
    }
    Ok(())
}

fn need_restart(before: &Config, after: &Config) -> Vec<&'static str> {
    let mut keys = config::changed_keys(before, after);
    let tls_begins_or_ends = before.server.tls.is_some() != after.server.tls.is_some();
    keys.retain(|key| !REPLACED.contains(key) || *key == "server.tls" && tls_begins_or_ends);
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ClientConfig, ClientPolicyConfig, TlsConfig};

    fn client(name: &str, allowed: &[&str]) -> ClientConfig {
        ClientConfig {
            name: name.to_owned(),
            token: Some(config::Secret::new("t")),
            token_sha256: None,
            token_file: None,
            policy: Some(ClientPolicyConfig {
                allowlist: (!allowed.is_empty())
                    .then(|| allowed.iter().map(ToString::to_string).collect()),
                ..ClientPolicyConfig::default()
            }),
        }
    }

    fn with(clients: Vec<ClientConfig>) -> Config {
        let mut config = Config::default();
        config.auth.clients = clients;
        config
    }

    #[test]
    fn a_client_comes_and_goes_only_under_the_policy_that_is_in_force_for_it() {
        let before = with(vec![client("a", &["a.test"]), client("b", &[])]);
        let taken = |clients| keep_policies(&before, &with(clients)).is_ok();
        assert!(taken(vec![client("a", &["a.test"])]));
        assert!(taken(vec![client("c", &[]), client("b", &[])]));
        assert!(!taken(vec![client("a", &["a.test", "b.test"])]));
        assert!(!taken(vec![client("a", &[])]));
        assert!(
            !taken(vec![client("c", &["c.test"])]),
            "it would have the usual one"
        );
    }

    #[test]
    fn a_kept_profile_stays_with_the_client_it_belongs_to() {
        let mut before = with(vec![client("a", &[])]);
        before.browser.user_data_dir = Some("/p".into());
        let taken = |clients| keep_policies(&before, &with(clients)).is_ok();
        assert!(taken(vec![client("a", &[])]));
        assert!(!taken(vec![client("a", &[]), client("b", &[])]));
        assert!(!taken(vec![client("b", &[])]));
    }

    #[test]
    fn only_what_is_not_replaced_needs_a_restart() {
        let before = Config::default();
        let mut after = before.clone();
        after.tabs.max = 3;
        after.server.tls = Some(TlsConfig {
            certificate: "c.pem".into(),
            key: "k.pem".into(),
        });
        assert_eq!(need_restart(&before, &after), ["server.tls", "tabs.max"]);
        let mut other = after.clone();
        other.server.tls.as_mut().unwrap().key = "other.pem".into();
        assert!(need_restart(&after, &other).is_empty());
    }
}
