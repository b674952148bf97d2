//! From Chromium's reports to what a Coordinator is told of a page's console. No I/O.

use std::fmt::Write as _;

use cdp_bridge_protocol::event::{ConsoleLevel, ConsoleSource};

use crate::cdp::RawEvent;
use crate::cdp::console::{
    CallFrame, ConsoleApiCalled, EntryAdded, ExceptionThrown, LogEntry, ObjectPreview,
    RemoteObject, StackTrace,
};
use crate::cdp::events::EventKind;
use crate::tabs::fact::ConsoleLine;

/// The most characters of a message.
const MOST_CHARS: usize = 4096;

/// The most characters of a URL.
const MOST_URL_CHARS: usize = 1024;

/// Something that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    level: ConsoleLevel,
    source: ConsoleSource,
    text: String,
    place: Option<Place>,
    ts: u64,
}

/// A place in a script or a document; lines and columns from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    url: String,
    line: Option<u32>,
    column: Option<u32>,
}

impl Entry {
    /// Reads a report. None: nothing was written.
    pub fn read(event: &RawEvent) -> Option<Self> {
        match event.kind {
            EventKind::ConsoleApiCalled => Self::of_call(&event.decode()?),
            EventKind::ExceptionThrown => Some(Self::of_exception(event.decode()?)),
            EventKind::LogEntryAdded => {
                let EntryAdded { entry } = event.decode()?;
                Some(Self::of_log(entry))
            }
            _ => None,
        }
    }

    fn of_call(call: &ConsoleApiCalled) -> Option<Self> {
        let level = match call.r#type.as_str() {
            "debug" => ConsoleLevel::Debug,
            "info" => ConsoleLevel::Info,
            "warning" => ConsoleLevel::Warning,
            "error" | "assert" => ConsoleLevel::Error,
            // They write nothing.
            "clear" | "endGroup" | "profile" | "profileEnd" => return None,
            _ => ConsoleLevel::Log,
        };
        let words: Vec<_> = call.args.iter().map(shown).collect();
        Some(Self {
            level,
            source: ConsoleSource::Console,
            text: words.join(" "),
            place: call.stack_trace.as_ref().and_then(StackTrace::place),
            ts: whole(call.timestamp),
        })
    }

    fn of_exception(thrown: ExceptionThrown) -> Self {
        let ExceptionThrown {
            timestamp,
            exception_details: details,
        } = thrown;
        let mut text = details.text;
        if let Some(exception) = &details.exception {
            let _ = write!(text, " {}", shown(exception));
        }
        let of_stack = details.stack_trace.as_ref().and_then(StackTrace::place);
        let place = of_stack.or_else(|| {
            let url = details.url.filter(|url| !url.is_empty())?;
            let (line, column) = (details.line_number, details.column_number);
            Some(Place {
                url,
                line: from_one(line),
                column: from_one(column),
            })
        });
        Self {
            level: ConsoleLevel::Error,
            source: ConsoleSource::Exception,
            text,
            place,
            ts: whole(timestamp),
        }
    }

    fn of_log(entry: LogEntry) -> Self {
        let level = match entry.level.as_str() {
            "verbose" => ConsoleLevel::Debug,
            "warning" => ConsoleLevel::Warning,
            "error" => ConsoleLevel::Error,
            _ => ConsoleLevel::Info,
        };
        let url = entry.url.filter(|url| !url.is_empty());
        Self {
            level,
            source: ConsoleSource::Browser,
            text: entry.text,
            place: url.map(|url| Place {
                url,
                line: entry.line_number.and_then(from_one),
                column: None,
            }),
            ts: whole(entry.timestamp),
        }
    }

    /// The line; so many lines before it were left out.
    pub fn into_line(self, omitted: u64) -> ConsoleLine {
        let (text, is_cut) = cut(self.text, MOST_CHARS);
        let (url, line, column) = match self.place {
            Some(Place { url, line, column }) => (Some(url), line, column),
            None => (None, None, None),
        };
        ConsoleLine {
            level: self.level,
            source: self.source,
            text,
            truncated: is_cut,
            url: url.map(|url| cut(url, MOST_URL_CHARS).0),
            line,
            column,
            at_ms: self.ts,
            omitted,
        }
    }
}

impl StackTrace {
    fn place(&self) -> Option<Place> {
        let CallFrame {
            url,
            line_number,
            column_number,
        } = self.call_frames.first()?;
        (!url.is_empty()).then(|| Place {
            url: url.clone(),
            line: from_one(*line_number),
            column: from_one(*column_number),
        })
    }
}

