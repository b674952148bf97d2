//! Deserialises the merged settings, with errors that name the key.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_path_to_error::Segment;
use toml::{Table, Value};

use super::error::ConfigError;
use super::hint;
use super::origin::Origins;
use super::setting::{Layer, bad_value, shown};
use super::text_value::one_line;
use super::types::Config;

/// The merged layers: for each key the value of the highest layer.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    values: BTreeMap<String, Value>,
    pub(crate) origins: Origins,
}

impl Merged {
    pub(crate) fn add(&mut self, layer: Layer) {
        for setting in layer {
            self.origins.forget(&setting.key);
            self.origins.set(setting.key.clone(), setting.origin);
            for (key, origin) in setting.parts {
                self.origins.set(key, origin);
            }
            self.values.insert(setting.key, setting.value);
        }
    }

    /// Checks the types and fills in the defaults.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        let mut root = Table::new();
        for (key, value) in &self.values {
            insert(&mut root, key, value.clone());
        }
        let root = Value::Table(root);
        let mut track = serde_path_to_error::Track::new();
        let deserializer = serde_path_to_error::Deserializer::new(root.clone(), &mut track);
        Config::deserialize(deserializer)
            .map_err(|error| self.refused(&root, &track.path(), error.message()))
    }

    fn refused(
        &self,
        root: &Value,
        path: &serde_path_to_error::Path,
        message: &str,
    ) -> ConfigError {
        let key = path.to_string();
        let origin = self.origins.get(&key);
        let message = one_line(message);
        if message.starts_with("unknown field") {
            let known = message
                .split_once(", expected ")
                .map_or("", |(_, known)| known);
            let hint = if known.is_empty() {
                hint::for_key(&key)
            } else {
                format!("expected {known}")
            };
            return ConfigError::UnknownKey {
                origin: origin.clone(),
                key,
                hint,
            };
        }
        let found = find(root, path).map_or_else(|| "the value".to_owned(), |at| shown(&key, at));
        // The error texts of our own types contain what was expected.
        let problem = if message.contains("; expected ") {
            format!("{found} {message}")
        } else if let Some((_, expected)) = message.split_once(", expected ") {
            format!("found {found}; expected {}", plain(expected))
        } else if message.starts_with("missing field") {
            message
        } else if message == "invalid IP address syntax" {
            format!("found {found}; expected an IP address")
        } else {
            format!("found {found}; {message}")
        };
        bad_value(origin, &key, problem)
    }
}

/// Names of Rust types in the words of a configuration file.
fn plain(expected: &str) -> &str {
    match expected {
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, 0 or more",
        "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a table",
        "a string" | "path string" => "a text in quotes",
        other => other,
    }
}

fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((section, rest)) => {
            let inner = table
                .entry(section.to_owned())
                .or_insert_with(|| Value::Table(Table::new()));
            // Keys of the catalogue are either sections or values, never both.
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

fn find<'a>(root: &'a Value, path: &serde_path_to_error::Path) -> Option<&'a Value> {
    path.iter().try_fold(root, |value, segment| match segment {
        Segment::Map { key } => value.get(key.as_str()),
        Segment::Seq { index } => value.get(*index),
        // The text of a variant is its name.
        Segment::Enum { .. } | Segment::Unknown => Some(value),
    })
}
