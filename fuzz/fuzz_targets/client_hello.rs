//! The first bytes of a tunnel: a final result is the same for a prefix and for all bytes.
#![no_main]

use cdp_bridge::egress::client_hello::{FirstBytes, read};
use libfuzzer_sys::fuzz_target;

/// How many prefixes of a long input are tried.
const PREFIXES: usize = 32;

fuzz_target!(|bytes: &[u8]| {
    let whole = read(bytes);
    if let FirstBytes::Hello(Some(name)) = &whole {
        assert!(!name.is_empty() && name.is_ascii());
        assert_eq!(*name, name.to_ascii_lowercase());
    }
    let step = bytes.len().div_ceil(PREFIXES).max(1);
    for length in (0..bytes.len()).step_by(step) {
        let early = read(&bytes[..length]);
        assert!(
            early == FirstBytes::Incomplete || early == whole,
            "{early:?} of the first {length} bytes, {whole:?} of all"
        );
    }
});
