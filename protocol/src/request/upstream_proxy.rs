//! The proxy that the pages of a session go through.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::typed_text::TypedText;

/// The proxy that the pages of a session go through. The bridge speaks to it, so Chromium never asks for its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamProxyOptions {
    /// `http://`, `https://` or `socks5://`, a host and a port; `policy.upstream_proxies` has to allow it.
    pub server: String,
    /// The user name for the proxy.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub username: Option<String>,
    /// The password for the proxy. It is never shown again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub password: Option<TypedText>,
    /// Hosts that are connected to directly, at most 64, in the form of the allowlist's entries.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[schemars(length(max = 64))]
    pub bypass: Vec<String>,
    /// Where names are resolved. `remote` needs `policy.upstream_resolve = "remote"`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resolve: Option<NameResolution>,
}

/// Where the names of servers are resolved that a session connects to through its proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NameResolution {
    /// By the bridge, which checks the address and gives it to the proxy.
    #[default]
    Local,
    /// By the proxy: the bridge checks the name only.
    Remote,
}
