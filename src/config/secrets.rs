//! Reads the secrets that sign tokens, and the key of the store, from their files, and checks them.

use std::io;
use std::path::Path;

use super::error::ConfigError;
use super::origin::Origins;
use super::setting::bad_value;
use crate::secret::Secret;
use crate::server::AuthConfig;
use crate::store::StoreConfig;

/// A secret that could be guessed would let anyone make tokens.
const MIN_CHARS: usize = 32;

/// Reads and checks the secrets. `read` reads a file by the path that the configuration gives.
pub(crate) fn resolve(
    auth: &mut AuthConfig,
    origins: &Origins,
    read: &dyn Fn(&Path) -> io::Result<String>,
) -> Result<(), ConfigError> {
    for (key, secret, file) in [
        (
            "auth.session_secret",
            &mut auth.session_secret,
            &auth.session_secret_file,
        ),
        (
            "auth.session_secret_previous",
            &mut auth.session_secret_previous,
            &auth.session_secret_previous_file,
        ),
    ] {
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
        if secret
            .as_ref()
            .is_some_and(|it| it.expose().chars().count() < MIN_CHARS)
        {
            return Err(refuse(
                part,
                "the secret is shorter than 32 characters; make one with `openssl rand -hex 32`",
            ));
        }
    }
    Ok(())
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
        let result = resolve(&mut auth, &Origins::default(), &read);
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
