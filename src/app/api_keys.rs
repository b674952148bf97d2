//! API keys as the store has them, and what they add to the configuration.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::server::{ClientConfig, ClientLimitsConfig};
use crate::store::ApiKeyRow;
use crate::tokens::ApiKey;

/// An API key with what the store keeps beside it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StoredKey {
    pub(super) key: ApiKey,
    pub(super) limits: ClientLimitsConfig,
    pub(super) created_ms: u64,
    pub(super) last_used_day: Option<u64>,
}

/// A row that cannot be read. Its key admits its holder no more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("API key {id}: its {field} cannot be read")]
pub(super) struct BadKeyRow {
    id: String,
    field: &'static str,
}

impl StoredKey {
    pub(super) fn of_row(row: ApiKeyRow) -> Result<Self, BadKeyRow> {
        let bad = |field| BadKeyRow {
            id: row.id.clone(),
            field,
        };
        let sha256 = row.secret_sha256.as_slice().try_into();
        let sha256 = sha256.map_err(|_| bad("secret_sha256"))?;
        let scopes = row.scopes.parse().map_err(|_| bad("scopes"))?;
        let limits = match &row.limits {
            Some(limits) => serde_json::from_str(limits).map_err(|_| bad("limits"))?,
            None => ClientLimitsConfig::default(),
        };
        Ok(Self {
            key: ApiKey {
                id: row.id,
                client: row.client,
                sha256,
                scopes,
                expires_ms: row.expires_ms,
                is_revoked: row.revoked_ms.is_some(),
            },
            limits,
            created_ms: row.created_ms,
            last_used_day: row.last_used_day,
        })
    }

    /// The same but for its last use, which changes nothing for the daemon.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.key, &self.limits) == (&other.key, &other.limits)
    }
}

/// The configuration with the clients of the keys that are valid now. A client that it has already keeps the policy and the
/// limits that stand there; of several keys, the one that was made last sets what is left open.
pub(super) fn with_clients_of(keys: &[StoredKey], config: &Config, now_ms: u64) -> Config {
    let mut newest_first: Vec<_> = keys.iter().filter(|it| it.key.is_valid(now_ms)).collect();
    newest_first.sort_by(|a, b| (b.created_ms, &b.key.id).cmp(&(a.created_ms, &a.key.id)));
    let mut limits = BTreeMap::<&str, ClientLimitsConfig>::new();
    for key in newest_first {
        let of_client = limits.entry(&key.key.client).or_default();
        *of_client = of_client.or(key.limits);
    }
    let mut config = config.clone();
    for (name, limits) in limits {
        let clients = &mut config.auth.clients;
        if let Some(client) = clients.iter_mut().find(|it| it.name == name) {
            client.limits = Some(client.limits.unwrap_or_default().or(limits));
        } else {
            clients.push(ClientConfig {
                name: name.to_owned(),
                token: None,
                token_sha256: None,
                token_file: None,
                policy: None,
                limits: Some(limits),
            });
        }
    }
    config
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::tokens::claims::TokenScopes;

    pub(in crate::app) fn key(id: &str, client: &str, created_ms: u64) -> StoredKey {
        StoredKey {
            key: ApiKey {
                id: id.to_owned(),
                client: client.to_owned(),
                sha256: [0; 32],
                scopes: TokenScopes::all(),
                expires_ms: None,
                is_revoked: false,
            },
            limits: ClientLimitsConfig::default(),
            created_ms,
            last_used_day: None,
        }
    }

    fn tabs(tabs: usize) -> ClientLimitsConfig {
        ClientLimitsConfig {
            tabs: Some(tabs),
            ..ClientLimitsConfig::default()
        }
    }

    #[test]
    fn a_row_that_cannot_be_read_is_named() {
        let row = ApiKeyRow {
            id: "01234567".to_owned(),
            client: "a".to_owned(),
            secret_sha256: vec![0; 32],
            scopes: "rest json".to_owned(),
            limits: Some(r#"{"tabs":3}"#.to_owned()),
            created_ms: 1,
            expires_ms: Some(2),
            last_used_day: None,
            revoked_ms: Some(1),
        };
        let key = StoredKey::of_row(row.clone()).unwrap();
        assert!(key.key.is_revoked && key.limits.tabs == Some(3));
        for (change, field) in [
            (
                (|row| row.secret_sha256.clear()) as fn(&mut ApiKeyRow),
                "secret_sha256",
            ),
            (|row| row.scopes = "admin".to_owned(), "scopes"),
            (|row| row.limits = Some("{".to_owned()), "limits"),
        ] {
            let mut row = row.clone();
            change(&mut row);
            assert_eq!(StoredKey::of_row(row).unwrap_err().field, field);
        }
    }

    #[test]
    fn a_client_that_only_keys_name_is_added_while_one_is_valid() {
        let keys = [
            key("00000001", "new", 1),
            StoredKey {
                key: ApiKey {
                    expires_ms: Some(100),
                    ..key("00000002", "short", 2).key
                },
                ..key("00000002", "short", 2)
            },
            StoredKey {
                key: ApiKey {
                    is_revoked: true,
                    ..key("00000003", "gone", 3).key
                },
                ..key("00000003", "gone", 3)
            },
        ];
        let names = |now_ms| {
            let config = with_clients_of(&keys, &Config::default(), now_ms);
            let names = config.auth.clients.into_iter().map(|it| it.name);
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(99), ["new", "short"]);
        assert_eq!(names(100), ["new"]);
    }

    #[test]
    fn the_configuration_sets_limits_first_and_the_newest_key_next() {
        let mut config = Config::default();
        let client = |name: &str, limits| ClientConfig {
            name: name.to_owned(),
            token: None,
            token_sha256: None,
            token_file: None,
            policy: None,
            limits,
        };
        config.auth.clients = vec![client("a", Some(tabs(1))), client("b", None)];
        let with = |id: &str, name: &str, at, limits| StoredKey {
            limits,
            ..key(id, name, at)
        };
        let sessions = ClientLimitsConfig {
            sessions: Some(7),
            ..tabs(2)
        };
        let keys = [
            with("00000001", "a", 1, sessions),
            with("00000002", "b", 2, sessions),
            with("00000003", "b", 3, tabs(3)),
            with("00000004", "b", 4, ClientLimitsConfig::default()),
        ];
        let all = with_clients_of(&keys, &config, 0);
        let limits = |index: usize| all.auth.clients[index].limits.unwrap();
        assert_eq!((limits(0).tabs, limits(0).sessions), (Some(1), Some(7)));
        assert_eq!((limits(1).tabs, limits(1).sessions), (Some(3), Some(7)));
    }
}
