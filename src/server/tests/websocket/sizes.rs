//! Groups 9 and 10, with a limit of 1 MiB: long messages, in frames and pieces of many sizes.

use serde_json::Value;

use super::cases::{Case, Expect, case, request_of, text};
use super::driver::{LIMIT, all};
use super::frames::{Frame, TEXT, fragments};

fn cases(limit: usize) -> Vec<Case> {
    let answer = || Expect::nothing().answer("it");
    // Answered without an id, which a message of spaces has not.
    let too_large = || Expect::nothing().answer(Value::Null);
    let mut cases = Vec::new();
    for size in [64 << 10, 256 << 10, limit] {
        let frame = Frame::new(TEXT, request_of("it", size));
        cases.push(case(format!("9.1 a text of {size}"), &[frame], answer()));
    }
    for size in [limit + 1, limit * 4] {
        let frame = Frame::new(TEXT, vec![b' '; size]);
        cases.push(case(format!("9.1 a text of {size}"), &[frame], too_large()));
        let frames = fragments(TEXT, &vec![b' '; size], 4096);
        let name = format!("9.3 a text of {size} in fragments");
        cases.push(case(name, &frames, too_large()));
    }
    for fragment in [64, 256, 1024, 4096, 16_384] {
        let frames = fragments(TEXT, &request_of("it", 256 << 10), fragment);
        let name = format!("9.3 a text in fragments of {fragment}");
        cases.push(case(name, &frames, answer()));
    }
    for piece in [128, 512, 1024] {
        let frame = Frame::new(TEXT, request_of("it", 256 << 10));
        let name = format!("9.5 a text in pieces of {piece}");
        cases.push(case(name, &[frame], answer()).chopped(piece));
    }
    let many: Vec<_> = (0..1000).map(|number| number.to_string()).collect();
    let frames: Vec<_> = many.iter().map(|id| text(id)).collect();
    let expect = many
        .iter()
        .fold(Expect::nothing(), |expect, id| expect.answer(id.as_str()));
    cases.push(case("9.7 a thousand requests at once", &frames, expect));
    let frames = fragments(TEXT, &request_of("it", 65_536), 1300);
    cases.push(case("10.1 fragments that end anywhere", &frames, answer()));
    cases
}

#[tokio::test]
async fn long_messages_are_read_up_to_the_limit() {
    all(cases(LIMIT)).await;
}
