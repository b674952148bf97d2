//! Configuration: flags over environment over file over defaults (operations: Configuration).
//!
//! [`load`] turns [`Sources`] into a valid [`Config`], or a [`ConfigError`] that names the origin, the key,
//! the value that was found and what was expected. Each section is a struct of the module that uses it.

mod advice;
mod catalogue;
mod changes;
mod check;
mod clients;
mod environment;
mod error;
mod example;
mod file;
mod hint;
mod load;
mod origin;
mod print;
mod renamed;
mod rules;
mod schema;
mod secrets;
mod setting;
mod sources;
mod text_value;
mod timeouts;
mod toml_text;
mod typed;
mod types;

pub use changes::changed_keys;
pub(crate) use check::client_limit_out_of_range;
pub(crate) use environment::{CONSOLE_URL, value_of};
pub use error::ConfigError;
pub use example::example;
pub use load::{Loaded, load, load_with};
pub use origin::{Origin, Origins};
pub use print::print;
pub(crate) use rules::shares_clipboard;
pub use schema::schema;
pub use sources::{FlagValue, Sources};
pub use timeouts::TimeoutsConfig;
pub use types::Config;
