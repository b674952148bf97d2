//! Parses the head of a proxy's response to CONNECT (RFC 9110, section 9.3.6), of which only the status counts.
//!
//! Interim responses are skipped. Bytes behind the head mean that the proxy has sent what the server cannot
//! have sent yet: with all protocols of browsers the client speaks first.

use thiserror::Error;

/// The most bytes of all heads together.
pub const MAX_HEAD_BYTES: usize = 16 * 1024;

/// The longest status line that is accepted.
const MAX_STATUS_LINE: usize = 1024;

/// A response that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidHead {
    #[error("it is not HTTP/1")]
    NotHttp,
    #[error("its head is too long")]
    TooLong,
    #[error("there are bytes behind its head")]
    BytesBehind,
}

/// The status of the response, or `None` while its head is incomplete.
pub fn status(bytes: &[u8]) -> Result<Option<u16>, InvalidHead> {
    let mut rest = bytes;
    loop {
        let Some(status) = status_line(rest)? else {
            return incomplete(bytes);
        };
        let Some(length) = head_length(rest) else {
            return incomplete(bytes);
        };
        rest = &rest[length..];
        match status {
            // 101 is no interim response, but an answer that CONNECT does not have.
            100 | 102..200 => {}
            // An error may have a body.
            200..300 if !rest.is_empty() => return Err(InvalidHead::BytesBehind),
            status => return Ok(Some(status)),
        }
    }
}

fn incomplete(bytes: &[u8]) -> Result<Option<u16>, InvalidHead> {
    if bytes.len() < MAX_HEAD_BYTES {
        Ok(None)
    } else {
        Err(InvalidHead::TooLong)
    }
}

/// Reads `HTTP/1.1 200 ...`; what cannot become that any more is an error at once.
fn status_line(bytes: &[u8]) -> Result<Option<u16>, InvalidHead> {
    const VERSION: &[u8] = b"HTTP/1.";
    let known = bytes.len().min(VERSION.len());
    if bytes[..known] != VERSION[..known] {
        return Err(InvalidHead::NotHttp);
    }
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
        return if bytes.len() > MAX_STATUS_LINE {
            Err(InvalidHead::TooLong)
        } else {
            Ok(None)
        };
    };
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    match line.strip_prefix(VERSION) {
        Some([b'0'..=b'9', b' ', a, b, c, rest @ ..])
            if [a, b, c].iter().all(|byte| byte.is_ascii_digit())
                && *a != b'0'
                && rest.first().is_none_or(|byte| *byte == b' ') =>
        {
            let digit = |byte: u8| u16::from(byte - b'0');
            Ok(Some(digit(*a) * 100 + digit(*b) * 10 + digit(*c)))
        }
        _ => Err(InvalidHead::NotHttp),
    }
}

/// The length up to and including the empty line.
fn head_length(bytes: &[u8]) -> Option<usize> {
    let mut line_start = 0;
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        if matches!(&bytes[line_start..at], b"" | b"\r") {
            return Some(at + 1);
        }
        line_start = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_status_counts() {
        for (text, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n", 200),
            ("HTTP/1.0 200\r\nX: y\r\n\r\n", 200),
            ("HTTP/1.1 200 Connection established\n\n", 200),
            (
                "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\nbody",
                407,
            ),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 200),
            ("HTTP/1.1 101 Switching\r\n\r\n", 101),
        ] {
            assert_eq!(status(text.as_bytes()), Ok(Some(expected)), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_response_is_an_error_as_soon_as_it_shows() {
        for text in [
            "\x05\x01",
            "SSH-2.0-x\r\n",
            "HTTP/2 200\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 099 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n<html>",
        ] {
            assert!(status(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn endless_heads_are_cut() {
        let line = format!("HTTP/1.1 200 {}", "x".repeat(MAX_STATUS_LINE));
        assert_eq!(status(line.as_bytes()), Err(InvalidHead::TooLong));
        let headers = format!("HTTP/1.1 200 OK\r\n{}", "X: y\r\n".repeat(10_000));
        let (fits, all) = (
            &headers.as_bytes()[..MAX_HEAD_BYTES - 1],
            headers.as_bytes(),
        );
        assert_eq!(status(fits), Ok(None));
        assert_eq!(status(all), Err(InvalidHead::TooLong));
        let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
        assert_eq!(status(interim.as_bytes()), Err(InvalidHead::TooLong));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = status(&bytes);
            let _ = status(&[b"HTTP/1.1 200 ", bytes.as_slice()].concat());
        }

        #[test]
        fn every_part_of_a_response_is_incomplete(
            code in 200_u16..600,
            reason in "[ -~]{0,30}",
            headers in proptest::collection::vec("[A-Za-z-]{1,10}: [ -~]{0,20}", 0..5),
        ) {
            let mut text = format!("HTTP/1.1 {code} {reason}\r\n");
            for header in headers {
                text.push_str(&header);
                text.push_str("\r\n");
            }
            text.push_str("\r\n");
            for length in 0..text.len() {
                prop_assert_eq!(status(&text.as_bytes()[..length]), Ok(None));
            }
            prop_assert_eq!(status(text.as_bytes()), Ok(Some(code)));
        }
    }
}
