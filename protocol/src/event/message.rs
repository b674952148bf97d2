//! The envelope of every event, and what follows from the rows of events in the [table](crate::table).

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Event, PayloadHead};
use crate::ids::RequestId;

/// One message from the bridge.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The request that it answers; `None` on an event that answers none.
    pub request_id: Option<RequestId>,
    /// Sequence number within the session, from 1 without gaps; absent on `welcome`, `resumed`, `gap` and `frame`, and if
    /// resumption is disabled.
    pub cursor: Option<u64>,
    /// The event's own fields.
    pub event: Event,
}

/// Serializes `type`, `requestId`, then the event's own fields, for readability. `cursor` comes last, so that it can be
/// appended to a serialized message ([`numbered`]).
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

/// The text is not a message that this version knows.
#[derive(Debug, thiserror::Error)]
pub enum NotAMessage {
    /// Not a JSON object with a `type`.
    #[error("expected a JSON object with a `type`: {0}")]
    Malformed(String),
    /// An unknown `type`, perhaps of a newer version; clients ignore such a message.
    #[error("unknown event `{0}`")]
    UnknownType(String),
    /// The fields do not match the type.
    #[error("{kind}: {source}")]
    Fields {
        /// The event's `type`.
        kind: &'static str,
        /// The error of deserializing them.
        source: serde_json::Error,
    },
}

/// Appends `cursor` to a serialized message, which is a JSON object with at least one field.
pub fn numbered(json: &[u8], cursor: u64) -> Bytes {
    let open = json.strip_suffix(b"}").unwrap_or(json);
    let end = format!(",\"cursor\":{cursor}}}");
    [open, end.as_bytes()].concat().into()
}

macro_rules! events {
    ($(
        $variant:ident($body:ident) = $name:literal
            $({ $field:ident: $encoding:ident, head: $head:ident })?;
    )*) => {
        /// The body of a message from the bridge, by its `type`.
        #[derive(Debug, Clone, PartialEq)]
        #[expect(
            clippy::large_enum_variant,
            reason = "an error has room for the details of every code; queues hold events in boxes"
        )]
        pub enum Event {
            $(#[doc = concat!("`", $name, "`.")] $variant($crate::event::$body),)*
        }

        impl Event {
            /// The `type` of every event, in the order of the table.
            pub const NAMES: &'static [&'static str] = &[$($name,)*];

            /// The message's `type`.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)*
                }
            }

            pub(crate) fn from_fields(
                name: &str,
                fields: serde_json::Map<String, serde_json::Value>,
            ) -> Result<Self, $crate::event::NotAMessage> {
                match name {
                    $($name => serde_json::from_value(serde_json::Value::Object(fields))
                        .map(Self::$variant)
                        .map_err(|source| $crate::event::NotAMessage::Fields { kind: $name, source }),)*
                    _ => Err($crate::event::NotAMessage::UnknownType(name.to_owned())),
                }
            }

            /// Separates a payload, as it is written in a text message, from the fields around it.
            pub(crate) fn split(self) -> $crate::event::Split {
                match self {
                    $($(Self::$variant(event) => {
                        $crate::event::Split::Payload(PayloadHead::$variant(event.head), event.$field)
                    })?)*
                    event => $crate::event::Split::Plain(event),
                }
            }
        }

        impl $crate::event::Message {
            /// The JSON text of a text frame.
            pub fn to_json(&self) -> String {
                let (request_id, cursor) = (self.request_id.as_ref(), self.cursor);
                match &self.event {
                    $(Event::$variant(body) => {
                        $crate::event::Envelope { r#type: $name, request_id, body, cursor }.to_json()
                    })*
                }
            }
        }

        /// The fields around a payload. `seq` and `total` are filled in when the payload is cut into parts.
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[serde(untagged)]
        pub enum PayloadHead {
            $($(
                #[doc = concat!("`", $name, "`, whose payload is the field `", stringify!($field), "`.")]
                $variant($crate::event::$head),
            )?)*
        }

        impl PayloadHead {
            /// The message's `type`.
            pub fn name(&self) -> &'static str {
                match self {
                    $($(Self::$variant($crate::event::$head { .. }) => $name,)?)*
                }
            }

            /// The field that holds the payload in a text message.
            pub fn field(&self) -> &'static str {
                match self {
                    $($(Self::$variant($crate::event::$head { .. }) => stringify!($field),)?)*
                }
            }

            /// The same by the message's `type`; `None` for a message without a payload.
            pub(crate) fn field_of(name: &str) -> Option<&'static str> {
                match name {
                    $($($name => Some(stringify!($field)),)?)*
                    _ => None,
                }
            }

            /// Whether the payload is text. Pictures and files are bytes, in base64 where the message is text.
            pub fn is_text(&self) -> bool {
                match self {
                    $($(Self::$variant($crate::event::$head { .. }) => $crate::event::is_text!($encoding),)?)*
                }
            }

            /// The tab that the payload was taken from.
            pub fn tab(&self) -> $crate::ids::TabId {
                match self {
                    $($(Self::$variant($crate::event::$head { id, .. }) => *id,)?)*
                }
            }

            /// `seq` and `total`.
            pub(crate) fn part(&self) -> (u32, u32) {
                match self {
                    $($(Self::$variant($crate::event::$head { seq, total, .. }) => (*seq, *total),)?)*
                }
            }

            pub(crate) fn set_part(&mut self, part: u32, of: u32) {
                match self {
                    $($(Self::$variant($crate::event::$head { seq, total, .. }) => {
                        (*seq, *total) = (part, of);
                    })?)*
                }
            }
        }

        $(
            impl From<$crate::event::$body> for Event {
                fn from(body: $crate::event::$body) -> Self {
                    Self::$variant(body)
                }
            }

            impl $crate::request::EventBody for $crate::event::$body {
                const NAME: &'static str = $name;
                $crate::event::answer! { $variant $($head)? }
            }
        )*

        /// Name and schema of each event's own fields. The heads of payloads, which binary frames carry, become
        /// definitions of the generator.
        pub(crate) fn event_schemas(
            generator: &mut schemars::SchemaGenerator,
        ) -> Vec<(&'static str, schemars::Schema)> {
            $($(generator.subschema_for::<$crate::event::$head>();)?)*
            vec![$(($name, <$crate::event::$body as schemars::JsonSchema>::json_schema(generator)),)*]
        }
    };
}

