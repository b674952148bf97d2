//! The policy for connections that pages make.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::denied::Denied;
use super::host::Host;
use super::navigation::NavigationPolicy;
use super::pattern_error::PatternError;
use super::private::PrivateNetworks;
use super::settings::PolicyMode;

/// What pages may connect to, by any protocol.
///
/// - The hosts of the allowlist and of `subresources`; any host where the allowlist is empty.
///   Ports are as in the allowlist: an entry without one allows every port.
/// - Addresses are checked against `private` twice: in [`EgressPolicy::check_host`] if the host is
///   an address or is known without DNS, and in [`EgressPolicy::permits`] after DNS.
#[derive(Debug, Clone)]
pub struct EgressPolicy {
    rules: Option<Rules>,
    mode: PolicyMode,
}

#[derive(Debug, Clone)]
struct Rules {
    listed: NavigationPolicy,
    /// The same without an allowlist.
    unlisted: NavigationPolicy,
}

/// Where a connection goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination {
    pub address: IpAddr,
    /// Whether it is an address of this machine.
    pub is_own: bool,
}

/// The decision about a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EgressVerdict {
    /// With the normalised host.
    Allowed(Host),
    /// Allowed because of report mode.
    Reported(Host, Denied),
    Denied(Denied),
}

impl EgressPolicy {
    /// Reads the entries of `policy.allowlist`, `policy.subresources` and `policy.resolve`.
    pub fn new(
        allowlist: &[String],
        subresources: &[String],
        private: PrivateNetworks,
        resolve: BTreeMap<String, IpAddr>,
        mode: PolicyMode,
    ) -> Result<Self, PatternError> {
        // Parsed even if the allowlist is empty, so that a mistake is found before it has an effect.
        let further = NavigationPolicy::new(subresources, private.clone(), BTreeMap::new())?;
        let mut listed = NavigationPolicy::new(allowlist, private.clone(), resolve.clone())?;
        if !allowlist.is_empty() {
            listed = listed.with_hosts_of(further);
        }
        let unlisted = NavigationPolicy::new(&[], private, resolve)?;
        Ok(Self {
            rules: Some(Rules { listed, unlisted }),
            mode,
        })
    }

    /// The same policy, of which only the hosts of this list remain; it is enforced in report mode too.
    pub fn narrowed_to(&self, allowlist: &[String]) -> Result<Self, PatternError> {
        let narrowed = |rules: &Rules| {
            Ok(Rules {
                listed: rules.listed.clone().narrowed_to(allowlist)?,
                unlisted: rules.unlisted.clone().narrowed_to(allowlist)?,
            })
        };
        let rules = self.rules.as_ref().map(narrowed).transpose()?;
        Ok(Self { rules, ..*self })
    }

    /// Denies everything.
    pub fn closed() -> Self {
        Self {
            rules: None,
            mode: PolicyMode::Enforce,
        }
    }

    /// Checks a host before DNS.
    pub fn check_host<S: AsRef<str>>(&self, host: &url::Host<S>, port: u16) -> EgressVerdict {
        let Some(Rules { listed, unlisted }) = &self.rules else {
            let host = host.to_string();
            return EgressVerdict::Denied(Denied::Closed { host });
        };
        match listed.check_host(host, port) {
            Ok(host) => EgressVerdict::Allowed(host),
            Err(denied) if self.only_reports(&denied) => match unlisted.check_host(host, port) {
                Ok(host) => EgressVerdict::Reported(host, denied),
                Err(denied) => EgressVerdict::Denied(denied),
            },
            Err(denied) => EgressVerdict::Denied(denied),
        }
    }

    /// Whether this denial is only reported, because of report mode.
    pub fn only_reports(&self, denied: &Denied) -> bool {
        self.mode == PolicyMode::Report && denied.is_of_allowlist()
    }

    /// Checks an address that the host resolved to.
    pub fn permits(&self, host: &Host, destination: Destination) -> Result<(), Denied> {
        let Destination { address, is_own } = destination;
        let checked = |rules: &Rules| {
            if is_own {
                rules.unlisted.permits_own(address)
            } else {
                rules.unlisted.permits(address)
            }
        };
        match &self.rules {
            Some(rules) => checked(rules).map_err(|denied| denied.with_name(&host.to_string())),
            None => Err(Denied::Closed {
                host: host.to_string(),
            }),
        }
    }

