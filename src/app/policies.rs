//! The policy in force for each client; a reload can replace it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::client_rules::ClientRules;
use crate::egress::RecentFailures;
use crate::lock::lock;
use crate::operations::UrlPolicy;
use crate::operations::sessions::{BadOption, SessionOptions};
use crate::policy::{Denied, DownloadPolicy, EgressPolicy};
use crate::tabs::{ClientId, Scope};

/// Every client's policy.
#[derive(Debug, Default)]
pub(super) struct Policies {
    clients: Mutex<HashMap<ClientId, Arc<ClientPolicy>>>,
    /// For names that are not configured clients: denies everything.
    closed: Arc<ClientPolicy>,
}

/// One client's policy and its recently blocked requests. The object lives as long as the bridge, so that
/// proxies and tabs of the client see later changes.
#[derive(Debug)]
pub(super) struct ClientPolicy {
    /// `None` after the client was removed: it may reach nothing.
    rules: watch::Sender<Option<Arc<ClientRules>>>,
    egress: watch::Sender<Arc<EgressPolicy>>,
    changes: watch::Sender<()>,
    pub(super) recent_failures: Arc<RecentFailures>,
}

impl Policies {
    pub(super) fn new(rules: HashMap<ClientId, ClientRules>) -> Self {
        let policies = Self::default();
        policies.put_in_force(rules);
        policies
    }

    /// Replaces the rules of all clients. Proxies cut connections that are no longer allowed, and tabs
    /// leave pages that are no longer allowed; a client whose rules stay the same is not disturbed.
    pub(super) fn put_in_force(&self, mut rules: HashMap<ClientId, ClientRules>) {
        let mut clients = lock(&self.clients);
        for client in rules.keys() {
            // Kept when the client is removed, because the proxy of its browser context is kept too: if the
            // client returns, both are still connected.
            clients.entry(client.clone()).or_default();
        }
        for (client, policy) in clients.iter() {
            policy.put_in_force(rules.remove(client));
        }
    }

    pub(super) fn of(&self, client: &ClientId) -> Arc<ClientPolicy> {
        let clients = lock(&self.clients);
        Arc::clone(clients.get(client).unwrap_or(&self.closed))
    }
}

impl Default for ClientPolicy {
    fn default() -> Self {
        Self {
            rules: watch::Sender::new(None),
            egress: watch::Sender::new(Arc::new(EgressPolicy::closed())),
            changes: watch::Sender::new(()),
            recent_failures: Arc::default(),
        }
    }
}

impl ClientPolicy {
    fn put_in_force(&self, rules: Option<ClientRules>) {
        let written = self.rules.borrow().as_ref().map(|old| old.written.clone());
        if written.as_ref() == rules.as_ref().map(|new| &new.written) {
            return;
        }
        let egress = match &rules {
            Some(rules) => Arc::clone(&rules.egress),
            None => Arc::new(EgressPolicy::closed()),
        };
        self.rules.send_replace(rules.map(Arc::new));
        self.egress.send_replace(egress);
        // Last, so that a listener that wakes sees the other two.
        self.changes.send_replace(());
    }

    /// Where its pages may connect.
    pub(super) fn egress(&self) -> watch::Receiver<Arc<EgressPolicy>> {
        self.egress.subscribe()
    }

    /// Whether downloads of its pages are kept.
    pub(super) fn keeps_downloads(&self) -> bool {
        let rules = self.rules.borrow();
        rules
            .as_ref()
            .is_some_and(|rules| rules.written.downloads == DownloadPolicy::Keep)
    }

    /// Changes when the policy may have changed.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Whether a tab may navigate there; returns the normalised URL.
    fn check(&self, url: &str) -> Result<String, Denied> {
        Ok(self.rules(url)?.navigation.check(url)?.into())
    }

    /// Whether a tab may stay where its main frame is.
    pub(super) fn check_committed(&self, url: &str) -> Result<(), Denied> {
        // A blob URL contains the origin of the page that created it.
        let url = url.strip_prefix("blob:").unwrap_or(url);
        let is_blank = url
            .strip_prefix("about:blank")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['#', '?']));
        if is_blank {
            return Ok(());
        }
        self.rules(url)?.navigation.check_committed(url).map(drop)
    }

    fn rules(&self, url: &str) -> Result<Arc<ClientRules>, Denied> {
        self.rules.borrow().clone().ok_or_else(|| {
            let url = url::Url::parse(url).ok();
            let host = url.as_ref().and_then(url::Url::host_str);
            Denied::Closed {
                host: host.unwrap_or_default().to_owned(),
            }
        })
    }
}

impl UrlPolicy for Policies {
    fn check(&self, scope: &Scope, url: &str) -> Result<String, Denied> {
        self.of(&scope.client).check(url)
    }

