//! Group 1: messages of every size that is written down in another way.

use serde_json::Value;

use super::cases::{Case, Expect, case, request_of};
use super::driver::all;
use super::frames::{BINARY, Frame, TEXT};

fn cases() -> Vec<Case> {
    let mut cases = vec![case(
        "1.1.1 an empty text",
        &[Frame::new(TEXT, [])],
        Expect::nothing().answer(Value::Null),
    )];
    let sizes = [125, 126, 127, 128, 65_535, 65_536];
    for (number, size) in (2..).zip(sizes) {
        let frame = Frame::new(TEXT, request_of("it", size));
        let expect = Expect::nothing().answer("it");
        cases.push(case(
            format!("1.1.{number} a text of {size}"),
            &[frame],
            expect,
        ));
    }
    let frame = Frame::new(TEXT, request_of("it", 65_536));
    let chopped = case(
        "1.1.8 the same in pieces",
        &[frame],
        Expect::nothing().answer("it"),
    );
    cases.push(chopped.chopped(997));
    for (number, size) in (1..).zip([0, 125, 126, 127, 128, 65_535, 65_536]) {
        let frame = Frame::new(BINARY, vec![0xfe; size]);
        let name = format!("1.2.{number} a binary message of {size}");
        cases.push(case(name, &[frame], Expect::close(1003)));
    }
    cases
}

#[tokio::test]
async fn messages_of_every_size_are_read() {
    all(cases()).await;
}
