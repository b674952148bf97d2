//! Messages from the bridge (pure).

use cdp_bridge_protocol::payload::{Incoming, Joined, PayloadHead};
use cdp_bridge_protocol::{Message, RequestId};
use serde_json::{Map, Value, json};

use super::disconnect::Disconnect;

/// One message, or the end of the connection.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// A message without a payload.
    Message(Box<Message>),
    /// A whole payload.
    Payload(Joined),
    /// A JSON object with a `type` that this version does not know, or with fields that it cannot parse. Clients ignore such
    /// a message; the console shows it.
    Other(Map<String, Value>),
    /// A frame that is not a message of the protocol, and why.
    Unreadable(String),
    /// The connection is closed; this is the last item.
    Closed(Disconnect),
}

impl Received {
    /// The request that it answers.
    pub fn request_id(&self) -> Option<RequestId> {
        match self {
            Self::Message(message) => message.request_id.clone(),
            Self::Payload(joined) => joined.request_id.clone(),
            Self::Other(fields) => serde_json::from_value(fields.get("requestId").cloned()?).ok(),
            Self::Unreadable(_) | Self::Closed(_) => None,
        }
    }

    /// Every request that it answers: a coalesced snapshot answers several.
    pub fn answers(&self) -> Vec<RequestId> {
        let mut ids: Vec<_> = self.request_id().into_iter().collect();
        if let Self::Payload(Joined {
            head: PayloadHead::DomSnapshot(head),
            ..
        }) = self
        {
            ids.extend(head.coalesced.iter().flatten().cloned());
        }
        ids
    }

    /// The message or payload, if this version of the protocol knows it.
    pub(super) fn into_incoming(self) -> Option<Incoming> {
        match self {
            Self::Message(message) => Some(Incoming::Message(message)),
            Self::Payload(joined) => Some(Incoming::Payload(joined)),
            Self::Other(_) | Self::Unreadable(_) | Self::Closed(_) => None,
        }
    }

    /// The message's `type`; `unreadable` and `closed` for what has none.
    pub fn name(&self) -> &str {
        match self {
            Self::Message(message) => message.event.name(),
            Self::Payload(joined) => joined.head.name(),
            Self::Other(fields) => fields.get("type").and_then(Value::as_str).unwrap_or("?"),
            Self::Unreadable(_) => "unreadable",
            Self::Closed(_) => "closed",
        }
    }

    /// The fields as JSON. A text payload is included, a binary one only by its size in `bytes`.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Message(message) => {
                serde_json::from_str(&message.to_json()).unwrap_or(Value::Null)
            }
            Self::Payload(joined) => payload_value(joined),
            Self::Other(fields) => Value::Object(fields.clone()),
            Self::Unreadable(problem) => json!({ "type": self.name(), "message": problem }),
            Self::Closed(closing) => {
                json!({ "type": self.name(), "code": closing.code, "reason": closing.reason })
            }
        }
    }
}

fn payload_value(joined: &Joined) -> Value {
    let mut value = serde_json::to_value(&joined.head).unwrap_or_default();
    value["type"] = joined.head.name().into();
    if let Some(id) = &joined.request_id {
        value["requestId"] = json!(id);
    }
    value["bytes"] = joined.payload.len().into();
    if joined.head.is_text() {
        value[joined.head.field()] = String::from_utf8_lossy(&joined.payload).into();
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::TabId;
    use cdp_bridge_protocol::event::DomSnapshotHead;
    use cdp_bridge_protocol::request::SnapshotFormat;

    #[test]
    fn a_snapshot_answers_the_requests_it_was_coalesced_with_and_shows_its_text() {
        let received = Received::Payload(Joined {
            request_id: Some("c3".into()),
            head: PayloadHead::DomSnapshot(DomSnapshotHead {
                id: TabId::new(1),
                url: "http://a/".to_owned(),
                format: SnapshotFormat::Html,
                seq: 1,
                total: 2,
                coalesced: Some(vec!["c1".into(), 2.into()]),
            }),
            payload: b"<html>".to_vec(),
        });
        assert_eq!(received.answers(), ["c3".into(), "c1".into(), 2.into()]);
        let value = received.to_value();
        assert_eq!(
            (&value["snapshot"], &value["bytes"]),
            (&"<html>".into(), &6.into())
        );
        assert_eq!(
            (&value["type"], &value["requestId"]),
            (&"domSnapshot".into(), &"c3".into())
        );
    }
}
