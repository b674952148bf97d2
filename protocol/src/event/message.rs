//! The envelope of everything the bridge says, and the list of events, written once.

use bytes::Bytes;
use schemars::{Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value};

use super::bodies::{
    BrowserDown, BrowserUp, DialogOpened, DomSnapshot, Frame, Gap, LoadEventFired,
    LoggedOutModeSet, Navigated, Pong, RequestBlocked, Resumed, ScreencastStarted,
    ScreencastStopped, Screenshot, TabActivated, TabClosed, TabCrashed, TabCreated, TabRebuilt,
    Tabs, Welcome,
};
use super::console::ConsoleMessage;
use super::files::{Download, DownloadFinished, DownloadStarted, FileChooserOpened};
use super::hands::{AxSnapshot, Content, Done, Evaluated, Queried, Waited};
use crate::error::ErrorEvent;
use crate::ids::RequestId;

/// One message of the bridge.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The request it answers; absent on an event nobody asked for.
    pub request_id: Option<RequestId>,
    /// Its number within the session, from 1, without a number left out; absent on `welcome`,
    /// `resumed`, `gap` and `frame`, and where sessions cannot be resumed.
    pub cursor: Option<u64>,
    /// What it says.
    pub event: Event,
}

/// `type` first, then `requestId`, then the event's own fields: the order in which a person
/// reads them. The number comes last, so that it can be put to a message that is written already.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope<'a, T> {
    pub(crate) r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<&'a RequestId>,
    #[serde(flatten)]
    pub(crate) body: &'a T,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<u64>,
}

impl<T: Serialize> Envelope<'_, T> {
    /// The JSON text.
    pub(crate) fn to_json(&self) -> String {
        #[expect(
            clippy::expect_used,
            reason = "strings, numbers and booleans always serialize"
        )]
        serde_json::to_string(self).expect("an event serializes")
    }
}

/// The text was no message of the bridge that this version knows.
#[derive(Debug, thiserror::Error)]
pub enum NotAMessage {
    /// It was not a JSON object with a `type`.
    #[error("expected a JSON object with a `type`: {0}")]
    Malformed(String),
    /// Its `type` is newer than this version; clients ignore such a message.
    #[error("unknown event `{0}`")]
    UnknownType(String),
    /// Its fields do not fit its type.
    #[error("{kind}: {source}")]
    Fields {
        /// The event's `type`.
        kind: &'static str,
        /// What does not fit.
        source: serde_json::Error,
    },
}

/// A message that is written already, with its number put in. The text is one JSON object with at
/// least one field, as every message is.
pub fn numbered(json: &[u8], cursor: u64) -> Bytes {
    let open = json.strip_suffix(b"}").unwrap_or(json);
    let end = format!(",\"cursor\":{cursor}}}");
    [open, end.as_bytes()].concat().into()
}

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident($body:ident) = $name:literal),* $(,)?) => {
        /// What the bridge says.
        #[derive(Debug, Clone, PartialEq)]
        #[expect(
            clippy::large_enum_variant,
            reason = "an error has room for the facts of every code; an event is boxed where many wait"
        )]
        pub enum Event {
            $($(#[$doc])* $variant($body),)*
        }

        impl Event {
            /// The `type` of every event, in the order of the protocol's table.
            pub const NAMES: &'static [&'static str] = &[$($name,)*];

            /// The message's `type`.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)*
                }
            }

            fn from_fields(name: &str, fields: Map<String, Value>) -> Result<Self, NotAMessage> {
                match name {
                    $($name => serde_json::from_value(Value::Object(fields))
                        .map(Self::$variant)
                        .map_err(|source| NotAMessage::Fields { kind: $name, source }),)*
                    _ => Err(NotAMessage::UnknownType(name.to_owned())),
                }
            }
        }

        impl Message {
            /// The JSON text of a text frame.
            pub fn to_json(&self) -> String {
                let request_id = self.request_id.as_ref();
                match &self.event {
                    $(Event::$variant(body) => {
                        Envelope { r#type: $name, request_id, body, cursor: self.cursor }.to_json()
                    })*
                }
            }
        }

        $(
            impl From<$body> for Event {
                fn from(body: $body) -> Self {
                    Self::$variant(body)
                }
            }
        )*

        /// Name and schema of each event's own fields.
        pub(crate) fn event_schemas(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
            vec![$(($name, <$body as schemars::JsonSchema>::json_schema(generator)),)*]
        }
    };
}

