//! Section `policy`: what pages may load and do.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use cdp_bridge_protocol::request::{NameResolution, PagePermission};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::private::PrivateNetworks;
use crate::units::duration::{self, DurationText};

/// Those that reach neither devices, nor the machine, nor other clients.
const HARMLESS_PERMISSIONS: [PagePermission; 2] =
    [PagePermission::Geolocation, PagePermission::Notifications];

/// What pages may load and do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyConfig {
    /// Hosts that may be navigated to; empty means any. Entries: "example.com" (it and its
    /// subdomains), "=example.com" (exactly it), "host:port", an IP address or a CIDR.
    pub allowlist: Vec<String>,
    /// Further hosts that pages may load from, besides the allowlist.
    pub subresources: Vec<String>,
    /// What happens to requests outside the allowlist: "enforce" (blocked) or "report" (counted and
    /// reported as `requestBlocked`, but allowed; `private_networks` is still enforced).
    pub mode: PolicyMode,
    /// Access to loopback, private, link-local and metadata addresses and those of this machine, by
    /// whatever name: "deny", "allow", or a list of allowed CIDRs, such as `["127.0.0.1/32"]`.
    pub private_networks: PrivateNetworks,
    /// Host names with fixed addresses, not looked up in DNS, such as `{ "allowed.test" = "127.0.0.1"
    /// }`. The addresses are still checked against `private_networks`.
    pub resolve: BTreeMap<String, IpAddr>,
    /// The proxies that clients may name for their sessions; empty means none. Entries as in the allowlist, best
    /// with their port. A proxy outside the public internet needs an entry with its address or its range.
    pub upstream_proxies: Vec<String>,
    /// Where the names of servers are resolved that a session reaches through its proxy: "local" (by the bridge,
    /// which checks the addresses against `private_networks`) or "remote" (a session may leave it to its proxy).
    pub upstream_resolve: NameResolution,
    /// Answer to alert, confirm and prompt dialogs: "dismiss", "accept", or "ask" (the client answers, with
    /// `answerDialog`). A beforeunload dialog is accepted unless the client is asked.
    pub dialogs: DialogPolicy,
    /// Answer to a server that asks for a user and a password (HTTP authentication): "cancel" (the page gets the refusal)
    /// or "ask" (the client answers, with `answerAuth`). What a client has set with `setCredentials` is used before.
    pub http_auth: AuthPolicy,
    /// How long a dialog or a server waits for the client that is asked, from 1s to 10min. Then it is dismissed, a
    /// beforeunload dialog accepted, a password cancelled.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub answer_timeout: Duration,
    /// Files that pages offer for download: "deny" (none is written) or "keep" (available through
    /// `getDownload` while the tab is open; needs a Chromium that the bridge launches).
    pub downloads: DownloadPolicy,
    /// Windows that pages open: "adopt" (each becomes a tab) or "block".
    pub popups: PopupPolicy,
    /// Whether clients may run scripts in pages with `evaluate` and `addInitScript`: "allow" or "deny".
    pub evaluate: EvaluatePolicy,
    /// The permissions that clients may grant their pages with `setPermissions`: any of "geolocation",
    /// "notifications", "camera", "microphone", "clipboardRead" (with one client only, because all of
    /// them share what it reads), "clipboardWrite", "midi", "sensors", "backgroundSync",
    /// "idleDetection", "storageAccess", "paymentHandler" and "localFonts".
    pub permissions: Vec<PagePermission>,
    /// Create tabs in logged-out mode where the request does not say.
    pub logged_out_default: bool,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self {
            allowlist: Vec::new(),
            subresources: Vec::new(),
            mode: PolicyMode::default(),
            private_networks: PrivateNetworks::default(),
            resolve: BTreeMap::new(),
            upstream_proxies: Vec::new(),
            upstream_resolve: NameResolution::default(),
            dialogs: DialogPolicy::default(),
            http_auth: AuthPolicy::default(),
            answer_timeout: Duration::from_secs(30),
            downloads: DownloadPolicy::default(),
            popups: PopupPolicy::default(),
            evaluate: EvaluatePolicy::default(),
            permissions: HARMLESS_PERMISSIONS.to_vec(),
            logged_out_default: false,
        }
    }
}

impl PolicyConfig {
    /// Whether pages may be allowed to read the clipboard.
    pub(crate) fn reads_clipboard(&self) -> bool {
        self.permissions.contains(&PagePermission::ClipboardRead)
    }

    /// The section with a client's own values in place of these.
    pub(crate) fn with(&self, own: ClientPolicyConfig) -> Self {
        let common = self.clone();
        Self {
            allowlist: own.allowlist.unwrap_or(common.allowlist),
            subresources: own.subresources.unwrap_or(common.subresources),
            mode: own.mode.unwrap_or(common.mode),
            private_networks: own.private_networks.unwrap_or(common.private_networks),
            resolve: own.resolve.unwrap_or(common.resolve),
            upstream_proxies: own.upstream_proxies.unwrap_or(common.upstream_proxies),
            upstream_resolve: own.upstream_resolve.unwrap_or(common.upstream_resolve),
            downloads: own.downloads.unwrap_or(common.downloads),
            ..common
        }
    }
}

/// What happens to requests outside the allowlist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PolicyMode {
    /// They are blocked.
    #[default]
    Enforce,
    /// They are reported, but allowed. Private networks stay closed: `private_networks` protects the
    /// operator's machines, whatever the allowlist says.
    Report,
}

/// One client's values of these keys of section `policy`. A key that is not set has the value of the
/// section.
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
    /// As `policy.upstream_proxies`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_proxies: Option<Vec<String>>,
    /// As `policy.upstream_resolve`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_resolve: Option<NameResolution>,
    /// As `policy.downloads`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downloads: Option<DownloadPolicy>,
}

/// Answer to a page's dialogs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DialogPolicy {
    /// Every dialog is cancelled.
    #[default]
    Dismiss,
    /// Every dialog is confirmed.
    Accept,
    /// The client answers it.
    Ask,
}

/// Answer to a server that asks for a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthPolicy {
    /// It gets none.
    #[default]
    Cancel,
    /// The client answers it.
    Ask,
}

/// Files that pages offer for download.
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

/// Windows that pages open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PopupPolicy {
    /// Each becomes a tab with an `openerId`.
    #[default]
    Adopt,
    /// Each is closed.
    Block,
}
