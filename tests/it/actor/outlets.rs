//! Ways out that only count how many are open, and refuse `evil.test`.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cdp_bridge::policy::Denied;
use cdp_bridge::tabs::{ClientId, Obstacle, Outlet, Outlets};
use cdp_bridge_protocol::TabId;

#[derive(Debug, Clone, Default)]
pub(crate) struct CountedOutlets {
    open: Arc<AtomicUsize>,
    opened: Arc<AtomicUsize>,
}

/// Takes itself off the count.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl CountedOutlets {
    /// How many are open now.
    pub(crate) fn open_now(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

impl Outlets for CountedOutlets {
    fn open(&self, _: &ClientId, _: Option<TabId>) -> io::Result<Outlet> {
        let number = self.opened.fetch_add(1, Ordering::Relaxed) + 1;
        self.open.fetch_add(1, Ordering::Relaxed);
        let proxy = Some(format!("http://127.0.0.1:{number}"));
        Ok(Outlet::new(
            proxy,
            Arc::default(),
            Open(Arc::clone(&self.open)),
        ))
    }

    fn check(&self, _: &ClientId, url: &str) -> Result<(), Denied> {
        if url.starts_with("http://evil.test/") {
            let host = "evil.test".to_owned();
            return Err(Denied::NotInAllowlist { host });
        }
        Ok(())
    }

    fn obstacle(&self, _: &ClientId, url: &str) -> Option<Obstacle> {
        if url.starts_with("http://inside.test/") {
            let host = "inside.test".to_owned();
            return Some(Obstacle::Denied(Denied::Closed { host }));
        }
        url.starts_with("http://dead.test/")
            .then_some(Obstacle::Failed("net::ERR_CONNECTION_REFUSED"))
    }
}
