//! The messages of SOCKS5 (RFC 1928) and of its user names and passwords (RFC 1929), for CONNECT only.

use std::net::IpAddr;

use thiserror::Error;

use crate::policy::Host;

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USERNAME_AND_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// The server sends something else than SOCKS5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("it is not SOCKS5")]
pub struct NotSocks5;

/// How the server wants to know the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    None,
    Credentials,
    /// None that the client offers.
    NoneInCommon,
}

/// How far the reply to CONNECT has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// This many bytes are needed, to know more or to be at the end.
    Needs(usize),
    Connected,
    /// With the reason's number.
    Refused(u8),
}

/// The first message: the methods that the client offers.
pub fn greeting(has_credentials: bool) -> &'static [u8] {
    if has_credentials {
        &[VERSION, 2, NO_AUTHENTICATION, USERNAME_AND_PASSWORD]
    } else {
        &[VERSION, 1, NO_AUTHENTICATION]
    }
}

/// The answer to the greeting.
pub fn method(bytes: [u8; 2], has_credentials: bool) -> Result<Method, NotSocks5> {
    match bytes {
        [VERSION, NO_AUTHENTICATION] => Ok(Method::None),
        [VERSION, USERNAME_AND_PASSWORD] if has_credentials => Ok(Method::Credentials),
        [VERSION, USERNAME_AND_PASSWORD | NO_METHOD] => Ok(Method::NoneInCommon),
        _ => Err(NotSocks5),
    }
}

/// The user name and the password; `None` if one has more than 255 bytes.
pub fn credentials(username: &str, password: &str) -> Option<Vec<u8>> {
    const SUBNEGOTIATION: u8 = 1;
    let mut message = vec![SUBNEGOTIATION];
    for text in [username, password] {
        message.push(text.len().try_into().ok()?);
        message.extend_from_slice(text.as_bytes());
    }
    Some(message)
}

/// Whether the server accepts the credentials. Some servers write the version of SOCKS here.
pub fn accepts_credentials(bytes: [u8; 2]) -> Result<bool, NotSocks5> {
    match bytes {
        [1 | VERSION, status] => Ok(status == 0),
        _ => Err(NotSocks5),
    }
}

/// CONNECT to a host; `None` if its name has more than 255 bytes.
pub fn connect(host: &Host, port: u16) -> Option<Vec<u8>> {
    let mut message = vec![VERSION, CONNECT, 0];
    match host {
        Host::Ipv4(address) => {
            message.push(IPV4);
            message.extend_from_slice(&address.octets());
        }
        Host::Ipv6(address) => {
            message.push(IPV6);
            message.extend_from_slice(&address.octets());
        }
        Host::Domain(name) => {
            message.extend_from_slice(&[NAME, name.len().try_into().ok()?]);
            message.extend_from_slice(name.as_bytes());
        }
    }
    message.extend_from_slice(&port.to_be_bytes());
    Some(message)
}

/// Reads the reply to CONNECT, as far as it has arrived. A refusal may be cut behind its reason.
pub fn reply(bytes: &[u8]) -> Result<Reply, NotSocks5> {
    let length = match bytes {
        [] | [VERSION] => return Ok(Reply::Needs(2)),
        [VERSION, 0] | [VERSION, 0, _] | [VERSION, 0, _, _] => return Ok(Reply::Needs(5)),
        [VERSION, 0, _, IPV4, ..] => 4 + 4 + 2,
        [VERSION, 0, _, IPV6, ..] => 4 + 16 + 2,
        [VERSION, 0, _, NAME, name, ..] => 5 + usize::from(*name) + 2,
        [VERSION, 0, ..] => return Err(NotSocks5),
        [VERSION, reason, ..] => return Ok(Reply::Refused(*reason)),
        _ => return Err(NotSocks5),
    };
    if bytes.len() < length {
        Ok(Reply::Needs(length))
    } else {
        Ok(Reply::Connected)
    }
}

