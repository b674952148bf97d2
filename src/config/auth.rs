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
    /// `private_networks` and `resolve` of section `policy` anew. No client: anyone who reaches the
    /// address, which then must be a loopback address or a unix socket.
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
}

impl ClientConfig {
    /// How many of the token's forms are given; it must be one.
    pub(crate) fn token_forms(&self) -> usize {
        usize::from(self.token.is_some())
            + usize::from(self.token_sha256.is_some())
            + usize::from(self.token_file.is_some())
    }
}
