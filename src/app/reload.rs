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
    /// Clients or certificate cannot be used.
    #[error(transparent)]
    Replace(#[from] ReplaceError),
}

impl Bridge {
    /// Takes clients and certificate from a new configuration. Says which other keys are not as
    /// they were at the start: they need a restart.
    pub fn reload(&self, config: &Config) -> Result<Vec<&'static str>, ReloadError> {
        let clients = settings::clients(&config.auth)?;
        let tls = config.server.tls.as_ref().map(settings::tls_files);
        self.replacer.replace(clients, tls.as_ref())?;
        Ok(need_restart(&self.started_with, config))
    }
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
    use crate::config::TlsConfig;

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
