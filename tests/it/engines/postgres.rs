//! A private Postgres: a directory and a unix socket of its own, and no TCP.

use std::path::{Path, PathBuf};
use std::process::{Command as BlockingCommand, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::fs::{Gid, Uid, chown};
use rustix::process::{Pid, Signal, getuid, kill_process};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::runtime::Runtime;
use tokio::sync::{OnceCell, oneshot};
use tokio_postgres::NoTls;

use crate::support::wait::{until, until_some};

/// Outlives the runtimes of the tests.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static SHARED: OnceCell<Postgres> = OnceCell::const_new();
static TEMPLATE: LazyLock<TempDir> = LazyLock::new(make_template);
static DATABASES: AtomicUsize = AtomicUsize::new(0);

/// A running server.
pub(crate) struct Postgres {
    /// Its data and its socket.
    dir: TempDir,
    child: Child,
}

/// The URL of an empty database on the server that tests share.
pub(crate) async fn empty_database() -> String {
    let server = SHARED.get_or_init(|| async {
        let (started, server) = oneshot::channel();
        // A server ends with the thread that started it, so that this one never does.
        std::thread::spawn(move || {
            RUNTIME.block_on(async {
                let server = Postgres::start().await;
                assert!(started.send(server).is_ok(), "it is waited for");
                std::future::pending::<()>().await;
            });
        });
        server.await.expect("the shared Postgres starts")
    });
    let server = server.await;
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    server.create(&format!("test{number}")).await
}

impl Postgres {
    /// Starts a server of the test's own.
    pub(crate) async fn start() -> Self {
        let template = tokio::task::spawn_blocking(|| TEMPLATE.path().join("data"));
        let template = template.await.unwrap();
        let dir = directory();
        let data = dir.path().join("data");
        let copied = run("cp", &["-a", text(&template), text(&data)]);
        assert!(copied.is_ok(), "{copied:?}");
        let child = serve(dir.path());
        let server = Self { dir, child };
        server.wait_until_it_answers().await;
        server
    }

    /// Makes an empty database and returns its URL.
    pub(crate) async fn create(&self, database: &str) -> String {
        self.run(&format!("CREATE DATABASE {database}")).await;
        self.url(database)
    }

    pub(crate) fn url(&self, database: &str) -> String {
        let socket = text(self.dir.path());
        format!("postgresql:///{database}?host={socket}&user=postgres")
    }

    /// Runs a statement in the server's own database.
    pub(crate) async fn run(&self, sql: &str) {
        self.run_in("postgres", sql).await;
    }

    /// Runs a statement in this database.
    pub(crate) async fn run_in(&self, database: &str, sql: &str) {
        let url = self.url(database);
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        let connected = tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
        drop(client);
        connected.await.unwrap().unwrap();
    }

    /// Kills all of its processes at once.
    pub(crate) async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.child.wait().await.unwrap();
    }

    /// Starts it again after [`kill`](Self::kill).
    pub(crate) async fn start_again(&mut self) {
        // Its processes may have a moment to live after the first one, and would keep a new one from starting.
        let pid = self.dir.path().join("data/postmaster.pid");
        until("the killed server can be started again", async || {
            let _ = std::fs::remove_file(&pid);
            self.child = serve(self.dir.path());
            self.answers_or_ends().await
        })
        .await;
    }

    /// Stops its processes, which then neither answer nor close anything.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Sends a signal to its first process and to those that this has started, each of which leads a group of its own.
    fn signal(&self, signal: Signal) {
        let first = self.child.id().expect("it has not been waited for");
        let all = std::iter::once(first).chain(children(first));
        for pid in all.collect::<Vec<_>>() {
            let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
            // It may have ended already.
            let _ = kill_process(pid, signal);
        }
    }

    async fn answers_or_ends(&mut self) -> bool {
        let url = self.url("postgres");
        let (answers, _) = until_some("Postgres answers, or ends", async || {
            if tokio_postgres::connect(&url, NoTls).await.is_ok() {
                return Some(true);
            }
            let ended = self.child.try_wait().unwrap();
            ended.map(|_| false)
        })
        .await;
        answers
    }

    async fn wait_until_it_answers(&self) {
        let url = self.url("postgres");
        until("Postgres answers", async || {
            tokio_postgres::connect(&url, NoTls).await.is_ok()
        })
        .await;
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.child.id().is_some() {
            self.signal(Signal::CONT);
            self.signal(Signal::KILL);
        }
    }
}

