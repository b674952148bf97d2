//! A helper process that cleans up after a daemon that was killed.
//!
//! After SIGKILL the daemon cannot remove its profile directory, and a Chromium that listens on a port
//! would keep running. The helper is a shell that reads from a pipe which only the daemon holds open.
//! End of file without `done` means that the daemon is dead: the helper then kills the browser's
//! process group and removes the profile.

use std::io::{PipeWriter, Write as _};
use std::path::Path;
use std::time::Duration;

use tokio::process::Child;

use super::spawn::{SpawnError, spawn, system_command};

/// How long the shell may take to exit.
const EXIT_TIMEOUT: Duration = Duration::from_secs(1);

/// Reads the browser's pid, then `done` on a regular end. `$1` is the control group to remove, or
/// empty; the other arguments are directories to remove. It ignores the signals that a terminal or
/// service manager sends to the daemon, and runs in `/` so that it keeps no directory from being
/// unmounted.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
cd / || :
group=
while read -r line; do
    case $line in
    done) exit 0 ;;
    *) group=$line ;;
    esac
done
if [ -n "$group" ]; then kill -s KILL -- "-$group" 2>/dev/null; fi
group=$1
shift
left=50
while [ "$left" -gt 0 ]; do
    rm -rf -- "$@"
    if [ -n "$group" ]; then rmdir -- "$group" 2>/dev/null; fi
    there=
    for path in "$group" "$@"; do
        if [ -e "$path" ]; then there=yes; fi
    done
    if [ -z "$there" ]; then exit 0; fi
    left=$((left - 1))
    sleep 0.1 || sleep 1
done
"#;

/// The running cleanup helper of one browser.
#[derive(Debug)]
pub(super) struct CleanupHelper {
    shell: Child,
    pipe: PipeWriter,
}

impl CleanupHelper {
    /// Starts the helper, before its browser. The control group and the directories are removed when
    /// the daemon dies.
    pub(super) async fn start<'a>(
        group: Option<&Path>,
        dirs: impl Iterator<Item = &'a Path>,
    ) -> Result<Self, SpawnError> {
        // The writing end is closed on exec, so neither the shell nor Chromium holds it open.
        let (reader, pipe) = std::io::pipe()?;
        let mut command = system_command("/bin/sh");
        command
            .args(["-c", SCRIPT, "cdp-bridge-cleanup"])
            .arg(group.unwrap_or(Path::new("")))
            .args(dirs)
            .stdin(reader);
        Ok(Self {
            shell: spawn(command).await?,
            pipe,
        })
    }

    /// Sends the browser's process group, which is killed when the daemon dies.
    pub(super) fn watch(&mut self, pid: u32) {
        self.send(&format!("{pid}\n"));
    }

    /// Stops the helper without a cleanup, and reaps it.
    pub(super) async fn dismiss(mut self) {
        self.dismiss_unreaped();
        let Self { mut shell, pipe } = self;
        if tokio::time::timeout(EXIT_TIMEOUT, shell.wait())
            .await
            .is_err()
        {
            // It ignored the command; it is killed before closing the pipe would make it think that
            // the daemon died.
            let _ = shell.start_kill();
            let _ = tokio::time::timeout(EXIT_TIMEOUT, shell.wait()).await;
        }
        drop(pipe);
    }

    /// Like [`dismiss`](Self::dismiss) where nothing can be awaited; the runtime reaps it.
    pub(super) fn dismiss_unreaped(&mut self) {
        self.send("done\n");
    }

    /// Writes to the pipe, which never blocks for a few bytes. A failure is only logged, since the
    /// helper is a second line of defence.
    fn send(&mut self, line: &str) {
        if let Err(error) = self.pipe.write_all(line.as_bytes()) {
            tracing::debug!(%error, "the browser's cleanup helper has exited");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt as _;

    struct Scene {
        parent: tempfile::TempDir,
        group: std::process::Child,
        helper: CleanupHelper,
    }

    impl Scene {
        async fn set() -> Self {
            let parent = tempfile::tempdir().unwrap();
            let profile = parent.path().join("a profile; with $(odd) name");
            std::fs::create_dir_all(profile.join("Default")).unwrap();
            let group = parent.path().join("a group");
            std::fs::create_dir(&group).unwrap();
            let dirs = [profile.as_path(), Path::new("/nowhere/at/all")].into_iter();
            let mut helper = CleanupHelper::start(Some(&group), dirs).await.unwrap();
            // A leader with a child, as Chromium has them.
            let group = std::process::Command::new("/bin/sh")
                .args(["-c", "sleep 1000 & sleep 1000; wait"])
                .process_group(0)
                .spawn()
                .unwrap();
            helper.watch(group.id());
            Self {
                parent,
                group,
                helper,
            }
        }

        fn profile_exists(&self) -> bool {
            self.parent.path().read_dir().unwrap().next().is_some()
        }
    }

    async fn until(what: &str, mut condition: impl FnMut() -> bool) {
        let wait = async {
            while !condition() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait)
            .await
            .expect(what);
    }

    #[tokio::test]
    async fn when_its_pipe_ends_it_kills_the_group_and_removes_the_profile() {
        let mut scene = Scene::set().await;
        let (mut shell, pipe) = (scene.helper.shell, scene.helper.pipe);
        drop(pipe);
        until("the group dies", || {
            scene.group.try_wait().unwrap().is_some()
        })
        .await;
        until("the profile goes", || {
            scene.parent.path().read_dir().unwrap().next().is_none()
        })
        .await;
        assert!(shell.wait().await.unwrap().success());
    }

    #[tokio::test]
    async fn when_it_is_dismissed_it_leaves_without_acting() {
        let mut scene = Scene::set().await;
        assert!(scene.profile_exists());
        scene.helper.dismiss().await;
        assert!(scene.parent.path().read_dir().unwrap().next().is_some());
        assert!(scene.group.try_wait().unwrap().is_none());
        let group = rustix::process::Pid::from_child(&scene.group);
        rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
        scene.group.wait().unwrap();
    }

    #[tokio::test]
    async fn signals_for_a_terminals_processes_do_not_end_it() {
        let mut helper = CleanupHelper::start(None, std::iter::empty())
            .await
            .unwrap();
        // What it ignores is only set once its script runs, and a removed profile proves that.
        let parent = tempfile::tempdir().unwrap();
        let profile = parent.path().join("p");
        std::fs::create_dir(&profile).unwrap();
        let pid = i32::try_from(helper.shell.id().unwrap()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        let status = format!("/proc/{}/status", pid.as_raw_nonzero());
        let ignores_term = || {
            let status = std::fs::read_to_string(&status).unwrap();
            let ignored = status
                .lines()
                .find_map(|line| line.strip_prefix("SigIgn:"))
                .unwrap();
            u64::from_str_radix(ignored.trim(), 16).unwrap() & (1 << 14) != 0
        };
        until("it ignores SIGTERM", ignores_term).await;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert!(helper.shell.try_wait().unwrap().is_none());
        helper.dismiss().await;
    }
}
