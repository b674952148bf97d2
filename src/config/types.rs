//! The root of the configuration: one documented struct tree.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::auth::AuthConfig;
use super::browser::BrowserConfig;
use super::flow::FlowConfig;
use super::log::LogConfig;
use super::policy::PolicyConfig;
use super::server::ServerConfig;
use super::tabs::TabsConfig;
use super::timeouts::TimeoutsConfig;

/// Everything that can be set about the bridge. The documentation of each key is also its
/// description in the JSON Schema and its comment in `config.example.toml`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Which Chromium is driven, and how it is started and kept alive.
    pub browser: BrowserConfig,
    /// Where Coordinators connect, and what one connection may hold.
    pub server: ServerConfig,
    /// Who may connect.
    pub auth: AuthConfig,
    /// What pages may load and do.
    pub policy: PolicyConfig,
    /// How many tabs there may be and how long they live.
    pub tabs: TabsConfig,
    /// Pace and size of snapshots, screenshots and requests.
    pub flow: FlowConfig,
    /// Time limit of each class of requests, where a request brings none of its own: from 100ms to 120s.
    pub timeouts: TimeoutsConfig,
    /// What is logged to stderr, and how.
    pub log: LogConfig,
}
