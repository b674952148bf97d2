//! The origin of each value of the configuration.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Where one value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    /// A line of the configuration file.
    File {
        path: PathBuf,
        line: usize,
    },
    Env(String),
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { path, line } => write!(formatter, "{}:{line}", path.display()),
            Self::Env(name) => write!(formatter, "environment variable {name}"),
            Self::Flag(flag) => formatter.write_str(flag),
        }
    }
}

/// The origin of every value that was set, by dotted key. Parts of a list or table have their own
/// origins (`auth.clients[0].token`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origins {
    entries: BTreeMap<String, Origin>,
}

impl Origins {
    /// Where the value of a key came from. A part without an entry has that of the whole.
    pub fn get(&self, key: &str) -> &Origin {
        let mut key = key;
        loop {
            if let Some(origin) = self.entries.get(key) {
                return origin;
            }
            match key.rfind(['.', '[']) {
                Some(end) => key = &key[..end],
                None => return &Origin::Default,
            }
        }
    }

    /// Every value that was set, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Origin)> {
        self.entries
            .iter()
            .map(|(key, origin)| (key.as_str(), origin))
    }

    pub(crate) fn set(&mut self, key: impl Into<String>, origin: Origin) {
        self.entries.insert(key.into(), origin);
    }

    /// Removes a key and its parts, because a higher layer sets it.
    pub(crate) fn forget(&mut self, key: &str) {
        self.entries.retain(|entry, _| {
            entry
                .strip_prefix(key)
                .is_none_or(|rest| !rest.is_empty() && !rest.starts_with(['.', '[']))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_the_origin_of_the_whole_unless_it_has_its_own() {
        let mut origins = Origins::default();
        origins.set("auth.clients", Origin::Env("A".into()));
        origins.set("auth.clients[1]", Origin::Env("B".into()));
        assert_eq!(
            origins.get("auth.clients[0].token"),
            &Origin::Env("A".into())
        );
        assert_eq!(
            origins.get("auth.clients[1].token"),
            &Origin::Env("B".into())
        );
        assert_eq!(origins.get("browser.path"), &Origin::Default);
    }

    #[test]
    fn forgetting_a_key_forgets_its_parts_only() {
        let mut origins = Origins::default();
        for key in ["tabs.max", "tabs.max[0]", "tabs.max.a", "tabs.maximum"] {
            origins.set(key, Origin::Flag("--set".into()));
        }
        origins.forget("tabs.max");
        assert_eq!(
            origins.iter().map(|(key, _)| key).collect::<Vec<_>>(),
            ["tabs.maximum"]
        );
    }
}
