use std::io::Write as _;
use std::process::Stdio;

use super::*;
use crate::browser::BrowserConfig;
use crate::browser::options::BrowserBuild;
use rustix::process::Pid;

const REAL: [(&str, BrowserBuild); 2] = [
    (
        "/usr/lib/chromium/chromium-headless-shell",
        BrowserBuild::Shell,
    ),
    ("/usr/lib/chromium/chromium", BrowserBuild::Chrome),
];

/// Sets `$dir` to the profile and `$port` to the requested port.
const PRELUDE: &str = r#"#!/bin/sh
for argument in "$@"; do
    case $argument in
    --user-data-dir=*) dir=${argument#*=} ;;
    --remote-debugging-port=*) port=${argument#*=} ;;
    esac
done
"#;

fn options(executable: &Path, kind: BrowserBuild, transport: TransportKind) -> LaunchOptions {
    LaunchOptions {
        executable: executable.to_path_buf(),
        kind,
        config: BrowserConfig {
            transport,
            ..BrowserConfig::default()
        },
        proxy: None,
    }
}

/// A browser that is a shell script.
struct Fake {
    dir: tempfile::TempDir,
}

impl Fake {
    fn new(body: &str) -> Self {
        let fake = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        // Another process writes the file: a copy of our descriptor in a child that another test
        // just forks would make the script "busy".
        let mut writer = std::process::Command::new("/bin/sh")
            .args(["-c", r#"cat > "$1" && chmod +x "$1""#, "sh"])
            .arg(fake.path())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        write!(writer.stdin.take().unwrap(), "{PRELUDE}{body}").unwrap();
        assert!(writer.wait().unwrap().success());
        fake
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("fake-browser")
    }

    fn options(&self, transport: TransportKind) -> LaunchOptions {
        options(&self.path(), BrowserBuild::Shell, transport)
    }
}

fn group_of(process: &BrowserProcess) -> Pid {
    Pid::from_raw(i32::try_from(process.pid()).unwrap()).unwrap()
}

/// No process of the group is alive; zombies that init does not reap do not count.
fn group_is_dead(group: Pid) -> bool {
    let own = group.as_raw_nonzero().to_string();
    std::fs::read_dir("/proc").unwrap().flatten().all(|entry| {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        fields.get(2) != Some(&own.as_str()) || fields[0] == "Z"
    })
}

async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), wait)
        .await
        .expect(what);
}

