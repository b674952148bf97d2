//! Finds, starts, supervises and ends Chromium.

mod before_exec;
mod cleanup_helper;
pub mod connect;
pub(crate) mod dangerous_args;
pub mod disk_space;
mod endpoint;
pub(crate) mod environment;
pub mod find;
mod flags;
pub mod launch;
mod memory_cgroup;
pub mod options;
mod owned_dir;
pub mod prepare;
pub mod process_group;
mod process_identity;
mod profile;
pub mod sandbox;
pub mod settings;
mod singleton_lock;
mod spawn;
mod stderr;
pub mod supervisor;
pub mod sweep;
mod url_text;
pub mod warning;
mod window_size;

pub use settings::{BrowserConfig, Flavor, RestartConfig, Sandbox, TransportKind};
pub use window_size::{NotAWindowSize, WindowSize};
