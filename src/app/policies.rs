//! The policy in force for each client; a reload can replace it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::client_rules::{ClientRules, Narrowing};
use crate::egress::RecentFailures;
use crate::lock::lock;
use crate::operations::UrlPolicy;
use crate::operations::sessions::{BadOption, SessionOptions};
use crate::policy::{Denied, DownloadPolicy, EgressPolicy, PatternError};
use crate::tabs::{ClientId, Scope};

/// Every client's policy.
#[derive(Debug, Default)]
pub(super) struct Policies {
    scopes: Mutex<ScopePolicies>,
    /// For names that are not configured clients: denies everything.
    closed: Arc<ClientPolicy>,
}

/// The policies of clients, and of those of their sessions that narrow them.
#[derive(Debug, Default)]
struct ScopePolicies {
    clients: HashMap<ClientId, Arc<ClientPolicy>>,
    sessions: HashMap<Scope, (Narrowing, Arc<ClientPolicy>)>,
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
        let mut scopes = lock(&self.scopes);
        for client in rules.keys() {
            // Kept when the client is removed, because the proxy of its browser context is kept too: if the
            // client returns, both are still connected.
            scopes.clients.entry(client.clone()).or_default();
        }
        for (client, policy) in &scopes.clients {
            policy.put_in_force(rules.remove(client));
        }
        for (scope, (narrowing, policy)) in &scopes.sessions {
            let of_client = scopes.clients.get(&scope.client);
            // It was compiled when the session began; what cannot be compiled now lets nothing through.
            let rules = of_client.and_then(|it| it.narrowed(narrowing).ok().flatten());
            policy.put_in_force(rules);
        }
    }

    /// The policy for the pages of a scope.
    pub(super) fn of(&self, scope: &Scope) -> Arc<ClientPolicy> {
        let scopes = lock(&self.scopes);
        if let Some((_, narrowed)) = scopes.sessions.get(scope) {
            return Arc::clone(narrowed);
        }
        let of_client = scopes.clients.get(&scope.client);
        Arc::clone(of_client.unwrap_or(&self.closed))
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

    /// What a session leaves of its rules; `None` after the client was removed.
    fn narrowed(&self, narrowing: &Narrowing) -> Result<Option<ClientRules>, PatternError> {
        let rules = self.rules.borrow().clone();
        rules.map(|rules| rules.narrowed_to(narrowing)).transpose()
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
        self.of(scope).check(url)
    }

    fn narrow(&self, scope: &Scope, options: &SessionOptions) -> Result<(), BadOption> {
        let narrowing = Narrowing {
            allowlist: options.allowlist.clone(),
            downloads: options.downloads,
        };
        if narrowing == Narrowing::default() {
            return Ok(());
        }
        let of_client = self.of(scope);
        if narrowing.downloads == Some(DownloadPolicy::Keep) && !of_client.keeps_downloads() {
            let rule = "the configuration keeps no downloads for this client (policy.downloads)";
            return Err(BadOption::new("downloads", rule));
        }
        if narrowing.allowlist.as_ref().is_some_and(Vec::is_empty) {
            let rule = "must not be empty; leave it out for all that the client may reach";
            return Err(BadOption::new("allowlist", rule));
        }
        let rules = of_client
            .narrowed(&narrowing)
            .map_err(|error| BadOption::new("allowlist", error.to_string()))?;
        let policy = Arc::<ClientPolicy>::default();
        policy.put_in_force(rules);
        let mut scopes = lock(&self.scopes);
        scopes.sessions.insert(scope.clone(), (narrowing, policy));
        Ok(())
    }

    fn forget(&self, scope: &Scope) {
        lock(&self.scopes).sessions.remove(scope);
    }
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
    fn a_session_narrows_what_its_client_may_and_no_more_than_that() {
        let policies = policies();
        let session = Scope {
            session: crate::tabs::ClientSessionId::new(7),
            ..Scope::from("a")
        };
        let options = |allowlist: &[&str]| SessionOptions {
            allowlist: Some(allowlist.iter().map(ToString::to_string).collect()),
            ..SessionOptions::new(&crate::sessions::SessionsConfig::default())
        };
        let narrowed = options(&["www.usual.test", "evil.test"]);
        policies.narrow(&session, &narrowed).unwrap();
        let may = |url| UrlPolicy::check(&policies, &session, url).is_ok();
        let reaches = |host| {
            let gate = policies.of(&session).egress();
            let verdict = gate.borrow().check_host(&url::Host::Domain(host), 80);
            matches!(verdict, crate::policy::EgressVerdict::Allowed(_))
        };
        assert!(may("http://www.usual.test/") && reaches("www.usual.test"));
        assert!(!may("http://usual.test/") && !reaches("usual.test"));
        assert!(!may("http://evil.test/") && !reaches("evil.test"));
        assert!(
            self::may(&policies, "a", "http://usual.test/"),
            "the client itself"
        );

        let mut next = config();
        next.policy.allowlist = vec!["evil.test".to_owned()];
        policies.put_in_force(client_rules::read(&next).unwrap());
        assert!(may("http://evil.test/") && reaches("evil.test"));
        assert!(!may("http://www.usual.test/") && !reaches("www.usual.test"));

        policies.forget(&session);
        assert!(lock(&policies.scopes).sessions.is_empty());
        for (field, bad) in [
            ("allowlist", options(&[])),
            ("allowlist", options(&["*.usual.test"])),
            (
                "downloads",
                SessionOptions {
                    downloads: Some(DownloadPolicy::Keep),
                    ..options(&["a.test"])
                },
            ),
        ] {
            assert_eq!(policies.narrow(&session, &bad).unwrap_err().field, field);
        }
    }

    #[test]
    fn report_mode_does_not_open_what_a_session_closes() {
        let policies = policies();
        let session = Scope {
            session: crate::tabs::ClientSessionId::new(7),
            ..Scope::from("c")
        };
        let options = SessionOptions {
            allowlist: Some(vec!["any.test".to_owned()]),
            ..SessionOptions::new(&crate::sessions::SessionsConfig::default())
        };
        policies.narrow(&session, &options).unwrap();
        let gate = policies.of(&session).egress();
        let verdict = |host| gate.borrow().check_host(&url::Host::Domain(host), 80);
        assert!(matches!(
            verdict("other.test"),
            crate::policy::EgressVerdict::Denied(_)
        ));
        assert!(!matches!(
            verdict("any.test"),
            crate::policy::EgressVerdict::Denied(_)
        ));
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
