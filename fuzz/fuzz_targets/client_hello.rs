//! The first bytes of a tunnel: what is once read out of them is not changed by what follows.
#![no_main]

use cdp_bridge::egress::client_hello::{Start, read};
use libfuzzer_sys::fuzz_target;

/// Prefixes of long inputs are tried at this many places.
const PREFIXES: usize = 32;

fuzz_target!(|bytes: &[u8]| {
    let whole = read(bytes);
    if let Start::Hello(Some(name)) = &whole {
        assert!(!name.is_empty() && name.is_ascii());
        assert_eq!(*name, name.to_ascii_lowercase());
    }
    let step = bytes.len().div_ceil(PREFIXES).max(1);
    for length in (0..bytes.len()).step_by(step) {
        let early = read(&bytes[..length]);
        assert!(
            early == Start::Unfinished || early == whole,
            "{early:?} of the first {length} bytes, {whole:?} of all"
        );
    }
});
