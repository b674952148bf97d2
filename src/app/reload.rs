//! Replaces parts of the configuration while the bridge runs.

use super::Daemon;
use super::client_rules;
use super::room_settings::SettingsError;
use crate::audit::{Actor, AuditAction, AuditEntry, AuditObject};
use crate::config::{self, Config};
use crate::server::ReplaceError;

/// Why a new configuration was rejected; the old one stays in force.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A kept profile belongs to one client, which would get company or be replaced.
    #[error(
        "auth.clients: with browser.user_data_dir, adding a second client or replacing the only one \
         needs a restart"
    )]
    DefaultContext,
    /// The pages of a second client would share the clipboard with those of the first.
    #[error(
        "auth.clients: with \"clipboardRead\" in policy.permissions, adding a second client needs a restart"
    )]
    SharedClipboard,
    #[error(transparent)]
    Replace(#[from] ReplaceError),
}

impl ReloadError {
    /// The key of the configuration that it is about.
    pub fn key(&self) -> &str {
        match self {
            Self::Settings(error) => error.key(),
            Self::DefaultContext
            | Self::SharedClipboard
            | Self::Replace(ReplaceError::Open { .. }) => "auth.clients",
            Self::Replace(ReplaceError::Tls(_)) => "server.tls",
        }
    }
}

impl Daemon {
    /// Applies everything of a new configuration that can change at run time, or nothing if a part of it
    /// is invalid. Returns the other keys that changed since the start, which need a restart.
    pub async fn reload(&self, new: &Config) -> Result<Vec<&'static str>, ReloadError> {
        let reloaded = self.try_reload(new).await;
        let outcome = if reloaded.is_ok() { "ok" } else { "rejected" };
        let (action, object) = (AuditAction::ConfigurationReload, AuditObject::Configuration);
        let entry = AuditEntry::new(Actor::Operator, action, object).with_outcome(outcome);
        self.operations.audit().offer(entry);
        reloaded
    }

    async fn try_reload(&self, new: &Config) -> Result<Vec<&'static str>, ReloadError> {
        let config = changed(&self.started_with, new);
        self.clients.put_config(&config).await?;
        if let Some(secret) = &config.auth.session_secret {
            let previous = config.auth.session_secret_previous.as_ref();
            let previous = previous.map(|secret| secret.expose().as_bytes());
            self.token_keys
                .replace(secret.expose().as_bytes(), previous);
        }
        Ok(config::changed_keys(&config, new))
    }
}

/// The configuration at the start, with the values of a new one where they can change at run time.
fn changed(start: &Config, new: &Config) -> Config {
    let mut config = start.clone();
    config.auth.clients.clone_from(&new.auth.clients);
    // Without a secret the bridge goes on with the one it has: its tokens stay good.
    if new.auth.session_secret.is_some() {
        let (auth, new) = (&mut config.auth, &new.auth);
        auth.session_secret.clone_from(&new.session_secret);
        auth.session_secret_file
            .clone_from(&new.session_secret_file);
        auth.session_secret_previous
            .clone_from(&new.session_secret_previous);
        auth.session_secret_previous_file
            .clone_from(&new.session_secret_previous_file);
    }
    // What a client may override is what can change at run time.
    let policy = client_rules::overriding(&new.policy);
    config.policy = start.policy.with(policy);
    config.sessions.clone_from(&new.sessions);
    // The files can change; switching TLS on or off needs a restart.
    if let (Some(tls), Some(new)) = (&mut config.server.tls, &new.server.tls) {
        tls.clone_from(new);
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{ClientPolicyConfig, DownloadPolicy, PolicyMode, PrivateNetworks};
    use crate::secret::Secret;
    use crate::server::{ClientConfig, TlsConfig};

    fn client(name: &str) -> ClientConfig {
        ClientConfig {
            name: name.to_owned(),
            token: Some(Secret::new("t")),
            token_sha256: None,
            token_file: None,
            policy: None,
            limits: None,
        }
    }

    fn need_restart(start: &Config, new: &Config) -> Vec<&'static str> {
        config::changed_keys(&changed(start, new), new)
    }

    #[test]
    fn clients_and_what_pages_may_reach_need_no_restart() {
        let start = Config::default();
        let mut new = start.clone();
        let own = ClientPolicyConfig {
            mode: Some(PolicyMode::Report),
            ..ClientPolicyConfig::default()
        };
        new.auth.clients = vec![ClientConfig {
            policy: Some(own),
            ..client("a")
        }];
        new.policy.allowlist = vec!["a.test".to_owned()];
        new.policy.subresources = vec!["b.test".to_owned()];
        new.policy.mode = PolicyMode::Report;
        new.policy.private_networks = PrivateNetworks::Allow;
        new.policy
            .resolve
            .insert("a.test".to_owned(), [127, 0, 0, 1].into());
        new.policy.downloads = DownloadPolicy::Keep;
        new.sessions.max = 3;
        assert_eq!(changed(&start, &new), new);
        assert!(need_restart(&start, &new).is_empty());
    }

    #[test]
    fn the_secret_of_tokens_is_rotated_without_a_restart() {
        let mut start = Config::default();
        start.auth.session_secret = Some(Secret::new("old"));
        let mut new = Config::default();
        new.auth.session_secret = Some(Secret::new("new"));
        new.auth.session_secret_previous = Some(Secret::new("old"));
        assert_eq!(changed(&start, &new), new);
        let without = Config::default();
        let kept = changed(&start, &without);
        assert_eq!(kept.auth.session_secret, start.auth.session_secret);
    }

    #[test]
    fn what_stays_as_it_was_is_named() {
        let start = Config::default();
        let mut new = start.clone();
        new.tabs.max = 3;
        new.policy.logged_out_default = true;
        new.auth.protect_metrics = true;
        new.server.tls = Some(TlsConfig {
            certificate: "c.pem".into(),
            key: "k.pem".into(),
        });
        let keys = [
            "server.tls",
            "auth.protect_metrics",
            "policy.logged_out_default",
            "tabs.max",
        ];
        assert_eq!(need_restart(&start, &new), keys);
        assert_eq!(changed(&start, &new), start);
        let mut other = new.clone();
        other.server.tls.as_mut().unwrap().key = "other.pem".into();
        assert!(need_restart(&new, &other).is_empty());
        assert_eq!(need_restart(&new, &start), keys);
    }
}
