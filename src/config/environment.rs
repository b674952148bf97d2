//! The layer of the environment: variables to settings.

use std::collections::BTreeMap;

use toml::Value;

use super::catalogue::catalogue;
use super::error::ConfigError;
use super::hint;
use super::origin::Origin;
use super::renamed;
use super::setting::{Layer, Setting, bad_value, imply_port_transport, shown};
use super::text_value;
use crate::secret::Secret;
use crate::server::{ClientConfig, Listen};

/// The prefix of the bridge's own variables.
const PREFIX: &str = "CDP_BRIDGE_";
/// The token of a client named `default`, and the file that holds one.
const TOKEN: &str = "CDP_BRIDGE_AUTH_TOKEN";
const TOKEN_FILE: &str = "CDP_BRIDGE_AUTH_TOKEN_FILE";
/// The address for the console; not a key of the configuration.
pub(crate) const CONSOLE_URL: &str = "CDP_BRIDGE_URL";
/// The name of the client that is defined by a token in the environment.
const DEFAULT_CLIENT: &str = "default";

/// Variables without the prefix, and the keys that they set.
const BARE: [(&str, &str); 6] = [
    ("CHROME_PATH", "browser.path"),
    ("CDP_PORT", "browser.cdp_port"),
    ("ALLOWLIST_DOMAINS", "policy.allowlist"),
    ("LOGGED_OUT_DEFAULT", "policy.logged_out_default"),
    ("DATABASE_URL", "store.url"),
    ("CREDENTIAL_ENCRYPTION_KEY", "store.key"),
];

/// The settings of the environment. `WS_PORT` keeps the host of `listen`, the address of the lower layers.
pub(crate) fn settings(
    environment: &BTreeMap<String, String>,
    listen: &Listen,
) -> Result<Layer, ConfigError> {
    refuse_unknown(environment)?;
    let mut layer = Layer::new();
    for (name, key) in BARE {
        add(&mut layer, environment, name, key)?;
    }
    if let Some(text) = value_of(environment, "WS_PORT") {
        let origin = Origin::Env("WS_PORT".to_owned());
        let port = text.trim().parse::<u16>().map_err(|_| {
            let problem = format!("found {text:?}; expected a port, from 0 to 65535");
            bad_value(&origin, "server.listen", problem)
        })?;
        let listen = Value::from(listen.with_port(port).to_string());
        layer.push(Setting::new("server.listen", listen, origin));
    }
    for key in catalogue().keys() {
        add(&mut layer, environment, &key.variable(), &key.path)?;
    }
    for (key, variable) in renamed::variables() {
        add(&mut layer, environment, &variable, key)?;
    }
    imply_port_transport(&mut layer);
    Ok(layer)
}

/// The client that is defined by a token in the environment.
pub(crate) fn default_client(
    environment: &BTreeMap<String, String>,
) -> Result<Option<(ClientConfig, Origin)>, ConfigError> {
    let token = value_of(environment, TOKEN);
    let token_file = value_of(environment, TOKEN_FILE);
    let name = match (token, token_file) {
        (None, None) => return Ok(None),
        (Some(_), None) => TOKEN,
        (None, Some(_)) => TOKEN_FILE,
        (Some(_), Some(_)) => {
            return Err(ConfigError::Conflict {
                origin: Origin::Env(TOKEN.to_owned()),
                key: "auth.clients",
                other: "auth.clients",
                other_origin: Origin::Env(TOKEN_FILE.to_owned()),
                advice: "set only one of the two variables",
            });
        }
    };
    let client = ClientConfig {
        name: DEFAULT_CLIENT.to_owned(),
        token: token.map(Secret::new),
        token_sha256: None,
        token_file: token_file.map(Into::into),
        policy: None,
        limits: None,
    };
    Ok(Some((client, Origin::Env(name.to_owned()))))
}

/// The value of a variable; an empty one counts as not set.
pub(crate) fn value_of<'a>(
    environment: &'a BTreeMap<String, String>,
    name: &str,
) -> Option<&'a str> {
    environment
        .get(name)
        .map(String::as_str)
        .filter(|value| !value.trim().is_empty())
}

fn add(
    layer: &mut Layer,
    environment: &BTreeMap<String, String>,
    name: &str,
    key: &str,
) -> Result<(), ConfigError> {
    if let Some(text) = value_of(environment, name) {
        layer.push(from_text(key, text, Origin::Env(name.to_owned()))?);
    }
    Ok(())
}