    /// The address that `policy.resolve` sets for a name, instead of DNS.
    pub fn pinned(&self, name: &str) -> Option<IpAddr> {
        self.rules.as_ref()?.unlisted.pinned(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(allowlist: &[&str], subresources: &[&str], mode: PolicyMode) -> EgressPolicy {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let resolve = BTreeMap::from([("pinned.test".to_owned(), [8, 8, 8, 8].into())]);
        let (allowlist, subresources) = (owned(allowlist), owned(subresources));
        let private = PrivateNetworks::Deny;
        EgressPolicy::new(&allowlist, &subresources, private, resolve, mode).unwrap()
    }

    fn to(address: [u8; 4]) -> Destination {
        Destination {
            address: address.into(),
            is_own: false,
        }
    }

    fn judge(policy: &EgressPolicy, host: &str, port: u16) -> EgressVerdict {
        policy.check_host(&url::Host::parse(host).unwrap(), port)
    }

    fn reason(verdict: EgressVerdict) -> &'static str {
        match verdict {
            EgressVerdict::Allowed(_) => "allowed",
            EgressVerdict::Reported(_, denied) | EgressVerdict::Denied(denied) => denied.reason(),
        }
    }

    #[test]
    fn pages_load_from_the_allowlist_and_the_subresource_hosts() {
        let policy = policy(&["a.test"], &["=cdn.test:443"], PolicyMode::Enforce);
        assert_eq!(reason(judge(&policy, "a.test", 8080)), "allowed");
        assert_eq!(reason(judge(&policy, "www.A.test.", 80)), "allowed");
        assert_eq!(reason(judge(&policy, "cdn.test", 443)), "allowed");
        assert_eq!(reason(judge(&policy, "cdn.test", 80)), "port");
        assert_eq!(reason(judge(&policy, "www.cdn.test", 443)), "allowlist");
        assert_eq!(reason(judge(&policy, "b.test", 80)), "allowlist");
    }

    #[test]
    fn an_empty_allowlist_allows_any_public_host() {
        let policy = policy(&[], &["cdn.test"], PolicyMode::Enforce);
        assert_eq!(reason(judge(&policy, "b.test", 80)), "allowed");
        assert_eq!(reason(judge(&policy, "10.0.0.1", 80)), "address");
        assert_eq!(reason(judge(&policy, "localhost", 80)), "address");
        assert_eq!(policy.pinned("pinned.test"), Some([8, 8, 8, 8].into()));
    }

    #[test]
    fn report_mode_lets_through_all_but_private_addresses() {
        let policy = policy(&["a.test"], &[], PolicyMode::Report);
        assert!(matches!(
            judge(&policy, "a.test", 80),
            EgressVerdict::Allowed(_)
        ));
        let EgressVerdict::Reported(host, denied) = judge(&policy, "b.test.", 80) else {
            panic!("it is reported");
        };
        assert_eq!(
            (host.to_string(), denied.reason()),
            ("b.test".into(), "allowlist")
        );
        let private = judge(&policy, "169.254.169.254", 80);
        assert!(matches!(
            private,
            EgressVerdict::Denied(Denied::Address { .. })
        ));
        assert!(policy.permits(&host, to([127, 0, 0, 1])).is_err());
    }

    #[test]
    fn a_denied_address_is_reported_with_its_name() {
        let policy = policy(&[], &[], PolicyMode::Enforce);
        let host = Host::Domain("a.test".to_owned());
        assert_eq!(policy.permits(&host, to([8, 8, 8, 8])), Ok(()));
        let denied = policy.permits(&host, to([127, 0, 0, 1])).unwrap_err();
        assert!(
            denied
                .to_string()
                .starts_with("a.test resolves to 127.0.0.1")
        );
    }

    #[test]
    fn a_closed_policy_denies_everything() {
        let policy = EgressPolicy::closed();
        assert_eq!(reason(judge(&policy, "a.test", 80)), "closed");
        let host = Host::Domain("a.test".to_owned());
        assert!(policy.permits(&host, to([8, 8, 8, 8])).is_err());
    }

    #[test]
    fn a_mistake_in_the_subresource_hosts_is_an_error_even_with_an_empty_allowlist() {
        let private = PrivateNetworks::Deny;
        let further = ["*.cdn.test".to_owned()];
        let read = EgressPolicy::new(&[], &further, private, BTreeMap::new(), PolicyMode::Enforce);
        assert!(matches!(read, Err(PatternError::Wildcard { .. })));
    }
}
