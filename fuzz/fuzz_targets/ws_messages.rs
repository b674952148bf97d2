//! Messages that are shortened below the WebSocket: what comes out does not depend on how the bytes are cut, and is
//! bounded by them.
#![no_main]

use bytes::BytesMut;
use cdp_bridge::server::ws::message_limit::{MessageLimiter, Shortened, ShortenedMessages};
use libfuzzer_sys::fuzz_target;

/// The most bytes of a message.
const LIMIT: usize = 200;

/// What is added to a shortened message: a header with its mask, and the rest of a character.
const END: usize = 11;

fn filter<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> (BytesMut, Vec<Shortened>) {
    let shortened = ShortenedMessages::default();
    let mut limiter = MessageLimiter::new(LIMIT, shortened.clone());
    let mut out = BytesMut::new();
    let mut read = 0;
    for chunk in chunks {
        limiter.filter(chunk, &mut out);
        read += chunk.len();
        // A header of a refused message may be written longer than it came.
        assert!(out.len() <= read + 14 + END * (read / LIMIT));
    }
    let numbers = 0..read as u64;
    let taken = numbers.filter_map(|number| shortened.take(number));
    (out, taken.collect())
}

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    let whole = filter(std::iter::once(bytes));
    assert_eq!(whole, filter(bytes.chunks(usize::from(piece).max(1))));
    for how in &whole.1 {
        assert!(how.bytes > LIMIT as u64);
    }
});
