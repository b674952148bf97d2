//! Shortens large console events before they are queued: a page may write texts of any size, and
//! an inbox holds a thousand events.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::cdp::console::{
    ConsoleApiCalled, EntryAdded, ExceptionThrown, RemoteObject, StackTrace,
};
use crate::cdp::events::{EventKind, wanted};
use crate::cdp::json;

/// Events up to this size are kept as they are.
const LARGE: usize = 16 * 1024;

/// How many characters of a text are kept: more than an event of the bridge carries.
const KEPT_CHARS: usize = 4200;

/// How many of the values that were written together are kept.
const KEPT_ARGS: usize = 16;

/// The filter of an inbox that receives console events.
pub(super) fn shortened(kind: EventKind, params: Bytes) -> Option<Bytes> {
    fn again<T>(params: &Bytes, shorten: impl FnOnce(&mut T)) -> Option<Bytes>
    where
        T: for<'de> Deserialize<'de> + Serialize,
    {
        let mut fields: T = json::parse(params).ok()?;
        shorten(&mut fields);
        serde_json::to_vec(&fields).ok().map(Bytes::from)
    }
    if params.len() <= LARGE {
        return wanted(kind, params);
    }
    let short = match kind {
        EventKind::ConsoleApiCalled => again(&params, shorten_call),
        EventKind::ExceptionThrown => again(&params, shorten_exception),
        EventKind::LogEntryAdded => again(&params, shorten_entry),
        _ => return wanted(kind, params),
    };
    // Decoding the empty event later reports that it is unreadable.
    Some(short.unwrap_or_default())
}

fn shorten_call(call: &mut ConsoleApiCalled) {
    call.args.truncate(KEPT_ARGS);
    call.args.iter_mut().for_each(shorten_object);
    shorten_stack(call.stack_trace.as_mut());
}

fn shorten_exception(thrown: &mut ExceptionThrown) {
    let details = &mut thrown.exception_details;
    cut(&mut details.text);
    details.url.as_mut().map(cut);
    details.exception.as_mut().map(shorten_object);
    shorten_stack(details.stack_trace.as_mut());
}

fn shorten_entry(EntryAdded { entry }: &mut EntryAdded) {
    cut(&mut entry.text);
    entry.url.as_mut().map(cut);
}

fn shorten_object(object: &mut RemoteObject) {
    object.preview = None;
    object.description.as_mut().map(cut);
    object.unserializable_value.as_mut().map(cut);
    let text = object.value.as_ref().filter(|_| object.r#type == "string");
    if let Some(Ok(mut text)) = text.map(|raw| serde_json::from_str::<String>(raw.get())) {
        cut(&mut text);
        object.value = serde_json::value::to_raw_value(&text).ok();
    }
}

fn shorten_stack(stack: Option<&mut StackTrace>) {
    if let Some(stack) = stack {
        stack.call_frames.truncate(1);
        for frame in &mut stack.call_frames {
            cut(&mut frame.url);
        }
    }
}

fn cut(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(KEPT_CHARS) {
        text.truncate(end);
        text.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bytes(params: &serde_json::Value) -> Bytes {
        params.to_string().into()
    }

    #[test]
    fn what_is_small_stays_as_it_came() {
        let params = bytes(&json!({"type": "log", "args": [], "new": 1}));
        assert_eq!(
            shortened(EventKind::ConsoleApiCalled, params.clone()),
            Some(params)
        );
    }

    #[test]
    fn what_is_large_is_shortened_and_can_still_be_read() {
        let long = "ä".repeat(1_000_000);
        let thing = json!({"type": "string", "value": long});
        let url = format!("data:text/javascript,{long}");
        let stack = json!({"callFrames": [{"url": url, "lineNumber": 1, "columnNumber": 2}]});
        let events = [
            (
                EventKind::ConsoleApiCalled,
                json!({"type": "log", "args": vec![thing.clone(); 40], "stackTrace": stack}),
            ),
            (
                EventKind::ExceptionThrown,
                json!({"exceptionDetails": {
                    "text": long, "url": url, "lineNumber": 1, "columnNumber": 2,
                    "exception": thing, "stackTrace": stack,
                }}),
            ),
            (
                EventKind::LogEntryAdded,
                json!({"entry": {"level": "error", "text": long, "url": url}}),
            ),
        ];
        for (kind, params) in events {
            let short = shortened(kind, bytes(&params)).unwrap();
            assert!(
                !short.is_empty() && short.len() < 200_000,
                "{}",
                short.len()
            );
            let again = shortened(kind, short.clone());
            assert_eq!(again, Some(short), "{kind:?}");
        }
    }

    #[test]
    fn events_of_others_are_left_alone() {
        let params = bytes(&json!({"data": "x".repeat(LARGE + 1)}));
        assert_eq!(
            shortened(EventKind::ScreencastFrame, params.clone()),
            Some(params)
        );
    }
}