macro_rules! payload_events {
    ($(
        $(#[$body_doc:meta])+
        $body:ident {
            $(#[$payload_doc:meta])+
            $payload:ident,
        }
        $(#[$head_doc:meta])+
        $head:ident {
            $($(#[$doc:meta])+ $field:ident: $type:ty,)*
        }
        $(optional {
            $($(#[$optional_doc:meta])+ $optional:ident: $optional_type:ty,)*
        })?
        $(of_door {
            $($(#[$late_doc:meta])+ $late:ident: $late_type:ty,)*
        })?
    )*) => {
        pub(crate) mod payload_events {
            use schemars::JsonSchema;
            use serde::{Deserialize, Serialize};

            use $crate::ids::{RequestId, TabId};
            use $crate::request::{ContentFormat, SnapshotFormat};

            $(
                $(#[$body_doc])+
                #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
                #[serde(rename_all = "camelCase")]
                pub struct $body {
                    /// Everything but the payload.
                    #[serde(flatten)]
                    pub head: $head,
                    $(#[$payload_doc])+
                    pub $payload: String,
                }

                $(#[$head_doc])+
                #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
                #[serde(rename_all = "camelCase")]
                pub struct $head {
                    /// The tab.
                    pub id: TabId,
                    $($(#[$doc])+ pub $field: $type,)*
                    $($(
                        $(#[$optional_doc])+
                        #[serde(skip_serializing_if = "Option::is_none", default)]
                        pub $optional: Option<$optional_type>,
                    )*)?
                    /// Number of this part, from 0.
                    pub seq: u32,
                    /// How many parts there are.
                    pub total: u32,
                    $($(
                        $(#[$late_doc])+
                        #[serde(skip_serializing_if = "Option::is_none", default)]
                        pub $late: Option<$late_type>,
                    )*)?
                }
            )*

            /// What is known of a payload where it is made: the fields of its head, as a value without the tab and the
            /// parts.
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub enum PayloadFields {
                $(
                    $(#[$body_doc])+
                    $body {
                        $($(#[$doc])+ $field: $type,)*
                        $($($(#[$optional_doc])+ $optional: Option<$optional_type>,)*)?
                    },
                )*
            }

            impl PayloadFields {
                /// The head that a door sends with the payload.
                pub fn head(self, id: TabId) -> super::PayloadHead {
                    match self {
                        $(Self::$body { $($field,)* $($($optional,)*)? } => {
                            super::PayloadHead::$body($head {
                                id,
                                $($field,)*
                                $($($optional,)*)?
                                seq: 0,
                                total: 0,
                                $($($late: None,)*)?
                            })
                        })*
                    }
                }
            }
        }
    };
}

/// Cells of the table.
macro_rules! is_text {
    (text) => {
        true
    };
    (base64) => {
        false
    };
}

/// How a client gets an event as an answer: as it is, or its joined payload.
macro_rules! answer {
    ($variant:ident) => {
        type Answer = Self;

        fn answer(incoming: $crate::payload::Incoming) -> Option<Self> {
            match incoming {
                $crate::payload::Incoming::Message(message) => match message.event {
                    Event::$variant(body) => Some(body),
                    _ => None,
                },
                _ => None,
            }
        }
    };
    ($variant:ident $head:ident) => {
        type Answer = $crate::request::TypedPayload<$crate::event::$head>;

        fn answer(incoming: $crate::payload::Incoming) -> Option<Self::Answer> {
            match incoming {
                $crate::payload::Incoming::Payload($crate::payload::Joined {
                    head: PayloadHead::$variant(head),
                    payload: bytes,
                    ..
                }) => Some($crate::request::TypedPayload { head, bytes }),
                _ => None,
            }
        }
    };
}

pub(crate) use {answer, events, is_text, payload_events};

/// An event, or a payload and the fields around it.
#[expect(
    clippy::large_enum_variant,
    reason = "a return value that is taken apart at once"
)]
pub(crate) enum Split {
    /// An event without a payload.
    Plain(Event),
    /// A payload as it is written in a text message.
    Payload(PayloadHead, String),
}

impl Message {
    /// A message with an event that answers no request.
    pub fn unasked(event: impl Into<Event>) -> Self {
        Self {
            request_id: None,
            cursor: None,
            event: event.into(),
        }
    }

    /// Parses one text frame, for clients. Unknown fields are ignored.
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
    use crate::event::{Navigated, Pong};
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
