//! The clients that may connect, with their tokens, API keys and limits.

use super::api_keys::StoredKey;
use super::room_settings::SettingsError;
use crate::config::Config;
use crate::operations::ClientLimits;
use crate::operations::sessions::SessionLimits;
use crate::server::{ClientConfig, ClientKey, ClientToken, Credentials, TokenHash};
use crate::tabs::TabShares;

/// The places of `tabs.max` that are kept for each client: together half of them, where there are several.
fn guaranteed_tabs(config: &Config) -> usize {
    match config.auth.clients.len() {
        0 | 1 => 0,
        clients => config.tabs.max / (2 * clients),
    }
}

/// The most tabs of a client that sets no limit: all but what is kept for the others.
fn shared_tabs(config: &Config) -> usize {
    let others = config.auth.clients.len().saturating_sub(1);
    config.tabs.max - others * guaranteed_tabs(config)
}

/// The limits of a client that sets none.
pub(super) fn common_limits(config: &Config) -> ClientLimits {
    ClientLimits {
        max_tabs: shared_tabs(config),
        max_inflight: config.flow.max_inflight,
        rate_per_second: config.flow.rate_per_second,
        max_connections: config.server.max_connections,
    }
}

/// The limits of one client, which cannot exceed those for all clients together.
fn limits_of(client: &ClientConfig, config: &Config) -> ClientLimits {
    let common = common_limits(config);
    let own = client.limits.unwrap_or_default();
    let most = |own: Option<usize>, all: usize| own.map_or(all, |own| own.min(all));
    ClientLimits {
        max_tabs: own.tabs.unwrap_or(common.max_tabs).min(config.tabs.max),
        max_inflight: own.max_inflight.unwrap_or(common.max_inflight),
        rate_per_second: own.rate_per_second.unwrap_or(common.rate_per_second),
        max_connections: most(own.max_connections, common.max_connections),
    }
}

/// How the clients share the places of `tabs.max`.
pub(super) fn tab_shares(config: &Config) -> TabShares {
    let clients = config.auth.clients.iter();
    let max_of = clients.map(|client| {
        let most = limits_of(client, config).max_tabs;
        (client.name.as_str().into(), most)
    });
    TabShares {
        max_of: max_of.collect(),
        guaranteed: guaranteed_tabs(config),
    }
}

/// How many sessions there may be.
pub(super) fn session_limits(config: &Config) -> SessionLimits {
    let clients = config.auth.clients.iter();
    let own = clients.filter_map(|client| {
        let most = client.limits?.sessions?;
        Some((client.name.as_str().into(), most))
    });
    SessionLimits {
        config: config.sessions.clone(),
        of_client: own.collect(),
    }
}

/// What clients may prove themselves with: the tokens of a configuration, and these API keys. `all` is the configuration with
/// the clients of the keys, which have limits too.
pub(super) fn credentials(
    config: &Config,
    all: &Config,
    keys: &[StoredKey],
) -> Result<Credentials, SettingsError> {
    let keys = keys.iter().map(|key| ClientKey {
        key: key.key.clone(),
        last_used_day: key.last_used_day,
        limits: limits_of_name(&key.key.client, all),
    });
    Ok(Credentials {
        tokens: tokens(config, all)?,
        keys: keys.collect(),
        is_required: config.auth.required,
    })
}

/// The limits of the client of this name; of one that is not known, the common ones.
fn limits_of_name(name: &str, config: &Config) -> ClientLimits {
    let client = config.auth.clients.iter().find(|it| it.name == name);
    client.map_or_else(|| common_limits(config), |it| limits_of(it, config))
}

/// The tokens of the configured clients.
fn tokens(config: &Config, all: &Config) -> Result<Vec<ClientToken>, SettingsError> {
    let clients = config.auth.clients.iter().enumerate();
    let tokens = clients.map(|(index, client)| {
        let token = match &client.token {
            Some(token) => Some(TokenHash::of(token.expose())),
            None => client.token_sha256.as_deref().and_then(TokenHash::from_hex),
        };
        let invalid = || SettingsError::TokenHash {
            key: format!("auth.clients[{index}].token_sha256"),
        };
        Ok(ClientToken {
            name: client.name.as_str().into(),
            token: token.ok_or_else(invalid)?,
            limits: limits_of_name(&client.name, all),
        })
    });
    tokens.collect()
}
