//! One caller of operations for each scope, so that what it refers to, such as an earlier outline, is known in the next
//! request. Limits are the client's and shared with its `WebSocket`s, however many callers it has.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::lock::lock;
use crate::operations::{Caller, Operations, Principal, Reach, Scope};

/// The name of the door in logs.
const DOOR: &str = "rest";

/// The most callers; the one that was not used for longest goes.
const MOST: usize = 4096;

/// A caller that is not used for this time is forgotten.
const IDLE: Duration = Duration::from_mins(15);

/// The callers of this door.
#[derive(Debug, Default)]
pub(crate) struct RestCallers(Mutex<HashMap<CallerKey, Known>>);

/// What tells callers apart: the scope, and the API key, since what one may is not what another may.
type CallerKey = (Scope, Reach, Option<String>);

#[derive(Debug)]
struct Known {
    caller: Arc<Caller>,
    used: Instant,
}

impl RestCallers {
    /// The caller of a principal.
    pub(crate) fn of(&self, operations: &Operations, principal: &Principal) -> Arc<Caller> {
        let now = Instant::now();
        let mut known = lock(&self.0);
        let api_key = principal.key.as_ref().map(|key| key.id.clone());
        let key = (principal.scope.clone(), principal.reach, api_key);
        if let Some(it) = known.get_mut(&key)
            && is_same(it.caller.principal(), principal)
        {
            it.used = now;
            return Arc::clone(&it.caller);
        }
        if known.len() >= MOST {
            known.retain(|_, it| now.saturating_duration_since(it.used) < IDLE);
        }
        if known.len() >= MOST {
            let oldest = known.iter().min_by_key(|(_, it)| it.used);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                known.remove(&oldest);
            }
        }
        let caller = Arc::new(operations.caller(DOOR, principal.clone()));
        let it = Known {
            caller: Arc::clone(&caller),
            used: now,
        };
        known.insert(key, it);
        caller
    }
}

/// Whether a caller has what its principal has now: clients and their limits may be replaced.
fn is_same(before: &Principal, now: &Principal) -> bool {
    Arc::ptr_eq(&before.quota, &now.quota) && before.permissions == now.permissions
}
