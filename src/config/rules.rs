//! Rules between values: which exclude each other, and which need each other.

use super::error::ConfigError;
use super::origin::{Origin, Origins};
use super::setting::bad_value;
use super::types::Config;
use crate::browser::{Flavor, TransportKind, environment};
use crate::server::Listen;

/// Checks the rules between values, and texts with a syntax of their own.
pub(crate) fn check(config: &Config, origins: &Origins) -> Result<(), ConfigError> {
    lists(config, origins)?;
    log_level(config, origins)?;
    headless(config, origins)?;
    variables(config, origins)?;
    connect(config, origins)?;
    tls(config, origins)?;
    clipboard(config, origins)?;
    webhooks(config, origins)?;
    if config.auth.clients.is_empty() && !config.auth.required && !config.server.listen.is_local() {
        return Err(ConfigError::OpenListen {
            origin: origins.get("server.listen").clone(),
            listen: config.server.listen.clone(),
        });
    }
    Ok(())
}

/// An empty entry in a list would be ignored or match everything.
fn lists(config: &Config, origins: &Origins) -> Result<(), ConfigError> {
    for (key, entries) in [
        ("browser.args", &config.browser.args),
        ("server.allowed_origins", &config.server.allowed_origins),
        ("server.allowed_hosts", &config.server.allowed_hosts),
        ("policy.allowlist", &config.policy.allowlist),
        ("policy.subresources", &config.policy.subresources),
    ] {
        if let Some(index) = entries.iter().position(|entry| entry.trim().is_empty()) {
            let key = format!("{key}[{index}]");
            let problem = "found an empty entry; expected a text, or no entry".to_owned();
            return Err(bad_value(origins.get(&key), &key, problem));
        }
    }
    for (index, client) in config.auth.clients.iter().enumerate() {
        let Some(policy) = &client.policy else {
            continue;
        };
        for (name, entries) in [
            ("allowlist", &policy.allowlist),
            ("subresources", &policy.subresources),
        ] {
            let mut entries = entries.iter().flatten();
            if entries.any(|entry| entry.trim().is_empty()) {
                let key = format!("auth.clients[{index}].policy.{name}");
                let problem = "has an empty entry; expected a text, or no entry".to_owned();
                return Err(bad_value(origins.get(&key), &key, problem));
            }
        }
    }
    Ok(())
}

/// Without a secret a receiver could not tell who has sent a webhook.
fn webhooks(config: &Config, origins: &Origins) -> Result<(), ConfigError> {
    const KEY: &str = "webhooks.allow";
    if config.webhooks.allow.is_empty() || config.webhooks.secret.is_some() {
        return Ok(());
    }
    let problem = "is set without a secret; set webhooks.secret or webhooks.secret_file".to_owned();
    Err(bad_value(origins.get(KEY), KEY, problem))
}

fn log_level(config: &Config, origins: &Origins) -> Result<(), ConfigError> {
    let level = config.log.level.trim();
    // `EnvFilter` takes any single word as the name of a target and then logs nothing else, so that a
    // misspelt "inof" would silence the bridge.
    let is_word = level.chars().all(|c| c.is_ascii_alphabetic());
    let known = ["off", "error", "warn", "info", "debug", "trace"];
    let is_known = known.contains(&level.to_ascii_lowercase().as_str());
    let is_filter = tracing_subscriber::EnvFilter::try_new(level).is_ok();
    if level.is_empty() || !is_filter || is_word && !is_known {
        let problem = format!(
            "{level:?} is not a level; expected one of {}, or a filter such as \"info,cdp_bridge=debug\"",
            known.join(", ")
        );
        return Err(bad_value(origins.get("log.level"), "log.level", problem));
    }
    Ok(())
}

fn headless(config: &Config, origins: &Origins) -> Result<(), ConfigError> {
    if !config.browser.headless && config.browser.flavor == Flavor::Shell {
        let advice = "headless-shell cannot open windows: set browser.flavor to \"chrome\"";
        return Err(conflict(
            origins,
            "browser.headless",
            "browser.flavor",
            advice,
        ));
    }
    Ok(())
}

fn variables(config: &Config, origins: &Origins) -> Result<(), ConfigError> {
    const KEY: &str = "browser.env";
    environment::check(&config.browser.env)
        .map_err(|error| bad_value(origins.get(KEY), KEY, error.to_string()))
}

/// Traffic of a unix socket does not leave the machine.
fn tls(config: &Config, origins: &Origins) -> Result<(), ConfigError> {
    if config.server.tls.is_some() && matches!(config.server.listen, Listen::Unix(_)) {
        let advice = "a unix socket needs no TLS: remove server.tls, or listen on an address";
        return Err(conflict(origins, "server.tls", "server.listen", advice));
    }
    Ok(())
}

/// Whether pages of one client could read what those of another have copied: Chromium has one clipboard for all
/// browser contexts.
pub(crate) fn shares_clipboard(config: &Config) -> bool {
    config.policy.reads_clipboard() && config.auth.clients.len() > 1
}

fn clipboard(config: &Config, origins: &Origins) -> Result<(), ConfigError> {
    if shares_clipboard(config) {
        let advice = "pages of one client would read what those of another have copied: remove \"clipboardRead\", or have one client";
        return Err(conflict(
            origins,
            "policy.permissions",
            "auth.clients",
            advice,
        ));
    }
    Ok(())
}

