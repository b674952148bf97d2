//! Changes that are made once: the requests of a client that carry the same idempotency key.

use std::sync::{Arc, Mutex, MutexGuard};

use cdp_bridge_protocol::{
    ErrorCode, ErrorEvent, Event, IdempotencyKey, Message, RequestBody, RequestKind,
};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::answer::Answering;
use super::idempotency::{Begin, Fingerprint, Table};
use super::settings::Remember;
use super::wire_error;
use crate::lock::lock;
use crate::tabs::ClientId;

/// What is remembered for all clients.
#[derive(Debug)]
pub(super) struct Once {
    remember: Remember,
    table: Mutex<Table<Answering>>,
}

/// The first request of its key, until it is answered. Dropped before, it answers those that
/// joined it by an error, and the key is free again.
#[derive(Debug)]
pub(super) struct First {
    once: Arc<Once>,
    client: ClientId,
    key: IdempotencyKey,
    is_settled: bool,
}

impl Once {
    pub(super) fn new(remember: Remember) -> Self {
        Self {
            remember,
            table: Mutex::new(Table::new(remember)),
        }
    }

    /// Takes a request that carries a key. It comes back if it is to be carried out; otherwise it
    /// has been answered, or will be together with the first of its key.
    pub(super) fn begin(
        self: &Arc<Self>,
        client: &ClientId,
        key: &IdempotencyKey,
        body: &RequestBody,
        answering: Answering,
        now: Instant,
    ) -> Option<Answering> {
        let print = fingerprint(body);
        let begun = self.table().begin(client, key, print, answering, now);
        match begun {
            Begin::First(mut answering) => {
                answering.once = Some(First {
                    once: Arc::clone(self),
                    client: client.clone(),
                    key: key.clone(),
                    is_settled: false,
                });
                return Some(answering);
            }
            Begin::Joined => {}
            Begin::Answered(answering, event) => answering.repeat(&event),
            Begin::Other(answering) => answering.refuse(wire_error::key_of_another(key)),
            Begin::Full(answering, after) => {
                answering.refuse(wire_error::too_many_keys(self.remember.keys, after));
            }
        }
        None
    }

    fn table(&self) -> MutexGuard<'_, Table<Answering>> {
        lock(&self.table)
    }
}

impl First {
    /// The request has this answer. It goes to all that joined, and to all that come with the key
    /// later, unless it certainly changed nothing and trying again makes sense.
    pub(super) fn settle(mut self, kind: RequestKind, answer: &Event) {
        let kept = match answer {
            Event::Error(error) if may_be_tried_again(kind, error) => None,
            answer => Some(answer),
        };
        for joined in self.take(kept) {
            joined.repeat(answer);
        }
    }

    fn take(&mut self, answer: Option<&Event>) -> Vec<Answering> {
        self.is_settled = true;
        let answer = answer.map(|event| {
            let bytes = Message::unasked(event.clone()).to_json().len();
            (Arc::new(event.clone()), bytes)
        });
        let mut table = self.once.table();
        table.settle(&self.client, &self.key, answer, Instant::now())
    }
}

impl Drop for First {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        for joined in self.take(None) {
            joined.refuse(wire_error::lost());
        }
    }
}

/// Whether an error says for certain that nothing was changed, so that the same key may try again:
/// the request was refused before it began, or it was to create a tab and there is none.
fn may_be_tried_again(kind: RequestKind, error: &ErrorEvent) -> bool {
    let never_began = matches!(
        error.code,
        ErrorCode::RateLimited | ErrorCode::LimitExceeded | ErrorCode::Dropped
    );
    error.retryable && (never_began || kind == RequestKind::CreateTab)
}

/// What tells one request from another: its type and its own fields.
fn fingerprint(body: &RequestBody) -> Fingerprint {
    let mut hash = Sha256::new();
    hash.update(body.kind().as_str());
    // Strings, numbers and booleans always serialize; if they did not, the key would stand for the
    // type alone.
    hash.update(serde_json::to_vec(body).unwrap_or_default());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::Request;

    #[test]
    fn only_errors_that_changed_nothing_free_the_key() {
        let error = |code| ErrorEvent::new(code, "");
        let navigate = RequestKind::Navigate;
        for code in ErrorCode::ALL {
            let free = may_be_tried_again(navigate, &error(code));
            let never_began = [
                ErrorCode::RateLimited,
                ErrorCode::LimitExceeded,
                ErrorCode::Dropped,
            ];
            assert_eq!(free, never_began.contains(&code), "{code:?}");
            let free = may_be_tried_again(RequestKind::CreateTab, &error(code));
            assert_eq!(free, code.retryable(), "{code:?}");
        }
    }

    #[test]
    fn the_same_request_has_the_same_fingerprint_and_another_another() {
        let print = |json: &str| fingerprint(&Request::parse(json).unwrap().body);
        let first = print(r#"{"type":"closeTab","tabId":"t1","requestId":1,"timeoutMs":100}"#);
        assert_eq!(
            first,
            print(r#"{"requestId":2,"tabId":"t1","type":"closeTab"}"#)
        );
        assert_ne!(first, print(r#"{"type":"closeTab","tabId":"t2"}"#));
        assert_ne!(first, print(r#"{"type":"activateTab","tabId":"t1"}"#));
    }
}
