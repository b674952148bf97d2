//! Commands and events of a page's console, of the domains `Runtime` and `Log`.

use serde::Serialize;
use serde_json::value::RawValue;

use super::methods::{EmptyResult, Method, methods};
use super::objects::objects;

methods! {
    /// Reports console calls and exceptions; past ones are reported first.
    EnableRuntime = "Runtime.enable" -> EmptyResult {}

    /// Reports Chromium's own messages about the page; past ones are reported first.
    EnableLog = "Log.enable" -> EmptyResult {}

    /// Releases all remote objects of a group, so that the page can free them.
    ReleaseObjectGroup = "Runtime.releaseObjectGroup" -> EmptyResult {
        object_group: &'static str,
    }
}

impl ReleaseObjectGroup {
    /// The group of objects that were written to the console.
    pub fn console() -> Self {
        Self {
            object_group: "console",
        }
    }
}

objects! {
    /// `Runtime.consoleAPICalled`.
    #[derive(Serialize)]
    pub struct ConsoleApiCalled {
        /// `log`, `warning`, `assert`, …
        pub r#type: String,
        #[serde(default)]
        pub args: Vec<RemoteObject>,
        /// Milliseconds since the epoch.
        #[serde(default)]
        pub timestamp: f64,
        pub stack_trace: Option<StackTrace>,
    }

    /// `Runtime.RemoteObject`, as far as it is shown.
    #[derive(Serialize)]
    pub struct RemoteObject {
        /// `string`, `object`, …
        pub r#type: String,
        /// `array`, `null`, `error`, …
        pub subtype: Option<String>,
        /// A value that JSON can represent.
        pub value: Option<Box<RawValue>>,
        /// Other values: `NaN`, `-0`, `12n`.
        pub unserializable_value: Option<String>,
        pub description: Option<String>,
        pub preview: Option<ObjectPreview>,
    }

    /// `Runtime.ObjectPreview`, as far as it is shown.
    #[derive(Serialize)]
    pub struct ObjectPreview {
        /// `array`, …
        pub subtype: Option<String>,
        #[serde(default)]
        pub overflow: bool,
        #[serde(default)]
        pub properties: Vec<PropertyPreview>,
    }

    /// `Runtime.PropertyPreview`, as far as it is shown.
    #[derive(Serialize)]
    pub struct PropertyPreview {
        pub name: String,
        /// `string`, `accessor`, …
        pub r#type: String,
        pub value: Option<String>,
    }

    /// `Runtime.StackTrace`.
    #[derive(Default, Serialize)]
    pub struct StackTrace {
        /// Innermost first.
        #[serde(default)]
        pub call_frames: Vec<CallFrame>,
    }

    /// `Runtime.CallFrame`.
    #[derive(Serialize)]
    pub struct CallFrame {
        #[serde(default)]
        pub url: String,
        /// From 0.
        pub line_number: i64,
        /// From 0.
        pub column_number: i64,
    }

    /// `Runtime.exceptionThrown`.
    #[derive(Serialize)]
    pub struct ExceptionThrown {
        /// Milliseconds since the epoch.
        #[serde(default)]
        pub timestamp: f64,
        pub exception_details: ExceptionDetails,
    }

    /// `Runtime.ExceptionDetails`, as far as it is shown.
    #[derive(Serialize)]
    pub struct ExceptionDetails {
        /// `Uncaught`, `Uncaught (in promise)`.
        #[serde(default)]
        pub text: String,
        pub url: Option<String>,
        /// From 0.
        pub line_number: i64,
        /// From 0.
        pub column_number: i64,
        pub exception: Option<RemoteObject>,
        pub stack_trace: Option<StackTrace>,
    }

    /// `Log.entryAdded`.
    #[derive(Serialize)]
    pub struct EntryAdded {
        pub entry: LogEntry,
    }

    /// `Log.LogEntry`, as far as it is shown.
    #[derive(Serialize)]
    pub struct LogEntry {
        /// `verbose`, `info`, `warning`, `error`.
        #[serde(default)]
        pub level: String,
        #[serde(default)]
        pub text: String,
        /// Milliseconds since the epoch.
        #[serde(default)]
        pub timestamp: f64,
        pub url: Option<String>,
        /// From 0.
        pub line_number: Option<i64>,
    }
}
