//! Section `auth`: who may connect.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::policy::ClientPolicyConfig;
use super::secret::Secret;

/// Who may connect.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// The clients that may connect, each with a unique name and exactly one of a token, the SHA-256
    /// of a token, or a file that holds a token. Its `policy` may set `allowlist`, `subresources`, `mode`,
    /// `private_networks` and `resolve` of section `policy` anew; its `limits` may set `tabs`,
    /// `max_inflight`, `rate_per_second` and `max_connections`, which count over all of its connections.
    /// No client: anyone who reaches the address, which then must be a loopback address or a unix
    /// socket.
    #[schemars(extend("examples" = [[{ "name": "coordinator", "token_file": "/run/secrets/token" }]]))]
    pub clients: Vec<ClientConfig>,
    /// Ask for a token on `/metrics` too.
    pub protect_metrics: bool,
}

/// One client: its name and one form of its token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// The name under which the client's tabs and log lines are kept.
    pub name: String,
    /// The token itself. After loading it is also set where `token_file` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// The SHA-256 of the token, as 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_sha256: Option<String>,
    /// A file whose content is the token; white space around it does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// What this client's pages may reach, where that differs from section `policy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<ClientPolicyConfig>,
    /// How much this client may use at a time, where that differs from what the others may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<ClientLimitsConfig>,
}

/// How much one client may use, counted over all of its connections. What is not set is as the key
/// that is named here says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClientLimitsConfig {
    /// Tabs that it may have open, besides `tabs.max` for all clients together: from 1 to 10000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10000))]
    pub tabs: Option<usize>,
    /// Requests that it may have in flight, in place of `flow.max_inflight`: from 1 to 4096.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4096))]
    pub max_inflight: Option<usize>,
    /// Requests per second that it may send, in place of `flow.rate_per_second`; 0 is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_per_second: Option<u32>,
    /// WebSocket connections that it may have open, besides `server.max_connections` for all clients
    /// together: from 1 to 65536.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65536))]
    pub max_connections: Option<usize>,
}

impl ClientConfig {
    /// How many of the token's forms are given; it must be one.
    pub(crate) fn token_forms(&self) -> usize {
        usize::from(self.token.is_some())
            + usize::from(self.token_sha256.is_some())
            + usize::from(self.token_file.is_some())
    }
}
