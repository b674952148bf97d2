//! A started browser in our keeping: its end is seen, explained and complete.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::process::Child;
use tokio::time::{Instant, sleep, timeout};

use super::ceiling::Ceiling;
use super::custodian::Custodian;
use super::profile::Profile;
use super::stderr::{StderrLines, StderrTail};

/// How long SIGTERM is given; Chromium needs some 40 ms.
const TERM_GRACE: Duration = Duration::from_secs(1);
/// How long a killed process may take to be gone; longer means it hangs in the kernel.
const KILL_GRACE: Duration = Duration::from_secs(5);
/// How long the rest of the group may take to follow its leader.
const GROUP_GRACE: Duration = Duration::from_millis(500);
/// How long the last words of a dead browser are waited for.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// Between two looks at the group.
const POLL: Duration = Duration::from_millis(5);

/// How a browser ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Its exit status; none if it could not be reaped.
    pub status: Option<ExitStatus>,
    /// It did not end by itself within the grace.
    pub forced: bool,
    /// Its temporary profile is gone, or it was the operator's.
    pub tidy: bool,
}

/// A running browser. Dropping it kills the browser and its children.
#[derive(Debug)]
pub struct BrowserProcess {
    group: Pid,
    child: Child,
    status: Option<ExitStatus>,
    stderr: StderrTail,
    profile: Profile,
    custodian: Option<Custodian>,
    /// The ceiling over its memory; after the processes that are under it.
    ceiling: Option<Ceiling>,
    ended: bool,
}

impl BrowserProcess {
    /// Takes a browser that was just started into custody.
    pub(super) fn new(
        mut child: Child,
        profile: Profile,
        mut custodian: Option<Custodian>,
        ceiling: Option<Ceiling>,
    ) -> io::Result<Self> {
        let id = child.id().ok_or(io::ErrorKind::NotFound)?;
        let group = i32::try_from(id).ok().and_then(Pid::from_raw);
        let group = group.ok_or(io::ErrorKind::InvalidData)?;
        let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
        if let Some(custodian) = &mut custodian {
            custodian.watch(id);
        }
        let stderr = StderrTail::follow(stderr);
        Ok(Self {
            group,
            child,
            status: None,
            stderr,
            profile,
            custodian,
            ceiling,
            ended: false,
        })
    }

    /// The browser's process id, which is also its group's.
    pub fn pid(&self) -> u32 {
        self.group.as_raw_nonzero().get().unsigned_abs()
    }

    /// The profile it runs on.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Waits until the browser's main process has ended. Safe to cancel and to call again.
    pub async fn exited(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        let status = self.child.wait().await?;
        self.status = Some(status);
        // At once, while the group's number cannot have been given to anybody else.
        self.signal_group(Signal::KILL);
        Ok(status)
    }

    /// A view of what it said on stderr, which outlives the process.
    pub fn stderr_lines(&self) -> StderrLines {
        self.stderr.view()
    }

    /// The last lines of its standard error, oldest first.
    pub fn stderr_tail(&self) -> Vec<String> {
        self.stderr.lines()
    }

    /// The same, after waiting shortly for what a browser that has exited still had to say.
    pub async fn last_words(&mut self) -> Vec<String> {
        self.stderr.settle(LAST_WORDS).await;
        self.stderr.lines()
    }

    /// The address it said it listens on.
    pub(super) fn listening(&self) -> Option<String> {
        self.stderr.listening()
    }

    /// Asks the browser to end.
    pub fn terminate(&self) {
        if self.status.is_none() {
            let _ = rustix::process::kill_process(self.group, Signal::TERM);
        }
    }

    /// Ends the browser with everything that belongs to it. It is given `grace` to end by itself
    /// (after `Browser.close`, or because it has crashed), then SIGTERM, then SIGKILL to its whole
    /// group.
    pub async fn end(mut self, grace: Duration) -> Ended {
        let mut forced = false;
        if timeout(grace, self.exited()).await.is_err() {
            forced = true;
            self.terminate();
            if timeout(TERM_GRACE, self.exited()).await.is_err() {
                self.signal_group(Signal::KILL);
                if timeout(KILL_GRACE, self.exited()).await.is_err() {
                    tracing::warn!(pid = self.pid(), "Chromium does not die after SIGKILL");
                }
            }
        }
        if self.status.is_some() {
            self.group_gone().await;
        }
        let tidy = self.profile.remove().await;
        if !tidy {
            let path = self.profile.path().display();
            tracing::warn!(%path, "the browser's temporary profile could not be removed");
        }
        self.ceiling = None;
        // From here on nothing is left for the drop to do.
        self.ended = true;
        if let Some(custodian) = self.custodian.take() {
            custodian.dismiss().await;
        }
        Ended {
            status: self.status,
            forced,
            tidy,
        }
    }

    /// Waits until no process of the group is left, which is bounded: a process that was adopted by
    /// an init that reaps nobody stays for ever, as a zombie.
    async fn group_gone(&self) {
        let deadline = Instant::now() + GROUP_GRACE;
        while rustix::process::test_kill_process_group(self.group) != Err(rustix::io::Errno::SRCH)
            && Instant::now() < deadline
        {
            // Where the daemon is the init of a container, orphans of the browser are its children.
            // Only this group is reaped, so that nobody else's exit status is taken away.
            let _ = rustix::process::waitpgid(self.group, rustix::process::WaitOptions::NOHANG);
            sleep(POLL).await;
        }
    }

    /// Lets go of the custodian's pipe, as a killed daemon would.
    #[cfg(test)]
    pub(super) fn abandon_custodian(&mut self) {
        self.custodian = None;
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
        // A browser that was killed this moment may still write a file. Then the custodian is not
        // dismissed: the pipe ends with this value, and it removes what is left.
        if let Some(custodian) = &mut self.custodian
            && removed
            && !was_running
        {
            custodian.dismiss_unreaped();
        }
    }
}
