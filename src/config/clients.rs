//! Validates `auth.clients` and reads token files.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::error::ConfigError;
use super::origin::Origins;
use super::setting::bad_value;
use crate::secret::Secret;
use crate::server::ClientConfig;

/// Checks every client and reads the tokens from files. `read` reads a file by the path
/// that the configuration gives.
pub(crate) fn resolve(
    clients: &mut [ClientConfig],
    origins: &Origins,
    read: &dyn Fn(&Path) -> io::Result<String>,
) -> Result<(), ConfigError> {
    let mut names = BTreeSet::new();
    for (index, client) in clients.iter_mut().enumerate() {
        let key = format!("auth.clients[{index}]");
        let refuse = |part: &str, problem: String| {
            let key = format!("{key}{part}");
            bad_value(origins.get(&key), &key, problem)
        };
        if client.name.trim().is_empty() {
            return Err(refuse(".name", "is empty; expected a name".to_owned()));
        }
        if !names.insert(client.name.clone()) {
            let name = &client.name;
            return Err(refuse(
                ".name",
                format!("{name:?} is used twice; expected a unique name"),
            ));
        }
        if client.token_forms() != 1 {
            let problem = format!(
                "{} of token, token_sha256 and token_file are set; expected exactly one",
                client.token_forms()
            );
            return Err(refuse("", problem));
        }
        if let Some(sha256) = &client.token_sha256
            && (sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()))
        {
            let problem = "is not a SHA-256; expected 64 hexadecimal digits".to_owned();
            return Err(refuse(".token_sha256", problem));
        }
        let mut part = ".token";
        if let Some(path) = &client.token_file {
            part = ".token_file";
            let key = format!("{key}.token_file");
            let text = read(path).map_err(|reason| ConfigError::ReadToken {
                origin: origins.get(&key).clone(),
                key,
                path: path.clone(),
                reason,
            })?;
            client.token = Some(Secret::new(text.trim()));
        }
        if let Some(token) = &client.token {
            check_token(token.expose()).map_err(|error| refuse(part, error.to_string()))?;
        }
    }
    Ok(())
}

/// Why a token could not be sent in a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum BadToken {
    #[error("the token is empty; expected at least one character")]
    Empty,
    #[error(
        "the token has a character that is not allowed in the name of a WebSocket subprotocol; \
         expected letters, digits and !#$%&'*+-.^_`|~ only"
    )]
    Character,
}

/// Browsers send the token inside the name of a subprotocol (docs/protocol.md: Connection), which is a token
/// of RFC 9110.
fn check_token(token: &str) -> Result<(), BadToken> {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    match token {
        "" => Err(BadToken::Empty),
        _ if token.bytes().all(is_legal) => Ok(()),
        _ => Err(BadToken::Character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str) -> ClientConfig {
        ClientConfig {
            name: name.to_owned(),
            token: None,
            token_sha256: None,
            token_file: None,
            policy: None,
            limits: None,
        }
    }

    fn with_token(name: &str, token: &str) -> ClientConfig {
        ClientConfig {
            token: Some(Secret::new(token)),
            ..client(name)
        }
    }

    fn message(mut clients: Vec<ClientConfig>) -> String {
        let read = |_: &Path| Err(io::Error::from(io::ErrorKind::NotFound));
        resolve(&mut clients, &Origins::default(), &read)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn exactly_one_form_of_the_token_is_expected() {
        assert!(message(vec![client("a")]).contains("auth.clients[0]: 0 of token"));
        let both = ClientConfig {
            token_file: Some("/t".into()),
            ..with_token("a", "t")
        };
        assert!(message(vec![both]).contains("auth.clients[0]: 2 of token"));
    }

    #[test]
    fn names_are_unique_and_not_empty() {
        let twice = vec![with_token("a", "t"), with_token("a", "u")];
        assert!(message(twice).contains("auth.clients[1].name: \"a\" is used twice"));
        assert!(message(vec![with_token("", "t")]).contains("is empty"));
    }

    #[test]
    fn a_token_must_fit_into_a_subprotocol_and_is_never_shown() {
        assert!(message(vec![with_token("a", "")]).contains("the token is empty"));
        let text = message(vec![with_token("a", "hunter 2")]);
        assert!(
            text.contains("is not allowed") && !text.contains("hunter"),
            "{text}"
        );
    }

    #[test]
    fn a_digest_is_64_hexadecimal_digits() {
        let digest = |text: &str| ClientConfig {
            token_sha256: Some(text.into()),
            ..client("a")
        };
        assert!(message(vec![digest("abc")]).contains("expected 64 hexadecimal digits"));
        let read = |_: &Path| Ok(String::new());
        let mut good = [digest(&"aF".repeat(32))];
        resolve(&mut good, &Origins::default(), &read).unwrap();
    }

    #[test]
    fn a_token_file_is_read_and_trimmed() {
        let mut clients = [ClientConfig {
            token_file: Some("/t".into()),
            ..client("a")
        }];
        resolve(&mut clients, &Origins::default(), &|_| {
            Ok("secret\n".to_owned())
        })
        .unwrap();
        assert_eq!(clients[0].token.as_ref().unwrap().expose(), "secret");
        let missing = vec![ClientConfig {
            token_file: Some("/t".into()),
            ..client("a")
        }];
        assert!(message(missing).contains("cannot read the token file /t"));
    }
}
