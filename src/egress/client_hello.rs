//! The server that a TLS handshake names, read from its first bytes without any cryptography.
//!
//! A tunnel is asked for with a host that policy checks. Inside it, the handshake could name
//! another server that the same address serves (domain fronting); so the two must agree.

/// The longest handshake message that is looked at. Those of browsers have 2 KiB at most.
const MOST: usize = 16 * 1024;

const RECORD_HANDSHAKE: u8 = 0x16;
const CLIENT_HELLO: u8 = 0x01;
const EXTENSION_SERVER_NAME: u16 = 0;
const NAME_TYPE_HOST: u8 = 0;

/// What the first bytes of a tunnel are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// Too few to tell.
    Unfinished,
    /// No TLS.
    Plain,
    /// TLS, with the name of a server in lower case, if it has one.
    Hello(Option<String>),
    /// They begin as TLS does, but cannot be read.
    Malformed,
}

/// Looks at the first bytes of a tunnel.
pub fn read(bytes: &[u8]) -> Start {
    match bytes.first() {
        None => return Start::Unfinished,
        Some(&RECORD_HANDSHAKE) => {}
        Some(_) => return Start::Plain,
    }
    match handshake(bytes) {
        Joined::Whole(hello) => match server_name(&hello) {
            Some(Named(name)) => Start::Hello(name),
            None => Start::Malformed,
        },
        Joined::Part => Start::Unfinished,
        Joined::Broken => Start::Malformed,
    }
}

enum Joined {
    /// The body of the first handshake message.
    Whole(Vec<u8>),
    Part,
    Broken,
}

/// Puts the first handshake message together from the records that it may be spread over.
fn handshake(mut bytes: &[u8]) -> Joined {
    let mut joined: Vec<u8> = Vec::new();
    loop {
        if !may_be_hello(&joined) {
            return Joined::Broken;
        }
        if let [_, high, middle, low, rest @ ..] = &joined[..] {
            let length = usize::from(*high) << 16 | usize::from(*middle) << 8 | usize::from(*low);
            if length > MOST {
                return Joined::Broken;
            }
            if let Some(body) = rest.get(..length) {
                return Joined::Whole(body.to_vec());
            }
        }
        let [kind, major, _, high, low, rest @ ..] = bytes else {
            let is_record = bytes.first().is_none_or(|kind| *kind == RECORD_HANDSHAKE);
            return if is_record {
                Joined::Part
            } else {
                Joined::Broken
            };
        };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        // Empty records would let a peer keep the reader busy for nothing.
        if *kind != RECORD_HANDSHAKE || *major != 3 || length == 0 || length > MOST {
            return Joined::Broken;
        }
        let Some((fragment, next)) = rest.split_at_checked(length) else {
            // What is there of it may already show that the message is none.
            joined.extend_from_slice(rest);
            return if may_be_hello(&joined) {
                Joined::Part
            } else {
                Joined::Broken
            };
        };
        joined.extend_from_slice(fragment);
        bytes = next;
    }
}

/// Whether a message can still be a `ClientHello`, as far as it is there.
fn may_be_hello(message: &[u8]) -> bool {
    message.first().is_none_or(|kind| *kind == CLIENT_HELLO)
}

/// The server that a handshake names, if it names one.
struct Named(Option<String>);

/// The name in a `ClientHello`; none if that cannot be read.
fn server_name(hello: &[u8]) -> Option<Named> {
    let mut reader = Reader(hello);
    // The version and the random number.
    reader.take(2 + 32)?;
    reader.vector8()?;
    reader.vector16()?;
    reader.vector8()?;
    if reader.0.is_empty() {
        return Some(Named(None));
    }
    let mut extensions = Reader(reader.vector16()?);
    if !reader.0.is_empty() {
        return None;
    }
    let mut found = None;
    while !extensions.0.is_empty() {
        let kind = extensions.u16()?;
        let body = extensions.vector16()?;
        if kind == EXTENSION_SERVER_NAME {
            // A second one would let two readers come to two results.
            if found.is_some() {
                return None;
            }
            found = Some(host_name(body)?);
        }
    }
    Some(Named(found))
}

/// The one name in a list of server names.
fn host_name(extension: &[u8]) -> Option<String> {
    let mut reader = Reader(extension);
    let mut list = Reader(reader.vector16()?);
    let kind = *list.take(1)?.first()?;
    let name = list.vector16()?;
    let is_only = list.0.is_empty() && reader.0.is_empty();
    if kind != NAME_TYPE_HOST || !is_only || name.is_empty() || !name.is_ascii() {
        return None;
    }
    String::from_utf8(name.to_ascii_lowercase()).ok()
}

/// Takes bytes from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        let bytes = self.take(2)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// Bytes behind a length of one byte.
    fn vector8(&mut self) -> Option<&'a [u8]> {
        let length = *self.take(1)?.first()?;
        self.take(usize::from(length))
    }

    /// Bytes behind a length of two bytes.
    fn vector16(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }
}

/// Handshakes for tests.
#[cfg(test)]
pub(super) mod samples {
    fn with_length16(bytes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        [&length[..], bytes].concat()
    }

