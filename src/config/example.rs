//! The text of `config.example.toml`, generated from the types.

use std::fmt::Write as _;

use serde_json::Value;

use super::catalogue::{ConfigKey, catalogue};
use super::toml_text::toml_text;

/// Lines of comments are no longer than this.
const WIDTH: usize = 100;

const HEADER: &str = "\
Every key of cdp-bridge with its default. The bridge reads `--config FILE`, else `cdp-bridge.toml` \
in its working directory.
Flags win over the environment, which wins over this file. A key is also set by the environment \
variable CDP_BRIDGE_SECTION_KEY, such as CDP_BRIDGE_SERVER_LISTEN; lists are comma separated there, \
tables are inline TOML. CHROME_PATH, CDP_PORT, WS_PORT, ALLOWLIST_DOMAINS and LOGGED_OUT_DEFAULT \
are read too. CDP_BRIDGE_AUTH_TOKEN, or CDP_BRIDGE_AUTH_TOKEN_FILE, makes a client named \"default\".
Durations have a unit (ms, s, min, h, d). Sizes are bytes, or have a unit (KiB, MiB, GiB).
";

/// Every key with its default and a comment. It parses to the default configuration.
pub fn example() -> String {
    let mut text = String::new();
    for line in HEADER.lines() {
        comment(&mut text, line);
    }
    for section in catalogue()
        .sections
        .iter()
        .filter(|section| !section.path.is_empty())
    {
        text.push('\n');
        comment(&mut text, &section.description);
        line(&mut text, &format!("[{}]", section.path));
        for (index, key) in section.keys.iter().enumerate() {
            if index > 0 {
                text.push('\n');
            }
            add_key(&mut text, key);
        }
    }
    text
}

fn add_key(text: &mut String, key: &ConfigKey) {
    comment(text, &key.description);
    let assignment = |value: &Value| format!("{} = {}", key.name(), toml_text(value));
    match &key.example {
        Some(example) if key.default.is_null() => line(text, &format!("# {}", assignment(example))),
        Some(example) => line(text, &format!("# For example: {}", assignment(example))),
        None => {}
    }
    if !key.default.is_null() {
        line(text, &assignment(&key.default));
    }
}

/// Writes a text as comment lines, broken between words.
fn comment(text: &mut String, words: &str) {
    let mut current = "#".to_owned();
    for word in words.split_whitespace() {
        if current.chars().count() + 1 + word.chars().count() > WIDTH {
            line(text, &current);
            "#".clone_into(&mut current);
        }
        current.push(' ');
        current.push_str(word);
    }
    line(text, &current);
}

fn line(text: &mut String, content: &str) {
    // Writing to a text cannot fail.
    let _ = writeln!(text, "{content}");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Sources, load_with};

    fn load(text: &str) -> Config {
        load_with(&Sources::default(), &|_| Ok(text.to_owned()))
            .unwrap()
            .config
    }

    #[test]
    fn the_example_is_the_defaults() {
        assert_eq!(load(&example()), Config::default());
        assert_eq!(
            toml::from_str::<Config>(&example()).unwrap(),
            Config::default()
        );
    }

    #[test]
    fn every_key_stands_in_the_example() {
        let table: toml::Table = example().parse().unwrap();
        for key in catalogue().keys().filter(|key| !key.default.is_null()) {
            let found = key
                .path
                .split('.')
                .try_fold(&toml::Value::Table(table.clone()), |at, name| at.get(name))
                .is_some();
            assert!(found, "{}", key.path);
        }
    }

    #[test]
    fn the_examples_in_comments_are_valid() {
        for key in catalogue().keys() {
            let Some(example) = &key.example else {
                continue;
            };
            let text = format!("{} = {}", key.path, toml_text(example));
            load_with(&Sources::default(), &|path| {
                Ok(if path.ends_with("cdp-bridge.toml") {
                    text.clone()
                } else if key.path.starts_with("webhooks") {
                    "whsec_dXNlIG9wZW5zc2wgcmFuZCAtYmFzZTY0IDMy".to_owned()
                } else if key.path == "store.key_file" {
                    "0f".repeat(32)
                } else {
                    "a token, or a secret of 32 characters".replace([' ', ','], "-")
                })
            })
            .unwrap();
        }
    }

    #[test]
    fn no_line_is_too_long() {
        for line in example().lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
    }

    #[test]
    fn the_committed_example_is_what_the_types_say() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, example()).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == example(),
            "config.example.toml differs from the types; regenerate it with \
             `UPDATE_EXPECT=1 cargo test --lib config::example` and commit it"
        );
    }
}
