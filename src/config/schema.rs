//! The JSON Schema of the configuration, generated from its types.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::types::Config;

/// The JSON Schema (2020-12) of a configuration file.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<Config>();
    schema.insert("title".to_owned(), "Configuration of cdp-bridge".into());
    schema.into()
}

/// The same without references between its parts, for walking it.
pub(super) fn inlined_schema() -> Value {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<Config>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_obey_the_schema() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let defaults = serde_json::to_value(Config::default()).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&defaults)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new());
    }

    #[test]
    fn the_schema_knows_ranges_and_refuses_unknown_keys() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let valid = |value: Value| validator.is_valid(&value);
        assert!(valid(
            serde_json::json!({ "flow": { "screenshot_max_fps": 1.5 } })
        ));
        assert!(!valid(
            serde_json::json!({ "flow": { "screenshot_max_fps": 5 } })
        ));
        assert!(!valid(serde_json::json!({ "flow": { "fps": 1 } })));
        assert!(valid(
            serde_json::json!({ "server": { "max_message_bytes": "2MiB" } })
        ));
        assert!(!valid(serde_json::json!({ "timeouts": { "navigate": 5 } })));
    }
}
