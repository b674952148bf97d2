//! Reads the server name (SNI) from a TLS `ClientHello`, without any cryptography.
//!
//! A CONNECT tunnel is requested with a host that policy checks. The handshake inside could name
//! another server behind the same address (domain fronting), so the two must agree.
//!
//! Why not `rustls::server::Acceptor` (tried with rustls 0.23.46): it decides whether to serve a
//! client, which is another question than what the client asks for.
//! - A server name that is an IP address is reported as no name, so a tunnel to one address could
//!   carry a handshake for another.
//! - In a list of server names, everything behind an entry of an unknown type is skipped; other
//!   servers read on and may find a second name there.
//! - A `ClientHello` without `signature_algorithms`, and names with a label such as `a-` (which
//!   exist, and which Chromium sends), are errors.
//! - A handshake record that is no `ClientHello` is reported only once the whole message is there.
//!
//! The tests below hold each of these.

/// The longest handshake message that is read. Browsers send 2 KiB at most.
const MAX_MESSAGE: usize = 16 * 1024;

const RECORD_HANDSHAKE: u8 = 0x16;
const CLIENT_HELLO: u8 = 0x01;
const EXTENSION_SERVER_NAME: u16 = 0;
const NAME_TYPE_HOST: u8 = 0;

/// What the first bytes of a tunnel turn out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstBytes {
    /// More bytes are needed.
    Incomplete,
    NotTls,
    /// A `ClientHello`, with its server name in lower case, if it has one.
    Hello(Option<String>),
    /// A TLS record header, followed by something other than a valid `ClientHello`.
    Malformed,
}

/// Classifies the first bytes of a tunnel. A result other than `Incomplete` is final: further bytes
/// do not change it.
pub fn read(bytes: &[u8]) -> FirstBytes {
    match bytes.first() {
        None => return FirstBytes::Incomplete,
        Some(&RECORD_HANDSHAKE) => {}
        Some(_) => return FirstBytes::NotTls,
    }
    match handshake(bytes) {
        Joined::Complete(hello) => match server_name(&hello) {
            Some(Named(name)) => FirstBytes::Hello(name),
            None => FirstBytes::Malformed,
        },
        Joined::Incomplete => FirstBytes::Incomplete,
        Joined::Malformed => FirstBytes::Malformed,
    }
}

enum Joined {
    /// The body of the first handshake message.
    Complete(Vec<u8>),
    Incomplete,
    Malformed,
}

/// Joins the first handshake message from the records that it may be split over.
fn handshake(mut bytes: &[u8]) -> Joined {
    let mut joined: Vec<u8> = Vec::new();
    loop {
        if !may_be_hello(&joined) {
            return Joined::Malformed;
        }
        if let [_, high, middle, low, rest @ ..] = &joined[..] {
            let length = usize::from(*high) << 16 | usize::from(*middle) << 8 | usize::from(*low);
            if length > MAX_MESSAGE {
                return Joined::Malformed;
            }
            if let Some(body) = rest.get(..length) {
                return Joined::Complete(body.to_vec());
            }
        }
        let [kind, major, _, high, low, rest @ ..] = bytes else {
            let is_record = bytes.first().is_none_or(|kind| *kind == RECORD_HANDSHAKE);
            return if is_record {
                Joined::Incomplete
            } else {
                Joined::Malformed
            };
        };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        // Empty records would let a peer keep the reader busy without ever finishing a message.
        if *kind != RECORD_HANDSHAKE || *major != 3 || length == 0 || length > MAX_MESSAGE {
            return Joined::Malformed;
        }
        let Some((fragment, next)) = rest.split_at_checked(length) else {
            // The part of the record that has arrived may already show another message type.
            joined.extend_from_slice(rest);
            return if may_be_hello(&joined) {
                Joined::Incomplete
            } else {
                Joined::Malformed
            };
        };
        joined.extend_from_slice(fragment);
        bytes = next;
    }
}

/// Whether the part of a message that has arrived may be the start of a `ClientHello`.
fn may_be_hello(message: &[u8]) -> bool {
    message.first().is_none_or(|kind| *kind == CLIENT_HELLO)
}

/// The server name of a `ClientHello`, if it has one.
struct Named(Option<String>);

/// `None` where the message is malformed.
fn server_name(hello: &[u8]) -> Option<Named> {
    let mut reader = Reader(hello);
    // `legacy_version` and `random`; then session id, cipher suites and compression methods.
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
            // Two parsers could pick different ones of two extensions.
            if found.is_some() {
                return None;
            }
            found = Some(host_name(body)?);
        }
    }
    Some(Named(found))
}

/// The only name in a list of server names; `None` where the list is malformed or has more entries.
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

/// Takes bytes from the front of a slice.
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

    /// A vector with a length prefix of one byte.
    fn vector8(&mut self) -> Option<&'a [u8]> {
        let length = *self.take(1)?.first()?;
        self.take(usize::from(length))
    }

    /// A vector with a length prefix of two bytes.
    fn vector16(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }
}

/// `ClientHello` messages for tests.
#[cfg(test)]
pub(super) mod samples {
    fn with_length16(bytes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        [&length[..], bytes].concat()
    }

    /// A `server_name` extension with these entries.
    pub(in crate::egress) fn server_names(entries: &[u8]) -> Vec<u8> {
        let list = with_length16(&with_length16(entries));
        [&[0, 0][..], &list].concat()
    }

