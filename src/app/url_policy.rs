//! The configured policy, as the server asks it.

use std::net::IpAddr;

use ipnet::IpNet;

use super::settings::SettingsError;
use crate::config::{self, PolicyConfig};
use crate::policy::{NavigationPolicy, PrivateNetworks};
use crate::server::{NavDenied, UrlPolicy};

/// The configured policy.
pub(super) struct ConfiguredPolicy(NavigationPolicy);

impl ConfiguredPolicy {
    pub(super) fn new(config: &PolicyConfig) -> Result<Self, SettingsError> {
        let private = private_networks(&config.private_networks)?;
        let policy = NavigationPolicy::new(&config.allowlist, private, config.resolve.clone())
            .map_err(SettingsError::Allowlist)?;
        Ok(Self(policy))
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

impl UrlPolicy for ConfiguredPolicy {
    fn check(&self, url: &str) -> Result<String, NavDenied> {
        match self.0.check(url) {
            Ok(url) => Ok(url.into()),
            Err(denied) => Err(NavDenied {
                message: denied.to_string(),
                host: denied.host().map(ToString::to_string),
                scheme: denied.scheme().map(ToString::to_string),
            }),
        }
    }
}
