//! The proxy of a browser context, as the tabs use it.

use std::any::Any;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cdp_bridge_protocol::TabId;
use tokio::sync::watch;

use super::identity::Scope;
use crate::policy::{ConnectFailure, Denied};

/// Opens the proxies of browser contexts, and knows what policy and the network refused there.
pub trait ProxyProvider: Send + Sync + 'static {
    /// Opens the proxy of a new browser context of this client; of a logged-out tab, if one is named.
    fn open(&self, scope: &Scope, tab: Option<TabId>) -> io::Result<ContextProxy>;

    /// Whether downloads of this client are kept.
    fn keeps_downloads(&self, scope: &Scope) -> bool;

    /// Notifies that the result of [`check`](Self::check) may have changed for this client.
    fn changes(&self, scope: &Scope) -> watch::Receiver<()>;

    /// Whether a tab of this client may stay at this URL of its main frame.
    fn check(&self, scope: &Scope, url: &str) -> Result<(), Denied>;

    /// Why the latest connection to the host of this URL failed, if it did.
    fn connect_failure(&self, scope: &Scope, url: &str) -> Option<ConnectFailure>;
}

/// The proxy of one browser context. It is closed when this is dropped.
#[derive(Debug)]
pub struct ContextProxy {
    url: Option<String>,
    is_shared: Arc<AtomicBool>,
    _listener: Box<dyn Any + Send + Sync>,
}

impl ContextProxy {
    /// A proxy with this URL, or none for direct connections. `is_shared` is set once more than one
    /// tab uses it; dropping `listener` closes it.
    pub fn new(
        url: Option<String>,
        is_shared: Arc<AtomicBool>,
        listener: impl Any + Send + Sync,
    ) -> Self {
        Self {
            url,
            is_shared,
            _listener: Box::new(listener),
        }
    }

    pub(super) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Marks the proxy as shared; blocked requests can no longer be attributed to one tab.
    pub(super) fn mark_shared(&self) {
        self.is_shared.store(true, Ordering::Relaxed);
    }
}

/// Whether a network error of Chromium only says that the proxy refused the request or closed the
/// connection; the proxy knows why.
pub(super) fn is_of_proxy(net: &str) -> bool {
    matches!(
        net,
        "net::ERR_TUNNEL_CONNECTION_FAILED" | "net::ERR_EMPTY_RESPONSE"
    )
}
