//! Warnings about values that are valid, and dangerous or not as private as they look.

use super::origin::{Origin, Origins};
use super::types::Config;
use crate::browser::dangerous_args;

pub(crate) fn of(config: &Config, origins: &Origins) -> Vec<String> {
    let mut warnings = dangerous_args::warnings(&config.browser.args);
    warnings.extend(secrets_in_flags(config, origins));
    warnings
}

/// Every user of the machine can read the command lines of all processes.
fn secrets_in_flags(config: &Config, origins: &Origins) -> Vec<String> {
    // A token from a file is set too.
    let has_token = config
        .auth
        .clients
        .iter()
        .any(|client| client.token.is_some() && client.token_file.is_none());
    let has_credentials = config.browser.connect.as_ref().is_some_and(|url| {
        url.password().is_some() || !url.username().is_empty() || url.query().is_some()
    });
    let found = [
        ("auth.clients", has_token, "a token: use token_file"),
        (
            "browser.env",
            !config.browser.env.is_empty(),
            "values that may be secret: use the file or CDP_BRIDGE_BROWSER_ENV",
        ),
        (
            "browser.connect",
            has_credentials,
            "credentials: use the file or CDP_BRIDGE_BROWSER_CONNECT",
        ),
    ];
    found
        .into_iter()
        .filter(|(key, holds, _)| *holds && matches!(origins.get(key), Origin::Flag(_)))
        .map(|(key, _, what)| {
            format!(
                "the command line, which every user of this machine can read, gives in {key} {what}"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::{FlagValue, Sources, load_with};

    /// The warnings with this value of a key, from a flag or from the file.
    fn warnings(key: &str, value: &str, in_flag: bool) -> Vec<String> {
        let mut sources = Sources {
            config_path: Some("a.toml".into()),
            ..Sources::default()
        };
        let mut file = format!("{key} = {value}\n");
        if in_flag {
            file.clear();
            sources.flags.push(FlagValue {
                key: key.to_owned(),
                value: value.trim_matches('"').to_owned(),
                flag: "--set".to_owned(),
            });
        }
        let read = |path: &Path| {
            Ok(match path.to_str() {
                Some("a.toml") => file.clone(),
                _ => "s3cret".to_owned(),
            })
        };
        load_with(&sources, &read).unwrap().warnings
    }

    #[test]
    fn secrets_on_the_command_line_are_warned_of_without_showing_them() {
        for (key, value) in [
            ("auth.clients", r#"[{ name = "a", token = "s3cret" }]"#),
            ("browser.env", r#"{ A = "s3cret" }"#),
            ("browser.connect", r#""wss://a.test/?token=s3cret""#),
        ] {
            assert!(warnings(key, value, false).is_empty(), "{key}");
            let warned = warnings(key, value, true);
            assert!(warned.len() == 1 && warned[0].contains(key), "{warned:?}");
            assert!(!warned[0].contains("s3cret"), "{warned:?}");
        }
    }

    #[test]
    fn what_is_no_secret_is_not_warned_of() {
        let digest = "0".repeat(64);
        for (key, value) in [
            (
                "auth.clients",
                r#"[{ name = "a", token_file = "/t" }]"#.to_owned(),
            ),
            (
                "auth.clients",
                format!(r#"[{{ name = "a", token_sha256 = "{digest}" }}]"#),
            ),
            ("browser.connect", r#""http://127.0.0.1:9222""#.to_owned()),
        ] {
            let warned = warnings(key, &value, true);
            assert!(warned.is_empty(), "{warned:?}");
        }
    }

    #[test]
    fn dangerous_switches_are_warned_of_wherever_they_are_from() {
        for in_flag in [true, false] {
            let warned = warnings("browser.args", r#"["--disable-web-security"]"#, in_flag);
            assert_eq!(warned.len(), 1, "{warned:?}");
        }
    }
}
