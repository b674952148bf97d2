//! Reads the configuration file: TOML text to settings with line numbers.

use std::path::Path;

use toml::Value;
use toml::de::{DeTable, DeValue};

use super::catalogue::catalogue;
use super::error::ConfigError;
use super::hint;
use super::origin::Origin;
use super::renamed;
use super::setting::{Layer, Setting, bad_value, imply_port_transport, shown};
use super::text_value::one_line;

/// `path` is the name of the file in errors.
pub(crate) fn settings(path: &Path, text: &str) -> Result<Layer, ConfigError> {
    let syntax = |error: &toml::de::Error| ConfigError::Syntax {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| line_of(text, span.start)),
        problem: one_line(error.message()),
    };
    let spanned = DeTable::parse(text).map_err(|error| syntax(&error))?;
    let values: toml::Table = text.parse().map_err(|error| syntax(&error))?;
    let mut walk = Walk {
        path,
        text,
        layer: Layer::new(),
    };
    walk.table("", spanned.get_ref(), &values)?;
    let mut layer = walk.layer;
    imply_port_transport(&mut layer);
    Ok(layer)
}

struct Walk<'a> {
    path: &'a Path,
    text: &'a str,
    layer: Layer,
}

impl Walk<'_> {
    fn origin(&self, offset: usize) -> Origin {
        Origin::File {
            path: self.path.to_owned(),
            line: line_of(self.text, offset),
        }
    }

    /// Reads one section. `spans` and `values` are two parses of the same text.
    fn table(
        &mut self,
        prefix: &str,
        spans: &DeTable<'_>,
        values: &toml::Table,
    ) -> Result<(), ConfigError> {
        for (name, spanned) in spans {
            let key = join(prefix, name.get_ref());
            let origin = self.origin(name.span().start);
            let Some(value) = values.get(name.get_ref().as_ref()) else {
                continue;
            };
            if catalogue().section(&key).is_some() {
                let (DeValue::Table(spans), Value::Table(values)) = (spanned.get_ref(), value)
                else {
                    let found = shown(&key, value);
                    return Err(bad_value(
                        &origin,
                        &key,
                        format!("found {found}; expected a table of keys"),
                    ));
                };
                self.table(&key, spans, values)?;
            } else if catalogue().key(&key).is_some() || renamed::successor(&key).is_some() {
                let mut setting = Setting::new(key.clone(), value.clone(), origin);
                self.parts(&key, spanned.get_ref(), &mut setting.parts);
                self.layer.push(setting);
            } else {
                let hint = hint::for_key(&key);
                return Err(ConfigError::UnknownKey { origin, key, hint });
            }
        }
        Ok(())
    }

    /// Records the line of every part of a list or table.
    fn parts(&self, key: &str, value: &DeValue<'_>, parts: &mut Vec<(String, Origin)>) {
        match value {
            DeValue::Array(entries) => {
                for (index, entry) in entries.iter().enumerate() {
                    let key = format!("{key}[{index}]");
                    parts.push((key.clone(), self.origin(entry.span().start)));
                    self.parts(&key, entry.get_ref(), parts);
                }
            }
            DeValue::Table(entries) => {
                for (name, entry) in entries {
                    let key = join(key, name.get_ref());
                    parts.push((key.clone(), self.origin(name.span().start)));
                    self.parts(&key, entry.get_ref(), parts);
                }
            }
            _ => {}
        }
    }
}

pub(super) fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}

/// The line of an offset, counted from 1.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text
        .bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Layer, ConfigError> {
        settings(Path::new("c.toml"), text)
    }

    fn message(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn values_know_their_lines() {
        let layer =
            read("[tabs]\nmax = 3\n\n[[auth.clients]]\nname = \"a\"\ntoken = \"t\"\n").unwrap();
        let lines: Vec<String> = layer
            .iter()
            .flat_map(|setting| {
                std::iter::once((setting.key.clone(), setting.origin.clone()))
                    .chain(setting.parts.iter().cloned())
            })
            .map(|(key, origin)| format!("{key} {origin}"))
            .collect();
        assert!(lines.contains(&"tabs.max c.toml:2".to_owned()), "{lines:?}");
        assert!(
            lines.contains(&"auth.clients c.toml:4".to_owned()),
            "{lines:?}"
        );
        assert!(
            lines.contains(&"auth.clients[0].token c.toml:6".to_owned()),
            "{lines:?}"
        );
    }

    #[test]
    fn dotted_keys_and_inline_tables_reach_the_same_keys() {
        let keys = |text: &str| -> Vec<String> {
            read(text)
                .unwrap()
                .into_iter()
                .map(|setting| setting.key)
                .collect()
        };
        assert_eq!(
            keys("browser.restart.window = \"1min\""),
            ["browser.restart.window"]
        );
        assert_eq!(
            keys("browser = { restart = { window = \"1min\" } }"),
            ["browser.restart.window"]
        );
    }

    #[test]
    fn an_unknown_key_names_the_nearest_one() {
        assert_eq!(
            message("[tabs]\n\nmaxx = 3"),
            "c.toml:3: tabs.maxx: unknown key; did you mean max? \
             Keys of tabs: max, idle_timeout, hang_timeout, when_full, on_disconnect"
        );
        assert!(message("tab = 3").contains("c.toml:1: tab: unknown key; did you mean tabs?"));
    }

    #[test]
    fn a_section_must_be_a_table() {
        assert_eq!(
            message("tabs = 3"),
            "c.toml:1: tabs: found 3; expected a table of keys"
        );
    }

    #[test]
    fn invalid_toml_is_an_error_with_its_line() {
        let text = message("[tabs]\nmax = = 3\n");
        assert!(text.starts_with("c.toml:2: not valid TOML: "), "{text}");
        assert!(message("[tabs]\nmax = 1\nmax = 2").starts_with("c.toml:3: not valid TOML: "));
    }
}