/// The host of an address.
pub fn host_of(address: IpAddr) -> Host {
    match address {
        IpAddr::V4(address) => Host::Ipv4(address),
        IpAddr::V6(address) => Host::Ipv6(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn host(text: &str) -> Host {
        url::Host::parse(text).unwrap()
    }

    #[test]
    fn the_messages_are_those_of_the_rfcs() {
        assert_eq!(greeting(false), [5, 1, 0]);
        assert_eq!(greeting(true), [5, 2, 0, 2]);
        assert_eq!(credentials("u", "pw").unwrap(), [1, 1, b'u', 2, b'p', b'w']);
        assert_eq!(credentials(&"u".repeat(256), ""), None);
        assert_eq!(
            connect(&host("1.2.3.4"), 443).unwrap(),
            [5, 1, 0, 1, 1, 2, 3, 4, 1, 187]
        );
        assert_eq!(
            connect(&host("a.b"), 80).unwrap(),
            [5, 1, 0, 3, 3, b'a', b'.', b'b', 0, 80]
        );
        assert_eq!(connect(&host("[::1]"), 80).unwrap().len(), 22);
        assert_eq!(connect(&Host::Domain("x".repeat(256)), 80), None);
    }

    #[test]
    fn the_method_is_one_that_was_offered() {
        assert_eq!(method([5, 0], false), Ok(Method::None));
        assert_eq!(method([5, 0], true), Ok(Method::None));
        assert_eq!(method([5, 2], true), Ok(Method::Credentials));
        assert_eq!(method([5, 2], false), Ok(Method::NoneInCommon));
        assert_eq!(method([5, 0xff], true), Ok(Method::NoneInCommon));
        assert_eq!(method([5, 1], true), Err(NotSocks5));
        assert_eq!(method([4, 0], true), Err(NotSocks5));
        assert_eq!(method(*b"HT", true), Err(NotSocks5));
    }

    #[test]
    fn credentials_are_accepted_with_zero_only() {
        assert_eq!(accepts_credentials([1, 0]), Ok(true));
        assert_eq!(accepts_credentials([5, 0]), Ok(true));
        assert_eq!(accepts_credentials([1, 1]), Ok(false));
        assert_eq!(accepts_credentials([0, 0]), Err(NotSocks5));
    }

    #[test]
    fn a_reply_is_read_to_its_end_and_a_refusal_to_its_reason() {
        assert_eq!(reply(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]), Ok(Reply::Connected));
        assert_eq!(reply(&[5, 0, 0, 3, 1, b'x', 0]), Ok(Reply::Needs(8)));
        assert_eq!(reply(&[5, 2]), Ok(Reply::Refused(2)));
        assert_eq!(reply(&[5, 0, 0, 9, 0]), Err(NotSocks5));
        assert_eq!(reply(b"HTTP/1.1 400"), Err(NotSocks5));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = reply(&bytes);
            let _ = reply(&[&[5, 0, 0], bytes.as_slice()].concat());
        }

        #[test]
        fn reading_what_is_needed_ends_exactly_behind_the_reply(
            kind in prop_oneof![Just(IPV4), Just(NAME), Just(IPV6)],
            name in proptest::collection::vec(any::<u8>(), 0..=255),
        ) {
            let mut whole = vec![5, 0, 0, kind];
            match kind {
                IPV4 => whole.extend_from_slice(&[0; 4]),
                IPV6 => whole.extend_from_slice(&[0; 16]),
                _ => {
                    whole.push(u8::try_from(name.len()).unwrap());
                    whole.extend_from_slice(&name);
                }
            }
            whole.extend_from_slice(&[0; 2]);
            let mut read = 0;
            while let Reply::Needs(length) = reply(&whole[..read]).unwrap() {
                prop_assert!(length > read && length <= whole.len());
                read = length;
            }
            prop_assert_eq!(reply(&whole[..read]), Ok(Reply::Connected));
            prop_assert_eq!(read, whole.len());
        }
    }
}