    fn narrow(&self, _: &Scope, _: &SessionOptions) -> Result<(), BadOption> {
        Ok(())
    }

    fn forget(&self, _: &Scope) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::client_rules;
    use crate::config::Config;
    use crate::policy::{ClientPolicyConfig, PolicyMode};
    use crate::server::ClientConfig;

    fn client(name: &str, policy: Option<ClientPolicyConfig>) -> ClientConfig {
        ClientConfig {
            name: name.to_owned(),
            token: None,
            token_sha256: None,
            token_file: None,
            policy,
            limits: None,
        }
    }

    /// `a` has the common policy, `b` its own, and `c` only reports.
    fn config() -> Config {
        let mut config = Config::default();
        config.policy.allowlist = vec!["usual.test".to_owned()];
        let own = ClientPolicyConfig {
            allowlist: Some(vec!["own.test".to_owned()]),
            ..ClientPolicyConfig::default()
        };
        let report = ClientPolicyConfig {
            mode: Some(PolicyMode::Report),
            ..ClientPolicyConfig::default()
        };
        config.auth.clients = vec![
            client("a", None),
            client("b", Some(own)),
            client("c", Some(report)),
        ];
        config
    }

    fn policies() -> Policies {
        Policies::new(client_rules::read(&config()).unwrap())
    }

    fn may(policies: &Policies, client: &str, url: &str) -> bool {
        UrlPolicy::check(policies, &client.into(), url).is_ok()
    }

    #[test]
    fn each_client_has_its_own_policy_or_the_common_one() {
        let policies = policies();
        let may = |client, url| may(&policies, client, url);
        assert!(may("a", "http://usual.test/") && !may("a", "http://own.test/"));
        assert!(may("b", "http://own.test/") && !may("b", "http://usual.test/"));
        assert!(may("c", "http://any.test/") && !may("c", "http://10.0.0.1/"));
        assert!(!may("unknown", "http://usual.test/"));
    }

    #[test]
    fn a_tab_may_stay_where_chromium_itself_puts_it() {
        let policies = policies();
        let policy = policies.of(&"a".into());
        for url in [
            "about:blank",
            "about:blank#x",
            "blob:http://usual.test/0-1",
            "chrome-error://chromewebdata/",
            "https://www.usual.test/",
        ] {
            assert_eq!(policy.check_committed(url), Ok(()), "{url}");
        }
        for url in [
            "about:blankx",
            "blob:http://evil.test/0-1",
            "blob:null/0-1",
            "http://evil.test/",
            "chrome://version/",
            "data:text/html,x",
        ] {
            assert!(policy.check_committed(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_change_reaches_only_the_clients_whose_policy_changes() {
        let policies = policies();
        let gates = ["a", "b", "c"].map(|client| policies.of(&client.into()).egress());
        let tabs = ["a", "b", "c"].map(|client| policies.of(&client.into()).changes());
        let mut next = config();
        next.policy.allowlist = vec!["next.test".to_owned()];
        next.auth.clients.pop();
        policies.put_in_force(client_rules::read(&next).unwrap());
        let changed = gates.each_ref().map(|gate| gate.has_changed().unwrap());
        assert_eq!(changed, [true, false, true], "b has a list of its own");
        assert_eq!(
            tabs.map(|changes| changes.has_changed().unwrap()),
            [true, false, true]
        );
        assert!(may(&policies, "a", "http://next.test/"));
        assert!(!may(&policies, "a", "http://usual.test/"));
        assert!(may(&policies, "b", "http://own.test/"));
        let reaches = |gate: &watch::Receiver<Arc<EgressPolicy>>| {
            let verdict = gate
                .borrow()
                .check_host(&url::Host::Domain("next.test"), 80);
            matches!(verdict, crate::policy::EgressVerdict::Allowed(_))
        };
        assert_eq!(gates.each_ref().map(reaches), [true, false, false]);
    }

    #[test]
    fn a_removed_client_may_reach_nothing_until_it_returns() {
        let policies = policies();
        let gate = policies.of(&"c".into()).egress();
        let mut without = config();
        without.auth.clients.pop();
        policies.put_in_force(client_rules::read(&without).unwrap());
        let closed = || {
            let verdict = gate.borrow().check_host(&url::Host::Domain("any.test"), 80);
            matches!(
                verdict,
                crate::policy::EgressVerdict::Denied(Denied::Closed { .. })
            )
        };
        assert!(closed() && !may(&policies, "c", "http://any.test/"));
        policies.put_in_force(client_rules::read(&config()).unwrap());
        assert!(!closed() && may(&policies, "c", "http://any.test/"));
    }
}
