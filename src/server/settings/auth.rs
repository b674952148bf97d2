//! Section `auth`: who may connect.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::operations::{ClientId, ClientLimits, ClientPolicyConfig};
use crate::secret::Secret;
use crate::tokens::ApiKey;

/// Who may connect.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// The clients that may connect, each with a unique name and exactly one of `token`,
    /// `token_sha256` and `token_file`. Its `policy` overrides `allowlist`, `subresources`, `mode`,
    /// `private_networks`, `resolve` and `downloads` of section `policy`; its `limits` may set `tabs`,
    /// `max_inflight`, `rate_per_second` and `max_connections`, which count over all of its
    /// connections. Without clients no token is needed, and `server.listen` must be a loopback address
    /// or a unix socket.
    #[schemars(extend("examples" = [[{ "name": "coordinator", "token_file": "/run/secrets/token" }]]))]
    pub clients: Vec<ClientConfig>,
    /// Require a token or an API key also where `clients` is empty. Then `server.listen` may be an address that other machines
    /// can reach, and API keys (`keys add`) are the only way in.
    pub required: bool,
    /// Require a token for `/metrics` too.
    pub protect_metrics: bool,
    /// Require the token of a session beside the client's own, in every request about a session or its pages. Only with
    /// `clients`.
    pub require_session_token: bool,
    /// What signs the tokens of sessions: at least 32 characters. Without it a random one is made at every start, and the
    /// tokens end with the process.
    #[schemars(extend("examples" = ["a text that `openssl rand -hex 32` prints"]))]
    pub session_secret: Option<Secret>,
    /// A file that holds `session_secret`; surrounding white space is ignored.
    #[schemars(extend("examples" = ["/run/secrets/session"]))]
    pub session_secret_file: Option<PathBuf>,
    /// The `session_secret` before this one: tokens that it signed are accepted until they expire.
    #[schemars(extend("examples" = ["a text that `openssl rand -hex 32` printed before"]))]
    pub session_secret_previous: Option<Secret>,
    /// A file that holds `session_secret_previous`.
    #[schemars(extend("examples" = ["/run/secrets/session-before"]))]
    pub session_secret_previous_file: Option<PathBuf>,
}

/// One client: its name and one form of its token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// The name under which the client's tabs and log lines are kept.
    pub name: String,
    /// The token itself. After loading it is also set where `token_file` names a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// The SHA-256 of the token, as 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_sha256: Option<String>,
    /// A file that holds the token; surrounding white space is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// This client's own values of section `policy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<ClientPolicyConfig>,
    /// How much this client may use at a time, where that differs from what the others may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<ClientLimitsConfig>,
}

/// Limits of one client over all of its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClientLimitsConfig {
    /// Open tabs, besides `tabs.max` for all clients together: from 1 to 10000. Without it, all but those that are
    /// kept for the other clients, which are half of `tabs.max`, divided evenly.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10000))]
    pub tabs: Option<usize>,
    /// Unanswered requests, in place of `flow.max_inflight`: from 1 to 4096.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4096))]
    pub max_inflight: Option<usize>,
    /// Requests per second, in place of `flow.rate_per_second`; 0 is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_per_second: Option<u32>,
    /// Open WebSocket connections, besides `server.max_connections` for all clients together: from 1
    /// to 65536.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65536))]
    pub max_connections: Option<usize>,
    /// Live sessions, in place of `sessions.max_per_client`: from 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub sessions: Option<usize>,
}

impl ClientLimitsConfig {
    /// These limits, and `other` where they say nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            tabs: self.tabs.or(other.tabs),
            max_inflight: self.max_inflight.or(other.max_inflight),
            rate_per_second: self.rate_per_second.or(other.rate_per_second),
            max_connections: self.max_connections.or(other.max_connections),
            sessions: self.sessions.or(other.sessions),
        }
    }
}

impl ClientConfig {
    /// How many of the token's forms are given; it must be one.
    pub(crate) fn token_forms(&self) -> usize {
        usize::from(self.token.is_some())
            + usize::from(self.token_sha256.is_some())
            + usize::from(self.token_file.is_some())
    }
}

/// The SHA-256 of a token; the server does not keep the token itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// The hash of this token.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// The hash that these 64 hexadecimal digits write.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let (pairs, _) = text.as_bytes().as_chunks::<2>();
        let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Vec<u8> = pairs.iter().map(|pair| byte(pair)).collect::<Option<_>>()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// A configured client, with its token.
#[derive(Debug, Clone)]
pub struct ClientToken {
    /// Its name; tabs belong to it.
    pub name: ClientId,
    /// What it proves itself with.
    pub token: TokenHash,
    /// How much it may use, over all of its connections.
    pub limits: ClientLimits,
}

/// An API key, with how much its client may use.
#[derive(Debug, Clone)]
pub struct ClientKey {
    /// The key.
    pub key: ApiKey,
    /// The day of its latest use, in days since the epoch.
    pub last_used_day: Option<u64>,
    /// How much its client may use, over all of its connections and credentials.
    pub limits: ClientLimits,
}

/// What clients may prove themselves with.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// Tokens of configured clients.
    pub tokens: Vec<ClientToken>,
    /// API keys, revoked and expired ones among them.
    pub keys: Vec<ClientKey>,
    /// Refuses clients without a credential even where there is none that they could have, because the API keys could not be
    /// read or none of them may be used.
    pub is_required: bool,
}

impl From<Vec<ClientToken>> for Credentials {
    fn from(tokens: Vec<ClientToken>) -> Self {
        Self {
            tokens,
            ..Self::default()
        }
    }
}

impl Credentials {
    /// Whether a client needs none of them. One that was revoked or has expired still counts: that a key ends must not
    /// open the bridge to all programs.
    pub fn is_open(&self) -> bool {
        self.tokens.is_empty() && self.keys.is_empty() && !self.is_required
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_shows_in_no_debug_text() {
        let client = ClientToken {
            name: "a".into(),
            token: TokenHash::of("secret"),
            limits: ClientLimits {
                max_tabs: 1,
                max_inflight: 1,
                rate_per_second: 0,
                max_connections: 1,
            },
        };
        assert!(format!("{client:?}").contains("TokenHash(..)"));
    }

    #[test]
    fn a_hash_is_read_from_its_hexadecimal_digits() {
        let hex = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
        assert_eq!(TokenHash::from_hex(hex), Some(TokenHash::of("secret")));
        for wrong in ["", "2b", &hex[1..], &hex.replace('2', "x")] {
            assert_eq!(TokenHash::from_hex(wrong), None, "{wrong}");
        }
    }
}
