//! The process group of a browser that the bridge started, from its start until nothing is left.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::process::Child;
use tokio::time::{Instant, sleep, timeout};

use super::cleanup_helper::CleanupHelper;
use super::memory_cgroup::MemoryCgroup;
use super::profile::Profile;
use super::stderr::{StderrLines, StderrTail};

/// How long Chromium may take after SIGTERM; it needs some 40 ms.
const TERM_GRACE: Duration = Duration::from_secs(1);
/// How long a process may take to exit after SIGKILL; longer means it hangs in the kernel.
const KILL_GRACE: Duration = Duration::from_secs(5);
/// How long the rest of the group may take to exit after its leader.
const GROUP_GRACE: Duration = Duration::from_millis(500);
/// How long the last stderr lines of a dead browser are waited for.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// Between two checks of the group.
const POLL: Duration = Duration::from_millis(5);

/// How a browser ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrowserExit {
    /// `None` if it could not be reaped.
    pub status: Option<ExitStatus>,
    /// It did not exit by itself within the grace period.
    pub forced: bool,
    /// Its temporary profile was removed, or it used the operator's.
    pub profile_removed: bool,
}

/// A running browser. Dropping it kills the browser and its children.
#[derive(Debug)]
pub struct BrowserProcess {
    group: Pid,
    child: Child,
    status: Option<ExitStatus>,
    stderr: StderrTail,
    profile: Profile,
    helper: Option<CleanupHelper>,
    /// Removed after the processes that are in it.
    cgroup: Option<MemoryCgroup>,
    ended: bool,
}

impl BrowserProcess {
    pub(super) fn new(
        mut child: Child,
        profile: Profile,
        mut helper: Option<CleanupHelper>,
        cgroup: Option<MemoryCgroup>,
    ) -> io::Result<Self> {
        let id = child.id().ok_or(io::ErrorKind::NotFound)?;
        let group = i32::try_from(id).ok().and_then(Pid::from_raw);
        let group = group.ok_or(io::ErrorKind::InvalidData)?;
        let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
        if let Some(helper) = &mut helper {
            helper.watch(id);
        }
        let stderr = StderrTail::follow(stderr);
        Ok(Self {
            group,
            child,
            status: None,
            stderr,
            profile,
            helper,
            cgroup,
            ended: false,
        })
    }

    /// Also the id of the process group.
    pub(super) fn pid(&self) -> u32 {
        self.group.as_raw_nonzero().get().unsigned_abs()
    }

    pub(super) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Waits until the browser's main process has exited. Safe to cancel and to call again.
    pub(super) async fn exited(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        let status = self.child.wait().await?;
        self.status = Some(status);
        // At once, before the group's number can be reused.
        self.signal_group(Signal::KILL);
        Ok(status)
    }

    /// A view of its stderr that outlives the process.
    pub(super) fn stderr_lines(&self) -> StderrLines {
        self.stderr.view()
    }

    /// The last lines of its stderr, oldest first.
    pub(super) fn stderr_tail(&self) -> Vec<String> {
        self.stderr.lines()
    }

    /// The same, after a short wait for the last output of a browser that has exited.
    pub(super) async fn last_words(&mut self) -> Vec<String> {
        self.stderr.settle(LAST_WORDS).await;
        self.stderr.lines()
    }

    /// The DevTools address that it printed.
    pub(super) fn listening(&self) -> Option<String> {
        self.stderr.listening()
    }

    /// Sends SIGTERM.
    pub(super) fn terminate(&self) {
        if self.status.is_none() {
            let _ = rustix::process::kill_process(self.group, Signal::TERM);
        }
    }

    /// Ends the browser and its whole process group, and removes its profile. It may take `grace` to
    /// exit by itself (after `Browser.close`, or because it has crashed); then come SIGTERM, and SIGKILL
    /// to the group.
    pub async fn end(mut self, grace: Duration) -> BrowserExit {
        let mut forced = false;
        if timeout(grace, self.exited()).await.is_err() {
            forced = true;
            self.terminate();
            if timeout(TERM_GRACE, self.exited()).await.is_err() {
                self.signal_group(Signal::KILL);
                if timeout(KILL_GRACE, self.exited()).await.is_err() {
                    tracing::warn!(pid = self.pid(), "Chromium still runs after SIGKILL");
                }
            }
        }
        if self.status.is_some() {
            self.group_gone().await;
        }
        let profile_removed = self.profile.remove().await;
        if !profile_removed {
            let path = self.profile.path().display();
            tracing::warn!(%path, "the browser's temporary profile could not be removed");
        }
        self.cgroup = None;
        // Nothing is left for the drop to do.
        self.ended = true;
        if let Some(helper) = self.helper.take() {
            helper.dismiss().await;
        }
        BrowserExit {
            status: self.status,
            forced,
            profile_removed,
        }
    }

    /// Waits until the group is empty, for a bounded time: under an init that does not reap, a zombie
    /// of the group stays for ever.
    async fn group_gone(&self) {
        let deadline = Instant::now() + GROUP_GRACE;
        while rustix::process::test_kill_process_group(self.group) != Err(rustix::io::Errno::SRCH)
            && Instant::now() < deadline
        {
            // If the daemon is the init of a container, the browser's orphans are its children. Only
            // this group is reaped, since other code waits for other children.
            let _ = rustix::process::waitpgid(self.group, rustix::process::WaitOptions::NOHANG);
            sleep(POLL).await;
        }
    }

    /// Closes the cleanup helper's pipe, as the death of the daemon does.
    #[cfg(test)]
    pub(super) fn abandon_cleanup_helper(&mut self) {
        self.helper = None;
    }

    fn signal_group(&self, signal: Signal) {
        let _ = rustix::process::kill_process_group(self.group, signal);
    }
}

impl Drop for BrowserProcess {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let was_running = self.status.is_none();
        if was_running {
            self.signal_group(Signal::KILL);
        }
        let removed = self.profile.remove_now();
        // A browser that was just killed may still write a file. Then the cleanup helper is not
        // dismissed: its pipe closes with this value, and it removes the rest.
        if let Some(helper) = &mut self.helper
            && removed
            && !was_running
        {
            helper.dismiss_unreaped();
        }
    }
}