/// The processes that this one has started.
fn children(parent: u32) -> Vec<u32> {
    let is_child = |pid: u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let parent_of = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
        (parent_of.trim().parse() == Ok(parent)).then_some(pid)
    };
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(is_child).collect()
}

/// Where Debian has the programs, in the newest version that is installed; elsewhere `TEST_POSTGRES_BIN` names it.
fn programs() -> PathBuf {
    if let Some(named) = std::env::var_os("TEST_POSTGRES_BIN") {
        return named.into();
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut found: Vec<_> = versions
        .filter_map(|version| {
            let version = version.ok()?;
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            let programs = version.path().join("bin");
            programs
                .join("initdb")
                .exists()
                .then_some((number, programs))
        })
        .collect();
    found.sort();
    let Some((_, programs)) = found.pop() else {
        panic!(
            "there is no Postgres in /usr/lib/postgresql. These tests start a private one; on Debian: \
             apt-get install postgresql (with create_main_cluster = false in \
             /etc/postgresql-common/createcluster.conf). TEST_POSTGRES_BIN names the directory of initdb elsewhere."
        );
    };
    programs
}

/// The names of directories begin with this and the process id of the tests.
const PREFIX: &str = "cdpb-pg-";

/// Removes what earlier runs have left: a static is never dropped.
fn sweep() {
    let entries = std::fs::read_dir(std::env::temp_dir())
        .into_iter()
        .flatten();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split('-').next());
        if let Some(pid) = pid
            && !Path::new("/proc").join(pid).exists()
        {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// An empty data directory, which takes half a second to make, and is copied for each server.
fn make_template() -> TempDir {
    sweep();
    let dir = directory();
    let data = dir.path().join("data");
    let initdb = programs().join("initdb");
    let arguments = [
        text(&initdb),
        "--pgdata",
        text(&data),
        "--auth=trust",
        "--username=postgres",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ];
    let made = if getuid().is_root() {
        run("setpriv", &[&AS_POSTGRES[..], &arguments[..]].concat())
    } else {
        run(arguments[0], &arguments[1..])
    };
    made.unwrap_or_else(|said| panic!("initdb failed: {said}"));
    dir
}

/// Postgres refuses to run as root.
const AS_POSTGRES: [&str; 3] = ["--reuid=postgres", "--regid=postgres", "--clear-groups"];

/// A directory for the user that the server runs as.
fn directory() -> TempDir {
    let prefix = format!("{PREFIX}{}-", std::process::id());
    let dir = tempfile::Builder::new().prefix(&prefix).tempdir().unwrap();
    if getuid().is_root() {
        let id = |flag| {
            let said = run("id", &[flag, "postgres"]).unwrap_or_else(|said| {
                panic!("there is no user postgres, whom Debian's package makes: {said}")
            });
            said.trim().parse::<u32>().unwrap()
        };
        let (user, group) = (Uid::from_raw(id("-u")), Gid::from_raw(id("-g")));
        chown(dir.path(), Some(user), Some(group)).unwrap();
    }
    dir
}

/// Starts the server of a directory. It ends with the thread that calls this, so that a test that is killed leaves none.
fn serve(dir: &Path) -> Child {
    let mut command = Command::new("setpriv");
    if getuid().is_root() {
        command.args(AS_POSTGRES);
    }
    command
        .args(["--pdeathsig", "QUIT"])
        .arg(programs().join("postgres"))
        .args(["-D", text(&dir.join("data")), "-k", text(dir)])
        .args(["-c", "listen_addresses=", "-c", "fsync=off"])
        .args(["-c", "shared_buffers=16MB", "-c", "max_connections=60"])
        .args(["-c", "unix_socket_permissions=0777"])
        .current_dir("/")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true);
    command.spawn().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs a program to its end; what it said where it failed.
fn run(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = BlockingCommand::new(program)
        .args(arguments)
        .current_dir("/")
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
