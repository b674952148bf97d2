//! Idle detection for connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep};
use tokio_util::io::{InspectReader, InspectWriter};

/// The time of the last byte on a connection, and the number of bytes. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Activity {
    since: Instant,
    /// In milliseconds after `since`.
    last: Arc<AtomicU64>,
    /// The bytes of all connections that are counted together.
    traffic: Arc<AtomicU64>,
}

impl Activity {
    pub(super) fn new(traffic: Arc<AtomicU64>) -> Self {
        Self {
            since: Instant::now(),
            last: Arc::default(),
            traffic,
        }
    }

    fn passed(&self, bytes: &[u8]) {
        // Bytes fit into 64 bits on every machine.
        self.traffic
            .fetch_add(bytes.len() as u64, Ordering::Relaxed);

        let passed = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(passed, Ordering::Relaxed);
    }

    fn quiet(&self) -> Duration {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        self.since.elapsed().saturating_sub(last)
    }

    /// Waits until no byte has passed for `limit`.
    pub(super) async fn idle_for(&self, limit: Duration) {
        loop {
            let quiet = self.quiet();
            if quiet >= limit {
                return;
            }
            sleep(limit.saturating_sub(quiet)).await;
        }
    }
}

/// Wraps a stream so that every byte read or written counts as activity.
pub(super) fn observed<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    activity: &Activity,
) -> impl AsyncRead + AsyncWrite + Unpin + use<S> {
    let (read, written) = (activity.clone(), activity.clone());
    let stream = InspectReader::new(stream, move |bytes: &[u8]| {
        // An end of the stream is no activity.
        if !bytes.is_empty() {
            read.passed(bytes);
        }
    });
    InspectWriter::new(stream, move |bytes: &[u8]| written.passed(bytes))
}