    /// A host name, as an entry of that extension.
    pub(in crate::egress) fn entry(name: &str) -> Vec<u8> {
        [&[0][..], &with_length16(name.as_bytes())].concat()
    }

    /// A `server_name` extension with one host name.
    pub(in crate::egress) fn naming(name: &str) -> Vec<u8> {
        server_names(&entry(name))
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

    /// A handshake message, split into records of at most `size` bytes.
    pub(in crate::egress) fn records(message: &[u8], size: usize) -> Vec<u8> {
        message
            .chunks(size)
            .flat_map(|part| [&[0x16, 3, 1][..], &with_length16(part)].concat())
            .collect()
    }

    /// The first bytes of a TLS connection to this server.
    pub(in crate::egress) fn hello(name: &str) -> Vec<u8> {
        // Browsers send an unknown extension first (GREASE).
        let extensions = [&[0x1a, 0x1a, 0, 1, 0][..], &naming(name)].concat();
        records(&message(&extensions), 4096)
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{entry, hello, message, naming, records, server_names};
    use super::*;
    use proptest::prelude::*;

    fn named(name: &str) -> FirstBytes {
        FirstBytes::Hello(Some(name.to_owned()))
    }

    #[test]
    fn the_server_name_is_returned_in_lower_case() {
        assert_eq!(read(&hello("A.Test")), named("a.test"));
    }

    #[test]
    fn a_client_hello_may_be_split_over_records_and_arrive_byte_by_byte() {
        let message = message(&naming("a.test"));
        for size in [1, 2, 3, 5, 64] {
            let bytes = records(&message, size);
            assert_eq!(read(&bytes), named("a.test"), "{size}");
            for end in 0..bytes.len() {
                assert_eq!(read(&bytes[..end]), FirstBytes::Incomplete, "{size} {end}");
            }
        }
    }

    #[test]
    fn bytes_behind_the_client_hello_are_ignored() {
        let bytes = [hello("a.test"), vec![0x17, 3, 3, 0, 1, 0]].concat();
        assert_eq!(read(&bytes), named("a.test"));
    }

    #[test]
    fn a_client_hello_without_a_server_name_is_accepted() {
        let without = records(&message(&[0x1a, 0x1a, 0, 0]), 4096);
        assert_eq!(read(&without), FirstBytes::Hello(None));
    }

    #[test]
    fn other_protocols_are_not_tls() {
        assert_eq!(read(b"GET / HTTP/1.1\r\n"), FirstBytes::NotTls);
        assert_eq!(read(b""), FirstBytes::Incomplete);
    }

    #[test]
    fn every_name_that_a_browser_may_send_is_returned() {
        for name in [
            "a-.test", "-a.test", "a_b.test", "a+b.test", "1.2.3.4", "a.test.",
        ] {
            assert_eq!(read(&hello(name)), named(name));
        }
    }

    #[test]
    fn a_hello_that_two_parsers_could_read_differently_is_malformed() {
        let twice = [naming("a.test"), naming("b.test")].concat();
        assert_eq!(
            read(&records(&message(&twice), 4096)),
            FirstBytes::Malformed
        );
        let two_names = server_names(&[entry("a.test"), entry("b.test")].concat());
        assert_eq!(
            read(&records(&message(&two_names), 4096)),
            FirstBytes::Malformed
        );
        let unknown_type = vec![5, 0, 1, 0];
        let hidden_name = [entry("a.test"), unknown_type, entry("b.test")].concat();
        let bytes = records(&message(&server_names(&hidden_name)), 4096);
        assert_eq!(read(&bytes), FirstBytes::Malformed);
        let mut trailing = message(&naming("a.test"));
        trailing.push(0);
        trailing[3] += 1;
        assert_eq!(read(&records(&trailing, 4096)), FirstBytes::Malformed);
    }

    #[test]
    fn another_message_is_malformed_as_soon_as_that_can_be_seen() {
        assert_eq!(
            read(&[0x16, 3, 1, 0, 0]),
            FirstBytes::Malformed,
            "an empty record"
        );
        assert_eq!(
            read(&[0x16, 2, 1, 0, 9]),
            FirstBytes::Malformed,
            "a wrong version"
        );
        assert_eq!(
            read(&[0x16, 3, 1, 0xff, 0xff]),
            FirstBytes::Malformed,
            "too long"
        );
        assert_eq!(
            read(&[0x16, 3, 1, 0, 9, 2]),
            FirstBytes::Malformed,
            "no hello"
        );
        let whole = [0x16, 3, 1, 0, 2, 2, 0];
        assert_eq!(
            read(&whole),
            FirstBytes::Malformed,
            "no hello in a complete record"
        );
        let endless = [0x16, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff];
        assert_eq!(
            read(&endless),
            FirstBytes::Malformed,
            "longer than the limit"
        );
        let other = [&[0x16, 3, 1, 0, 1, 1][..], &[0x17, 3, 3, 0, 1, 0]].concat();
        assert_eq!(
            read(&other),
            FirstBytes::Malformed,
            "another record in between"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            read(&bytes);
            read(&[&[0x16, 3, 1][..], &bytes].concat());
        }

        #[test]
        fn a_damaged_client_hello_never_yields_a_name_of_another_length(
            at in 0_usize..80, value in any::<u8>(),
        ) {
            let mut bytes = hello("a.test");
            let at = at % bytes.len();
            bytes[at] = value;
            if let FirstBytes::Hello(Some(name)) = read(&bytes) {
                prop_assert_eq!(name.len(), "a.test".len());
            }
        }
    }
}
