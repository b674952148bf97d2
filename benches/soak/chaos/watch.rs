//! Memory and descriptors of the daemon over time.

use std::time::Duration;

use serde::Serialize;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

/// One measurement of the daemon.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Look {
    /// Since the start, in seconds.
    pub(crate) at: f64,
    /// Resident memory in KiB.
    pub(crate) memory: u64,
    pub(crate) descriptors: u64,
    pub(crate) threads: u64,
}

/// Measures a process.
pub(crate) fn look(pid: i32, at: Duration) -> Look {
    let field = |name: &str| status_field(pid, name).unwrap_or_default();
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd"));
    Look {
        at: at.as_secs_f64(),
        memory: field("VmRSS:"),
        descriptors: descriptors.map_or(0, |all| all.count() as u64),
        threads: field("Threads:"),
    }
}

/// The number after a name in `/proc/PID/status`.
pub(crate) fn status_field(pid: i32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Measures repeatedly until told to stop.
pub(crate) async fn watch(pid: i32, pause: Duration, mut stop: oneshot::Receiver<()>) -> Vec<Look> {
    let start = Instant::now();
    let mut looks = Vec::new();
    loop {
        looks.push(look(pid, start.elapsed()));
        if timeout(pause, &mut stop).await.is_ok() {
            return looks;
        }
    }
}
