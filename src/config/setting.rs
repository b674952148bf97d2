//! One value of one layer, before the layers are merged.

use toml::Value;

use super::error::ConfigError;
use super::origin::Origin;

/// One key set by one layer.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The dotted key.
    pub(crate) key: String,
    /// Its value, not yet checked.
    pub(crate) value: Value,
    /// Where it came from.
    pub(crate) origin: Origin,
    /// The origins of its parts (`[0].token`), where they are known more closely.
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

/// Lets a layer that sets the DevTools port also select the transport that has one, unless it says
/// itself which transport it wants.
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

/// How a value is shown in an error: as TOML, but neither secrets nor endless texts.
pub(crate) fn shown(key: &str, value: &Value) -> String {
    // A URL to connect to may carry a token, as those of hosted browsers do.
    if key.starts_with("auth.clients") || key == "browser.connect" {
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
