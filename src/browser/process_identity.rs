//! Identifies a process beyond the reuse of its pid.

use std::fmt;

use rustix::process::{Pid, test_kill_process};

/// A pid with the start time of its process, since a pid alone may be reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProcessIdentity {
    pid: i32,
    /// In clock ticks since the machine was started (proc(5), field 22 of `/proc/PID/stat`); 0 if
    /// unknown.
    start: u64,
}

impl ProcessIdentity {
    pub(super) fn this() -> Self {
        let pid = rustix::process::getpid().as_raw_nonzero().get();
        Self {
            pid,
            start: start_of("self").unwrap_or(0),
        }
    }

    /// Reads what [`Display`](fmt::Display) writes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (pid, start) = text.trim().split_once(' ')?;
        let pid = pid.parse().ok().filter(|pid| *pid > 0)?;
        let start = start.parse().ok()?;
        Some(Self { pid, start })
    }

    /// False for a zombie.
    pub(super) fn is_running(self) -> bool {
        if self.start != 0 {
            return start_of(&self.pid.to_string()) == Some(self.start);
        }
        // EPERM means that the process exists, of another user; only ESRCH means that it does not.
        Pid::from_raw(self.pid)
            .is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
    }
}

impl fmt::Display for ProcessIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pid, self.start)
    }
}

/// The start time of a running process; `None` also where there is no `/proc`.
fn start_of(process: &str) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    start_time(&stat)
}

/// Field 22 of a line of `/proc/PID/stat`, unless it is a zombie's. Field 2 is the program's name in
/// parentheses and may hold anything, so fields are counted after the last parenthesis.
fn start_time(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let is_gone = matches!(fields.next()?, "Z" | "X");
    let ticks = fields.nth(18)?.parse().ok()?;
    (!is_gone).then_some(ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_is_field_22_whatever_the_program_is_called() {
        let stat = |state: &str| {
            format!("1 (a ) b) {state} 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22000 23")
        };
        assert_eq!(start_time(&stat("S")), Some(22000));
        assert_eq!(start_time(&stat("Z")), None, "a zombie is gone");
        assert_eq!(start_time("nonsense"), None);
    }

    #[test]
    fn this_process_lives_and_neither_its_predecessor_nor_a_dead_child_does() {
        let this = ProcessIdentity::this();
        assert!(this.is_running());
        assert_eq!(ProcessIdentity::parse(&this.to_string()), Some(this));
        let before = ProcessIdentity {
            start: this.start - 1,
            ..this
        };
        assert!(!before.is_running(), "a pid that was given away again");
        let mut child = std::process::Command::new("/bin/sh")
            .args(["-c", "read -r never"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let start = start_of(&pid.to_string()).unwrap();
        let owner = ProcessIdentity { pid, start };
        assert!(owner.is_running());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!owner.is_running());
    }

    #[test]
    fn what_names_no_process_is_no_owner() {
        for text in ["", "12", "-4 5", "0 5", "x 5", "5 x", "5 6 7"] {
            assert_eq!(ProcessIdentity::parse(text), None, "{text:?}");
        }
    }
}
