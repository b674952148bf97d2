//! The configuration in force as TOML, with the origin of each value.

use std::fmt::Write as _;

use serde_json::Value;

use super::catalogue::catalogue;
use super::load::Loaded;
use super::toml_text::toml_text;

/// The column of the origins, unless a value is longer.
const ORIGIN_COLUMN: usize = 44;

/// Every value in force, as TOML that loads to the same configuration except for tokens, which are
/// `[redacted]`. A comment after each value names its origin.
pub fn print(loaded: &Loaded) -> String {
    // Serialising cannot fail: all maps have text keys.
    let values = serde_json::to_value(&loaded.config).unwrap_or_default();
    let mut text = String::new();
    for section in &catalogue().sections {
        if section.keys.is_empty() {
            continue;
        }
        let newline = if text.is_empty() { "" } else { "\n" };
        // Writing to a text cannot fail, here and below.
        let _ = writeln!(text, "{newline}[{}]", section.path);
        for key in &section.keys {
            let pointer = format!("/{}", key.path.replace('.', "/"));
            let _ = match values.pointer(&pointer) {
                None | Some(Value::Null) => writeln!(text, "# {} is not set", key.name()),
                Some(value) => {
                    let assignment = format!("{} = {}", key.name(), toml_text(value));
                    let origin = loaded.origins.get(&key.path);
                    writeln!(text, "{assignment:<ORIGIN_COLUMN$} # {origin}")
                }
            };
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::config::{FlagValue, Sources, load_with};

    fn loaded(file: &str, env: &[(&str, &str)]) -> Loaded {
        let sources = Sources {
            config_path: Some("a.toml".into()),
            env: env
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<BTreeMap<_, _>>(),
            flags: vec![FlagValue {
                key: "log.level".to_owned(),
                value: "debug".to_owned(),
                flag: "--log-level".to_owned(),
            }],
            ..Sources::default()
        };
        load_with(&sources, &|_: &Path| Ok(file.to_owned())).unwrap()
    }

    fn line<'a>(text: &'a str, key: &str) -> &'a str {
        let begin = format!("{key} = ");
        text.lines()
            .find(|line| line.starts_with(&begin))
            .unwrap_or_else(|| panic!("{key} in\n{text}"))
    }

    #[test]
    fn each_value_has_its_origin_behind_it() {
        let text = print(&loaded(
            "[tabs]\nmax = 3\n",
            &[("CDP_BRIDGE_TABS_IDLE_TIMEOUT", "5min")],
        ));
        for (key, value, origin) in [
            ("max", "3", "a.toml:2"),
            (
                "idle_timeout",
                "\"5min\"",
                "environment variable CDP_BRIDGE_TABS_IDLE_TIMEOUT",
            ),
            ("level", "\"debug\"", "--log-level"),
            ("chunk_bytes", "262144", "default"),
        ] {
            let line = line(&text, key);
            assert!(line.starts_with(&format!("{key} = {value} ")), "{line}");
            assert!(line.ends_with(&format!("# {origin}")), "{line}");
        }
        assert!(text.contains("# tls is not set"), "{text}");
    }

    #[test]
    fn it_loads_to_the_same_configuration() {
        let file = "[policy]\nresolve = { \"a.test\" = \"127.0.0.1\" }\nallowlist = [\"a.test\"]\n";
        let before = loaded(file, &[("CDP_PORT", "9222")]);
        let text = print(&before);
        assert_eq!(loaded(&text, &[]).config, before.config, "{text}");
    }

    #[test]
    fn variables_of_chromium_are_shown_without_their_values() {
        let text = print(&loaded("[browser]\nenv = { KEY = \"s3cret\" }\n", &[]));
        assert!(!text.contains("s3cret"), "{text}");
        assert!(
            line(&text, "env").contains("KEY = \"[redacted]\""),
            "{text}"
        );
    }

    #[test]
    fn tokens_are_not_shown() {
        let file = "[[auth.clients]]\nname = \"a\"\ntoken = \"s3cret\"\n";
        let text = print(&loaded(file, &[]));
        assert!(!text.contains("s3cret"), "{text}");
        assert!(line(&text, "clients").contains("[redacted]"), "{text}");
    }
}
