//! Text frames from a Coordinator: either a valid request within its limits, or an error that can be sent.
#![no_main]

use cdp_bridge_protocol::{Message, Request, RequestId};
use libfuzzer_sys::fuzz_target;

/// Errors must not echo much of the peer's text.
const LONGEST_MESSAGE: usize = 4096;

fn holds(id: Option<&RequestId>) {
    if let Some(RequestId::Text(text)) = id {
        assert!((1..=RequestId::MAX_CHARS).contains(&text.chars().count()));
    }
}

fuzz_target!(|text: &str| {
    match Request::parse(text) {
        Ok(request) => {
            holds(request.request_id.as_ref());
            if let Some(limit) = request.timeout {
                assert!((100..=120_000).contains(&limit.as_millis()), "{limit:?}");
            }
            assert_eq!(
                Request::parse(text).ok().as_ref(),
                Some(&request),
                "the same text is the same request"
            );
        }
        Err(error) => {
            holds(error.request_id.as_ref());
            let answer = Message {
                request_id: error.request_id.clone(),
                cursor: None,
                event: error.to_event().into(),
            };
            let json = answer.to_json();
            assert!(json.len() < LONGEST_MESSAGE, "{json}");
            assert_eq!(Message::parse(&json).unwrap(), answer);
        }
    }
});
