//! What is told.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::schedule::Schedule;

/// Something that has happened, for one receiver.
#[derive(Debug, Clone, PartialEq)]
pub struct WebhookEvent {
    /// Whose URL it is.
    pub client: String,
    /// The URL, which was checked when it was given.
    pub url: String,
    /// Such as `session.ended`.
    pub kind: &'static str,
    /// The id of what it is about.
    pub object: String,
    /// The facts.
    pub data: Value,
}

/// A message with how far it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The `webhook-id`.
    pub(super) id: String,
    pub(super) client: String,
    pub(super) kind: String,
    pub(super) content: Arc<Content>,
    pub(super) attempts: u32,
    pub(super) next_ms: u64,
    pub(super) give_up_ms: u64,
}

/// What is encrypted in the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) url: String,
    pub(super) body: String,
}

impl Kept {
    pub(super) fn new(event: &WebhookEvent, schedule: &Schedule, now_ms: u64) -> Self {
        let body = json!({ "type": event.kind, "timestamp": now_ms, "data": event.data });
        let content = Content {
            url: event.url.clone(),
            body: body.to_string(),
        };
        Self {
            id: message_id(event),
            client: event.client.clone(),
            kind: event.kind.to_owned(),
            content: Arc::new(content),
            attempts: 0,
            next_ms: now_ms,
            give_up_ms: schedule.give_up_ms(now_ms),
        }
    }
}

/// The same event has the same id, also where a restart tells of it once more.
fn message_id(event: &WebhookEvent) -> String {
    let mut hash = Sha256::new();
    for text in [event.kind, &event.client, &event.object] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    let digest = hash.finalize();
    let hex = digest.iter().take(16).map(|byte| format!("{byte:02x}"));
    format!("msg_{}", hex.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_event_has_the_same_id_and_another_has_another() {
        let event = |kind, object: &str| WebhookEvent {
            client: "a".to_owned(),
            url: "https://hooks.test/".to_owned(),
            kind,
            object: object.to_owned(),
            data: Value::Null,
        };
        let id = |kind, object| Kept::new(&event(kind, object), &Schedule::default(), 5).id;
        assert_eq!(id("session.ended", "1"), id("session.ended", "1"));
        assert_ne!(id("session.ended", "1"), id("session.ended", "2"));
        assert_ne!(id("session.ended", "1"), id("job.finished", "1"));
        assert!(id("job.finished", "1").starts_with("msg_"));
        let body = &Kept::new(&event("job.finished", "1"), &Schedule::default(), 5)
            .content
            .body;
        assert_eq!(body, r#"{"data":null,"timestamp":5,"type":"job.finished"}"#);
    }
}
