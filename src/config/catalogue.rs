//! Every key of the configuration with its kind, description and default, read off the types.

use std::sync::LazyLock;

use serde_json::Value;

use super::ordered::OrderedObject;
use super::schema::inlined_schema;
use super::types::Config;

/// One table of the file and the keys right inside it.
#[derive(Debug)]
pub(crate) struct Section {
    /// The dotted name; empty for the root.
    pub(crate) path: String,
    /// What the section is about.
    pub(crate) description: String,
    /// Its keys, in the order of the struct.
    pub(crate) keys: Vec<Key>,
}

/// One value that can be set.
#[derive(Debug)]
pub(crate) struct Key {
    /// The dotted name, such as `browser.cdp_port`.
    pub(crate) path: String,
    /// What it means.
    pub(crate) description: String,
    /// How a text becomes its value.
    pub(crate) kind: Kind,
    /// The default; `null` where there is none.
    pub(crate) default: Value,
    /// An example, where the default does not show what a value looks like.
    pub(crate) example: Option<Value>,
}

impl Key {
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

/// What a value is, as far as reading it from a text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A text, or something that is read from one.
    Text,
    /// A list of texts.
    List,
    /// A word, or a list of texts.
    WordOrList,
    /// A table, or a list of tables.
    Structured,
}

/// Every section, in the order of the structs.
#[derive(Debug)]
pub(crate) struct Catalogue {
    /// The sections; each stands before those inside it.
    pub(crate) sections: Vec<Section>,
}

/// The catalogue of [`Config`].
pub(crate) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
        let mut catalogue = Catalogue {
            sections: Vec::new(),
        };
        // Serialising the defaults cannot fail: the types hold no maps with other than text keys.
        let defaults = serde_json::to_string(&Config::default()).unwrap_or_default();
        catalogue.add("", &inlined_schema(), &defaults);
        catalogue
    });
    &CATALOGUE
}

impl Catalogue {
    /// Every key.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.sections.iter().flat_map(|section| &section.keys)
    }

    /// The key of a dotted name.
    pub(crate) fn key(&self, path: &str) -> Option<&Key> {
        self.keys().find(|key| key.path == path)
    }

    /// The section of a dotted name.
    pub(crate) fn section(&self, path: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.path == path)
    }

    /// The names inside a section: its keys, and the sections in it.
    pub(crate) fn names_in(&self, path: &str) -> Vec<&str> {
        let keys = self
            .section(path)
            .into_iter()
            .flat_map(|section| &section.keys)
            .map(Key::name);
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
        let OrderedObject(entries) =
            serde_json::from_str(defaults).unwrap_or(OrderedObject(Vec::new()));
        for (name, default) in entries {
            let property = &schema["properties"][&name];
            let path = if path.is_empty() {
                name
            } else {
                format!("{path}.{name}")
            };
            // A table that may be left out is one value: a section would stand in the example with
            // nothing in it.
            if property["properties"].is_object() && default.get() != "null" {
                self.add(&path, property, default.get());
                continue;
            }
            self.sections[at].keys.push(Key {
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

fn kind(schema: &Value) -> Kind {
    let mut types = Vec::new();
    collect_types(schema, &mut types);
    let has = |name: &str| types.contains(&name);
    let item_is_text = || {
        let mut types = Vec::new();
        collect_types(&schema["items"], &mut types);
        types == ["string"]
    };
    match () {
        () if has("array") && has("string") => Kind::WordOrList,
        () if has("string") => Kind::Text,
        () if has("array") && item_is_text() => Kind::List,
        () if has("array") || has("object") => Kind::Structured,
        () if has("boolean") => Kind::Bool,
        () if has("integer") => Kind::Integer,
        () if has("number") => Kind::Number,
        () => Kind::Text,
    }
}

/// The JSON types that a schema lets through, but for `null`.
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

    fn kind_of(path: &str) -> Kind {
        catalogue().key(path).unwrap().kind
    }

    #[test]
    fn every_kind_is_told_from_the_types() {
        assert_eq!(kind_of("browser.path"), Kind::Text);
        assert_eq!(kind_of("browser.flavor"), Kind::Text);
        assert_eq!(kind_of("browser.args"), Kind::List);
        assert_eq!(kind_of("browser.headless"), Kind::Bool);
        assert_eq!(kind_of("browser.cdp_port"), Kind::Integer);
        assert_eq!(kind_of("browser.connect"), Kind::Text);
        assert_eq!(kind_of("browser.restart.window"), Kind::Text);
        assert_eq!(kind_of("server.outbound_bytes"), Kind::Text);
        assert_eq!(kind_of("server.tls"), Kind::Structured);
        assert_eq!(kind_of("auth.clients"), Kind::Structured);
        assert_eq!(kind_of("policy.private_networks"), Kind::WordOrList);
        assert_eq!(kind_of("policy.resolve"), Kind::Structured);
        assert_eq!(kind_of("flow.screenshot_max_fps"), Kind::Number);
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
    fn every_key_is_described_and_has_a_variable_of_its_own() {
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
