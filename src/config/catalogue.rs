//! Every key of the configuration with its kind, description and default, derived from the types.

use std::sync::LazyLock;

use indexmap::IndexMap;
use serde_json::Value;
use serde_json::value::RawValue;

use super::file::join;
use super::schema::inlined_schema;
use super::types::Config;

/// One table of the file, with the keys directly in it.
#[derive(Debug)]
pub(crate) struct Section {
    /// The dotted name; empty for the root.
    pub(crate) path: String,
    pub(crate) description: String,
    pub(crate) keys: Vec<ConfigKey>,
}

/// One value that can be set.
#[derive(Debug)]
pub(crate) struct ConfigKey {
    /// The dotted name, such as `browser.cdp_port`.
    pub(crate) path: String,
    pub(crate) description: String,
    pub(crate) kind: ValueKind,
    pub(crate) default: Value,
    /// An example, where the default does not show the form of a value.
    pub(crate) example: Option<Value>,
}

impl ConfigKey {
    /// The name inside its section.
    pub(crate) fn name(&self) -> &str {
        self.path
            .rsplit_once('.')
            .map_or(self.path.as_str(), |(_, name)| name)
    }

    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        Self::variable_of(&self.path)
    }

    /// The environment variable that sets the key of this dotted name.
    pub(crate) fn variable_of(path: &str) -> String {
        format!("CDP_BRIDGE_{}", path.replace('.', "_").to_ascii_uppercase())
    }
}

/// How a value is parsed from the text of a variable or a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueKind {
    Bool,
    Integer,
    Number,
    /// A text, or a type with a text form.
    Text,
    List,
    /// A word, or a list of texts.
    WordOrList,
    /// A table, or a list of tables.
    Structured,
}

#[derive(Debug)]
pub(crate) struct Catalogue {
    pub(crate) sections: Vec<Section>,
}

pub(crate) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
        let mut catalogue = Catalogue {
            sections: Vec::new(),
        };
        // Serialising the defaults cannot fail: all maps have text keys.
        let defaults = serde_json::to_string(&Config::default()).unwrap_or_default();
        catalogue.add("", &inlined_schema(), &defaults);
        catalogue
    });
    &CATALOGUE
}

impl Catalogue {
    pub(crate) fn keys(&self) -> impl Iterator<Item = &ConfigKey> {
        self.sections.iter().flat_map(|section| &section.keys)
    }

    pub(crate) fn key(&self, path: &str) -> Option<&ConfigKey> {
        self.keys().find(|key| key.path == path)
    }

    pub(crate) fn section(&self, path: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.path == path)
    }

    /// The names inside a section: its keys, and the sections in it.
    pub(crate) fn names_in(&self, path: &str) -> Vec<&str> {
        let keys = self
            .section(path)
            .into_iter()
            .flat_map(|section| &section.keys)
            .map(ConfigKey::name);
        let inner = self.sections.iter().filter_map(|section| {
            let (parent, name) = section.path.rsplit_once('.').unwrap_or(("", &section.path));
            (parent == path && !name.is_empty()).then_some(name)
        });
        keys.chain(inner).collect()
    }

    fn add(&mut self, path: &str, schema: &Value, defaults: &str) {
        let at = self.sections.len();
        self.sections.push(Section {
            path: path.to_owned(),
            description: description(schema),
            keys: Vec::new(),
        });
        // The order of a struct's fields, which a map of `serde_json` does not keep.
        let entries: IndexMap<String, Box<RawValue>> =
            serde_json::from_str(defaults).unwrap_or_default();
        for (name, default) in entries {
            let property = &schema["properties"][&name];
            let path = join(path, &name);
            // An optional table is one value: as a section it would be empty in the example.
            if property["properties"].is_object() && default.get() != "null" {
                self.add(&path, property, default.get());
                continue;
            }
            self.sections[at].keys.push(ConfigKey {
                path,
                description: description(property),
                kind: kind(property),
                default: serde_json::from_str(default.get()).unwrap_or_default(),
                example: property["examples"].get(0).cloned(),
            });
        }
    }
}