/// The setting of a key from the text of a variable or a flag.
pub(crate) fn from_text(key: &str, text: &str, origin: Origin) -> Result<Setting, ConfigError> {
    let Some(known) = catalogue().key(renamed::successor(key).unwrap_or(key)) else {
        let hint = hint::for_key(key);
        return Err(ConfigError::UnknownKey {
            origin,
            key: key.to_owned(),
            hint,
        });
    };
    let value = text_value::read(known.kind, text).map_err(|error| {
        let found = shown(key, &Value::from(text));
        bad_value(&origin, key, format!("{found} {error}"))
    })?;
    Ok(Setting::new(key, value, origin))
}

fn refuse_unknown(environment: &BTreeMap<String, String>) -> Result<(), ConfigError> {
    let mut known: Vec<String> = catalogue()
        .keys()
        .map(super::catalogue::ConfigKey::variable)
        .collect();
    known.extend([TOKEN, TOKEN_FILE, CONSOLE_URL].map(str::to_owned));
    known.extend(renamed::variables().map(|(_, variable)| variable));
    for (name, value) in environment {
        let is_ours = name.starts_with(PREFIX) && !value.trim().is_empty();
        if is_ours && !known.contains(name) && !is_service_link(name, value) {
            let hint = hint::for_variable(name, &known);
            return Err(ConfigError::UnknownVariable {
                name: name.clone(),
                hint,
            });
        }
    }
    Ok(())
}

/// Kubernetes and Docker set variables with this prefix for a service named `cdp-bridge`. They contain
/// addresses, not settings.
fn is_service_link(name: &str, value: &str) -> bool {
    let rest = name.strip_prefix(PREFIX).unwrap_or_default();
    rest == "SERVICE_HOST"
        || rest.starts_with("SERVICE_PORT")
        || rest == "PORT" && value.contains("://")
        || rest
            .strip_prefix("PORT_")
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Layer, ConfigError> {
        let environment = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        settings(&environment, &Listen::default())
    }

    fn last<'a>(layer: &'a Layer, key: &str) -> Option<&'a Setting> {
        layer.iter().rfind(|setting| setting.key == key)
    }

    #[test]
    fn the_prefixed_name_wins_over_the_bare_one() {
        let layer = read(&[
            ("CHROME_PATH", "/bare"),
            ("CDP_BRIDGE_BROWSER_PATH", "/prefixed"),
            ("WS_PORT", "1"),
            ("CDP_BRIDGE_SERVER_LISTEN", "127.0.0.1:2"),
        ])
        .unwrap();
        assert_eq!(
            last(&layer, "browser.path").unwrap().value,
            Value::from("/prefixed")
        );
        assert_eq!(
            last(&layer, "server.listen").unwrap().value,
            Value::from("127.0.0.1:2")
        );
    }

    #[test]
    fn a_devtools_port_selects_the_transport_unless_that_is_set_too() {
        let layer = read(&[("CDP_PORT", "9222")]).unwrap();
        assert_eq!(
            last(&layer, "browser.transport").unwrap().value,
            Value::from("port")
        );
        let layer = read(&[
            ("CDP_PORT", "9222"),
            ("CDP_BRIDGE_BROWSER_TRANSPORT", "pipe"),
        ])
        .unwrap();
        assert_eq!(
            last(&layer, "browser.transport").unwrap().value,
            Value::from("pipe")
        );
    }

    #[test]
    fn empty_variables_count_as_not_set() {
        assert!(
            read(&[("CDP_PORT", ""), ("CDP_BRIDGE_NONSENSE", " ")])
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn an_unknown_variable_names_the_nearest_one() {
        assert_eq!(
            read(&[("CDP_BRIDGE_SERVER_LISEN", "x")])
                .unwrap_err()
                .to_string(),
            "environment variable CDP_BRIDGE_SERVER_LISEN: is not a key of the configuration; \
             did you mean CDP_BRIDGE_SERVER_LISTEN?"
        );
    }

    #[test]
    fn variables_of_an_orchestrator_for_a_service_of_this_name_are_ignored() {
        let layer = read(&[
            ("CDP_BRIDGE_SERVICE_HOST", "10.0.0.1"),
            ("CDP_BRIDGE_SERVICE_PORT_HTTP", "9333"),
            ("CDP_BRIDGE_PORT", "tcp://10.0.0.1:9333"),
            ("CDP_BRIDGE_PORT_9333_TCP_ADDR", "10.0.0.1"),
            ("CDP_BRIDGE_URL", "ws://127.0.0.1:1"),
        ]);
        assert!(layer.unwrap().is_empty());
        assert!(read(&[("CDP_BRIDGE_PORT", "9333")]).is_err());
    }

    #[test]
    fn an_invalid_port_is_refused_by_name() {
        assert_eq!(
            read(&[("WS_PORT", "70000")]).unwrap_err().to_string(),
            "environment variable WS_PORT: server.listen: found \"70000\"; \
             expected a port, from 0 to 65535"
        );
    }
}
