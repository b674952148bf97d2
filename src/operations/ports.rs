//! The services that operations use: traits where tests need fakes.

use std::fmt;
use std::sync::Arc;

use crate::tabs::{ClientId, NewTab, Registry, Reply, SupervisorHandle};

/// Judges the URLs that clients ask for.
pub trait UrlPolicy: Send + Sync + 'static {
    /// Returns the parsed URL if policy allows the client to navigate there.
    fn check(&self, client: &ClientId, url: &str) -> Result<String, NavigationDenied>;
}

/// Policy forbids a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NavigationDenied {
    /// Why, and which configuration key allows it.
    pub message: String,
    /// The host that was refused.
    pub host: Option<String>,
    /// The scheme that was refused.
    pub scheme: Option<String>,
}

/// The supervisor of tabs. Its methods must not wait.
pub trait TabService: Send + Sync + 'static {
    /// Opens a tab; answered by `tabCreated`.
    fn create(&self, tab: NewTab, reply: Reply);
}

impl TabService for SupervisorHandle {
    fn create(&self, tab: NewTab, reply: Reply) {
        Self::create(self, tab, reply);
    }
}

/// What operations work on.
#[derive(Clone)]
pub struct OperationServices {
    /// The directory of tabs.
    pub registry: Registry,
    /// The supervisor of tabs.
    pub tabs: Arc<dyn TabService>,
    /// Judges URLs.
    pub policy: Arc<dyn UrlPolicy>,
}

impl fmt::Debug for OperationServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperationServices").finish_non_exhaustive()
    }
}
