//! What the pages of scopes exchange with the network, counted where the bytes pass.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::lock::lock;
use crate::tabs::Scope;

/// The bytes of each scope. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct SessionTraffic(Arc<Mutex<HashMap<Scope, Arc<AtomicU64>>>>);

impl SessionTraffic {
    /// Where the bytes of a scope are counted.
    pub fn counter(&self, scope: &Scope) -> Arc<AtomicU64> {
        Arc::clone(lock(&self.0).entry(scope.clone()).or_default())
    }

    /// The bytes of a scope so far.
    pub fn bytes(&self, scope: &Scope) -> u64 {
        let scopes = lock(&self.0);
        scopes
            .get(scope)
            .map_or(0, |bytes| bytes.load(Ordering::Relaxed))
    }

    /// The same; it is counted no more.
    pub fn take(&self, scope: &Scope) -> u64 {
        let bytes = lock(&self.0).remove(scope);
        bytes.map_or(0, |bytes| bytes.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_has_its_own_count_until_it_is_taken() {
        let traffic = SessionTraffic::default();
        let (a, b) = (Scope::from("a"), Scope::from("b"));
        traffic.counter(&a).fetch_add(5, Ordering::Relaxed);
        traffic.counter(&a).fetch_add(2, Ordering::Relaxed);
        assert_eq!((traffic.bytes(&a), traffic.bytes(&b)), (7, 0));
        assert_eq!((traffic.take(&a), traffic.take(&a)), (7, 0));
    }
}