    /// The extension that names a server.
    pub(in crate::egress) fn naming(name: &str) -> Vec<u8> {
        let entry = [&[0][..], &with_length16(name.as_bytes())].concat();
        let list = with_length16(&with_length16(&entry));
        [&[0, 0][..], &list].concat()
    }

    /// A handshake message with these extensions.
    pub(in crate::egress) fn message(extensions: &[u8]) -> Vec<u8> {
        let mut hello = vec![3, 3];
        hello.extend([7; 32]);
        hello.extend([0]);
        hello.extend([0, 2, 0x13, 1]);
        hello.extend([1, 0]);
        hello.extend(with_length16(extensions));
        let length = u32::try_from(hello.len()).unwrap().to_be_bytes();
        [&[1][..], &length[1..], &hello].concat()
    }

    /// The same in records of at most so many bytes.
    pub(in crate::egress) fn records(message: &[u8], most: usize) -> Vec<u8> {
        message
            .chunks(most)
            .flat_map(|part| [&[0x16, 3, 1][..], &with_length16(part)].concat())
            .collect()
    }

    /// The first bytes of a TLS connection to a server.
    pub(in crate::egress) fn hello(name: &str) -> Vec<u8> {
        // An extension that nobody knows stands in front, as browsers have it.
        let extensions = [&[0x1a, 0x1a, 0, 1, 0][..], &naming(name)].concat();
        records(&message(&extensions), 4096)
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{hello, message, naming, records};
    use super::*;
    use proptest::prelude::*;

    fn named(name: &str) -> Start {
        Start::Hello(Some(name.to_owned()))
    }

    #[test]
    fn the_name_is_found_in_lower_case() {
        assert_eq!(read(&hello("A.Test")), named("a.test"));
    }

    #[test]
    fn a_handshake_may_be_spread_over_records_and_arrive_byte_by_byte() {
        let message = message(&naming("a.test"));
        for most in [1, 2, 3, 5, 64] {
            let bytes = records(&message, most);
            assert_eq!(read(&bytes), named("a.test"), "{most}");
            for end in 0..bytes.len() {
                assert_eq!(read(&bytes[..end]), Start::Unfinished, "{most} {end}");
            }
        }
    }

    #[test]
    fn what_follows_the_handshake_does_not_matter() {
        let bytes = [hello("a.test"), vec![0x17, 3, 3, 0, 1, 0]].concat();
        assert_eq!(read(&bytes), named("a.test"));
    }

    #[test]
    fn a_handshake_need_not_name_a_server() {
        let without = records(&message(&[0x1a, 0x1a, 0, 0]), 4096);
        assert_eq!(read(&without), Start::Hello(None));
    }

    #[test]
    fn other_protocols_are_plain() {
        assert_eq!(read(b"GET / HTTP/1.1\r\n"), Start::Plain);
        assert_eq!(read(b""), Start::Unfinished);
    }

    #[test]
    fn what_two_readers_could_read_differently_is_malformed() {
        let twice = [naming("a.test"), naming("b.test")].concat();
        assert_eq!(read(&records(&message(&twice), 4096)), Start::Malformed);
        let mut two_names = naming("a.test");
        let inner = [&two_names[6..], &two_names[6..]].concat();
        let length = u16::try_from(inner.len()).unwrap();
        two_names.truncate(2);
        two_names.extend((length + 2).to_be_bytes());
        two_names.extend(length.to_be_bytes());
        two_names.extend(inner);
        assert_eq!(read(&records(&message(&two_names), 4096)), Start::Malformed);
        let mut trailing = message(&naming("a.test"));
        trailing.push(0);
        trailing[3] += 1;
        assert_eq!(read(&records(&trailing, 4096)), Start::Malformed);
    }

    #[test]
    fn what_is_no_handshake_is_malformed_as_soon_as_it_shows() {
        assert_eq!(
            read(&[0x16, 3, 1, 0, 0]),
            Start::Malformed,
            "an empty record"
        );
        assert_eq!(
            read(&[0x16, 2, 1, 0, 9]),
            Start::Malformed,
            "a wrong version"
        );
        assert_eq!(
            read(&[0x16, 3, 1, 0xff, 0xff]),
            Start::Malformed,
            "too long"
        );
        assert_eq!(read(&[0x16, 3, 1, 0, 9, 2]), Start::Malformed, "no hello");
        let whole = [0x16, 3, 1, 0, 2, 2, 0];
        assert_eq!(read(&whole), Start::Malformed, "nor in a whole record");
        let endless = [0x16, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff];
        assert_eq!(read(&endless), Start::Malformed, "a message without end");
        let other = [&[0x16, 3, 1, 0, 1, 1][..], &[0x17, 3, 3, 0, 1, 0]].concat();
        assert_eq!(read(&other), Start::Malformed, "another record in between");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            read(&bytes);
            read(&[&[0x16, 3, 1][..], &bytes].concat());
        }

        #[test]
        fn a_damaged_handshake_never_brings_up_a_name_out_of_nothing(
            at in 0_usize..80, value in any::<u8>(),
        ) {
            let mut bytes = hello("a.test");
            let at = at % bytes.len();
            bytes[at] = value;
            if let Start::Hello(Some(name)) = read(&bytes) {
                prop_assert_eq!(name.len(), "a.test".len());
            }
        }
    }
}