/// A thing as a person would read it on a console.
fn shown(thing: &RemoteObject) -> String {
    if let Some(value) = &thing.value {
        let text = serde_json::from_str::<String>(value.get());
        return text.unwrap_or_else(|_| value.get().to_owned());
    }
    let of_preview = thing
        .preview
        .as_ref()
        .filter(|_| matches!(thing.subtype.as_deref(), None | Some("array")))
        .filter(|_| thing.r#type == "object");
    match (&thing.unserializable_value, of_preview, &thing.description) {
        (Some(text), ..) => text.clone(),
        (None, Some(preview), description) => previewed(preview, description.as_deref()),
        (None, None, Some(description)) => description.clone(),
        (None, None, None) => thing.subtype.as_ref().unwrap_or(&thing.r#type).clone(),
    }
}

/// `{a: 1, b: "x", …}`, `Point {x: 1}`, `[1, 2]`.
fn previewed(preview: &ObjectPreview, description: Option<&str>) -> String {
    let is_array = preview.subtype.as_deref() == Some("array");
    let (open, close) = if is_array { ('[', ']') } else { ('{', '}') };
    let mut text = match description {
        Some(class) if !is_array && class != "Object" => format!("{class} "),
        _ => String::new(),
    };
    text.push(open);
    for (number, property) in preview.properties.iter().enumerate() {
        if number > 0 {
            text.push_str(", ");
        }
        if !is_array {
            let _ = write!(text, "{}: ", property.name);
        }
        let value = property.value.as_deref().unwrap_or(&property.r#type);
        if property.r#type == "string" {
            let _ = write!(text, "{value:?}");
        } else {
            text.push_str(value);
        }
    }
    if preview.overflow {
        text.push_str(", …");
    }
    text.push(close);
    text
}

fn cut(mut text: String, most: usize) -> (String, bool) {
    let end = text.char_indices().nth(most).map(|(end, _)| end);
    if let Some(end) = end {
        text.truncate(end);
    }
    (text, end.is_some())
}

/// Chromium counts from 0, and says -1 where it does not know.
fn from_one(number: i64) -> Option<u32> {
    u32::try_from(number).ok()?.checked_add(1)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
fn whole(millis: f64) -> u64 {
    millis as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn message(kind: EventKind, params: &Value) -> Option<ConsoleLine> {
        let event = RawEvent {
            kind,
            params: params.to_string().into(),
        };
        Some(Entry::read(&event)?.into_line(0))
    }

    fn called(kind: &str, args: &Value) -> Option<ConsoleLine> {
        let params = json!({"type": kind, "args": args, "timestamp": 5.5, "executionContextId": 1});
        message(EventKind::ConsoleApiCalled, &params)
    }

    #[test]
    fn things_are_written_as_on_a_console() {
        let args = json!([
            {"type": "string", "value": "a \"b\""},
            {"type": "number", "value": 1.5},
            {"type": "number", "unserializableValue": "-0", "description": "-0"},
            {"type": "boolean", "value": true},
            {"type": "undefined"},
            {"type": "object", "subtype": "null", "value": null},
            {"type": "object", "description": "Object", "preview": {"overflow": true, "properties": [
                {"name": "x", "type": "number", "value": "1"},
                {"name": "y", "type": "string", "value": "z"}]}},
            {"type": "object", "subtype": "array", "description": "Array(2)", "preview":
                {"subtype": "array", "overflow": false, "properties": [
                    {"name": "0", "type": "number", "value": "1"},
                    {"name": "1", "type": "object", "value": "Object"}]}},
            {"type": "object", "subtype": "error", "description": "Error: no\n    at f"},
            {"type": "function", "description": "() => 1"},
        ]);
        let message = called("log", &args).unwrap();
        assert_eq!(
            message.text,
            "a \"b\" 1.5 -0 true undefined null {x: 1, y: \"z\", …} [1, Object] Error: no\n    at f () => 1"
        );
        assert_eq!((message.level, message.at_ms), (ConsoleLevel::Log, 5));
    }

    #[test]
    fn each_kind_of_call_has_its_level() {
        let level = |kind| called(kind, &json!([])).map(|message| message.level);
        assert_eq!(level("debug"), Some(ConsoleLevel::Debug));
        assert_eq!(level("info"), Some(ConsoleLevel::Info));
        assert_eq!(level("warning"), Some(ConsoleLevel::Warning));
        assert_eq!(level("assert"), Some(ConsoleLevel::Error));
        assert_eq!(level("table"), Some(ConsoleLevel::Log));
        assert_eq!(level("clear"), None);
    }

    #[test]
    fn an_exception_says_what_was_thrown_and_where() {
        let params = json!({"timestamp": 1, "exceptionDetails": {
            "text": "Uncaught", "lineNumber": 4, "columnNumber": 0, "url": "http://a.test/x.js",
            "exception": {"type": "object", "subtype": "error", "description": "TypeError: no"}}});
        let message = message(EventKind::ExceptionThrown, &params).unwrap();
        assert_eq!(message.text, "Uncaught TypeError: no");
        assert_eq!(message.url.as_deref(), Some("http://a.test/x.js"));
        assert_eq!((message.line, message.column), (Some(5), Some(1)));
        assert_eq!(message.source, ConsoleSource::Exception);
    }

    #[test]
    fn what_chromium_says_is_told_as_its_own() {
        let params = json!({"entry": {"source": "network", "level": "error", "timestamp": 1,
            "text": "Failed to load", "url": "http://a.test/missing.png"}});
        let message = message(EventKind::LogEntryAdded, &params).unwrap();
        assert_eq!(
            (message.source, message.level, message.line),
            (ConsoleSource::Browser, ConsoleLevel::Error, None)
        );
    }

    #[test]
    fn what_is_long_is_cut_between_characters_and_says_so() {
        let long = "ä".repeat(MOST_CHARS + 1);
        let message = called("log", &json!([{"type": "string", "value": long}])).unwrap();
        assert_eq!(message.text.chars().count(), MOST_CHARS);
        assert!(message.truncated);
        let whole = "ä".repeat(MOST_CHARS);
        let message = called("log", &json!([{"type": "string", "value": whole}])).unwrap();
        assert_eq!((message.text, message.truncated), (whole, false));
    }
}
