//! Gives memory back to the system that a burst of large messages took.
//!
//! glibc keeps freed memory for later allocations, and after large ones it keeps more and more: after ten
//! snapshots of 20 MB, 82 MB stayed with an idle daemon for good.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

/// Between two trims. One takes a few milliseconds where much was freed, and next to nothing otherwise.
const INTERVAL: Duration = Duration::from_secs(20);

/// Trims the heap now and then, for as long as it is polled.
pub async fn keep_trimmed() {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Not on a thread that serves connections.
        let _ = tokio::task::spawn_blocking(trim).await;
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim() {
    // SAFETY: malloc_trim(3) takes no pointer, and may be called by any thread at any time.
    #[allow(unsafe_code)]
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim() {}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::*;

    /// Anonymous memory of this process in bytes.
    fn anonymous() -> Option<usize> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find(|line| line.starts_with("RssAnon:"))?;
        let kib: usize = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib << 10)
    }

    #[test]
    fn memory_below_what_is_still_in_use_is_given_back() {
        const MIB: usize = 1 << 20;
        // Small enough for the heap, and with one in use at its end, so that it cannot shrink by itself.
        let blocks: Vec<_> = (0..64 * 16).map(|_| vec![1_u8; MIB / 16]).collect();
        let last = vec![1_u8; MIB / 16];
        let before = anonymous().expect("the kernel tells it");
        drop(blocks);
        trim();
        let after = anonymous().expect("the kernel tells it");
        assert!(
            after + 32 * MIB < before,
            "{before} bytes before, {after} after"
        );
        drop(last);
    }
}
