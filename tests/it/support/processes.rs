//! Inspects processes through `/proc`.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};

/// A process with its command line.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) arguments: Vec<String>,
}

impl Process {
    /// The kind of a Chromium process; the browser process itself has no `--type`.
    pub(crate) fn kind(&self) -> Option<&str> {
        self.argument("--type=")
    }

    fn argument(&self, prefix: &str) -> Option<&str> {
        self.arguments.iter().find_map(|it| it.strip_prefix(prefix))
    }
}

/// Every living process whose command line contains this path. Zombies have no command line.
pub(crate) fn naming(path: &Path) -> Vec<Process> {
    let wanted = path.to_str().unwrap();
    all()
        .filter(|process| process.arguments.iter().any(|it| it.contains(wanted)))
        .collect()
}

/// Every living process of a process group. A browser leads the group of all its processes.
pub(crate) fn of_group(leader: i32) -> Vec<Process> {
    all()
        .filter(|process| stat(process.pid).is_some_and(|it| !it.is_zombie && it.group == leader))
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

/// The same for a process that may be gone. False if it was.
pub(crate) fn try_signal(pid: i32, signal: Signal) -> bool {
    kill_process(Pid::from_raw(pid).unwrap(), signal).is_ok()
}

/// The zombie children of a process.
pub(crate) fn zombies_of(parent: i32) -> Vec<i32> {
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| stat(*pid).is_some_and(|it| it.is_zombie && it.parent == parent))
        .collect()
}

fn all() -> impl Iterator<Item = Process> {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(read)
}

/// The fields of `/proc/PID/stat`.
struct Stat {
    is_zombie: bool,
    parent: i32,
    group: i32,
}

fn stat(pid: i32) -> Option<Stat> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some(Stat {
        is_zombie: fields.next()? == "Z",
        parent: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
    })
}

fn read(pid: i32) -> Option<Process> {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    // Chromium's children rewrite their command line, separated by spaces.
    let line = String::from_utf8_lossy(&line);
    let arguments: Vec<String> = line
        .split(['\0', ' '])
        .filter(|argument| !argument.is_empty())
        .map(str::to_owned)
        .collect();
    (!arguments.is_empty()).then_some(Process { pid, arguments })
}
