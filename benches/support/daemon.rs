//! The built binary, run as a process and measured from outside.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// A running daemon.
pub(crate) struct Daemon {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Daemon {
    /// Starts a daemon with these settings, and this browser unless they contain another.
    pub(crate) fn start(settings: &[String], browser: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cdp-bridge"));
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        for setting in settings {
            command.args(["--set", setting.as_str()]);
        }
        let mut child = command
            .env("CHROME_PATH", browser)
            .env("CDP_BRIDGE_STORE_URL", "off")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("cdp-bridge listening on ws://");
        let address = address.and_then(|it| it.strip_suffix("/ws"));
        let address = address.unwrap_or_else(|| panic!("it said {line:?}"));
        Self {
            child,
            address: address.parse().unwrap(),
        }
    }

    /// A field of `/proc/PID/status` in KiB.
    pub(crate) fn memory(&self, field: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Milliseconds of processor time of all its threads.
    pub(crate) fn cpu(&self) -> f64 {
        let tasks = format!("/proc/{}/task", self.child.id());
        let tasks = std::fs::read_dir(tasks).unwrap().flatten();
        let nanoseconds = tasks.filter_map(|task| {
            let stat = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            stat.split(' ').next()?.parse::<u64>().ok()
        });
        nanoseconds.sum::<u64>() as f64 / 1e6
    }
}

impl Drop for Daemon {
    /// Stops it with SIGTERM, and with it its browser.
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if pid.is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok()) {
            // It was our child process, so no error is possible here.
            let _ = self.child.wait();
        }
    }
}
