//! What a process that the daemon starts does between fork and exec, so that it shares nothing with the
//! daemon but what it was given.

use std::fs::File;
use std::io;

use rustix::process::setsid;
use tokio::process::Command;

use crate::core_dumps;

/// How long a process may live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lifetime {
    /// Killed when the thread ends that started it.
    OfDaemon,
    Unbound,
}

/// Starts a new session (setsid(2)) for the process, leaves it no descriptors but 0 to 2, and forbids raised priorities
/// and core dumps. It joins the control group of `procs_file`.
///
/// A session keeps processes of other accounts from joining the process group, whose members may use the
/// proxies: setpgid(2) refuses a group of another session.
pub(super) fn isolate(command: &mut Command, lifetime: Lifetime, procs_file: Option<File>) {
    let daemon = rustix::process::getpid();
    let in_child = move || -> io::Result<()> {
        setsid()?;
        forbid_raised_priorities();
        // A filter of system calls may refuse it. The daemon has tried too, and warned.
        let _ = core_dumps::forbid();
        if lifetime == Lifetime::OfDaemon {
            die_with(daemon)?;
        }
        if let Some(procs_file) = &procs_file {
            // `0` is the writing process. Its children inherit the group.
            rustix::io::write(procs_file, b"0")?;
        }
        close_descriptors_on_exec()
    };
    // SAFETY: between fork and exec the closure makes plain system calls, reads directory entries into a
    // buffer on its stack, and builds errors from numbers. It allocates nothing, takes no lock and touches
    // no memory that another thread of the daemon could have left half written.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(in_child);
    }
}

/// Chromium raises the priority of the threads that all of its pages share (nice -8) where it may, as a process of root may:
/// those of one client's pages, which draw without end, would then go before the daemon and before the other pages.
#[cfg(target_os = "linux")]
fn forbid_raised_priorities() {
    use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};
    // A process that may not give it up does not have it either.
    let _ = remove_capability_from_bounding_set(CapabilitySet::SYS_NICE);
}

#[cfg(not(target_os = "linux"))]
fn forbid_raised_priorities() {
    // Only Linux divides what root may.
}

#[cfg(target_os = "linux")]
fn die_with(daemon: rustix::process::Pid) -> io::Result<()> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // If the daemon died before the line above, the signal will never come.
    if getppid() != Some(daemon) {
        return Err(rustix::io::Errno::SRCH.into());
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn die_with(_daemon: rustix::process::Pid) -> io::Result<()> {
    // There is no such signal elsewhere; the end of the pipe and the cleanup helper must do.
    Ok(())
}

/// The daemon's own descriptors are close-on-exec already. Those that it inherited may not be.
#[cfg(target_os = "linux")]
fn close_descriptors_on_exec() -> io::Result<()> {
    use std::mem::MaybeUninit;
    use std::os::fd::BorrowedFd;

    use rustix::fs::{Mode, OFlags, RawDir};
    use rustix::io::{FdFlags, fcntl_setfd};

    const FIRST: i32 = 3;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let dir = rustix::fs::open(c"/proc/self/fd", flags, Mode::empty())?;
    let mut buffer = [MaybeUninit::uninit(); 2048];
    let mut entries = RawDir::new(&dir, &mut buffer);
    while let Some(entry) = entries.next() {
        let number = entry?
            .file_name()
            .to_str()
            .ok()
            .and_then(|name| name.parse().ok());
        let Some(number) = number.filter(|number: &i32| *number >= FIRST) else {
            continue;
        };
        // SAFETY: the kernel has just listed the descriptor as open, and this process has one thread, which
        // closes none meanwhile.
        #[allow(unsafe_code)]
        let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
        fcntl_setfd(descriptor, FdFlags::CLOEXEC)?;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn close_descriptors_on_exec() -> io::Result<()> {
    // Other systems do not list the descriptors of a process without allocating memory.
    Ok(())
}
