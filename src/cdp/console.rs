//! What a page's console tells, and how it is listened to: of the domains `Runtime` and `Log`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::events::EventKind;
use super::methods::{Done, Method, methods};

methods! {
    /// Reports what is written to the console, and exceptions; what has been is told first.
    EnableRuntime = "Runtime.enable" -> Done {}

    /// Reports what Chromium says about the page; what it has said is told first.
    EnableLog = "Log.enable" -> Done {}

    /// Lets go of all handles of one kind, so that the page can free what they stand for.
    ReleaseObjectGroup = "Runtime.releaseObjectGroup" -> Done {
        /// The kind.
        object_group: &'static str,
    }
}

impl ReleaseObjectGroup {
    /// Those of things that were written to the console.
    pub fn console() -> Self {
        Self {
            object_group: "console",
        }
    }
}

/// An event with more bytes than this is shortened before it waits to be read.
const LARGE: usize = 16 * 1024;

/// How much of a text is kept then, in characters: more than anybody is told of it.
const KEPT_CHARS: usize = 4200;

/// How many things that were written together are kept then.
const KEPT_ARGS: usize = 16;

/// `Runtime.consoleAPICalled`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsoleApiCalled {
    /// `log`, `warning`, `assert`, …
    pub r#type: String,
    /// What was written.
    #[serde(default)]
    pub args: Vec<RemoteObject>,
    /// Milliseconds since the epoch.
    #[serde(default)]
    pub timestamp: f64,
    /// Where.
    #[serde(default)]
    pub stack_trace: Option<StackTrace>,
}

/// `Runtime.RemoteObject`, as far as it is shown.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemoteObject {
    /// `string`, `object`, …
    pub r#type: String,
    /// `array`, `null`, `error`, …
    #[serde(default)]
    pub subtype: Option<String>,
    /// What has a value in JSON.
    #[serde(default)]
    pub value: Option<Box<RawValue>>,
    /// What has none: `NaN`, `-0`, `12n`.
    #[serde(default)]
    pub unserializable_value: Option<String>,
    /// What it is, in words.
    #[serde(default)]
    pub description: Option<String>,
    /// A few of its properties.
    #[serde(default)]
    pub preview: Option<ObjectPreview>,
}

/// `Runtime.ObjectPreview`, as far as it is shown.
#[derive(Debug, Deserialize, Serialize)]
pub struct ObjectPreview {
    /// `array`, …
    #[serde(default)]
    pub subtype: Option<String>,
    /// Whether there are more properties than these.
    #[serde(default)]
    pub overflow: bool,
    /// Some of its properties.
    #[serde(default)]
    pub properties: Vec<PropertyPreview>,
}

/// `Runtime.PropertyPreview`, as far as it is shown.
#[derive(Debug, Deserialize, Serialize)]
pub struct PropertyPreview {
    /// The property's name.
    pub name: String,
    /// `string`, `accessor`, …
    pub r#type: String,
    /// Its value in short.
    #[serde(default)]
    pub value: Option<String>,
}

/// `Runtime.StackTrace`.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StackTrace {
    /// Innermost first.
    #[serde(default)]
    pub call_frames: Vec<CallFrame>,
}

/// `Runtime.CallFrame`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallFrame {
    /// The script.
    #[serde(default)]
    pub url: String,
    /// From 0.
    pub line_number: i64,
    /// From 0.
    pub column_number: i64,
}

/// `Runtime.exceptionThrown`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionThrown {
    /// Milliseconds since the epoch.
    #[serde(default)]
    pub timestamp: f64,
    /// The exception.
    pub exception_details: ExceptionDetails,
}

/// `Runtime.ExceptionDetails`, as far as it is shown.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionDetails {
    /// `Uncaught`, `Uncaught (in promise)`.
    #[serde(default)]
    pub text: String,
    /// The script.
    #[serde(default)]
    pub url: Option<String>,
    /// From 0.
    pub line_number: i64,
    /// From 0.
    pub column_number: i64,
    /// What was thrown.
    #[serde(default)]
    pub exception: Option<RemoteObject>,
    /// Where.
    #[serde(default)]
    pub stack_trace: Option<StackTrace>,
}

/// `Log.entryAdded`.
#[derive(Debug, Deserialize, Serialize)]
pub struct EntryAdded {
    /// The entry.
    pub entry: LogEntry,
}

/// `Log.LogEntry`, as far as it is shown.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// `verbose`, `info`, `warning`, `error`.
    #[serde(default)]
    pub level: String,
    /// What it says.
    #[serde(default)]
    pub text: String,
    /// Milliseconds since the epoch.
    #[serde(default)]
    pub timestamp: f64,
    /// What it is about.
    #[serde(default)]
    pub url: Option<String>,
    /// From 0.
    #[serde(default)]
    pub line_number: Option<i64>,
}

/// The fields of an event; shortened if they are large and the event is one of a console's. A page
/// may write texts of any size, and a thousand of them may wait to be read.
pub fn shortened(kind: EventKind, params: Bytes) -> Bytes {
    fn again<T>(params: &Bytes, shorten: impl FnOnce(&mut T)) -> Option<Bytes>
    where
        T: for<'de> Deserialize<'de> + Serialize,
    {
        let mut fields: T = serde_json::from_slice(params).ok()?;
        shorten(&mut fields);
        serde_json::to_vec(&fields).ok().map(Bytes::from)
    }
    if params.len() <= LARGE {
        return params;
    }
    let short = match kind {
        EventKind::ConsoleApiCalled => again(&params, ConsoleApiCalled::shorten),
        EventKind::ExceptionThrown => again(&params, ExceptionThrown::shorten),
        EventKind::LogEntryAdded => again(&params, EntryAdded::shorten),
        _ => return params,
    };
    // What is unreadable is told as such when it is read.
    short.unwrap_or_default()
}

impl ConsoleApiCalled {
    fn shorten(&mut self) {
        self.args.truncate(KEPT_ARGS);
        self.args.iter_mut().for_each(RemoteObject::shorten);
        shorten_stack(self.stack_trace.as_mut());
    }
}

impl ExceptionThrown {
    fn shorten(&mut self) {
        let details = &mut self.exception_details;
        cut(&mut details.text);
        details.url.as_mut().map(cut);
        if let Some(exception) = &mut details.exception {
            exception.shorten();
        }
        shorten_stack(details.stack_trace.as_mut());
    }
}

impl EntryAdded {
    fn shorten(&mut self) {
        cut(&mut self.entry.text);
        self.entry.url.as_mut().map(cut);
    }
}

impl RemoteObject {
    fn shorten(&mut self) {
        self.preview = None;
        self.description.as_mut().map(cut);
        self.unserializable_value.as_mut().map(cut);
        let text = self.value.as_ref().filter(|_| self.r#type == "string");
        if let Some(Ok(mut text)) = text.map(|raw| serde_json::from_str::<String>(raw.get())) {
            cut(&mut text);
            self.value = serde_json::value::to_raw_value(&text).ok();
        }
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
            params
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
            let short = shortened(kind, bytes(&params));
            assert!(
                !short.is_empty() && short.len() < 200_000,
                "{}",
                short.len()
            );
            let again = shortened(kind, short.clone());
            assert_eq!(again, short, "{kind:?}");
        }
    }

    #[test]
    fn events_of_others_are_left_alone() {
        let params = bytes(&json!({"data": "x".repeat(LARGE + 1)}));
        assert_eq!(
            shortened(EventKind::ScreencastFrame, params.clone()),
            params
        );
    }
}
