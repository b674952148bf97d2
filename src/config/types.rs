//! The root of the configuration: one documented struct tree.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::timeouts::TimeoutsConfig;
use crate::browser::BrowserConfig;
use crate::flow::FlowConfig;
use crate::policy::PolicyConfig;
use crate::server::{AuthConfig, ServerConfig};
use crate::sessions::SessionsConfig;
use crate::store::StoreConfig;
use crate::tabs::TabsConfig;
use crate::telemetry::LogConfig;
use crate::webhooks::WebhooksConfig;

/// Everything that can be set about the bridge. The documentation of each key is also its
/// description in the JSON Schema and its comment in `config.example.toml`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Which Chromium is used, how it is started, and when it is restarted.
    pub browser: BrowserConfig,
    /// Where clients connect, and what one connection may use.
    pub server: ServerConfig,
    /// Who may connect.
    pub auth: AuthConfig,
    /// What pages may load and do.
    pub policy: PolicyConfig,
    /// How many tabs there may be, and how long they live.
    pub tabs: TabsConfig,
    /// The sessions that clients create, and how long they live.
    pub sessions: SessionsConfig,
    /// What outlives the process, and where it is kept.
    pub store: StoreConfig,
    /// Where clients may have ends of sessions and jobs posted, and what signs them.
    pub webhooks: WebhooksConfig,
    /// Rates and sizes of snapshots, screenshots, downloads and requests.
    pub flow: FlowConfig,
    /// Time limit of each class of requests, where a request brings none of its own: from 100ms to 120s.
    pub timeouts: TimeoutsConfig,
    /// What is logged to stderr, and how.
    pub log: LogConfig,
}
