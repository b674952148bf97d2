//! Reads the secrets that sign tokens and webhooks, and the key of the store, from their files, and checks them.

use std::io;
use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::origin::Origins;
use super::setting::bad_value;
use crate::secret::Secret;
use crate::server::AuthConfig;
use crate::store::StoreConfig;
use crate::webhooks::{Signer, WebhooksConfig};

/// A secret that could be guessed would let anyone make tokens.
const MIN_CHARS: usize = 32;

/// What is wrong with a secret; `None` if it can be used.
type Fault = fn(&Secret) -> Option<String>;

/// Reads and checks the secrets. `read` reads a file by the path that the configuration gives.
pub(crate) fn resolve(
    auth: &mut AuthConfig,
    webhooks: &mut WebhooksConfig,
    origins: &Origins,
    read: &dyn Fn(&Path) -> io::Result<String>,
) -> Result<(), ConfigError> {
    let secrets: [(&str, &mut Option<Secret>, &Option<PathBuf>, Fault); 4] = [
        (
            "auth.session_secret",
            &mut auth.session_secret,
            &auth.session_secret_file,
            is_short,
        ),
        (
            "auth.session_secret_previous",
            &mut auth.session_secret_previous,
            &auth.session_secret_previous_file,
            is_short,
        ),
        (
            "webhooks.secret",
            &mut webhooks.secret,
            &webhooks.secret_file,
            signs_nothing,
        ),
        (
            "webhooks.secret_previous",
            &mut webhooks.secret_previous,
            &webhooks.secret_previous_file,
            signs_nothing,
        ),
    ];
    for (key, secret, file, fault) in secrets {
        let file_key = format!("{key}_file");
        let refuse =
            |key: &str, problem: &str| bad_value(origins.get(key), key, problem.to_owned());
        let mut part = key;
        if let Some(path) = file {
            if secret.is_some() {
                return Err(refuse(
                    &file_key,
                    "is set beside the secret itself; expected one of the two",
                ));
            }
            part = &file_key;
            let text = read(path).map_err(|reason| ConfigError::ReadToken {
                origin: origins.get(&file_key).clone(),
                key: file_key.clone(),
                path: path.clone(),
                reason,
            })?;
            *secret = Some(Secret::new(text.trim()));
        }
        if let Some(problem) = secret.as_ref().and_then(fault) {
            return Err(refuse(part, &problem));
        }
    }
    Ok(())
}

fn is_short(secret: &Secret) -> Option<String> {
    let short = "the secret is shorter than 32 characters; make one with `openssl rand -hex 32`";
    (secret.expose().chars().count() < MIN_CHARS).then(|| short.to_owned())
}

fn signs_nothing(secret: &Secret) -> Option<String> {
    let read = Signer::new(secret.expose(), None);
    read.err().map(|error| format!("the secret {error}"))
}

