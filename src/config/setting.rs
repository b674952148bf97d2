//! One value of one layer, before the layers are merged.

use toml::Value;

use super::error::ConfigError;
use super::origin::Origin;

/// One key set by one layer.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) key: String,
    pub(crate) value: Value,
    pub(crate) origin: Origin,
    /// The origins of its parts (`[0].token`), where these are known.
    pub(crate) parts: Vec<(String, Origin)>,
}

impl Setting {
    /// A setting whose parts have no origins of their own.
    pub(crate) fn new(key: impl Into<String>, value: Value, origin: Origin) -> Self {
        Self {
            key: key.into(),
            value,
            origin,
            parts: Vec::new(),
        }
    }
}

/// The settings of one layer; a later one of the same key wins.
pub(crate) type Layer = Vec<Setting>;

/// A layer that sets the DevTools port and no transport selects the transport "port" too.
pub(crate) fn imply_port_transport(layer: &mut Layer) {
    if layer
        .iter()
        .any(|setting| setting.key == "browser.transport")
    {
        return;
    }
    let port = layer
        .iter()
        .rfind(|setting| setting.key == "browser.cdp_port");
    if let Some(origin) = port.map(|setting| setting.origin.clone()) {
        layer.push(Setting::new(
            "browser.transport",
            Value::from("port"),
            origin,
        ));
    }
}

/// Whether values of this key may not be shown. The URL of a hosted browser may contain a token, and that of a database
/// a password.
pub(crate) fn may_be_secret(key: &str) -> bool {
    [
        "auth.clients",
        "browser.connect",
        "browser.env",
        "store.key",
        "store.url",
    ]
    .iter()
    .any(|secret| key.starts_with(secret))
}

/// A value for an error text: TOML, shortened, and without secrets.
pub(crate) fn shown(key: &str, value: &Value) -> String {
    if may_be_secret(key) {
        return "the value".to_owned();
    }
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The error about one value.
pub(crate) fn bad_value(origin: &Origin, key: &str, problem: String) -> ConfigError {
    ConfigError::Value {
        origin: origin.clone(),
        key: key.to_owned(),
        problem,
    }
}
