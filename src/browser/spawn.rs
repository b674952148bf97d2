//! Starts processes on a thread of their own.
//!
//! Chromium is started with a parent-death signal, so that it dies with the daemon even when the
//! daemon is killed. The kernel sends that signal when the *thread* that started the process ends,
//! and the threads of an asynchronous runtime come and go. So one thread, which ends only with the
//! daemon, starts all of them.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;

use command_fds::{CommandFdExt as _, FdMapping};
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::lock::lock;

/// How many requests may wait for the thread; each takes a few milliseconds.
const QUEUE: usize = 16;

/// Chromium reads commands on this descriptor.
const COMMANDS_FD: i32 = 3;
/// Chromium writes answers and events on this descriptor.
const ANSWERS_FD: i32 = 4;

static SPAWNER: Mutex<Option<mpsc::Sender<SpawnRequest>>> = Mutex::new(None);

#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    #[error("the operating system refused: {0}")]
    Refused(#[from] io::Error),
    #[error("the daemon is stopping")]
    Stopping,
}

struct SpawnRequest {
    command: Command,
    runtime: Handle,
    done: oneshot::Sender<Result<Child, SpawnError>>,
}

/// Chromium's ends of the two debugging pipes.
#[derive(Debug)]
pub(super) struct ChromiumEnds {
    pub(super) commands: OwnedFd,
    pub(super) answers: OwnedFd,
}

/// The command that starts a browser in a process group of its own, with neither our stdin nor our
/// stdout, killed when the daemon dies, and in the control group of `procs_file`.
pub(super) fn browser_command(
    executable: &Path,
    args: &[OsString],
    pipe: Option<ChromiumEnds>,
    procs_file: Option<File>,
) -> Result<Command, SpawnError> {
    let mut command = Command::new(executable);
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    for (name, _) in std::env::vars_os() {
        if !inherited(&name) {
            command.env_remove(name);
        }
    }
    // Before the descriptors are mapped: `procs_file` may have one of Chromium's numbers.
    before_exec(&mut command, procs_file);
    if let Some(ends) = pipe {
        let mappings = vec![
            FdMapping {
                parent_fd: ends.commands,
                child_fd: COMMANDS_FD,
            },
            FdMapping {
                parent_fd: ends.answers,
                child_fd: ANSWERS_FD,
            },
        ];
        command
            .fd_mappings(mappings)
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    }
    Ok(command)
}

/// Whether Chromium inherits an environment variable. Its proxy is set by flag only, and the bridge's
/// own settings hold secrets.
fn inherited(name: &OsStr) -> bool {
    const PROXIES: [&str; 7] = [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "FTP_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "AUTO_PROXY",
        "SOCKS_SERVER",
    ];
    let name = name.to_string_lossy().to_ascii_uppercase();
    !name.starts_with("CDP_BRIDGE_") && !PROXIES.contains(&name.as_str())
}

#[cfg(target_os = "linux")]
fn before_exec(command: &mut Command, procs_file: Option<File>) {
    use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};
    let daemon = getpid();
    let in_child = move || -> io::Result<()> {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // If the daemon died before the line above, the signal will never come.
        if getppid() != Some(daemon) {
            return Err(rustix::io::Errno::SRCH.into());
        }
        if let Some(procs_file) = &procs_file {
            // `0` is the writing process. Its children inherit the group.
            rustix::io::write(procs_file, b"0")?;
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes three plain system calls, `prctl`, `getppid`
    // and `write`, and builds an error from a number. It allocates nothing, takes no lock and
    // touches no memory that another thread of the daemon could have left half written.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(in_child);
    }
}

#[cfg(not(target_os = "linux"))]
fn before_exec(_command: &mut Command, _entrance: Option<File>) {
    // There is no such signal and there are no control groups elsewhere; the end of the pipe and the
    // cleanup helper must do.
}

