//! Group 7: the end.

use super::cases::{Case, Expect, case, request_of, text};
use super::driver::all;
use super::frames::{CLOSE, CONTINUATION, Frame, PING, TEXT};

fn cases() -> Vec<Case> {
    let bye = || close(1000, b"");
    let mut cases = vec![
        case(
            "7.1.1 a request and a close",
            &[text("a"), bye()],
            Expect::nothing().answer("a").then_close(1000),
        ),
        case("7.1.2 two closes", &[bye(), bye()], Expect::close(1000)),
        case(
            "7.1.3 a ping after the close",
            &[bye(), Frame::new(PING, *b"late")],
            Expect::close(1000),
        ),
        case(
            "7.1.4 a request after the close",
            &[bye(), text("late")],
            Expect::close(1000),
        ),
        case(
            "7.1.5 a close in the middle of a text",
            &[
                Frame::new(TEXT, *b"{").unfinished(),
                bye(),
                Frame::new(CONTINUATION, *b"}"),
            ],
            Expect::close(1000),
        ),
        case(
            "7.1.6 a long request, a close, and a ping",
            &[
                Frame::new(TEXT, request_of("a", 256 << 10)),
                bye(),
                Frame::new(PING, *b"late"),
            ],
            Expect::nothing().answer("a").then_close(1000),
        ),
        case(
            "7.3.1 a close without a code",
            &[Frame::new(CLOSE, [])],
            Expect::close(1005),
        ),
        case(
            "7.3.2 a close of one byte",
            &[Frame::new(CLOSE, *b"a")],
            Expect::close(1002),
        ),
        case("7.3.3 a close with a code", &[bye()], Expect::close(1000)),
        case(
            "7.3.4 and a reason",
            &[close(1000, b"Hello!")],
            Expect::close(1000),
        ),
        case(
            "7.3.5 and a long reason",
            &[close(1000, &[b'*'; 123])],
            Expect::close(1000),
        ),
        case(
            "7.3.6 and too long a one",
            &[close(1000, &[b'*'; 124])],
            Expect::close(1002),
        ),
        case(
            "7.5.1 a reason that is no UTF-8",
            &[close(1000, b"\xce\xba\xed\xa0\x80edited")],
            Expect::close(1007),
        ),
    ];
    cases.extend(codes());
    cases
}

fn close(code: u16, reason: &[u8]) -> Frame {
    Frame::new(CLOSE, [&code.to_be_bytes()[..], reason].concat())
}

/// The codes that a client may send, and those that it may not.
fn codes() -> Vec<Case> {
    let mut cases = Vec::new();
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ] {
        cases.push(case(
            format!("7.7 a close with {code}"),
            &[close(code, b"")],
            Expect::close(code),
        ));
    }
    for code in [
        0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535,
    ] {
        cases.push(case(
            format!("7.9 a close with {code}"),
            &[close(code, b"")],
            Expect::close(1002),
        ));
    }
    cases
}

#[tokio::test]
async fn a_close_is_answered_in_kind() {
    all(cases()).await;
}
