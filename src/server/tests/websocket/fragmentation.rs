//! Group 5: fragments.

use super::cases::{Case, Expect, case, request, request_of, text};
use super::driver::all;
use super::frames::{CONTINUATION, Frame, PING, PONG, TEXT, fragments};

fn start(part: &[u8]) -> Frame {
    Frame::new(TEXT, part).unfinished()
}

fn more(part: &[u8]) -> Frame {
    Frame::new(CONTINUATION, part).unfinished()
}

fn end(part: &[u8]) -> Frame {
    Frame::new(CONTINUATION, part)
}

fn ping(payload: &[u8]) -> Frame {
    Frame::new(PING, payload)
}

/// Each is played as it is, and byte by byte.
fn whole() -> Vec<Case> {
    let message = request("it");
    let (one, rest) = message.split_at(9);
    let (two, three) = rest.split_at(9);
    let answer = || Expect::nothing().answer("it");
    let in_many = [
        start(one),
        more(two),
        ping(b"1"),
        more(b""),
        ping(b"2"),
        end(three),
    ];
    let mut cases = Vec::new();
    for (name, frames, expect) in [
        ("5.3 a text in two", &[start(one), end(rest)][..], answer()),
        (
            "5.6 a ping in between",
            &[start(one), ping(b"p"), end(rest)],
            answer().pong("p"),
        ),
        (
            "5.19 a text in many, with pings in between",
            &in_many,
            answer().pong("1").pong("2"),
        ),
    ] {
        cases.push(case(name, frames, expect.clone()));
        cases.push(case(name, frames, expect).chopped(1));
    }
    let single = fragments(TEXT, &request_of("it", 4_000), 1);
    cases.push(case("5.x fragments of one byte", &single, answer()));
    let empty = vec![more(b""); 5_000];
    let frames = [vec![start(one)], empty, vec![end(rest)]].concat();
    cases.push(case("5.x thousands of empty fragments", &frames, answer()));
    cases
}

fn broken() -> Vec<Case> {
    let message = request("it");
    let (one, rest) = message.split_at(9);
    let pong = Frame::new(PONG, *b"a").unfinished();
    let mut cases = Vec::new();
    for (name, frames) in [
        (
            "5.1 a ping in fragments",
            &[ping(b"a").unfinished(), end(b"b")][..],
        ),
        ("5.2 a pong in fragments", &[pong, end(b"b")]),
        ("5.9 a continuation of nothing", &[end(b"a"), text("it")]),
        ("5.12 the same, unfinished", &[more(b"a"), text("it")]),
        (
            "5.16 a text that starts with a continuation",
            &[more(b"a"), start(b"b"), end(b"c")],
        ),
        ("5.18 two beginnings", &[start(one), Frame::new(TEXT, rest)]),
    ] {
        cases.push(case(name, frames, Expect::close(1002)));
    }
    cases.push(case(
        "5.15 a continuation after the end",
        &[start(one), end(rest), more(b"a"), text("b")],
        Expect::nothing().answer("it").then_close(1002),
    ));
    cases
}

#[tokio::test]
async fn fragments_are_put_together() {
    all(whole()).await;
}

#[tokio::test]
async fn fragments_that_do_not_fit_together_end_the_connection() {
    all(broken()).await;
}
