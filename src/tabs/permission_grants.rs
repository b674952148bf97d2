//! What the pages of a browser context may do, as clients have set it. Chromium keeps it only as long as the context.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use cdp_bridge_protocol::request::PagePermission;

use super::identity::Scope;
use crate::cdp::methods::GrantPermissions;
use crate::cdp::{Browser, BrowserContextId, CallError};
use crate::lock::lock;

/// What the pages of an origin may do; all others are denied them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionGrant {
    /// Every origin without a grant of its own if absent.
    pub origin: Option<String>,
    pub permissions: Vec<PagePermission>,
}

impl PermissionGrant {
    /// Carries it out in a context; `None` is the default one.
    pub(super) async fn carry_out(
        &self,
        browser: &Browser,
        context: Option<BrowserContextId>,
        limit: Duration,
    ) -> Result<(), CallError> {
        let permissions = self.permissions.iter();
        let method = GrantPermissions {
            permissions: permissions.flat_map(|it| names_of(*it)).copied().collect(),
            origin: self.origin.clone(),
            browser_context_id: context,
        };
        browser.call(method, limit).await.map(drop)
    }
}

/// CDP's names: `Browser.PermissionType`.
fn names_of(permission: PagePermission) -> &'static [&'static str] {
    match permission {
        PagePermission::Geolocation => &["geolocation"],
        PagePermission::Notifications => &["notifications"],
        PagePermission::Camera => &["videoCapture"],
        PagePermission::Microphone => &["audioCapture"],
        PagePermission::ClipboardRead => &["clipboardReadWrite", "clipboardSanitizedWrite"],
        PagePermission::ClipboardWrite => &["clipboardSanitizedWrite"],
        PagePermission::Midi => &["midi"],
        PagePermission::Sensors => &["sensors"],
        PagePermission::BackgroundSync => &["backgroundSync"],
        PagePermission::IdleDetection => &["idleDetection"],
        PagePermission::StorageAccess => &["storageAccess"],
        PagePermission::PaymentHandler => &["paymentHandler"],
        PagePermission::LocalFonts => &["localFonts"],
    }
}

/// The grants of one browser context, by origin. They outlive the context, to be carried out in the one that replaces it.
#[derive(Debug, Default)]
pub(crate) struct ContextGrants(Mutex<BTreeMap<Option<String>, PermissionGrant>>);

/// The most origins of a context; further ones replace the first in the order of their names.
const MAX_ORIGINS: usize = 256;

impl ContextGrants {
    pub(super) fn add(&self, grant: PermissionGrant) {
        let mut grants = lock(&self.0);
        if grants.len() >= MAX_ORIGINS && !grants.contains_key(&grant.origin) {
            let oldest = grants.keys().find(|origin| origin.is_some()).cloned();
            oldest.and_then(|oldest| grants.remove(&oldest));
        }
        grants.insert(grant.origin.clone(), grant);
    }

    /// In the order in which they have to be carried out.
    pub(super) fn all(&self) -> Vec<PermissionGrant> {
        lock(&self.0).values().cloned().collect()
    }
}

/// The grants of all scopes, for the contexts that their tabs share. Each lasts as long as the scope has a tab.
#[derive(Default)]
pub(crate) struct SharedGrants(Mutex<HashMap<Scope, Weak<ContextGrants>>>);

impl SharedGrants {
    pub(crate) fn of(&self, scope: &Scope) -> Arc<ContextGrants> {
        let mut all = lock(&self.0);
        if let Some(grants) = all.get(scope).and_then(Weak::upgrade) {
            return grants;
        }
        all.retain(|_, grants| grants.strong_count() > 0);
        let grants = Arc::new(ContextGrants::default());
        all.insert(scope.clone(), Arc::downgrade(&grants));
        grants
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(origin: Option<&str>, permissions: &[PagePermission]) -> PermissionGrant {
        PermissionGrant {
            origin: origin.map(str::to_owned),
            permissions: permissions.to_vec(),
        }
    }

    #[test]
    fn a_grant_replaces_that_of_the_same_origin_and_the_one_of_all_comes_first() {
        let grants = ContextGrants::default();
        let everywhere = grant(None, &[PagePermission::Notifications]);
        let here = grant(Some("https://a.test"), &[]);
        grants.add(grant(Some("https://a.test"), &[PagePermission::Camera]));
        grants.add(everywhere.clone());
        grants.add(here.clone());
        assert_eq!(grants.all(), [everywhere, here]);
    }

    #[test]
    fn tabs_of_a_scope_share_grants_and_other_scopes_do_not() {
        let shared = SharedGrants::default();
        let (one, same) = (shared.of(&"a".into()), shared.of(&"a".into()));
        let other = shared.of(&"b".into());
        one.add(grant(None, &[PagePermission::Geolocation]));
        assert_eq!((same.all().len(), other.all().len()), (1, 0));
    }

    #[test]
    fn the_origins_of_a_context_are_bounded() {
        let grants = ContextGrants::default();
        for number in 0..2 * MAX_ORIGINS {
            grants.add(grant(Some(&format!("https://{number}.test")), &[]));
        }
        assert_eq!(grants.all().len(), MAX_ORIGINS);
    }
}
