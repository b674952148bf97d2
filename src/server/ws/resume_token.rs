//! The token with which a client resumes its link (on the wire, its session).

use std::fmt;

use subtle::ConstantTimeEq as _;

use crate::operations::CallerId;

/// The id of a link, and a random secret.
#[derive(Clone, Copy)]
pub struct ResumeToken {
    link: CallerId,
    secret: [u8; 16],
}

impl ResumeToken {
    /// A new token of this link, from the system's random generator.
    pub fn new(link: CallerId) -> Result<Self, getrandom::Error> {
        let mut secret = [0; 16];
        getrandom::fill(&mut secret)?;
        Ok(Self { link, secret })
    }

    /// Reads a token as `welcome` gave it.
    fn parse(text: &str) -> Option<Self> {
        let (link, secret) = text.split_once('-')?;
        let is_hex = secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        let secret = u128::from_str_radix(secret, 16).ok().filter(|_| is_hex)?;
        Some(Self {
            link: CallerId(number(link)?),
            secret: secret.to_be_bytes(),
        })
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

/// The offer of a connection to resume a link.
#[derive(Debug, Clone, Copy)]
pub struct ResumeOffer {
    /// The token of the link.
    pub token: ResumeToken,
    /// The number of the last message that the client received; 0 for none.
    pub cursor: u64,
}

impl ResumeOffer {
    /// Parses what follows the prefix of the subprotocol: `TOKEN.CURSOR`.
    pub fn parse(text: &str) -> Option<Self> {
        let (token, cursor) = text.split_once('.')?;
        Some(Self {
            token: ResumeToken::parse(token)?,
            cursor: number(cursor)?,
        })
    }
}

/// A number of digits only: parsing alone would accept a sign.
fn number(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_read_as_a_client_writes_it() {
        let token = ResumeToken::new(CallerId(17)).unwrap();
        let offer = ResumeOffer::parse(&format!("{token}.42")).unwrap();
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
            assert!(ResumeOffer::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn tokens_differ_and_their_secrets_show_in_no_debug_text() {
        let tokens = [(); 2].map(|()| ResumeToken::new(CallerId(1)).unwrap());
        assert!(!tokens[0].is(&tokens[1]));
        assert_eq!(format!("{:?}", tokens[0]), "ResumeToken(1-..)");
    }
}
