//! What a client proves with that a session is its own.

use std::fmt;
use std::str::FromStr;

use subtle::ConstantTimeEq as _;

use super::connection_id::ConnectionId;

/// A token: the session's id, by which it is found, and a secret, which nobody can guess.
#[derive(Clone, Copy)]
pub struct ResumeToken {
    session: ConnectionId,
    secret: [u8; 16],
}

/// The text was no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a resume token as `welcome` gave it")]
pub struct NotAToken;

impl ResumeToken {
    /// A new token of this session, from the system's random generator.
    pub fn new(session: ConnectionId) -> Result<Self, getrandom::Error> {
        let mut secret = [0; 16];
        getrandom::fill(&mut secret)?;
        Ok(Self { session, secret })
    }

    /// The session it belongs to, if it is genuine.
    pub fn session(&self) -> ConnectionId {
        self.session
    }

    /// Whether it is the same, found out in a time that tells nothing of the secret.
    pub fn is(&self, other: &Self) -> bool {
        self.session == other.session && bool::from(self.secret.ct_eq(&other.secret))
    }
}

impl fmt::Display for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}-{:032x}",
            self.session.0,
            u128::from_be_bytes(self.secret)
        )
    }
}

/// It shows in no log.
impl fmt::Debug for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResumeToken({}-..)", self.session.0)
    }
}

impl FromStr for ResumeToken {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let (session, secret) = text.split_once('-').ok_or(NotAToken)?;
        let is_hex = secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_number = session.bytes().all(|byte| byte.is_ascii_digit());
        if !(is_hex && is_number) {
            return Err(NotAToken);
        }
        let session = session.parse().map_err(|_| NotAToken)?;
        let secret = u128::from_str_radix(secret, 16).map_err(|_| NotAToken)?;
        Ok(Self {
            session: ConnectionId(session),
            secret: secret.to_be_bytes(),
        })
    }
}

/// What a connection offers to go on with a session.
#[derive(Debug, Clone, Copy)]
pub struct ResumeOffer {
    /// The token of the session.
    pub token: ResumeToken,
    /// The number of the last message that its client received; 0 for none.
    pub cursor: u64,
}

impl FromStr for ResumeOffer {
    type Err = NotAToken;

    /// Reads what follows the prefix of the subprotocol: `TOKEN.CURSOR`.
    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let (token, cursor) = text.split_once('.').ok_or(NotAToken)?;
        if !cursor.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAToken);
        }
        Ok(Self {
            token: token.parse()?,
            cursor: cursor.parse().map_err(|_| NotAToken)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_read_as_a_client_writes_it() {
        let token = ResumeToken::new(ConnectionId(17)).unwrap();
        let offer: ResumeOffer = format!("{token}.42").parse().unwrap();
        assert!(offer.token.is(&token));
        assert_eq!(
            (offer.token.session(), offer.cursor),
            (ConnectionId(17), 42)
        );
    }

    #[test]
    fn nothing_else_is_an_offer() {
        let secret = "0".repeat(32);
        for text in [
            "",
            "1",
            "1-",
            &format!("1-{secret}"),
            &format!("1-{secret}."),
            &format!("1-{secret}.-1"),
            &format!("1-{secret}.+1"),
            &format!("1-{}.0", &secret[1..]),
            &format!("1-+{}.0", &secret[1..]),
            &format!("+1-{secret}.0"),
            &format!("x-{secret}.0"),
            &format!("1-{secret}.99999999999999999999999"),
        ] {
            assert!(text.parse::<ResumeOffer>().is_err(), "{text}");
        }
    }

    #[test]
    fn tokens_differ_and_their_secrets_show_in_no_debug_text() {
        let tokens = [(); 2].map(|()| ResumeToken::new(ConnectionId(1)).unwrap());
        assert!(!tokens[0].is(&tokens[1]));
        assert_eq!(format!("{:?}", tokens[0]), "ResumeToken(1-..)");
    }
}
