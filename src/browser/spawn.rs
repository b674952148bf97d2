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

use super::before_exec::{Lifetime, isolate};
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

/// The command that starts a program with these variables, in a new session, without descriptors of
/// ours: stdin, stdout and stderr are `/dev/null`.
pub(super) fn isolated_command(
    program: impl AsRef<OsStr>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    lifetime: Lifetime,
    procs_file: Option<File>,
) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    isolate(&mut command, lifetime, procs_file);
    command
}

/// The same for a small program of the system, which needs to find others.
pub(super) fn system_command(program: impl AsRef<OsStr>) -> Command {
    let path = std::env::var_os("PATH").map(|path| ("PATH".into(), path));
    isolated_command(program, path, Lifetime::Unbound, None)
}

/// The command that starts a browser, which is killed when the daemon dies, in the control group of
/// `procs_file`.
pub(super) fn browser_command(
    executable: &Path,
    args: &[OsString],
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    pipe: Option<ChromiumEnds>,
    procs_file: Option<File>,
) -> Result<Command, SpawnError> {
    // Descriptors are mapped after the others are made close-on-exec and `procs_file` was written to, which
    // may have one of Chromium's numbers.
    let mut command = isolated_command(executable, variables, Lifetime::OfDaemon, procs_file);
    command.args(args).stderr(Stdio::piped()).kill_on_drop(true);
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

    fn command(
        program: &str,
        args: &[OsString],
        pipe: Option<ChromiumEnds>,
    ) -> Result<Command, SpawnError> {
        browser_command(Path::new(program), args, [], pipe, None)
    }

    #[tokio::test]
    async fn a_program_that_is_missing_is_refused() {
        let command = command("/nowhere/chrome", &[], None).unwrap();
        let error = spawn(command).await.unwrap_err();
        assert!(
            matches!(error, SpawnError::Refused(error) if error.kind() == io::ErrorKind::NotFound)
        );
    }

    #[tokio::test]
    async fn a_child_leads_a_session_and_a_group_of_its_own() {
        let args = ["-c".into(), "read -r never".into()];
        let mut command = command("/bin/sh", &args, None).unwrap();
        command.stdin(Stdio::piped());
        let mut child = spawn(command).await.unwrap();
        let pid = i32::try_from(child.id().unwrap()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        assert_eq!(rustix::process::getpgid(Some(pid)).unwrap(), pid);
        assert_eq!(rustix::process::getsid(Some(pid)).unwrap(), pid);
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
            let command = command("/bin/sh", &args, Some(ends));
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
