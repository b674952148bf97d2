//! What an upstream proxy answers to CONNECT and to SOCKS5: no panic, no reading beyond what is there, an end in any case.
#![no_main]

use cdp_bridge::egress::connect_response::{MAX_HEAD_BYTES, status};
use cdp_bridge::egress::socks5::{Reply, reply};
use libfuzzer_sys::fuzz_target;

/// The longest reply: a name of 255 bytes.
const MAX_REPLY: usize = 5 + 255 + 2;

fuzz_target!(|bytes: &[u8]| {
    let head = status(bytes);
    if bytes.len() >= MAX_HEAD_BYTES {
        assert_ne!(head, Ok(None));
    }
    if let Ok(Some(status)) = head {
        assert!((101..1000).contains(&status));
    }
    if let Ok(Reply::Needs(length)) = reply(bytes) {
        assert!(length > bytes.len() && length <= MAX_REPLY);
    }
});