/// A description as one line.
fn description(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn kind(schema: &Value) -> ValueKind {
    let mut types = Vec::new();
    collect_types(schema, &mut types);
    let has = |name: &str| types.contains(&name);
    let item_is_text = || {
        let mut types = Vec::new();
        collect_types(&schema["items"], &mut types);
        types == ["string"]
    };
    match () {
        () if has("array") && has("string") => ValueKind::WordOrList,
        () if has("string") => ValueKind::Text,
        () if has("array") && item_is_text() => ValueKind::List,
        () if has("array") || has("object") => ValueKind::Structured,
        () if has("boolean") => ValueKind::Bool,
        () if has("integer") => ValueKind::Integer,
        () if has("number") => ValueKind::Number,
        () => ValueKind::Text,
    }
}

/// The JSON types that a schema allows, except `null`.
fn collect_types<'a>(schema: &'a Value, types: &mut Vec<&'a str>) {
    match &schema["type"] {
        Value::String(name) => types.push(name),
        Value::Array(names) => types.extend(names.iter().filter_map(Value::as_str)),
        _ => {}
    }
    for branches in ["anyOf", "oneOf"] {
        for branch in schema[branches].as_array().into_iter().flatten() {
            collect_types(branch, types);
        }
    }
    types.retain(|name| *name != "null");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(path: &str) -> ValueKind {
        catalogue().key(path).unwrap().kind
    }

    #[test]
    fn every_kind_is_derived_from_the_types() {
        assert_eq!(kind_of("browser.path"), ValueKind::Text);
        assert_eq!(kind_of("browser.flavor"), ValueKind::Text);
        assert_eq!(kind_of("browser.args"), ValueKind::List);
        assert_eq!(kind_of("browser.headless"), ValueKind::Bool);
        assert_eq!(kind_of("browser.cdp_port"), ValueKind::Integer);
        assert_eq!(kind_of("browser.connect"), ValueKind::Text);
        assert_eq!(kind_of("browser.restart.window"), ValueKind::Text);
        assert_eq!(kind_of("server.outbound_bytes"), ValueKind::Text);
        assert_eq!(kind_of("server.tls"), ValueKind::Structured);
        assert_eq!(kind_of("auth.clients"), ValueKind::Structured);
        assert_eq!(kind_of("policy.private_networks"), ValueKind::WordOrList);
        assert_eq!(kind_of("policy.resolve"), ValueKind::Structured);
        assert_eq!(kind_of("flow.screenshot_max_fps"), ValueKind::Number);
    }

    #[test]
    fn sections_and_keys_keep_the_order_of_the_structs() {
        let sections: Vec<&str> = catalogue()
            .sections
            .iter()
            .map(|section| section.path.as_str())
            .collect();
        assert_eq!(
            sections,
            [
                "",
                "browser",
                "browser.restart",
                "server",
                "auth",
                "policy",
                "tabs",
                "sessions",
                "store",
                "webhooks",
                "flow",
                "timeouts",
                "log"
            ]
        );
        assert_eq!(
            catalogue().names_in("tabs"),
            [
                "max",
                "idle_timeout",
                "hang_timeout",
                "when_full",
                "on_disconnect"
            ]
        );
        assert!(catalogue().names_in("browser").contains(&"restart"));
    }

    #[test]
    fn every_key_has_a_description_and_a_unique_variable() {
        let mut variables = std::collections::BTreeSet::new();
        for key in catalogue().keys() {
            assert!(!key.description.is_empty(), "{}", key.path);
            assert!(variables.insert(key.variable()), "{}", key.variable());
            assert!(
                !key.default.is_null() || key.example.is_some(),
                "{} needs an example",
                key.path
            );
        }
        assert!(variables.contains("CDP_BRIDGE_BROWSER_RESTART_MAX_BACKOFF"));
    }
}