/// Reads and checks the key of the store.
pub(crate) fn resolve_store_key(
    store: &mut StoreConfig,
    origins: &Origins,
    read: &dyn Fn(&Path) -> io::Result<String>,
) -> Result<(), ConfigError> {
    let refuse = |key: &str, problem: &str| bad_value(origins.get(key), key, problem.to_owned());
    let mut part = "store.key";
    if let Some(path) = &store.key_file {
        part = "store.key_file";
        if store.key.is_some() {
            return Err(refuse(
                part,
                "is set beside the key itself; expected one of the two",
            ));
        }
        let text = read(path).map_err(|reason| ConfigError::ReadToken {
            origin: origins.get(part).clone(),
            key: part.to_owned(),
            path: path.clone(),
            reason,
        })?;
        store.key = Some(Secret::new(text.trim()));
    }
    let is_key = |key: &Secret| {
        let key = key.expose().trim();
        key.len() == 64 && key.bytes().all(|digit| digit.is_ascii_hexdigit())
    };
    if store.key.as_ref().is_some_and(|key| !is_key(key)) {
        return Err(refuse(
            part,
            "is not 64 hexadecimal digits; make a key with `openssl rand -hex 32`",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "a secret that is as long as it has to be";

    fn resolved(auth: AuthConfig) -> Result<AuthConfig, String> {
        let mut auth = auth;
        let read = |path: &Path| match path.to_str() {
            Some("/long") => Ok(format!("{LONG}\n")),
            Some("/short") => Ok("hunter2".to_owned()),
            _ => Err(io::Error::from(io::ErrorKind::NotFound)),
        };
        let mut webhooks = WebhooksConfig::default();
        let result = resolve(&mut auth, &mut webhooks, &Origins::default(), &read);
        result.map(|()| auth).map_err(|error| error.to_string())
    }

    #[test]
    fn a_secret_is_read_from_its_file() {
        let auth = AuthConfig {
            session_secret_file: Some("/long".into()),
            session_secret_previous: Some(Secret::new(LONG)),
            ..AuthConfig::default()
        };
        assert_eq!(
            resolved(auth).unwrap().session_secret.unwrap().expose(),
            LONG
        );
        assert!(
            resolved(AuthConfig::default())
                .unwrap()
                .session_secret
                .is_none()
        );
    }

    #[test]
    fn a_secret_of_webhooks_has_their_form() {
        let read = |_: &Path| Ok("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n".to_owned());
        let resolved = |webhooks: WebhooksConfig| {
            let (mut auth, mut webhooks) = (AuthConfig::default(), webhooks);
            resolve(&mut auth, &mut webhooks, &Origins::default(), &read).map(|()| webhooks)
        };
        let of_file = WebhooksConfig {
            secret_file: Some("/secret".into()),
            ..WebhooksConfig::default()
        };
        let secret = resolved(of_file).unwrap().secret.unwrap();
        assert_eq!(secret.expose(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let bad = WebhooksConfig {
            secret_previous: Some(Secret::new(LONG)),
            ..WebhooksConfig::default()
        };
        let error = resolved(bad).unwrap_err().to_string();
        assert!(
            error.contains("webhooks.secret_previous") && !error.contains(LONG),
            "{error}"
        );
    }

    #[test]
    fn a_secret_that_is_short_or_doubled_is_refused_and_not_shown() {
        let secret = |text: &str| Some(Secret::new(text));
        for (auth, said) in [
            (
                AuthConfig {
                    session_secret: secret("hunter2"),
                    ..AuthConfig::default()
                },
                "auth.session_secret: the secret is shorter",
            ),
            (
                AuthConfig {
                    session_secret_file: Some("/short".into()),
                    ..AuthConfig::default()
                },
                "auth.session_secret_file: the secret is shorter",
            ),
            (
                AuthConfig {
                    session_secret: secret(LONG),
                    session_secret_file: Some("/long".into()),
                    ..AuthConfig::default()
                },
                "auth.session_secret_file: is set beside",
            ),
            (
                AuthConfig {
                    session_secret_file: Some("/gone".into()),
                    ..AuthConfig::default()
                },
                "/gone",
            ),
        ] {
            let error = resolved(auth).unwrap_err();
            assert!(error.contains(said), "{error}");
            assert!(
                !error.contains("hunter2") && !error.contains(LONG),
                "{error}"
            );
        }
    }

    #[test]
    fn the_key_of_the_store_is_64_hexadecimal_digits_and_is_not_shown() {
        let key = "0f".repeat(32);
        let resolved = |key: Option<&str>, file: Option<&str>| {
            let mut store = StoreConfig {
                key: key.map(Secret::new),
                key_file: file.map(Into::into),
                ..StoreConfig::default()
            };
            let text = format!("{}\n", "0f".repeat(32));
            let read = |_: &Path| Ok(text.clone());
            let result = resolve_store_key(&mut store, &Origins::default(), &read);
            result
                .map(|()| store.key)
                .map_err(|error| error.to_string())
        };
        assert_eq!(resolved(None, None).unwrap(), None);
        assert_eq!(resolved(Some(&key), None).unwrap().unwrap().expose(), key);
        assert_eq!(resolved(None, Some("/k")).unwrap().unwrap().expose(), key);
        let error = resolved(Some(&key), Some("/k")).unwrap_err();
        assert!(error.contains("store.key_file: is set beside"), "{error}");
        for wrong in ["hunter2", &key[1..], &"xy".repeat(32)] {
            let error = resolved(Some(wrong), None).unwrap_err();
            assert!(error.contains("store.key: is not 64"), "{error}");
            assert!(!error.contains(wrong), "{error}");
        }
    }
}
