//! Looking at processes from outside, through `/proc`.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};

/// A process with its command line.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) arguments: Vec<String>,
}

impl Process {
    /// What kind of Chromium process it is; the browser itself has no type.
    pub(crate) fn kind(&self) -> Option<&str> {
        self.argument("--type=")
    }

    fn argument(&self, prefix: &str) -> Option<&str> {
        self.arguments.iter().find_map(|it| it.strip_prefix(prefix))
    }
}

/// Every living process whose command line names this path. Zombies have no command line.
pub(crate) fn naming(path: &Path) -> Vec<Process> {
    let wanted = path.to_str().unwrap();
    all()
        .filter(|process| process.arguments.iter().any(|it| it.contains(wanted)))
        .collect()
}

/// Every living process of a process group. A browser leads the one of all its processes.
pub(crate) fn of_group(leader: i32) -> Vec<Process> {
    all()
        .filter(|process| {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.pid));
            let stat = stat.unwrap_or_default();
            let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
            let mut fields = after_name.split_whitespace();
            let living = fields.next().is_some_and(|state| state != "Z");
            living && fields.nth(1) == Some(leader.to_string().as_str())
        })
        .collect()
}

/// The profile directory that a Chromium was started with.
pub(crate) fn profile_of(pid: i32) -> Option<PathBuf> {
    read(pid)?.argument("--user-data-dir=").map(PathBuf::from)
}

/// Sends a signal to a process that the test or its bridge started.
pub(crate) fn signal(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

fn all() -> impl Iterator<Item = Process> {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(read)
}

fn read(pid: i32) -> Option<Process> {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    // Chromium's children write their command line anew, with spaces.
    let line = String::from_utf8_lossy(&line);
    let arguments: Vec<String> = line
        .split(['\0', ' '])
        .filter(|argument| !argument.is_empty())
        .map(str::to_owned)
        .collect();
    (!arguments.is_empty()).then_some(Process { pid, arguments })
}
