//! The upstream proxies of sessions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::egress::RecentFailures;
use crate::lock::lock;
use crate::policy::UpstreamProxy;
use crate::tabs::Scope;

/// The upstream proxy of each scope that has one. It is set before the first browser context of the scope is
/// opened, and never changes afterwards.
#[derive(Debug, Default)]
pub(super) struct ScopeProxies {
    scopes: Mutex<HashMap<Scope, Arc<ScopeProxy>>>,
}

/// The upstream proxy of one scope.
#[derive(Debug)]
pub(super) struct ScopeProxy {
    pub(super) proxy: Arc<UpstreamProxy>,
    /// Of connections through this proxy.
    pub(super) recent_failures: Arc<RecentFailures>,
}

impl ScopeProxies {
    pub(super) fn set(&self, scope: Scope, proxy: UpstreamProxy) {
        let upstream = ScopeProxy {
            proxy: Arc::new(proxy),
            recent_failures: Arc::default(),
        };
        lock(&self.scopes).insert(scope, Arc::new(upstream));
    }

    /// The scope has ended.
    pub(super) fn forget(&self, scope: &Scope) {
        lock(&self.scopes).remove(scope);
    }

    pub(super) fn of(&self, scope: &Scope) -> Option<Arc<ScopeProxy>> {
        lock(&self.scopes).get(scope).cloned()
    }
}
