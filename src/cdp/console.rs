//! What a page's console tells, and how it is listened to: of the domains `Runtime` and `Log`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

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
