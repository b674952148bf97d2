//! The idempotency keys under which an earlier process has made something.

use std::collections::HashMap;
use std::sync::Mutex;

use tokio::time::Instant;

use super::once_key::{Made, OnceKey};
use crate::lock::lock;
use crate::tabs::Scope;

/// The key belongs to another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyIsAnothers;

/// The keys of all doors. They are forgotten when their time is over.
#[derive(Debug, Default)]
pub(in crate::operations) struct KeptKeys(Mutex<HashMap<Scope, HashMap<Name, KeptKey>>>);

/// The door, and the key.
type Name = (String, String);

#[derive(Debug)]
struct KeptKey {
    print: [u8; 32],
    made: Made,
    until: Instant,
}

impl KeptKeys {
    /// Something was made under this key, which is remembered until then.
    pub(super) fn add(
        &self,
        scope: Scope,
        name: (&str, &str),
        print: [u8; 32],
        made: Made,
        until: Instant,
    ) {
        let name = (name.0.to_owned(), name.1.to_owned());
        let kept = KeptKey { print, made, until };
        lock(&self.0).entry(scope).or_default().insert(name, kept);
    }

    /// What was made under a key.
    pub(in crate::operations) fn find(
        &self,
        once: &OnceKey,
        now: Instant,
    ) -> Option<Result<Made, KeyIsAnothers>> {
        let mut scopes = lock(&self.0);
        let keys = scopes.get_mut(&once.scope)?;
        keys.retain(|_, kept| kept.until > now);
        let name = (once.door.to_owned(), once.key.clone());
        let found = keys.get(&name).map(|kept| {
            let is_same = kept.print == once.print;
            is_same.then_some(kept.made).ok_or(KeyIsAnothers)
        });
        if keys.is_empty() {
            scopes.remove(&once.scope);
        }
        found
    }

    /// The session of this scope has ended.
    pub(in crate::operations) fn forget(&self, scope: &Scope) {
        lock(&self.0).remove(scope);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cdp_bridge_protocol::TabId;

    use super::*;

    #[test]
    fn a_key_stands_for_one_request_at_one_door_until_its_time_is_over() {
        let (keys, now) = (KeptKeys::default(), Instant::now());
        let made = Made::Tab(TabId::new(3));
        let until = now + Duration::from_secs(10);
        keys.add("a".into(), ("rest", "k"), [1; 32], made, until);
        let once = |door, print| OnceKey {
            scope: "a".into(),
            door,
            key: "k".to_owned(),
            print: [print; 32],
        };
        assert_eq!(keys.find(&once("rest", 1), now), Some(Ok(made)));
        assert_eq!(keys.find(&once("rest", 2), now), Some(Err(KeyIsAnothers)));
        assert_eq!(keys.find(&once("json", 1), now), None);
        assert_eq!(keys.find(&once("rest", 1), until), None);
    }
}
