//! Finds the processes of a daemon's Chromium to kill and stop.

use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::sleep;

use crate::support::processes::{self, Process};

/// The main processes of the browsers with files in this directory: one, or none while the browser is
/// being restarted.
pub(crate) fn browsers(temporary: &Path) -> Vec<Process> {
    let mut all = processes::naming(temporary);
    all.retain(|it| {
        it.kind().is_none()
            && it
                .arguments
                .iter()
                .any(|argument| argument.starts_with("--user-data-dir="))
    });
    all
}

/// The n-th process of these kinds in the running browser.
pub(crate) fn of_kind(temporary: &Path, kinds: &[&str], position: usize) -> Option<i32> {
    let leader = browsers(temporary).first()?.pid;
    let mut all = processes::of_group(leader);
    all.retain(|it| it.kind().is_some_and(|kind| kinds.contains(&kind)));
    all.sort_by_key(|it| it.pid);
    let position = position.checked_rem(all.len())?;
    Some(all[position].pid)
}

/// Stops a process for a while. It is only continued if it still belongs to this daemon: the pid may
/// have been reused.
pub(crate) async fn freeze(temporary: &Path, pid: i32, pause: Duration) {
    if !processes::try_signal(pid, Signal::STOP) {
        return;
    }
    sleep(pause).await;
    let ours = browsers(temporary)
        .iter()
        .any(|it| it.pid == pid || processes::of_group(it.pid).iter().any(|it| it.pid == pid));
    if ours {
        processes::try_signal(pid, Signal::CONT);
    }
}
