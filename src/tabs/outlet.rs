//! The way out of a browser context, which somebody else opens and guards.

use std::any::Any;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cdp_bridge_protocol::TabId;
use tokio::sync::watch;

use super::identity::Scope;
use crate::policy::Denied;

/// Opens ways out, and knows what is refused there.
pub trait Outlets: Send + Sync + 'static {
    /// A way out for a new browser context of this client; for one tab alone, if one is named.
    fn open(&self, scope: &Scope, tab: Option<TabId>) -> io::Result<Outlet>;

    /// Whether what pages of this client hand out as files is kept for it.
    fn keeps_downloads(&self, scope: &Scope) -> bool;

    /// Says when [`check`](Self::check) may have another answer for this client.
    fn changes(&self, scope: &Scope) -> watch::Receiver<()>;

    /// Whether a tab of this client may stay where its main frame is.
    fn check(&self, scope: &Scope, url: &str) -> Result<(), Denied>;

    /// What kept the latest connection to the host of this URL from being made, if something did.
    fn obstacle(&self, scope: &Scope, url: &str) -> Option<Obstacle>;
}

/// What kept a connection from being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// Policy.
    Denied(Denied),
    /// The network; Chromium's name for it, such as `net::ERR_CONNECTION_REFUSED`.
    Failed(&'static str),
}

/// The way out of one browser context. It is closed when this is dropped.
pub struct Outlet {
    proxy: Option<String>,
    several: Arc<AtomicBool>,
    _open: Box<dyn Any + Send + Sync>,
}

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet")
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}

impl Outlet {
    /// A way out through a proxy with this URL, or directly. `several` is set once more than one
    /// tab uses it; `open` is dropped to close it.
    pub fn new(
        proxy: Option<String>,
        several: Arc<AtomicBool>,
        open: impl Any + Send + Sync,
    ) -> Self {
        Self {
            proxy,
            several,
            _open: Box::new(open),
        }
    }

    /// The URL of the proxy that the context is to use.
    pub fn proxy(&self) -> Option<&str> {
        self.proxy.as_deref()
    }

    /// One more tab uses it, so that what happens here cannot be said to be the first one's.
    pub fn shared(&self) {
        self.several.store(true, Ordering::Relaxed);
    }
}

/// Whether an error of Chromium's means no more than that the proxy did not do what it was asked
/// for; the proxy knows why.
pub fn is_of_proxy(net: &str) -> bool {
    matches!(
        net,
        "net::ERR_TUNNEL_CONNECTION_FAILED" | "net::ERR_EMPTY_RESPONSE"
    )
}
