//! Large payloads: splitting and joining gives the same bytes, and invalid parts are errors, not panics.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cdp_bridge_protocol::event::{DomSnapshotHead, ScreenshotHead};
use cdp_bridge_protocol::payload::Encoding;
use cdp_bridge_protocol::payload::{
    EscapedText, Incoming, Joiner, Part, Parts, Payload, PayloadHead,
};
use cdp_bridge_protocol::request::SnapshotFormat;
use libfuzzer_sys::fuzz_target;

fn snapshot() -> PayloadHead {
    PayloadHead::DomSnapshot(DomSnapshotHead {
        id: "t1".parse().unwrap(),
        url: "https://example.com/".to_owned(),
        format: SnapshotFormat::Html,
        seq: 0,
        total: 1,
        coalesced: None,
    })
}

fn picture() -> PayloadHead {
    PayloadHead::Screenshot(ScreenshotHead {
        id: "t1".parse().unwrap(),
        mime: "image/png".to_owned(),
        width: 1,
        height: 1,
        seq: 0,
        total: 1,
    })
}

/// The payload after splitting into parts of `chunk` bytes and joining them again.
fn sent(head: PayloadHead, payload: &Payload, encoding: Encoding, chunk: usize) -> Vec<u8> {
    let parts = Parts::new(head, Some(7.into()), payload, encoding, chunk).unwrap();
    let total = parts.total();
    let mut joiner = Joiner::default();
    for (number, part) in parts.enumerate() {
        let incoming = match part {
            Part::Text(bytes) => joiner.text(std::str::from_utf8(&bytes).unwrap()).unwrap(),
            Part::Binary(bytes) => joiner.binary(&bytes).unwrap(),
        };
        match incoming {
            Incoming::Part => assert!(number + 1 < total),
            Incoming::Payload(joined) => {
                assert_eq!(number + 1, total);
                return joined.payload;
            }
            Incoming::Message(message) => panic!("{message:?}"),
        }
    }
    panic!("the last part never came");
}

fuzz_target!(|bytes: &[u8]| {
    let Some((chunk, bytes)) = bytes.split_first() else {
        return;
    };
    // Long payloads are not split into thousands of parts, which would take too long.
    let chunk = usize::from(*chunk).max(bytes.len() / 64).max(1);
    let encodings = [Encoding::Text, Encoding::Binary];

    let base64 = Payload::Base64(STANDARD.encode(bytes).into());
    for encoding in encodings {
        assert_eq!(sent(picture(), &base64, encoding, chunk), bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let escaped = Payload::Text(EscapedText::from_text(text));
        for encoding in encodings {
            let found = sent(snapshot(), &escaped, encoding, chunk);
            assert_eq!(found, text.as_bytes());
        }
        let _ = Joiner::default().text(text);
    }
    // Like a string from Chromium: with any escapes, and possibly with a lone surrogate.
    let quoted = Bytes::from([b"\"", bytes, b"\""].concat());
    let escaped = EscapedText::from_json_string(&quoted);
    let strict = serde_json::from_slice::<String>(&quoted);
    if let (Ok(text), Ok(escaped)) = (&strict, &escaped) {
        assert_eq!(escaped.decoded_len(), text.len());
        assert_eq!(escaped.decode(), text.as_bytes());
    }
    assert!(strict.is_err() || escaped.is_ok(), "a JSON string is one");
    if let Ok(escaped) = escaped {
        let decoded = escaped.decode();
        assert_eq!(decoded.len(), escaped.decoded_len());
        let escaped = Payload::Text(escaped);
        for encoding in encodings {
            assert_eq!(sent(snapshot(), &escaped, encoding, chunk), decoded);
        }
    }
    let _ = Joiner::default().binary(&Bytes::copy_from_slice(bytes));
});
