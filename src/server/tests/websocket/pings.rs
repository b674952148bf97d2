//! Group 2: pings and pongs.

use super::cases::{Case, Expect, case};
use super::driver::all;
use super::frames::{Frame, PING, PONG};

fn cases() -> Vec<Case> {
    let ping = |payload: &[u8]| Frame::new(PING, payload);
    let echoed = |name: &str, payload: &[u8]| {
        let expect = Expect::nothing().pong(payload);
        case(name, &[ping(payload)], expect)
    };
    let ten: Vec<_> = (0..10).map(|number| format!("payload-{number}")).collect();
    let frames: Vec<_> = ten.iter().map(|it| ping(it.as_bytes())).collect();
    let expect = ten
        .iter()
        .fold(Expect::nothing(), |expect, it| expect.pong(it.as_bytes()));
    let unasked = |payload: &[u8]| Frame::new(PONG, payload);
    vec![
        echoed("2.1 an empty ping", b""),
        echoed("2.2 a ping with a text", b"Hello, world!"),
        echoed(
            "2.3 a ping that is no text",
            &[0, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0, 0xff],
        ),
        echoed("2.4 a ping of 125", &[0xfe; 125]),
        case(
            "2.5 a ping of 126",
            &[ping(&[0xfe; 126])],
            Expect::close(1002),
        ),
        echoed("2.6 a ping byte by byte", &[0xfe; 125]).chopped(1),
        case("2.7 a pong unasked", &[unasked(b"")], Expect::nothing()),
        case(
            "2.8 a pong unasked, with a text",
            &[unasked(b"unasked")],
            Expect::nothing(),
        ),
        case(
            "2.9 a pong unasked, then a ping",
            &[unasked(b"unasked"), ping(b"asked")],
            Expect::nothing().pong("asked"),
        ),
        case("2.10 ten pings", &frames, expect.clone()),
        case("2.11 ten pings byte by byte", &frames, expect).chopped(1),
    ]
}

#[tokio::test]
async fn pings_are_answered_and_pongs_are_not() {
    all(cases()).await;
}