events! {
    /// `welcome`.
    Welcome(Welcome) = "welcome",
    /// `tabCreated`.
    TabCreated(TabCreated) = "tabCreated",
    /// `tabActivated`.
    TabActivated(TabActivated) = "tabActivated",
    /// `navigated`.
    Navigated(Navigated) = "navigated",
    /// `loadEventFired`.
    LoadEventFired(LoadEventFired) = "loadEventFired",
    /// `domSnapshot`.
    DomSnapshot(DomSnapshot) = "domSnapshot",
    /// `screenshot`.
    Screenshot(Screenshot) = "screenshot",
    /// `loggedOutModeSet`.
    LoggedOutModeSet(LoggedOutModeSet) = "loggedOutModeSet",
    /// `tabs`.
    Tabs(Tabs) = "tabs",
    /// `screencastStarted`.
    ScreencastStarted(ScreencastStarted) = "screencastStarted",
    /// `screencastStopped`.
    ScreencastStopped(ScreencastStopped) = "screencastStopped",
    /// `frame`.
    Frame(Frame) = "frame",
    /// `tabClosed`.
    TabClosed(TabClosed) = "tabClosed",
    /// `tabCrashed`.
    TabCrashed(TabCrashed) = "tabCrashed",
    /// `tabRebuilt`.
    TabRebuilt(TabRebuilt) = "tabRebuilt",
    /// `dialogOpened`.
    DialogOpened(DialogOpened) = "dialogOpened",
    /// `requestBlocked`.
    RequestBlocked(RequestBlocked) = "requestBlocked",
    /// `browserDown`.
    BrowserDown(BrowserDown) = "browserDown",
    /// `browserUp`.
    BrowserUp(BrowserUp) = "browserUp",
    /// `error`.
    Error(ErrorEvent) = "error",
    /// `pong`.
    Pong(Pong) = "pong",
    /// `resumed`.
    Resumed(Resumed) = "resumed",
    /// `gap`.
    Gap(Gap) = "gap",
    /// `done`.
    Done(Done) = "done",
    /// `waited`.
    Waited(Waited) = "waited",
    /// `queried`.
    Queried(Queried) = "queried",
    /// `evaluated`.
    Evaluated(Evaluated) = "evaluated",
    /// `axSnapshot`.
    AxSnapshot(AxSnapshot) = "axSnapshot",
    /// `content`.
    Content(Content) = "content",
    /// `fileChooserOpened`.
    FileChooserOpened(FileChooserOpened) = "fileChooserOpened",
    /// `consoleMessage`.
    ConsoleMessage(ConsoleMessage) = "consoleMessage",
    /// `downloadStarted`.
    DownloadStarted(DownloadStarted) = "downloadStarted",
    /// `downloadFinished`.
    DownloadFinished(DownloadFinished) = "downloadFinished",
    /// `download`.
    Download(Download) = "download",
}

impl Message {
    /// An event nobody asked for.
    pub fn unasked(event: impl Into<Event>) -> Self {
        Self {
            request_id: None,
            cursor: None,
            event: event.into(),
        }
    }

    /// Reads one text frame, for clients. Fields that this version does not know are passed over.
    pub fn parse(text: &str) -> Result<Self, NotAMessage> {
        let mut fields: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| NotAMessage::Malformed(error.to_string()))?;
        let Some(Value::String(name)) = fields.remove("type") else {
            return Err(NotAMessage::Malformed("no `type`".to_owned()));
        };
        let request_id = fields
            .remove("requestId")
            .map(serde_json::from_value)
            .transpose()
            .map_err(|error| NotAMessage::Malformed(format!("requestId: {error}")))?;
        let cursor = fields
            .remove("cursor")
            .map(serde_json::from_value)
            .transpose()
            .map_err(|error| NotAMessage::Malformed(format!("cursor: {error}")))?;
        Ok(Self {
            request_id,
            cursor,
            event: Event::from_fields(&name, fields)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TabId;

    #[test]
    fn a_number_is_put_in_as_if_the_message_had_been_written_with_it() {
        for cursor in [1, 10, u64::MAX] {
            let mut message = Message::unasked(Pong { ts: 1 });
            let plain = message.to_json();
            message.cursor = Some(cursor);
            assert_eq!(numbered(plain.as_bytes(), cursor), message.to_json());
        }
    }

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let message = Message {
            request_id: Some(3.into()),
            cursor: Some(7),
            event: Navigated {
                id: TabId::new(1),
                url: "https://example.com/".to_owned(),
                status: Some(200),
                same_document: None,
            }
            .into(),
        };
        let text = message.to_json();
        assert_eq!(
            text,
            r#"{"type":"navigated","requestId":3,"id":"t1","url":"https://example.com/","status":200,"cursor":7}"#
        );
        assert_eq!(Message::parse(&text).unwrap(), message);
    }

    #[test]
    fn fields_that_are_unknown_are_passed_over_and_unknown_events_are_named() {
        let text = r#"{"type":"pong","ts":5,"colour":9}"#;
        assert_eq!(
            Message::parse(text).unwrap(),
            Message::unasked(Pong { ts: 5 })
        );
        let error = Message::parse(r#"{"type":"tabGlowing"}"#).unwrap_err();
        assert!(matches!(error, NotAMessage::UnknownType(name) if name == "tabGlowing"));
    }
}
