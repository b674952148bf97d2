//! The clients that may connect now, from the configuration and the API keys. Both change while the daemon runs, and by the
//! same steps.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::api_keys::{StoredKey, with_clients_of};
use super::browser_source;
use super::policies::Policies;
use super::reload::ReloadError;
use super::{client_rules, clients};
use crate::clock::epoch_ms;
use crate::config::{self, Config};
use crate::operations::Operations;
use crate::server::Replacer;
use crate::tabs::{ClientId, SupervisorHandle};

/// What changes of clients have to reach.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) replacer: Replacer,
    pub(super) policies: Arc<Policies>,
    pub(super) tabs: SupervisorHandle,
    pub(super) operations: Arc<Operations>,
}

/// Configuration and keys in force.
#[derive(Debug)]
pub(super) struct ClientsInForce {
    parts: Parts,
    /// The owner of the browser's default context, which stays the same.
    profile_owner: Option<ClientId>,
    state: Mutex<State>,
}

#[derive(Debug, Clone)]
struct State {
    config: Config,
    keys: KnownKeys,
}

/// The API keys as they were read last.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownKeys {
    pub(super) keys: Vec<StoredKey>,
    /// Whether no more is known of them than that there may be some: then a credential is required.
    pub(super) are_unread: bool,
}

/// The keys that may be used, and the configuration with their clients.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) keys: Vec<StoredKey>,
    pub(super) config: Config,
}

impl KnownKeys {
    /// Keys whose clients could not be added while the daemon runs are left out: a client of a browser's kept profile, or one
    /// more that would share the clipboard.
    pub(super) fn admitted(
        &self,
        config: &Config,
        profile_owner: Option<&ClientId>,
        now_ms: u64,
    ) -> Admitted {
        let all = with_clients_of(&self.keys, config, now_ms);
        let Err(error) = check(&all, profile_owner) else {
            let keys = self.keys.clone();
            return Admitted { keys, config: all };
        };
        let configured: HashSet<_> = config.auth.clients.iter().map(|it| &it.name).collect();
        let (keys, left_out): (Vec<_>, Vec<_>) = self
            .keys
            .iter()
            .cloned()
            .partition(|it| configured.contains(&it.key.client));
        let left_out = left_out.iter().filter(|it| it.key.is_valid(now_ms));
        let left_out: Vec<_> = left_out.map(|it| it.key.id.as_str()).collect();
        if !left_out.is_empty() {
            let keys = left_out.join(", ");
            tracing::error!(%keys, %error, "these API keys are not admitted");
        }
        let config = with_clients_of(&keys, config, now_ms);
        Admitted { keys, config }
    }

    /// Whether a credential is needed, even if none that is known may be used.
    pub(super) fn require_credentials(&self) -> bool {
        self.are_unread || !self.keys.is_empty()
    }
}

/// Refuses clients that need a restart.
fn check(all: &Config, profile_owner: Option<&ClientId>) -> Result<(), ReloadError> {
    if browser_source::client_of_default_context(all).as_ref() != profile_owner {
        return Err(ReloadError::DefaultContext);
    }
    if config::shares_clipboard(all) {
        return Err(ReloadError::SharedClipboard);
    }
    Ok(())
}

impl ClientsInForce {
    /// As the daemon was started.
    pub(super) fn new(
        parts: Parts,
        config: &Config,
        keys: KnownKeys,
        profile_owner: Option<ClientId>,
    ) -> Self {
        Self {
            parts,
            profile_owner,
            state: Mutex::new(State {
                config: config.clone(),
                keys,
            }),
        }
    }

    /// Puts another configuration in force, or nothing if a part of it is invalid.
    pub(super) async fn put_config(&self, config: &Config) -> Result<(), ReloadError> {
        let mut state = self.state.lock().await;
        check_alone(config, &state.keys, self.profile_owner.as_ref())?;
        self.put_in_force(config, &state.keys, true).await?;
        state.config = config.clone();
        Ok(())
    }

    /// Puts the keys in force that were read now. It does the same again where none has changed, since some may have expired.
    pub(super) async fn put_keys(&self, keys: KnownKeys) -> Result<(), ReloadError> {
        let mut state = self.state.lock().await;
        self.put_in_force(&state.config, &keys, false).await?;
        state.keys = keys;
        Ok(())
    }

