//! The browser: where it is found, how it is started, and how it is ended.

pub mod ceiling;
pub mod concern;
pub mod connect;
pub mod custodian;
pub mod custody;
pub mod endpoint;
pub mod find;
pub mod flags;
pub mod launch;
pub mod options;
pub mod own_dir;
pub mod owner;
pub mod prepare;
pub mod profile;
pub mod sandbox;
pub mod settings;
mod singleton;
pub mod space;
pub mod spawn;
pub mod stderr;
pub mod supervisor;
pub mod sweep;
mod url_text;
mod window_size;

pub use settings::{BrowserConfig, Flavor, RestartConfig, Sandbox, TransportKind};
pub use window_size::{NotAWindowSize, WindowSize};
