//! The services that operations use: traits where tests need fakes.

use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::policy::Denied;
use crate::tabs::{
    CallId, CancelReport, ClientId, KeptDownload, NewTab, Registry, Reply, Scope, SupervisorHandle,
};

/// Judges the URLs that clients ask for.
pub trait UrlPolicy: fmt::Debug + Send + Sync + 'static {
    /// Returns the parsed URL if policy allows the client to navigate there.
    fn check(&self, client: &ClientId, url: &str) -> Result<String, Denied>;
}

/// The supervisor of tabs. Its methods must not wait.
pub trait TabService: fmt::Debug + Send + Sync + 'static {
    /// Opens a tab; answered by `tabCreated`.
    fn create(&self, tab: NewTab, reply: Reply);

    /// Cancels the call that opens a tab.
    fn cancel_create(&self, call: CallId, report: CancelReport);

    /// The downloads of a scope, oldest first; the sender is dropped where they cannot be told.
    fn list_downloads(&self, scope: Scope) -> oneshot::Receiver<Vec<KeptDownload>>;
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
}
