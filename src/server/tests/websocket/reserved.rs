//! Groups 3 and 4: what no extension has given a meaning, and what only a server may send.

use super::cases::{Case, Expect, case, text};
use super::driver::all;
use super::frames::{BINARY, CLOSE, Frame, PING};

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for bits in 1..=7 {
        for (what, frame) in [
            ("text", text("b")),
            ("binary", Frame::new(BINARY, [0xff; 8])),
            ("ping", Frame::new(PING, *b"b")),
            ("close", Frame::new(CLOSE, 1000_u16.to_be_bytes())),
        ] {
            let frames = [text("a"), frame.reserved(bits), Frame::new(PING, *b"c")];
            let expect = Expect::nothing().answer("a").then_close(1002);
            cases.push(case(
                format!("3.{bits} {what} with reserved bits"),
                &frames,
                expect,
            ));
        }
    }
    for opcode in (3..8).chain(11..16) {
        for payload in [&b""[..], b"reserved"] {
            let frames = [
                text("a"),
                Frame::new(opcode, payload),
                Frame::new(PING, *b"c"),
            ];
            let expect = Expect::nothing().answer("a").then_close(1002);
            let name = format!("4 a frame of kind {opcode} with {} bytes", payload.len());
            cases.push(case(name, &frames, expect));
        }
    }
    for frame in [text("a"), Frame::new(PING, *b"a"), Frame::new(CLOSE, [])] {
        let name = "RFC 6455 5.1: a client masks its frames";
        cases.push(case(name, &[frame.unmasked()], Expect::close(1002)));
    }
    cases
}

#[tokio::test]
async fn what_has_no_meaning_ends_the_connection() {
    all(cases()).await;
}
