//! Frames from Chromium's pipe: they are split at zero bytes however they arrive, and the fast path for
//! large frames gives the same result as parsing them whole.
#![no_main]

use bytes::{Bytes, BytesMut};
use cdp_bridge::cdp::RawFrame;
use cdp_bridge::cdp::message::CdpMessage;
use cdp_bridge::cdp::transport::pipe::NulFrames;
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use tokio_util::codec::Decoder as _;

/// Longer than frames that are parsed whole.
const LARGE: usize = 16 * 1024;

fn cut(bytes: &[u8], step: usize) -> Vec<Bytes> {
    let (mut codec, mut buffer) = (NulFrames::default(), BytesMut::new());
    let mut frames = Vec::new();
    for piece in bytes.chunks(step) {
        buffer.extend_from_slice(piece);
        while let Some(frame) = codec.decode(&mut buffer).unwrap() {
            frames.push(frame);
        }
    }
    frames
}

/// A large frame around any value, which may look like the end of a frame.
fn large(value: &RawValue) {
    let padding = "x".repeat(LARGE);
    for result in [
        format!(r#"{{"pad":"{padding}","value":{value}}}"#),
        format!(r#"{{"value":{value},"pad":"{padding}"}}"#),
    ] {
        let answer = format!(r#"{{"id":7,"result":{result},"sessionId":"F00D"}}"#);
        match CdpMessage::parse(&Bytes::from(answer)) {
            Ok(CdpMessage::Response {
                id: 7,
                outcome: Ok(found),
            }) => assert_eq!(found, result),
            other => panic!("{other:?}"),
        }
        let event = format!(r#"{{"method":"A.b","params":{result},"sessionId":"F00D"}}"#);
        match CdpMessage::parse(&Bytes::from(event)) {
            Ok(CdpMessage::Event(RawFrame {
                session: Some(session),
                method,
                params,
                ..
            })) => {
                assert_eq!((session.as_str(), &*method), ("F00D", "A.b"));
                assert_eq!(params, result);
            }
            other => panic!("{other:?}"),
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((step, bytes)) = bytes.split_first() else {
        return;
    };
    let frames = cut(bytes, usize::from(*step).max(1));
    let mut expected: Vec<&[u8]> = bytes.split(|byte| *byte == 0).collect();
    // The bytes after the last zero are an incomplete frame.
    expected.pop();
    assert_eq!(frames, expected);
    for frame in &frames {
        let _ = CdpMessage::parse(frame);
    }
    // Chromium sends JSON, so a large frame contains only JSON.
    if let Ok(value) = serde_json::from_slice::<&RawValue>(bytes) {
        large(value);
    }
});