/// Asks for the version over the pipe, and returns the answer.
async fn version_over(reader: OwnedFd, writer: OwnedFd) -> String {
    let ask = move || {
        use std::io::{BufRead as _, BufReader};
        std::fs::File::from(writer)
            .write_all(b"{\"id\":1,\"method\":\"Browser.getVersion\"}\0")
            .unwrap();
        let mut answer = Vec::new();
        BufReader::new(std::fs::File::from(reader))
            .read_until(0, &mut answer)
            .unwrap();
        String::from_utf8(answer).unwrap()
    };
    let answer = tokio::task::spawn_blocking(ask);
    tokio::time::timeout(Duration::from_secs(20), answer)
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn a_port_is_read_from_the_file_and_not_from_an_earlier_starts() {
    let fake = Fake::new(
        r#"
        if [ -e "$dir/DevToolsActivePort" ]; then exit 7; fi
        printf '4321\n/devtools/browser/fake' > "$dir/DevToolsActivePort"
        exec sleep 1000
        "#,
    );
    let profile = fake.dir.path().join("kept");
    std::fs::create_dir(&profile).unwrap();
    std::fs::write(
        profile.join("DevToolsActivePort"),
        "1\n/devtools/browser/old",
    )
    .unwrap();
    let mut options = fake.options(TransportKind::Port);
    options.config.user_data_dir = Some(profile.clone());
    let launched = launch(&options).await.unwrap();
    let Endpoint::WebSocket(url) = &launched.endpoint else {
        panic!("{:?}", launched.endpoint)
    };
    assert_eq!(url.as_str(), "ws://127.0.0.1:4321/devtools/browser/fake");
    let ended = launched.process.end(Duration::ZERO).await;
    assert!(ended.forced && ended.profile_removed);
    assert!(profile.is_dir(), "the operator's profile stays");
}

#[tokio::test]
async fn an_early_exit_is_reported_at_once_with_its_last_words() {
    let fake = Fake::new("echo 'dbus/bus.cc: noise' >&2; echo 'FATAL: no luck' >&2; exit 1\n");
    let error = launch(&fake.options(TransportKind::Port))
        .await
        .unwrap_err();
    assert!(matches!(error, LaunchError::Exited { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("exit status: 1") && text.contains("FATAL: no luck"),
        "{text}"
    );
    assert!(!text.contains("dbus"), "{text}");
}

#[tokio::test]
async fn an_exit_over_the_pipe_is_explained() {
    let fake = Fake::new("echo 'ProcessSingleton' >&2; exit 21\n");
    let launched = launch(&fake.options(TransportKind::Pipe)).await.unwrap();
    let profile = launched.process.profile().path().to_path_buf();
    let error = explain_exit(launched.process).await.to_string();
    assert!(
        error.contains("exit status: 21") && error.contains("browser.user_data_dir"),
        "{error}"
    );
    assert!(!profile.exists());
}

#[tokio::test]
async fn a_port_that_never_opens_runs_into_the_start_timeout() {
    let fake = Fake::new("echo waiting >&2; exec sleep 1000\n");
    let mut options = fake.options(TransportKind::Port);
    options.config.start_timeout = Duration::from_millis(300);
    let error = launch(&options).await.unwrap_err();
    assert!(matches!(error, LaunchError::Timeout { .. }), "{error:?}");
    assert!(
        error.to_string().contains("browser.start_timeout"),
        "{error}"
    );
}

#[tokio::test]
async fn a_fallback_to_another_address_is_a_taken_port() {
    let fake = Fake::new(
        r#"
        echo "DevTools listening on ws://[::1]:$port/devtools/browser/fake" >&2
        exec sleep 1000
        "#,
    );
    let mut options = fake.options(TransportKind::Port);
    options.config.cdp_port = 4321;
    let error = launch(&options).await.unwrap_err();
    let text = error.to_string();
    assert!(
        matches!(error, LaunchError::PortTaken { port: 4321, .. }),
        "{text}"
    );
    assert!(
        text.contains("ws://[::1]:4321/") && text.contains("browser.cdp_port"),
        "{text}"
    );
}

#[tokio::test]
async fn a_browser_that_ignores_sigterm_is_killed_with_its_children() {
    let fake = Fake::new(
        r"
        trap '' TERM
        sleep 1000 &
        echo ready >&2
        while :; do sleep 1000; done
        ",
    );
    let launched = launch(&fake.options(TransportKind::Pipe)).await.unwrap();
    let process = launched.process;
    until("it runs", || process.stderr_tail() == ["ready"]).await;
    let (group, profile) = (group_of(&process), process.profile().path().to_path_buf());
    let ended = process.end(Duration::ZERO).await;
    assert!(ended.forced && ended.profile_removed && ended.status.is_some());
    assert!(group_is_dead(group));
    assert!(!profile.exists());
}

#[tokio::test]
async fn children_that_outlive_the_browser_are_killed_when_it_exits() {
    let fake = Fake::new("sleep 1000 & exit 0\n");
    let mut launched = launch(&fake.options(TransportKind::Pipe)).await.unwrap();
    let group = group_of(&launched.process);
    assert!(launched.process.exited().await.unwrap().success());
    assert!(
        launched.process.exited().await.unwrap().success(),
        "it can be asked again"
    );
    until("the group dies", || group_is_dead(group)).await;
    let ended = launched.process.end(Duration::from_secs(5)).await;
    assert!(!ended.forced && ended.profile_removed);
}

#[tokio::test]
async fn a_dropped_browser_is_killed_and_its_profile_removed() {
    let fake = Fake::new("sleep 1000 & echo ready >&2; sleep 1000\n");
    let launched = launch(&fake.options(TransportKind::Pipe)).await.unwrap();
    let process = launched.process;
    until("it runs", || process.stderr_tail() == ["ready"]).await;
    let (group, profile) = (group_of(&process), process.profile().path().to_path_buf());
    drop(process);
    until("the group dies", || group_is_dead(group)).await;
    until("the profile goes", || !profile.exists()).await;
}

#[tokio::test]
async fn a_binary_that_is_missing_leaves_no_profile() {
    let parent = tempfile::tempdir().unwrap();
    let missing = parent.path().join("chrome");
    let error = launch(&options(
        &missing,
        BrowserBuild::Chrome,
        TransportKind::Pipe,
    ))
    .await
    .unwrap_err();
    assert!(matches!(error, LaunchError::Spawn { .. }), "{error:?}");
    assert!(
        error.to_string().contains(missing.to_str().unwrap()),
        "{error}"
    );
}

#[tokio::test]
async fn a_reserved_flag_is_refused_before_anything_is_started() {
    let mut options = options(
        Path::new("/nowhere"),
        BrowserBuild::Chrome,
        TransportKind::Pipe,
    );
    options.config.args = vec!["--remote-debugging-port=1".to_owned()];
    assert!(matches!(
        launch(&options).await,
        Err(LaunchError::Argument(_))
    ));
}

#[tokio::test]
async fn the_custodian_tidies_up_when_only_its_pipe_is_left() {
    let fake = Fake::new("echo ready >&2; exec sleep 1000\n");
    let mut launched = launch(&fake.options(TransportKind::Pipe)).await.unwrap();
    until("it runs", || launched.process.stderr_tail() == ["ready"]).await;
    let profile = launched.process.profile().path().to_path_buf();
    launched.process.abandon_cleanup_helper();
    launched.process.exited().await.unwrap();
    until("the profile goes", || !profile.exists()).await;
}

#[tokio::test]
async fn real_browsers_answer_over_the_pipe_and_leave_nothing() {
    for (binary, kind) in REAL
        .into_iter()
        .filter(|(binary, _)| Path::new(binary).exists())
    {
        let options = options(Path::new(binary), kind, TransportKind::Pipe);
        let launched = launch(&options).await.unwrap();
        let Endpoint::Pipe { reader, writer } = launched.endpoint else {
            panic!("no pipe")
        };
        let process = launched.process;
        let (group, profile) = (group_of(&process), process.profile().path().to_path_buf());
        // The writing end is closed when the answer is in, and Chromium ends by itself then.
        let answer = version_over(reader, writer).await;
        assert!(answer.contains("\"protocolVersion\""), "{answer}");
        let ended = process.end(Duration::from_secs(10)).await;
        assert!(
            ended.profile_removed && !ended.forced,
            "{binary}: {ended:?}"
        );
        assert!(group_is_dead(group), "{binary}");
        assert!(!profile.exists(), "{binary}");
    }
}

#[tokio::test]
async fn real_browsers_listen_on_a_free_port_and_say_who_they_are() {
    for (binary, kind) in REAL
        .into_iter()
        .filter(|(binary, _)| Path::new(binary).exists())
    {
        // A port that was free a moment ago, as an operator would name one.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut options = options(Path::new(binary), kind, TransportKind::Port);
        options.config.cdp_port = port;
        let launched = launch(&options).await.unwrap();
        let Endpoint::WebSocket(url) = launched.endpoint else {
            panic!("no address")
        };
        assert_eq!(url.port(), Some(port));
        let group = group_of(&launched.process);
        let ended = launched.process.end(Duration::ZERO).await;
        assert!(ended.profile_removed, "{binary}: {ended:?}");
        assert!(group_is_dead(group), "{binary}");
    }
}

#[tokio::test]
async fn real_browsers_are_not_mistaken_for_whoever_has_their_port() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    // The process that has the port closes every connection.
    let other = tokio::spawn(async move { while taken.accept().await.is_ok() {} });
    for (binary, kind) in REAL
        .into_iter()
        .filter(|(binary, _)| Path::new(binary).exists())
    {
        let mut options = options(Path::new(binary), kind, TransportKind::Port);
        options.config.cdp_port = port;
        let error = launch(&options).await.unwrap_err();
        assert!(
            matches!(error, LaunchError::PortTaken { .. }),
            "{binary}: {error:?}"
        );
    }
    other.abort();
}

/// Not a test of its own: the daemon that the next test starts and kills.
#[tokio::test]
#[ignore = "run by a_killed_daemon_leaves_no_browser_and_no_profile"]
async fn plays_a_daemon() {
    let Some(browser) = std::env::var_os("TEST_DAEMON_BROWSER").map(PathBuf::from) else {
        return;
    };
    let over_port = std::env::var_os("TEST_DAEMON_OVER_PORT").is_some();
    let transport = if over_port {
        TransportKind::Port
    } else {
        TransportKind::Pipe
    };
    let kind = super::super::find::kind_of(&browser);
    let process = launch(&options(&browser, kind, transport))
        .await
        .unwrap()
        .process;
    let (pid, profile) = (process.pid(), process.profile().path().display());
    println!("\nstarted {pid} {profile}");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_killed_daemon_leaves_no_browser_and_no_profile() {
    let fake = Fake::new(
        r#"
        printf '4321\n/devtools/browser/fake' > "$dir/DevToolsActivePort"
        sleep 1000 &
        sleep 1000
        "#,
    );
    let real = REAL
        .into_iter()
        .map(|(binary, _)| PathBuf::from(binary))
        .filter(|it| it.exists());
    for browser in std::iter::once(fake.path()).chain(real) {
        for over_port in [true, false] {
            kill_a_daemon_of(&browser, over_port).await;
        }
    }
}

async fn kill_a_daemon_of(browser: &Path, over_port: bool) {
    use std::io::{BufRead as _, BufReader};
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            "browser::launch::tests::plays_a_daemon",
        ])
        .env("TEST_DAEMON_BROWSER", browser)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if over_port {
        command.env("TEST_DAEMON_OVER_PORT", "1");
    }
    let mut daemon = command.spawn().unwrap();
    let mut lines = BufReader::new(daemon.stdout.take().unwrap()).lines();
    let started = lines.find_map(|line| line.unwrap().strip_prefix("started ").map(str::to_owned));
    let started = started.expect("the daemon starts its browser");
    let (pid, profile) = started.split_once(' ').unwrap();
    let group = Pid::from_raw(pid.parse().unwrap()).unwrap();
    assert!(!group_is_dead(group));
    assert!(Path::new(profile).exists());
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    until("the group dies", || group_is_dead(group)).await;
    until("the profile goes", || !Path::new(profile).exists()).await;
}
