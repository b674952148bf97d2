//! Configuration: flags over environment over file over defaults (operations: Configuration).
//!
//! [`load`] turns [`Sources`] into a [`Config`] that obeys every rule, or a [`ConfigError`] that says
//! where the mistake stands, which key it is about, what was found and what was expected.

mod auth;
mod browser;
mod byte_size;
mod catalogue;
mod changes;
mod check;
mod clients;
mod duration;
mod environment;
mod error;
mod example;
mod file;
mod flow;
mod hint;
mod listen;
mod load;
mod log;
mod nearest;
mod ordered;
mod origin;
mod policy;
mod print;
mod private_networks;
mod renamed;
mod rules;
mod schema;
mod secret;
mod server;
mod setting;
mod sources;
mod tabs;
mod text_value;
mod timeouts;
mod toml_text;
mod typed;
mod types;
mod url_text;
mod window_size;

pub use auth::{AuthConfig, ClientConfig, ClientLimitsConfig};
pub use browser::{BrowserConfig, Flavor, RestartConfig, Sandbox, TransportKind};
pub use changes::changed_keys;
pub(crate) use environment::{CONSOLE_URL, value_of};
pub use error::ConfigError;
pub use example::example;
pub use flow::FlowConfig;
pub use listen::{Listen, NotAListenAddress};
pub use load::{Loaded, load, load_with};
pub use log::{LogConfig, LogFormat};
pub use origin::{Origin, Origins};
pub use policy::{
    ClientPolicyConfig, DialogPolicy, DownloadPolicy, EvaluatePolicy, PolicyConfig, PolicyMode,
    PopupPolicy,
};
pub use print::print;
pub use private_networks::PrivateNetworks;
pub use schema::schema;
pub use secret::Secret;
pub use server::{ServerConfig, TlsConfig};
pub use sources::{FlagValue, Sources};
pub use tabs::{OnDisconnect, TabsConfig, WhenFull};
pub use timeouts::TimeoutsConfig;
pub use types::Config;
pub use window_size::{NotAWindowSize, WindowSize};
