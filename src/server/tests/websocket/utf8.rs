//! Group 6: what is a text.

use serde_json::Value;

use super::cases::{Case, Expect, case, request};
use super::driver::all;
use super::frames::{CONTINUATION, Frame, TEXT, fragments};

/// Texts that UTF-8 allows. Each is the id of a request, and comes back as it was.
const VALID: [(&str, &str); 16] = [
    ("6.2", "Hello-µ@ßöäüàá-UTF-8!!"),
    ("6.5", "κόσμε"),
    ("6.7.1", "\u{7f}"),
    ("6.7.2", "\u{80}"),
    ("6.7.3", "\u{800}"),
    ("6.7.4", "\u{10000}"),
    ("6.9.2", "\u{7ff}"),
    ("6.9.3", "\u{ffff}"),
    ("6.9.4", "\u{10ffff}"),
    ("6.11.1", "\u{d7ff}"),
    ("6.11.2", "\u{e000}"),
    ("6.11.3", "\u{fffd}"),
    ("6.22.1", "\u{fffe}"),
    ("6.22.3", "\u{1fffe}\u{1ffff}\u{2fffe}\u{2ffff}"),
    ("6.22.34", "\u{10fffe}\u{10ffff}"),
    ("6.23", "\u{fff9}\u{fffa}\u{fffb}\u{fffc}"),
];

/// Bytes that are no UTF-8.
const INVALID: [(&str, &[u8]); 36] = [
    (
        "6.3",
        b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
    ),
    ("6.6.1", b"\xce"),
    ("6.6.3", b"\xce\xba\xe1"),
    ("6.6.4", b"\xce\xba\xe1\xbd"),
    ("6.8.1", b"\xf8\x88\x80\x80\x80"),
    ("6.8.2", b"\xfc\x84\x80\x80\x80\x80"),
    ("6.10.1", b"\xf7\xbf\xbf\xbf"),
    ("6.10.2", b"\xfb\xbf\xbf\xbf\xbf"),
    ("6.10.3", b"\xfd\xbf\xbf\xbf\xbf\xbf"),
    ("6.11.5", b"\xf4\x90\x80\x80"),
    ("6.12.1", b"\x80"),
    ("6.12.2", b"\xbf"),
    ("6.12.8", b"\x80\xbf\x80\xbf\x80\xbf\x80"),
    ("6.13.1", b"\xc0 \xc1 \xc2 \xc3 \xc4 \xdf "),
    ("6.13.2", b"\xe0 \xe1 \xef "),
    ("6.13.3", b"\xf0 \xf1 \xf7 "),
    ("6.13.4", b"\xf8 \xf9 \xfb "),
    ("6.13.5", b"\xfc \xfd "),
    ("6.14.1", b"\xc0"),
    ("6.14.2", b"\xe0\x80"),
    ("6.14.3", b"\xf0\x80\x80"),
    ("6.14.6", b"\xdf"),
    ("6.14.7", b"\xef\xbf"),
    ("6.14.8", b"\xf7\xbf\xbf"),
    (
        "6.15",
        b"\xc0\xe0\x80\xf0\x80\x80\xf8\x80\x80\x80\xfc\x80\x80\x80\x80\xdf\xef\xbf",
    ),
    ("6.16.1", b"\xfe"),
    ("6.16.2", b"\xff"),
    ("6.17.1", b"\xc0\xaf"),
    ("6.17.2", b"\xe0\x80\xaf"),
    ("6.17.3", b"\xf0\x80\x80\xaf"),
    ("6.18.1", b"\xc1\xbf"),
    ("6.18.3", b"\xf0\x8f\xbf\xbf"),
    ("6.19.1", b"\xc0\x80"),
    ("6.20.1", b"\xed\xa0\x80"),
    ("6.20.7", b"\xed\xbf\xbf"),
    ("6.21.1", b"\xed\xa0\x80\xed\xb0\x80"),
];

fn cases() -> Vec<Case> {
    let mut cases = vec![
        case(
            "6.1.2 empty fragments",
            &[
                Frame::new(TEXT, []).unfinished(),
                Frame::new(CONTINUATION, []).unfinished(),
                Frame::new(CONTINUATION, []),
            ],
            Expect::nothing().answer(Value::Null),
        ),
        case(
            "6.7.1 a zero is a character, though no request",
            &[Frame::new(TEXT, *b"\0")],
            Expect::nothing().answer(Value::Null),
        ),
    ];
    for (number, id) in VALID {
        let message = request(id);
        for size in [message.len(), 1] {
            let frames = fragments(TEXT, &message, size);
            let name = format!("{number} {id:?} in frames of {size}");
            let expect = Expect::nothing().answer(id);
            cases.push(case(name.clone(), &frames, expect.clone()));
            cases.push(case(name, &frames, expect).chopped(1));
        }
    }
    for (number, bytes) in INVALID {
        let before = br#"{"type":"ping","requestId":""#;
        let message = [&before[..], bytes, br#""}"#].concat();
        for size in [message.len(), 1] {
            let frames = fragments(TEXT, &message, size);
            let name = format!("{number} {bytes:x?} in frames of {size}");
            cases.push(case(name, &frames, Expect::close(1007)));
        }
        // Nothing follows that would show what is missing.
        let alone = Frame::new(TEXT, bytes);
        cases.push(case(
            format!("{number} alone"),
            &[alone],
            Expect::close(1007),
        ));
    }
    // It fails as soon as it is known, and not when the message ends, which it never does.
    let valid = Frame::new(TEXT, "κόσμε".as_bytes()).unfinished();
    let invalid = Frame::new(CONTINUATION, *b"\xf4\x90\x80\x80").unfinished();
    cases.push(case(
        "6.4.1 at once",
        &[valid, invalid],
        Expect::close(1007),
    ));
    cases
}

#[tokio::test]
async fn a_text_is_utf8() {
    all(cases()).await;
}
