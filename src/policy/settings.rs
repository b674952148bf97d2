//! Section `policy`: what pages may load and do.

use std::collections::BTreeMap;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::private::PrivateNetworks;

/// What pages may load and do.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyConfig {
    /// Hosts that may be navigated to; empty means any. Entries: "example.com" (it and its
    /// subdomains), "=example.com" (exactly it), "host:port", an IP address or a CIDR.
    pub allowlist: Vec<String>,
    /// Further hosts that pages may load from, beside the allowlist itself.
    pub subresources: Vec<String>,
    /// What becomes of what the allowlist refuses: "enforce" (it is stopped) or "report" (it is counted
    /// and told as `requestBlocked`, but let through; `private_networks` is enforced all the same).
    pub mode: PolicyMode,
    /// Loopback, private, link-local and metadata addresses, whatever name led there: "deny",
    /// "allow", or a list of CIDRs that are let in, such as `["127.0.0.1/32"]`.
    pub private_networks: PrivateNetworks,
    /// Names answered without asking a resolver, such as `{ "allowed.test" = "127.0.0.1" }`. Such an
    /// address is still checked against `private_networks`.
    pub resolve: BTreeMap<String, IpAddr>,
    /// What is answered to alert, confirm, prompt and beforeunload: "dismiss" or "accept".
    pub dialogs: DialogPolicy,
    /// What becomes of files that pages hand out: "deny" (none is written) or "keep" (`getDownload` has
    /// it, as long as its tab is there; needs a Chromium that the bridge starts).
    pub downloads: DownloadPolicy,
    /// What becomes of windows that pages open: "adopt" (each becomes a tab) or "block".
    pub popups: PopupPolicy,
    /// Whether clients may run scripts in pages, by `evaluate`: "allow" or "deny".
    pub evaluate: EvaluatePolicy,
    /// Whether tabs are created in logged-out mode where a request does not say.
    pub logged_out_default: bool,
}

impl PolicyConfig {
    /// The section with a client's own values in place of these.
    pub(crate) fn with(&self, own: ClientPolicyConfig) -> Self {
        let common = self.clone();
        Self {
            allowlist: own.allowlist.unwrap_or(common.allowlist),
            subresources: own.subresources.unwrap_or(common.subresources),
            mode: own.mode.unwrap_or(common.mode),
            private_networks: own.private_networks.unwrap_or(common.private_networks),
            resolve: own.resolve.unwrap_or(common.resolve),
            downloads: own.downloads.unwrap_or(common.downloads),
            ..common
        }
    }
}

/// What becomes of what the allowlist refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PolicyMode {
    /// It is stopped.
    #[default]
    Enforce,
    /// It is counted and told, but let through.
    Report,
}

/// What one client's pages may reach and hand out, where that differs from section `policy`: a key that is not
/// set is as it is there.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClientPolicyConfig {
    /// As `policy.allowlist`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowlist: Option<Vec<String>>,
    /// As `policy.subresources`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subresources: Option<Vec<String>>,
    /// As `policy.mode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<PolicyMode>,
    /// As `policy.private_networks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_networks: Option<PrivateNetworks>,
    /// As `policy.resolve`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolve: Option<BTreeMap<String, IpAddr>>,
    /// As `policy.downloads`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downloads: Option<DownloadPolicy>,
}

/// What is answered to a page's dialogs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DialogPolicy {
    /// Every dialog is cancelled.
    #[default]
    Dismiss,
    /// Every dialog is confirmed.
    Accept,
}

/// What becomes of downloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DownloadPolicy {
    /// None is written.
    #[default]
    Deny,
    /// They are kept for `getDownload`.
    Keep,
}

/// Whether clients may run scripts in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EvaluatePolicy {
    /// They may.
    #[default]
    Allow,
    /// `evaluate` is refused.
    Deny,
}

/// What becomes of windows that pages open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PopupPolicy {
    /// Each becomes a tab with an `openerId`.
    #[default]
    Adopt,
    /// Each is closed.
    Block,
}