/// With `browser.connect`, keys about launching a browser are contradictions.
fn connect(config: &Config, origins: &Origins) -> Result<(), ConfigError> {
    let browser = &config.browser;
    let Some(url) = &browser.connect else {
        return Ok(());
    };
    let origin = origins.get("browser.connect");
    if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") || url.host().is_none() {
        let problem = format!(
            "a URL with the scheme {:?} cannot be connected to; expected http, https, ws or wss \
             and a host, such as \"http://127.0.0.1:9222\"",
            url.scheme()
        );
        return Err(bad_value(origin, "browser.connect", problem));
    }
    // Container images set this variable for any tool that needs a browser; it does not ask for a launch.
    let path_is_bare = origins.get("browser.path") == &Origin::Env("CHROME_PATH".to_owned());
    let excluded = [
        ("browser.path", browser.path.is_some() && !path_is_bare),
        ("browser.user_data_dir", browser.user_data_dir.is_some()),
        ("browser.cdp_port", browser.cdp_port != 0),
        (
            "browser.transport",
            browser.transport != TransportKind::Pipe,
        ),
        ("browser.args", !browser.args.is_empty()),
        ("browser.env", !browser.env.is_empty()),
        ("browser.headless", !browser.headless),
    ];
    let advice = "a running Chromium is not launched: remove one of the two";
    match excluded.into_iter().find(|(_, is_set)| *is_set) {
        None => Ok(()),
        Some((other, _)) => Err(conflict(origins, "browser.connect", other, advice)),
    }
}

fn conflict(
    origins: &Origins,
    key: &'static str,
    other: &'static str,
    advice: &'static str,
) -> ConfigError {
    ConfigError::Conflict {
        origin: origins.get(key).clone(),
        key,
        other,
        other_origin: origins.get(other).clone(),
        advice,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::request::PagePermission;

    fn message(change: impl FnOnce(&mut Config)) -> Option<String> {
        let mut config = Config::default();
        change(&mut config);
        check(&config, &Origins::default())
            .err()
            .map(|error| error.to_string())
    }

    #[test]
    fn the_defaults_obey_every_rule() {
        assert_eq!(message(|_| {}), None);
    }

    #[test]
    fn an_empty_allowlist_entry_is_refused_with_its_index() {
        let text = message(|config| config.policy.allowlist = vec!["a.test".into(), " ".into()]);
        assert!(
            text.unwrap()
                .contains("policy.allowlist[1]: found an empty entry")
        );
    }

    #[test]
    fn a_misspelt_level_is_refused_and_filters_are_not() {
        for level in ["", "inof", "a=b=c"] {
            let text = message(|config| config.log.level = level.into());
            assert!(text.unwrap().contains("is not a level"), "{level}");
        }
        for level in [
            "INFO",
            "off",
            "info,cdp_bridge::tabs=debug",
            "cdp_bridge=trace",
        ] {
            assert_eq!(
                message(|config| config.log.level = level.into()),
                None,
                "{level}"
            );
        }
    }

    #[test]
    fn connecting_excludes_what_is_about_launching() {
        let connecting = |change: fn(&mut Config)| {
            message(|config| {
                config.browser.connect = Some("ws://127.0.0.1:9222".parse().unwrap());
                change(config);
            })
        };
        assert_eq!(connecting(|_| {}), None);
        assert_eq!(
            connecting(|config| config.browser.path = Some("/x".into())).unwrap(),
            "default: browser.connect: cannot be combined with browser.path (default); \
             a running Chromium is not launched: remove one of the two"
        );
        assert!(connecting(|config| config.browser.cdp_port = 1).is_some());
        assert!(connecting(|config| config.browser.user_data_dir = Some("/x".into())).is_some());
        let ftp = message(|config| config.browser.connect = Some("ftp://a.test".parse().unwrap()));
        assert!(ftp.unwrap().contains("expected http, https, ws or wss"));
    }

    #[test]
    fn headless_shell_has_no_windows() {
        let text = message(|config| {
            config.browser.headless = false;
            config.browser.flavor = Flavor::Shell;
        });
        assert!(
            text.unwrap()
                .contains("cannot be combined with browser.flavor")
        );
    }

    #[test]
    fn a_unix_socket_speaks_no_tls() {
        let with_tls = |listen: &str| {
            message(|config| {
                config.server.listen = listen.parse().unwrap();
                config.server.tls = Some(crate::server::TlsConfig {
                    certificate: "c.pem".into(),
                    key: "k.pem".into(),
                });
            })
        };
        assert_eq!(with_tls("127.0.0.1:0"), None);
        assert!(with_tls("unix:/a").unwrap().contains("needs no TLS"));
    }

    #[test]
    fn several_clients_do_not_read_one_clipboard() {
        let with_clients = |count: usize| {
            message(|config| {
                config.policy.permissions = vec![PagePermission::ClipboardRead];
                let client = |number| crate::server::ClientConfig {
                    name: format!("c{number}"),
                    token: None,
                    token_sha256: None,
                    token_file: None,
                    policy: None,
                    limits: None,
                };
                config.auth.clients = (0..count).map(client).collect();
            })
        };
        assert_eq!(with_clients(1), None);
        assert!(
            with_clients(2)
                .unwrap()
                .contains("remove \"clipboardRead\"")
        );
    }

    #[test]
    fn a_reachable_address_needs_a_client() {
        let text = message(|config| config.server.listen = "0.0.0.0:9333".parse().unwrap());
        assert!(text.unwrap().contains("set CDP_BRIDGE_AUTH_TOKEN"));
        assert_eq!(
            message(|config| config.server.listen = "unix:/a".parse().unwrap()),
            None
        );
    }
}
