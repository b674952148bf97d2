//! The clients that may connect, with their tokens and limits.

use std::collections::HashMap;

use super::room_settings::SettingsError;
use crate::config::Config;
use crate::operations::ClientLimits;
use crate::server::{AuthConfig, ClientConfig, ClientToken, TokenHash};
use crate::tabs::ClientId;

/// The limits of a client that sets none.
pub(super) fn common_limits(config: &Config) -> ClientLimits {
    ClientLimits {
        max_tabs: config.tabs.max,
        max_inflight: config.flow.max_inflight,
        rate_per_second: config.flow.rate_per_second,
        max_connections: config.server.max_connections,
    }
}

/// The limits of one client, which cannot exceed those for all clients together.
fn limits_of(client: &ClientConfig, common: ClientLimits) -> ClientLimits {
    let own = client.limits.unwrap_or_default();
    let most = |own: Option<usize>, all: usize| own.map_or(all, |own| own.min(all));
    ClientLimits {
        max_tabs: most(own.tabs, common.max_tabs),
        max_inflight: own.max_inflight.unwrap_or(common.max_inflight),
        rate_per_second: own.rate_per_second.unwrap_or(common.rate_per_second),
        max_connections: most(own.max_connections, common.max_connections),
    }
}

/// The tab limits of the clients that have their own.
pub(super) fn tab_quotas(config: &AuthConfig) -> HashMap<ClientId, usize> {
    let quotas = config.clients.iter().filter_map(|client| {
        let tabs = client.limits?.tabs?;
        Some((client.name.as_str().into(), tabs))
    });
    quotas.collect()
}

/// The clients that may connect.
pub(super) fn clients(config: &Config) -> Result<Vec<ClientToken>, SettingsError> {
    let common = common_limits(config);
    config
        .auth
        .clients
        .iter()
        .enumerate()
        .map(|(index, client)| {
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
                limits: limits_of(client, common),
            })
        })
        .collect()
}
