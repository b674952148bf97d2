//! The scheduling priority of the daemon.
//!
//! Where it may, such as in a process of root, Chromium raises the priority of the threads that all of its pages
//! share (nice -8). The daemon, which all clients go through, would then wait behind them.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{getpriority_process, setpriority_process};

/// What Chromium gives its own threads.
const RAISED: i32 = -8;
const NORMAL: i32 = 0;

static IS_RAISED: AtomicBool = AtomicBool::new(false);

/// Raises the priority of this thread, and of those that it starts from now on, to that of Chromium's threads. Does
/// nothing where the operator has chosen a priority, or where the process may not: Chromium may not either, then.
pub fn raise() {
    let is_normal = getpriority_process(None).is_ok_and(|nice| nice == NORMAL);
    if is_normal && setpriority_process(None, RAISED).is_ok() {
        IS_RAISED.store(true, Ordering::Relaxed);
    }
}

/// Gives a process that the daemon starts the normal priority again: pages must not have that of the daemon. Makes
/// one system call, so that it may stand between fork and exec.
pub(crate) fn reset() -> io::Result<()> {
    if IS_RAISED.load(Ordering::Relaxed) {
        setpriority_process(None, NORMAL)?;
    }
    Ok(())
}
