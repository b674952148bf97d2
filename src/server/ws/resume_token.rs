//! The token with which a client resumes its link (on the wire, its session).

use std::fmt;
use std::str::FromStr;

use subtle::ConstantTimeEq as _;

use crate::operations::CallerId;

/// The id of a link, and a random secret.
#[derive(Clone, Copy)]
pub struct ResumeToken {
    link: CallerId,
    secret: [u8; 16],
}

/// The text is not a resume token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a resume token as `welcome` gave it")]
pub struct NotAToken;

impl ResumeToken {
    /// A new token of this link, from the system's random generator.
    pub fn new(link: CallerId) -> Result<Self, getrandom::Error> {
        let mut secret = [0; 16];
        getrandom::fill(&mut secret)?;
        Ok(Self { link, secret })
    }

    /// The link that it claims to belong to.
    pub fn link(&self) -> CallerId {
        self.link
    }

    /// Compares in constant time.
    pub fn is(&self, other: &Self) -> bool {
        self.link == other.link && bool::from(self.secret.ct_eq(&other.secret))
    }
}

impl fmt::Display for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}-{:032x}",
            self.link.0,
            u128::from_be_bytes(self.secret)
        )
    }
}

/// The secret must not reach a log.
impl fmt::Debug for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResumeToken({}-..)", self.link.0)
    }
}

impl FromStr for ResumeToken {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let (link, secret) = text.split_once('-').ok_or(NotAToken)?;
        let is_hex = secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_number = link.bytes().all(|byte| byte.is_ascii_digit());
        if !(is_hex && is_number) {
            return Err(NotAToken);
        }
        let link = link.parse().map_err(|_| NotAToken)?;
        let secret = u128::from_str_radix(secret, 16).map_err(|_| NotAToken)?;
        Ok(Self {
            link: CallerId(link),
            secret: secret.to_be_bytes(),
        })
    }
}

/// The offer of a connection to resume a link.
#[derive(Debug, Clone, Copy)]
pub struct ResumeOffer {
    /// The token of the link.
    pub token: ResumeToken,
    /// The number of the last message that the client received; 0 for none.
    pub cursor: u64,
}

impl FromStr for ResumeOffer {
    type Err = NotAToken;

    /// Parses what follows the prefix of the subprotocol: `TOKEN.CURSOR`.
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
        let token = ResumeToken::new(CallerId(17)).unwrap();
        let offer: ResumeOffer = format!("{token}.42").parse().unwrap();
        assert!(offer.token.is(&token));
        assert_eq!((offer.token.link(), offer.cursor), (CallerId(17), 42));
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
        let tokens = [(); 2].map(|()| ResumeToken::new(CallerId(1)).unwrap());
        assert!(!tokens[0].is(&tokens[1]));
        assert_eq!(format!("{:?}", tokens[0]), "ResumeToken(1-..)");
    }
}
