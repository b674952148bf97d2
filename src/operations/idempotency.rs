//! Changes that are made once: requests of a client with the same idempotency key share one execution and
//! one answer.

use std::sync::{Arc, Mutex, MutexGuard};

use cdp_bridge_protocol::{IdempotencyKey, RequestBody};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::idempotency_table::{Begin, Fingerprint, IdempotencyTable};
use super::keeping::OnceKey;
use super::keeping::kept_keys::KeptKeys;
use super::outcome::{OperationOutcome, remembered_bytes};
use super::responder::Responder;
use super::settings::IdempotencyConfig;
use super::{Call, CallId, OperationError};
use crate::lock::lock;
use crate::metrics;
use crate::tabs::Scope;

/// The idempotency keys of all scopes.
#[derive(Debug)]
pub(super) struct IdempotencyGuard {
    config: IdempotencyConfig,
    table: Mutex<IdempotencyTable<Responder, OperationOutcome>>,
    /// Those under which an earlier process has made something.
    pub(super) kept: KeptKeys,
}

/// The request that is executed for a key, until it is answered.
#[derive(Debug)]
pub(super) struct Leader {
    guard: Arc<IdempotencyGuard>,
    scope: Scope,
    key: IdempotencyKey,
    print: Fingerprint,
}

/// The door of these keys, among those that are kept.
const DOOR: &str = "json";

impl IdempotencyGuard {
    pub(super) fn new(config: IdempotencyConfig) -> Self {
        Self {
            config,
            table: Mutex::new(IdempotencyTable::new(config)),
            kept: KeptKeys::default(),
        }
    }

    /// `Some`: execute the request. `None`: it has been answered, or joined the request in flight with its key.
    pub(super) fn begin(
        self: &Arc<Self>,
        body: &RequestBody,
        responder: Responder,
    ) -> Option<Responder> {
        let call = responder.call();
        let Some(key) = call.idempotency_key.clone() else {
            return Some(responder);
        };
        let (scope, id, now) = (call.arrival.scope.clone(), call.id, call.arrival.at);
        let print = fingerprint(body);
        let begun = self.table().begin(&scope, &key, print, id, responder, now);
        match begun {
            Begin::Lead(mut responder) => {
                let guard = Arc::clone(self);
                responder.lead(Leader {
                    guard,
                    scope,
                    key,
                    print,
                });
                return Some(responder);
            }
            Begin::Joined => {}
            Begin::Answered(responder, outcome) => repeat(responder, &outcome),
            Begin::KeyReused(responder) => {
                responder.answer(Err(OperationError::KeyReused { key }));
            }
            Begin::Full(responder, retry_after) => {
                let limit = self.config.keys;
                responder.answer(Err(OperationError::TooManyKeys { limit, retry_after }));
            }
        }
        None
    }

    /// The call that is carried out for a key now.
    pub(super) fn leader_of(&self, scope: &Scope, key: &IdempotencyKey) -> Option<CallId> {
        self.table().leader_of(scope, key)
    }

    /// Nothing of a session is left: its keys are forgotten.
    pub(super) fn forget(&self, scope: &Scope) {
        self.table().forget(scope);
        self.kept.forget(scope);
    }

    fn table(&self) -> MutexGuard<'_, IdempotencyTable<Responder, OperationOutcome>> {
        lock(&self.table)
    }
}

impl Leader {
    /// The key, as it is kept with what is made under it.
    pub(super) fn once(&self) -> OnceKey {
        OnceKey {
            scope: self.scope.clone(),
            door: DOOR,
            key: self.key.as_str().to_owned(),
            print: self.print,
        }
    }

    /// Answers the requests that joined. The answer is remembered, unless the request certainly changed
    /// nothing and may be tried again.
    pub(super) fn settle(self, call: &Call, outcome: &OperationOutcome) {
        let may_try_again = matches!(outcome, Err(error) if error.changed_nothing(call.kind));
        let answer =
            (!may_try_again).then(|| (Arc::new(outcome.clone()), remembered_bytes(outcome)));
        let mut table = self.guard.table();
        let joined = table.settle(&self.scope, &self.key, answer, Instant::now());
        drop(table);
        for responder in joined {
            repeat(responder, outcome);
        }
    }
}

fn repeat(responder: Responder, outcome: &OperationOutcome) {
    metrics::repeated(responder.call().kind.as_str());
    responder.answer(outcome.clone());
}

/// Tells requests apart by their type and their own fields.
fn fingerprint(body: &RequestBody) -> Fingerprint {
    let mut hash = Sha256::new();
    hash.update(body.kind().as_str());
    // A body of strings, numbers and booleans always serializes; without its fields, the type alone would be
    // compared.
    hash.update(serde_json::to_vec(body).unwrap_or_default());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::Request;

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
