//! The services that operations use: traits where tests need fakes.

use std::fmt;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::oneshot;

use super::Keeping;
use super::sessions::{BadOption, SessionOptions, SessionTokens, SessionTraffic};
use crate::policy::Denied;
use crate::sealing::MasterKey;
use crate::store::StoreHandle;
use crate::tabs::{
    CallId, CancelReport, Comebacks, FactSink, KeptDownload, NewTab, Registry, Reply, Restoration,
    Scope, ScopeSetup, SupervisorHandle, TabError,
};
use crate::webhooks::Webhooks;

/// Judges the URLs that clients ask for.
pub trait UrlPolicy: fmt::Debug + Send + Sync + 'static {
    /// Returns the parsed URL if policy allows the tabs of this scope to navigate there.
    fn check(&self, scope: &Scope, url: &str) -> Result<String, Denied>;

    /// A session begins, and may narrow what its client may do.
    fn narrow(&self, scope: &Scope, options: &SessionOptions) -> Result<(), BadOption>;

    /// Nothing of a session is left.
    fn forget(&self, scope: &Scope);
}

/// The supervisor of tabs. Its methods must not wait.
pub trait TabService: fmt::Debug + Send + Sync + 'static {
    /// Opens a tab; answered by `tabCreated`.
    fn create(&self, tab: NewTab, reply: Reply);

    /// Cancels the call that opens a tab.
    fn cancel_create(&self, call: CallId, report: CancelReport);

    /// The downloads of a scope, oldest first; the sender is dropped where they cannot be told.
    fn list_downloads(&self, scope: Scope) -> oneshot::Receiver<Vec<KeptDownload>>;

    /// A session begins, whose tabs start with this.
    fn begin_scope(
        &self,
        scope: Scope,
        setup: ScopeSetup,
    ) -> BoxFuture<'static, Result<(), TabError>>;

    /// A session has ended: closes its tabs and disposes of its browser contexts. Done when nothing of them is left.
    fn end_scope(&self, scope: Scope) -> BoxFuture<'static, ()>;

    /// Registers the tabs that an earlier process has kept, before any tab is opened.
    fn restore(&self, restoration: Restoration) -> BoxFuture<'static, ()>;

    /// The bridge is about to stop, and the next process opens these tabs again.
    fn suspend(&self, comebacks: Comebacks) -> BoxFuture<'static, ()>;
}

impl TabService for SupervisorHandle {
    fn create(&self, tab: NewTab, reply: Reply) {
        Self::create(self, tab, reply);
    }

    fn cancel_create(&self, call: CallId, report: CancelReport) {
        Self::cancel_create(self, call, report);
    }

    fn list_downloads(&self, scope: Scope) -> oneshot::Receiver<Vec<KeptDownload>> {
        Self::list_downloads(self, scope)
    }

    fn begin_scope(
        &self,
        scope: Scope,
        setup: ScopeSetup,
    ) -> BoxFuture<'static, Result<(), TabError>> {
        let tabs = self.clone();
        async move { Self::begin_scope(&tabs, scope, setup).await }.boxed()
    }

    fn end_scope(&self, scope: Scope) -> BoxFuture<'static, ()> {
        let tabs = self.clone();
        async move { Self::end_scope(&tabs, scope).await }.boxed()
    }

    fn restore(&self, restoration: Restoration) -> BoxFuture<'static, ()> {
        let tabs = self.clone();
        async move { Self::restore(&tabs, restoration).await }.boxed()
    }

    fn suspend(&self, comebacks: Comebacks) -> BoxFuture<'static, ()> {
        let tabs = self.clone();
        async move { Self::suspend(&tabs, comebacks).await }.boxed()
    }
}

/// A sink of facts. Cheap to clone.
#[derive(Clone)]
pub struct Facts(pub Arc<dyn FactSink>);

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Facts")
    }
}

impl Facts {
    pub(super) fn publish(&self, fact: crate::tabs::Fact) {
        self.0.publish(fact);
    }
}

/// What operations work on.
#[derive(Debug, Clone)]
pub struct OperationServices {
    /// The directory of tabs.
    pub registry: Registry,
    /// The supervisor of tabs.
    pub tabs: Arc<dyn TabService>,
    /// Judges URLs.
    pub policy: Arc<dyn UrlPolicy>,
    /// Where what happens to sessions is published.
    pub facts: Facts,
    /// Keeps what is to outlive the process.
    pub keeping: Keeping,
    /// Makes the tokens of sessions.
    pub session_tokens: Arc<dyn SessionTokens>,
    /// The bytes between pages and the network.
    pub traffic: SessionTraffic,
    /// Tells of what has happened.
    pub webhooks: Webhooks,
    /// What outlives the process; off where nothing is kept.
    pub store: StoreHandle,
    /// From which the keys are derived that texts in the store are encrypted with. `Some` wherever the store is on.
    pub master_key: Option<MasterKey>,
}
