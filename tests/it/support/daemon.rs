//! The built binary, run as a process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::Signal;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::browsers::TestBrowser;
use super::client::{Client, Mode};
use super::http::{self, Response};
use super::processes::{self, Process};
use super::wait::{LONGEST, until_some};

/// How to start a daemon. Its directory is also its home and the place of its temporary
/// files. Clones share it.
#[derive(Clone)]
pub(crate) struct Setup {
    dir: Arc<TempDir>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("cdpb-").tempdir().unwrap();
        std::fs::create_dir(dir.path().join("tmp")).unwrap();
        Self {
            dir: Arc::new(dir),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Listens on a free port; the test sites are allowed.
    pub(crate) fn serving(browser: &TestBrowser) -> Self {
        Self::new()
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--set", "policy.private_networks=127.0.0.0/8"])
            .env("CHROME_PATH", browser.path().to_str().unwrap())
    }

    pub(crate) fn args<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.arguments
            .extend(arguments.into_iter().map(str::to_owned));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Keeps its state in `state` of its directory, and refuses to start where it cannot.
    pub(crate) fn keeping(self) -> Self {
        let state = self.dir().join("state");
        self.env("CDP_BRIDGE_STORE_URL", "sqlite:state.db")
            .env("CDP_BRIDGE_STORE_REQUIRED", "true")
            .env("CDP_BRIDGE_STORE_DIRECTORY", state.to_str().unwrap())
    }

    /// Writes a file into its directory.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.dir.path().join(name), text).unwrap();
        self
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self) -> Ended {
        Self::run_to_its_end(self.command()).await
    }

    async fn run_to_its_end(mut command: Command) -> Ended {
        let running = command.stdin(Stdio::null()).output();
        let output = timeout(LONGEST, running)
            .await
            .expect("the command ends")
            .unwrap();
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a command and interrupts it after this log line.
    pub(crate) async fn interrupted_at(&self, words: &str) -> Ended {
        let mut child = self
            .command()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut log = String::new();
        let reading = async {
            while !log.contains(words) {
                assert!(
                    stderr.read_line(&mut log).await.unwrap() > 0,
                    "{words:?} in {log}"
                );
            }
        };
        timeout(LONGEST, reading).await.expect("it logs that");
        let pid = i32::try_from(child.id().expect("it has not been waited for")).unwrap();
        processes::signal(pid, Signal::INT);
        let output = timeout(LONGEST, child.wait_with_output()).await;
        let output = output.expect("it ends").unwrap();
        // Child processes may still hold the pipe, so do not wait for its end.
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: log,
        }
    }

    /// Starts a daemon and waits until it is ready.
    pub(crate) async fn start(self) -> Daemon {
        let mut child = self
            .command()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let copy = Arc::clone(&log);
        let logging = tokio::spawn(async move {
            let mut line = String::new();
            while stderr.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                copy.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push_str(&line);
                line.clear();
            }
        });
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        timeout(LONGEST, stdout.read_line(&mut line))
            .await
            .expect("it serves")
            .unwrap();
        let Some(url) = line.trim_end().strip_prefix("cdp-bridge listening on ") else {
            timeout(LONGEST, logging).await.unwrap().unwrap();
            panic!("it did not start: {line:?}, {}", log.lock().unwrap());
        };
        Daemon {
            url: url.to_owned(),
            child,
            stdout,
            log,
            logging,
            setup: self,
        }
    }

    fn command(&self) -> Command {
        let mut command = self.bare_command();
        command.args(&self.arguments);
        command
    }

    fn bare_command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cdp-bridge"));
        command
            .current_dir(self.dir())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.dir())
            .env("CDP_BRIDGE_STORE_URL", "off")
            .env("TMPDIR", self.dir().join("tmp"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .kill_on_drop(true);
        command
    }
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Fails unless it ended with this code and printed all of these texts to stderr.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, said: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for words in said {
            assert!(
                self.stderr.contains(words),
                "{words:?} is said in {self:#?}"
            );
        }
        let lines = self
            .stderr
            .lines()
            .filter(|line| line.starts_with("cdp-bridge: "));
        assert_eq!(lines.count(), 1, "one message in {self:#?}");
    }
}

/// A running daemon.
pub(crate) struct Daemon {
    /// The address from its log.
    pub(crate) url: String,
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: Arc<Mutex<String>>,
    logging: JoinHandle<()>,
    setup: Setup,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the log of {}:\n{}", self.url, self.log());
        }
    }
}

impl Daemon {
    pub(crate) fn address(&self) -> SocketAddr {
        let (_, rest) = self.url.split_once("://").unwrap();
        rest.strip_suffix("/ws").unwrap().parse().unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        http::get(self.address(), path, &[]).await
    }

    pub(crate) async fn client(&self) -> Client {
        let client = Client::connect(&self.url, Mode::Text).await;
        client.event("welcome").await;
        client
    }

    pub(crate) fn dir(&self) -> &Path {
        self.setup.dir()
    }

    /// Runs another command in its directory and environment to its end.
    pub(crate) async fn command(&self, arguments: &[&str]) -> Ended {
        let mut command = self.setup.bare_command();
        command.args(arguments);
        Setup::run_to_its_end(command).await
    }

    /// The log so far.
    pub(crate) fn log(&self) -> String {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// All processes of its Chromium.
    pub(crate) fn browsers(&self) -> Vec<Process> {
        processes::naming(&self.dir().join("tmp"))
    }

    /// The temporary files that are left.
    pub(crate) fn temporary_files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.dir().join("tmp")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> i32 {
        let pid = self.child.id().expect("it has not been waited for");
        i32::try_from(pid).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        processes::signal(self.pid(), signal);
    }

    /// Waits for its end. [`log`](Self::log) is complete then.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let status = timeout(LONGEST, self.child.wait())
            .await
            .expect("it ends")
            .unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "", "only the announcement is on stdout");
        let _ = timeout(LONGEST, &mut self.logging).await;
        status
    }

    /// Waits for its end after a kill; other processes may still hold its output.
    pub(crate) async fn killed(&mut self) {
        timeout(LONGEST, self.child.wait())
            .await
            .expect("it ends")
            .unwrap();
    }

    /// Stops it with SIGTERM and waits.
    pub(crate) async fn stop(mut self) {
        self.end().await;
    }

    /// The same, and keeps its directory.
    pub(crate) async fn end(&mut self) {
        self.signal(Signal::TERM);
        let status = self.ended().await;
        assert_eq!(status.code(), Some(0), "{}", self.log());
    }

    /// Another one in its directory, after it has ended.
    pub(crate) async fn again(&self) -> Self {
        self.setup.clone().start().await
    }

    /// Waits for a log line that contains all of these texts, and returns it.
    pub(crate) async fn logged(&self, words: &[&str]) -> String {
        let (line, _) = until_some(&format!("{words:?} in the log"), async || {
            let log = self.log();
            let line = log
                .lines()
                .find(|line| words.iter().all(|it| line.contains(it)));
            line.map(str::to_owned)
        })
        .await;
        line
    }
}
