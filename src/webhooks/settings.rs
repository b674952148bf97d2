//! Section `webhooks`: where ends of sessions and jobs may be posted.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::PrivateNetworks;
use crate::secret::Secret;

/// Where clients may have ends of sessions and jobs posted, and what signs them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WebhooksConfig {
    /// The hosts that clients may name in `webhookUrl`; empty means none. Entries as in `policy.allowlist`, or "*" for
    /// every host. Needs `secret`.
    pub allow: Vec<String>,
    /// Let webhooks go over `http://` too, where anyone on the way can read them.
    pub allow_http: bool,
    /// Access to loopback, private, link-local and metadata addresses and those of this machine, by whatever name: "deny",
    /// "allow", or a list of allowed CIDRs, such as `["10.1.0.0/16"]`.
    pub private_networks: PrivateNetworks,
    /// What signs webhooks: `whsec_` and the base64 of 24 to 64 bytes, such as `openssl rand -base64 32` prints.
    #[schemars(extend("examples" = ["whsec_dXNlIG9wZW5zc2wgcmFuZCAtYmFzZTY0IDMy"]))]
    pub secret: Option<Secret>,
    /// A file that holds `secret`; surrounding white space is ignored.
    #[schemars(extend("examples" = ["/run/secrets/webhooks"]))]
    pub secret_file: Option<PathBuf>,
    /// The `secret` before this one: webhooks carry signatures by both while receivers change over.
    #[schemars(extend("examples" = ["whsec_dXNlIG9wZW5zc2wgcmFuZCAtYmFzZTY0IDMy"]))]
    pub secret_previous: Option<Secret>,
    /// A file that holds `secret_previous`.
    #[schemars(extend("examples" = ["/run/secrets/webhooks-before"]))]
    pub secret_previous_file: Option<PathBuf>,
}
