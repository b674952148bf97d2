//! Chromium's console reports as lines. No I/O.

use std::fmt::Write as _;

use cdp_bridge_protocol::event::{ConsoleLevel, ConsoleSource};

use crate::cdp::RawEvent;
use crate::cdp::console::{
    ConsoleApiCalled, EntryAdded, ExceptionThrown, LogEntry, ObjectPreview, RemoteObject,
    StackTrace,
};
use crate::cdp::events::{EventKind, whole};
use crate::tabs::fact::ConsoleLine;

/// The most characters of a message.
const MAX_TEXT_CHARS: usize = 4096;

/// The most characters of a URL.
const MAX_URL_CHARS: usize = 1024;

/// A position in a script or a document: its URL, line and column, which count from 1.
type Position = (Option<String>, Option<u32>, Option<u32>);

/// Reads a report. `None` if it writes nothing, such as `console.clear`.
pub(super) fn read(event: &RawEvent) -> Option<ConsoleLine> {
    match event.kind {
        EventKind::ConsoleApiCalled => of_call(&event.decode()?),
        EventKind::ExceptionThrown => Some(of_exception(event.decode()?)),
        EventKind::LogEntryAdded => {
            let EntryAdded { entry } = event.decode()?;
            Some(of_log(entry))
        }
        _ => None,
    }
}

fn of_call(call: &ConsoleApiCalled) -> Option<ConsoleLine> {
    let level = match call.r#type.as_str() {
        "debug" => ConsoleLevel::Debug,
        "info" => ConsoleLevel::Info,
        "warning" => ConsoleLevel::Warning,
        "error" | "assert" => ConsoleLevel::Error,
        "clear" | "endGroup" | "profile" | "profileEnd" => return None,
        _ => ConsoleLevel::Log,
    };
    let words: Vec<_> = call.args.iter().map(printed).collect();
    let position = call.stack_trace.as_ref().and_then(StackTrace::position);
    let source = ConsoleSource::Console;
    Some(line(
        level,
        source,
        words.join(" "),
        position,
        call.timestamp,
    ))
}

fn of_exception(thrown: ExceptionThrown) -> ConsoleLine {
    let details = thrown.exception_details;
    let mut text = details.text;
    if let Some(exception) = &details.exception {
        let _ = write!(text, " {}", printed(exception));
    }
    let in_stack = details.stack_trace.as_ref().and_then(StackTrace::position);
    let position = in_stack.or_else(|| {
        let (line, column) = (details.line_number, details.column_number);
        position(details.url?, Some(line), Some(column))
    });
    let (level, source) = (ConsoleLevel::Error, ConsoleSource::Exception);
    line(level, source, text, position, thrown.timestamp)
}

fn of_log(entry: LogEntry) -> ConsoleLine {
    let level = match entry.level.as_str() {
        "verbose" => ConsoleLevel::Debug,
        "warning" => ConsoleLevel::Warning,
        "error" => ConsoleLevel::Error,
        _ => ConsoleLevel::Info,
    };
    let position = entry
        .url
        .and_then(|url| position(url, entry.line_number, None));
    let source = ConsoleSource::Browser;
    line(level, source, entry.text, position, entry.timestamp)
}

fn line(
    level: ConsoleLevel,
    source: ConsoleSource,
    text: String,
    position: Option<Position>,
    timestamp: f64,
) -> ConsoleLine {
    let (text, truncated) = cut(text, MAX_TEXT_CHARS);
    let (url, line, column) = position.unwrap_or_default();
    ConsoleLine {
        level,
        source,
        text,
        truncated,
        url: url.map(|url| cut(url, MAX_URL_CHARS).0),
        line,
        column,
        at_ms: whole(timestamp),
        omitted: 0,
    }
}

fn position(url: String, line: Option<i64>, column: Option<i64>) -> Option<Position> {
    // Chromium counts from 0; -1 means unknown.
    let from_one = |number: i64| u32::try_from(number).ok()?.checked_add(1);
    (!url.is_empty()).then(|| {
        (
            Some(url),
            line.and_then(from_one),
            column.and_then(from_one),
        )
    })
}

impl StackTrace {
    fn position(&self) -> Option<Position> {
        let frame = self.call_frames.first()?;
        let (line, column) = (frame.line_number, frame.column_number);
        position(frame.url.clone(), Some(line), Some(column))
    }
}

/// A value as the console of Chromium's developer tools prints it.
fn printed(value: &RemoteObject) -> String {
    if let Some(json) = &value.value {
        let text = serde_json::from_str::<String>(json.get());
        return text.unwrap_or_else(|_| json.get().to_owned());
    }
    let preview = value
        .preview
        .as_ref()
        .filter(|_| matches!(value.subtype.as_deref(), None | Some("array")))
        .filter(|_| value.r#type == "object");
    match (&value.unserializable_value, preview, &value.description) {
        (Some(text), ..) => text.clone(),
        (None, Some(preview), description) => previewed(preview, description.as_deref()),
        (None, None, Some(description)) => description.clone(),
        (None, None, None) => value.subtype.as_ref().unwrap_or(&value.r#type).clone(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn message(kind: EventKind, params: &Value) -> Option<ConsoleLine> {
        let event = RawEvent {
            kind,
            params: params.to_string().into(),
        };
        read(&event)
    }

    fn called(kind: &str, args: &Value) -> Option<ConsoleLine> {
        let params = json!({"type": kind, "args": args, "timestamp": 5.5, "executionContextId": 1});
        message(EventKind::ConsoleApiCalled, &params)
    }

    #[test]
    fn values_are_printed_as_in_developer_tools() {
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
    fn chromiums_own_log_has_the_source_browser() {
        let params = json!({"entry": {"source": "network", "level": "error", "timestamp": 1,
            "text": "Failed to load", "url": "http://a.test/missing.png"}});
        let message = message(EventKind::LogEntryAdded, &params).unwrap();
        assert_eq!(
            (message.source, message.level, message.line),
            (ConsoleSource::Browser, ConsoleLevel::Error, None)
        );
    }

    #[test]
    fn long_text_is_cut_between_characters_and_marked_as_truncated() {
        let long = "ä".repeat(MAX_TEXT_CHARS + 1);
        let message = called("log", &json!([{"type": "string", "value": long}])).unwrap();
        assert_eq!(message.text.chars().count(), MAX_TEXT_CHARS);
        assert!(message.truncated);
        let whole = "ä".repeat(MAX_TEXT_CHARS);
        let message = called("log", &json!([{"type": "string", "value": whole}])).unwrap();
        assert_eq!((message.text, message.truncated), (whole, false));
    }
}
