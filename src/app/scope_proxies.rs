//! The upstream proxies of sessions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::policies::Policies;
use super::proxies::ContextProxies;
use crate::config::Config;
use crate::egress::RecentFailures;
use crate::lock::lock;
use crate::operations::UrlPolicy;
use crate::operations::sessions::{BadOption, SessionOptions};
use crate::policy::{Denied, UpstreamProxy};
use crate::tabs::Scope;

/// The upstream proxy of each scope that has one. It is set before the first browser context of the scope is
/// opened, and kept until the last is gone.
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
    fn set(&self, scope: Scope, proxy: UpstreamProxy) {
        let upstream = ScopeProxy {
            proxy: Arc::new(proxy),
            recent_failures: Arc::default(),
        };
        lock(&self.scopes).insert(scope, Arc::new(upstream));
    }

    fn forget(&self, scope: &Scope) {
        lock(&self.scopes).remove(scope);
    }

    pub(super) fn of(&self, scope: &Scope) -> Option<Arc<ScopeProxy>> {
        lock(&self.scopes).get(scope).cloned()
    }
}

/// Policy as operations ask it: with the upstream proxies of sessions.
#[derive(Debug)]
pub(super) struct SessionPolicies {
    policies: Arc<Policies>,
    upstreams: Arc<ScopeProxies>,
    /// Whether Chromium runs on this machine, and so reaches listeners on the loopback address.
    is_local: bool,
    /// Whether sessions that are not logged out live in the browser's own context, which has one proxy.
    keeps_profile: bool,
}

impl SessionPolicies {
    /// For sessions whose browser contexts have these proxies.
    pub(super) fn of(proxies: &ContextProxies, config: &Config) -> Self {
        Self {
            policies: Arc::clone(&proxies.policies),
            upstreams: Arc::clone(&proxies.upstreams),
            is_local: proxies.is_local,
            keeps_profile: config.browser.user_data_dir.is_some(),
        }
    }

    fn check_proxy(
        &self,
        scope: &Scope,
        proxy: &UpstreamProxy,
        options: &SessionOptions,
    ) -> Result<(), BadOption> {
        if !self.is_local {
            let rule = "cannot be used with browser.connect to a Chromium on another machine";
            return Err(BadOption::new("proxy", rule));
        }
        if self.keeps_profile && !options.logged_out {
            let rule = "needs loggedOut, since the tabs of the kept profile (browser.user_data_dir) share one proxy";
            return Err(BadOption::new("proxy", rule));
        }
        let policy = self.policies.of(scope).egress();
        let allowed = policy.borrow().check_upstream(proxy);
        allowed.map_err(|denied| BadOption::new("proxy", denied.to_string()))
    }
}

impl UrlPolicy for SessionPolicies {
    fn check(&self, scope: &Scope, url: &str) -> Result<String, Denied> {
        UrlPolicy::check(self.policies.as_ref(), scope, url)
    }

    fn narrow(&self, scope: &Scope, options: &SessionOptions) -> Result<(), BadOption> {
        if let Some(proxy) = &options.proxy {
            self.check_proxy(scope, proxy, options)?;
        }
        self.policies.narrow(scope, options)?;
        if let Some(proxy) = &options.proxy {
            self.upstreams.set(scope.clone(), proxy.clone());
        }
        Ok(())
    }

    fn forget(&self, scope: &Scope) {
        self.policies.forget(scope);
        self.upstreams.forget(scope);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::client_rules;
    use crate::operations::sessions::SessionsConfig;

    fn policies() -> SessionPolicies {
        let mut config = Config::default();
        config.policy.upstream_proxies = vec!["proxies.test:3128".to_owned()];
        SessionPolicies {
            policies: Arc::new(Policies::new(client_rules::read(&config).unwrap())),
            upstreams: Arc::default(),
            is_local: true,
            keeps_profile: false,
        }
    }

    fn through(server: &str) -> SessionOptions {
        SessionOptions {
            proxy: Some(UpstreamProxy::parse(server).unwrap()),
            ..SessionOptions::new(&SessionsConfig::default())
        }
    }

    #[test]
    fn a_session_has_its_proxy_until_nothing_of_it_is_left() {
        let policies = policies();
        let (scope, other) = (Scope::from("default"), Scope::from("other"));
        let options = through("http://eu.proxies.test:3128");
        assert_eq!(policies.narrow(&scope, &options), Ok(()));
        assert!(policies.upstreams.of(&scope).is_some());
        assert!(policies.upstreams.of(&other).is_none());
        policies.forget(&scope);
        assert!(policies.upstreams.of(&scope).is_none());
    }

    #[test]
    fn a_proxy_that_policy_does_not_allow_is_refused_with_the_key() {
        let policies = policies();
        let scope = Scope::from("default");
        for server in ["http://127.0.0.1:9333", "http://proxies.test:80"] {
            let error = policies.narrow(&scope, &through(server)).unwrap_err();
            assert_eq!(error.field, "proxy");
            assert!(error.rule.contains("policy.upstream_proxies"), "{error}");
        }
        assert!(policies.upstreams.of(&scope).is_none());
    }

    #[test]
    fn a_proxy_is_refused_where_it_would_not_be_used() {
        let scope = Scope::from("default");
        let server = "http://proxies.test:3128";
        let remote = SessionPolicies {
            is_local: false,
            ..policies()
        };
        assert!(remote.narrow(&scope, &through(server)).is_err());
        let kept = SessionPolicies {
            keeps_profile: true,
            ..policies()
        };
        assert_eq!(kept.narrow(&scope, &through(server)), Ok(()));
        let in_profile = SessionOptions {
            logged_out: false,
            ..through(server)
        };
        assert!(kept.narrow(&scope, &in_profile).is_err());
    }
}