    async fn put_in_force(
        &self,
        config: &Config,
        keys: &KnownKeys,
        with_certificate: bool,
    ) -> Result<(), ReloadError> {
        let owner = self.profile_owner.as_ref();
        let admitted = keys.admitted(config, owner, epoch_ms());
        let rules = client_rules::read(&admitted.config)?;
        let mut credentials = clients::credentials(config, &admitted.config, &admitted.keys)?;
        credentials.is_required |= keys.require_credentials();
        let tls = config.server.tls.as_ref().filter(|_| with_certificate);
        let parts = &self.parts;
        let replacement = parts.replacer.prepare(credentials, tls)?;
        // From here on nothing can fail. New clients are admitted last, so that their policy and limits
        // are in force before they connect.
        parts.policies.put_in_force(rules);
        parts
            .tabs
            .share_tabs(clients::tab_shares(&admitted.config))
            .await;
        parts.tabs.policy_changed().await;
        parts
            .operations
            .change_session_limits(clients::session_limits(&admitted.config));
        replacement.put_in_force();
        Ok(())
    }
}

/// A configuration is rejected for its own clients alone, not for those of keys.
fn check_alone(
    config: &Config,
    keys: &KnownKeys,
    profile_owner: Option<&ClientId>,
) -> Result<(), ReloadError> {
    let with_keys = with_clients_of(&keys.keys, config, epoch_ms());
    if check(&with_keys, profile_owner).is_ok() {
        return Ok(());
    }
    check(config, profile_owner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::api_keys::tests::key;
    use crate::secret::Secret;
    use crate::server::ClientConfig;

    fn configured(names: &[&str]) -> Config {
        let clients = names.iter().map(|name| ClientConfig {
            name: (*name).to_owned(),
            token: Some(Secret::new("t")),
            token_sha256: None,
            token_file: None,
            policy: None,
            limits: None,
        });
        let mut config = Config::default();
        config.auth.clients = clients.collect();
        config
    }

    fn with_keys(clients: &[&str]) -> KnownKeys {
        let keys = (1..).zip(clients);
        let keys = keys.map(|(at, client)| key(&format!("{at:08}"), client, at));
        KnownKeys {
            keys: keys.collect(),
            are_unread: false,
        }
    }

    /// The clients that may connect, and the keys that admit them.
    fn admitted(config: &Config, keys: &KnownKeys, owner: Option<&str>) -> (Vec<String>, usize) {
        let owner = owner.map(Into::into);
        let admitted = keys.admitted(config, owner.as_ref(), 0);
        let names = admitted.config.auth.clients.into_iter();
        (names.map(|it| it.name).collect(), admitted.keys.len())
    }

    #[test]
    fn a_kept_profile_stays_with_the_client_it_belongs_to() {
        let mut start = configured(&["a"]);
        start.browser.user_data_dir = Some("/p".into());
        let taken = |names: &[&str]| {
            let mut new = configured(names);
            new.browser
                .user_data_dir
                .clone_from(&start.browser.user_data_dir);
            check_alone(&new, &KnownKeys::default(), Some(&"a".into())).is_ok()
        };
        assert!(taken(&["a"]));
        assert!(!taken(&["a", "b"]));
        assert!(!taken(&["b"]));
    }

    #[test]
    fn a_key_adds_no_client_that_would_share_a_kept_profile() {
        let mut config = configured(&["a"]);
        config.browser.user_data_dir = Some("/p".into());
        let keys = with_keys(&["a", "b"]);
        assert_eq!(
            admitted(&config, &keys, Some("a")),
            (vec!["a".to_owned()], 1)
        );
        assert_eq!(
            admitted(&configured(&["a"]), &keys, None),
            (vec!["a".to_owned(), "b".to_owned()], 2)
        );
    }

    #[test]
    fn a_key_that_admits_no_client_still_closes_the_bridge() {
        let mut config = Config::default();
        config.browser.user_data_dir = Some("/p".into());
        let keys = with_keys(&["b"]);
        assert_eq!(admitted(&config, &keys, Some("default")), (Vec::new(), 0));
        assert!(keys.require_credentials());
        assert!(!KnownKeys::default().require_credentials());
        let unread = KnownKeys {
            are_unread: true,
            ..KnownKeys::default()
        };
        assert!(unread.require_credentials());
    }
}
