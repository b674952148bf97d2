//! Proxies that only count how many are open, and deny `evil.test` and the URLs that a test sets.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cdp_bridge::policy::{ConnectFailure, Denied};
use cdp_bridge::tabs::{ContextProxy, ProxyProvider, Scope};
use cdp_bridge_protocol::TabId;
use tokio::sync::watch;

#[derive(Debug, Clone, Default)]
pub(crate) struct CountedProxies {
    open: Arc<AtomicUsize>,
    opened: Arc<AtomicUsize>,
    /// URL prefixes, each with the client that it is denied to.
    forbidden: Arc<Mutex<Vec<(Scope, String)>>>,
    changes: watch::Sender<()>,
    keeps_downloads: Arc<AtomicBool>,
}

/// Decrements the count.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl CountedProxies {
    /// How many are open now.
    pub(crate) fn open_now(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Whether downloads are kept from now on.
    pub(crate) fn keep_downloads(&self, keeps: bool) {
        self.keeps_downloads.store(keeps, Ordering::Relaxed);
    }

    /// Denies URLs with this prefix to this client from now on.
    pub(crate) fn forbid(&self, client: &str, url: &str) {
        let mut forbidden = self.forbidden.lock().unwrap();
        forbidden.push((client.into(), url.to_owned()));
        drop(forbidden);
        self.changes.send_replace(());
    }
}

impl ProxyProvider for CountedProxies {
    fn open(&self, _: &Scope, _: Option<TabId>) -> io::Result<ContextProxy> {
        let number = self.opened.fetch_add(1, Ordering::Relaxed) + 1;
        self.open.fetch_add(1, Ordering::Relaxed);
        let proxy = Some(format!("http://127.0.0.1:{number}"));
        Ok(ContextProxy::new(
            proxy,
            Arc::default(),
            Open(Arc::clone(&self.open)),
        ))
    }

    fn keeps_downloads(&self, _: &Scope) -> bool {
        self.keeps_downloads.load(Ordering::Relaxed)
    }

    fn changes(&self, _: &Scope) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    fn check(&self, client: &Scope, url: &str) -> Result<(), Denied> {
        let forbidden = self.forbidden.lock().unwrap();
        let is_forbidden = forbidden
            .iter()
            .any(|(whose, start)| whose == client && url.starts_with(start));
        if is_forbidden || url.starts_with("http://evil.test/") {
            let host = "evil.test".to_owned();
            return Err(Denied::NotInAllowlist { host });
        }
        Ok(())
    }

    fn connect_failure(&self, _: &Scope, url: &str) -> Option<ConnectFailure> {
        if url.starts_with("http://inside.test/") {
            let host = "inside.test".to_owned();
            return Some(ConnectFailure::Denied(Denied::Closed { host }));
        }
        url.starts_with("http://dead.test/")
            .then_some(ConnectFailure::Failed("net::ERR_CONNECTION_REFUSED"))
    }
}
