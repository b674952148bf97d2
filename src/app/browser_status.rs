//! The state of the browser, for the server's health checks.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, join};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::browser::supervisor::{Status, probe, warnings};
use crate::browser::warning::BrowserWarning;
use crate::server::{BrowserStatus, Probe};

/// Time limit of a probe. The server's own deadline is shorter; this one only keeps a call from waiting
/// for ever.
const PROBE_LIMIT: Duration = Duration::from_secs(2);

/// Time limit for asking how full the disks are. A remote disk may hang.
const DISKS_LIMIT: Duration = Duration::from_millis(500);

/// The supervised browser; down until one is followed. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct SupervisedBrowser {
    status: Arc<OnceLock<watch::Receiver<Status>>>,
}

impl SupervisedBrowser {
    pub(super) fn follow(&self, status: watch::Receiver<Status>) {
        // There is one browser supervisor in a bridge, so the first one is the only one.
        let _ = self.status.set(status);
    }

    fn now(&self) -> Status {
        self.status
            .get()
            .map(|status| status.borrow().clone())
            .unwrap_or_default()
    }
}

/// The warnings about the browser, as texts.
async fn warnings_of(status: &Status) -> Vec<String> {
    let status = status.clone();
    let looking = tokio::task::spawn_blocking(move || warnings(&status));
    match timeout(DISKS_LIMIT, looking).await {
        Ok(Ok(warnings)) => warnings.iter().map(BrowserWarning::to_string).collect(),
        Ok(Err(_)) | Err(_) => {
            vec!["the disk of the browser's profile did not answer in time".to_owned()]
        }
    }
}

impl BrowserStatus for SupervisedBrowser {
    fn probe(&self) -> BoxFuture<'static, Probe> {
        let status = self.now();
        async move {
            let (outcome, concerns) = join(probe(&status, PROBE_LIMIT), warnings_of(&status)).await;
            Probe {
                connected: status.browser.is_some(),
                version: status.version,
                pid: status.pid,
                restarts: status.restarts,
                round_trip: outcome.as_ref().ok().copied(),
                reason: outcome.err().map(|error| error.to_string()),
                concerns,
            }
        }
        .boxed()
    }

    fn is_up(&self) -> bool {
        self.now().browser.is_some()
    }

    fn version(&self) -> String {
        let status = self.now();
        if status.browser.is_some() {
            status.version
        } else {
            String::new()
        }
    }
}