/// Starts a process on the spawner thread and watches it on the caller's runtime.
pub(super) async fn spawn(command: Command) -> Result<Child, SpawnError> {
    let (done, child) = oneshot::channel();
    let request = SpawnRequest {
        command,
        runtime: Handle::current(),
        done,
    };
    let spawner = spawner()?;
    spawner
        .send(request)
        .await
        .map_err(|_| SpawnError::Stopping)?;
    child.await.map_err(|_| SpawnError::Stopping)?
}

/// The queue of the thread, which is started on first use.
fn spawner() -> Result<mpsc::Sender<SpawnRequest>, SpawnError> {
    let mut spawner = lock(&SPAWNER);
    if let Some(sender) = &*spawner {
        return Ok(sender.clone());
    }
    let (sender, requests) = mpsc::channel(QUEUE);
    let name = "chromium-spawner".to_owned();
    std::thread::Builder::new()
        .name(name)
        .spawn(move || serve(requests))?;
    *spawner = Some(sender.clone());
    Ok(sender)
}

fn serve(mut requests: mpsc::Receiver<SpawnRequest>) {
    while let Some(request) = requests.blocking_recv() {
        let SpawnRequest {
            mut command,
            runtime,
            done,
        } = request;
        // tokio panics while the runtime shuts down. A panic here would end the thread, and with it
        // every browser.
        let started = catch_unwind(AssertUnwindSafe(|| {
            let _entered = runtime.enter();
            command.spawn()
        }));
        // The command holds our copies of Chromium's pipe ends; while they are open, the exit of
        // Chromium would not close the pipe.
        drop(command);
        let result = match started {
            Ok(result) => result.map_err(SpawnError::from),
            Err(_) => Err(SpawnError::Stopping),
        };
        // If the caller stopped waiting, dropping the child kills it.
        let _ = done.send(result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_and_our_own_settings_are_not_inherited() {
        for name in [
            "http_proxy",
            "HTTPS_PROXY",
            "all_proxy",
            "CDP_BRIDGE_AUTH_TOKEN",
        ] {
            assert!(!inherited(OsStr::new(name)), "{name}");
        }
        for name in ["PATH", "HOME", "LANG", "DISPLAY"] {
            assert!(inherited(OsStr::new(name)), "{name}");
        }
    }

    #[tokio::test]
    async fn a_program_that_is_missing_is_refused() {
        let command = browser_command(Path::new("/nowhere/chrome"), &[], None, None).unwrap();
        let error = spawn(command).await.unwrap_err();
        assert!(
            matches!(error, SpawnError::Refused(error) if error.kind() == io::ErrorKind::NotFound)
        );
    }

    #[tokio::test]
    async fn a_child_leads_its_own_group_and_is_started_by_the_lasting_thread() {
        let args = ["-c".into(), "read -r never".into()];
        let mut command = browser_command(Path::new("/bin/sh"), &args, None, None).unwrap();
        command.stdin(Stdio::piped());
        let mut child = spawn(command).await.unwrap();
        let pid = i32::try_from(child.id().unwrap()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        assert_eq!(rustix::process::getpgid(Some(pid)).unwrap(), pid);
        child.kill().await.unwrap();
    }

    #[test]
    fn a_child_outlives_the_runtime_thread_that_asked_for_it() {
        let start = || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.unwrap();
            let args = ["-c".into(), "read -r never <&3".into()];
            let (never, held) = io::pipe().unwrap();
            let answers = io::pipe().unwrap().1;
            let ends = ChromiumEnds {
                commands: never.into(),
                answers: answers.into(),
            };
            let command = browser_command(Path::new("/bin/sh"), &args, Some(ends), None);
            let mut command = command.unwrap();
            command.kill_on_drop(false);
            let child = runtime.block_on(spawn(command)).unwrap();
            (child.id().unwrap(), held)
        };
        let (pid, held) = std::thread::spawn(start).join().unwrap();
        let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        // Its runtime and the requesting thread have ended; a death signal would have come by now.
        assert!(rustix::process::test_kill_process(pid).is_ok());
        let line = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap();
        assert!(!line.contains(") Z "), "{line}");
        drop(held);
    }
}
