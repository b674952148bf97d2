//! Where the store is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

const REDACTED: &str = "[redacted]";

/// `sqlite:PATH`, `postgres://…`, or an empty text for no store. A password in it is never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum StoreUrl {
    /// Nothing is kept.
    Off,
    /// A file, relative to the state directory.
    Sqlite(PathBuf),
    /// A connection string.
    Postgres(String),
}

/// A text that is none of those.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected \"sqlite:PATH\", \"postgres://USER@HOST/DATABASE\", or \"\" (or \"off\") for no store"
)]
pub struct NotAStoreUrl;

impl Default for StoreUrl {
    fn default() -> Self {
        Self::Sqlite("state.db".into())
    }
}

impl FromStr for StoreUrl {
    type Err = NotAStoreUrl;

    fn from_str(text: &str) -> Result<Self, NotAStoreUrl> {
        let text = text.trim();
        // A variable of the environment that is empty counts as not set, so that there has to be a word too.
        if text.is_empty() || text == "off" {
            return Ok(Self::Off);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = text.strip_prefix("sqlite:").ok_or(NotAStoreUrl)?;
        // Two slashes stand in front of an empty host.
        let path = path.strip_prefix("//").unwrap_or(path);
        let is_file = !path.is_empty() && !path.ends_with('/') && !path.starts_with(':');
        is_file
            .then(|| Self::Sqlite(path.into()))
            .ok_or(NotAStoreUrl)
    }
}

impl TryFrom<String> for StoreUrl {
    type Error = NotAStoreUrl;

    fn try_from(text: String) -> Result<Self, NotAStoreUrl> {
        text.parse()
    }
}

/// Without its password and its parameters, either of which may be secret.
impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => Ok(()),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => {
                let (url, parameters) = match url.split_once('?') {
                    Some((url, _)) => (url, "?[redacted]"),
                    None => (url.as_str(), ""),
                };
                let scheme = url.find("://").map_or(0, |at| at + 3);
                let (scheme, rest) = url.split_at(scheme);
                f.write_str(scheme)?;
                match rest.rsplit_once('@') {
                    Some((user, rest)) => match user.split_once(':') {
                        Some((user, _)) => write!(f, "{user}:{REDACTED}@{rest}")?,
                        None => write!(f, "{user}@{rest}")?,
                    },
                    None => f.write_str(rest)?,
                }
                f.write_str(parameters)
            }
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

impl Serialize for StoreUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for StoreUrl {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StoreUrl".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^\\s*(off|sqlite:.+|postgres(ql)?://.+)?\\s*$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_databases_and_nothing_are_urls() {
        for (text, url) in [
            ("", StoreUrl::Off),
            ("off", StoreUrl::Off),
            ("sqlite:state.db", StoreUrl::default()),
            ("sqlite:///a/b.db", StoreUrl::Sqlite("/a/b.db".into())),
            (
                "postgresql:///x",
                StoreUrl::Postgres("postgresql:///x".to_owned()),
            ),
        ] {
            assert_eq!(text.parse(), Ok(url), "{text}");
        }
        for text in [
            "state.db",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:a/",
            "mysql://a",
        ] {
            assert_eq!(text.parse::<StoreUrl>(), Err(NotAStoreUrl), "{text}");
        }
    }

    #[test]
    fn a_password_is_not_shown_in_any_form() {
        for text in [
            "postgres://user:hunter2@host:5432/db?sslmode=require",
            "postgres://user:hun@ter2@host/db",
            "postgres://user@host/db?password=hunter2",
        ] {
            let url: StoreUrl = text.parse().unwrap();
            let shown = format!("{url} {url:?} {}", serde_json::to_string(&url).unwrap());
            assert!(!shown.contains("ter2"), "{shown}");
            assert!(shown.contains("user") && shown.contains("host"), "{shown}");
        }
    }
}
