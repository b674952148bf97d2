//! The console as a program: pipes, scripts, recordings, pictures.

use std::process::Stdio;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::time::timeout;

use crate::support::browsers::TestBrowser;
use crate::support::daemon::{Daemon, Ended, Setup};
use crate::support::site::Site;
use crate::support::wait::LONGEST;

/// Runs the console with this text on its standard input.
async fn console(daemon: &Daemon, arguments: &[&str], input: &str) -> Ended {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cdp-bridge"))
        .args(["console", &daemon.url])
        .args(arguments)
        .current_dir(daemon.dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    let output = timeout(LONGEST, child.wait_with_output())
        .await
        .expect("it ends")
        .unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

async fn daemon() -> Daemon {
    let browser = TestBrowser::shell().await;
    Setup::serving(&browser).start().await
}

#[tokio::test]
async fn a_recorded_session_is_a_script_that_passes() {
    let site = Site::start().await;
    let page = site.page("/page", "<input aria-label=Name><h1>hello</h1>");
    let daemon = daemon().await;
    let input = format!(
        "create {page}\nfill $ label=Name \"a ${{b}} c\"\nquery $ text h1\nnavigate $ file:///etc/passwd\n"
    );
    let ended = console(&daemon, &["--record", "session.cdp"], &input).await;
    assert_eq!(ended.code, Some(1), "a request was refused: {ended:#?}");
    let script = std::fs::read_to_string(daemon.dir().join("session.cdp")).unwrap();
    for line in [
        "keep T1 id\n",
        "fill $ label=Name \"a $${b} c\"\n",
        "! NAV_DENIED navigate $ ",
    ] {
        assert!(script.contains(line), "{line} in {script}");
    }
    let again = console(&daemon, &["--record", "session.cdp"], "ping\n").await;
    again.expect(1, &["recording to session.cdp", "must not exist yet"]);
    let played = console(&daemon, &["--script", "session.cdp"], "").await;
    assert_eq!(played.code, Some(0), "{script}\n{played:#?}");
    daemon.stop().await;
}

#[tokio::test]
async fn at_a_terminal_verbs_and_tabs_are_completed_usages_hinted_and_lines_remembered() {
    let site = Site::start().await;
    let page = site.page("/page", "hello");
    let daemon = daemon().await;
    // The program that records terminal sessions gives the console a terminal of its own.
    let command = format!(
        "{} console {}",
        env!("CARGO_BIN_EXE_cdp-bridge"),
        daemon.url
    );
    let terminal = Command::new("script")
        .args([
            "--quiet",
            "--flush",
            "--return",
            "--command",
            &command,
            "/dev/null",
        ])
        .current_dir(daemon.dir())
        .env("HOME", daemon.dir())
        .env("TERM", "xterm-kitty")
        .env_remove("XDG_STATE_HOME")
        .env_remove("NO_COLOR")
        .env_remove("TMUX")
        .env_remove("STY")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let mut terminal = terminal.expect("`script`, of bsdutils, is there");
    let mut keys = terminal.stdin.take().unwrap();
    let mut screen = terminal.stdout.take().unwrap();
    let mut shown = String::new();
    for (typed, expected) in [
        ("", "connected to"),
        ("navi\t", "navigate \u{1b}[2mTAB URL"),
        ("\u{15}", "> "),
        (&format!("create {page}\r"), "loadEventFired"),
        ("shot t\tpng\r", "\u{1b}_Ga=T,f=100,q=2,c=72,"),
        (" ping\r", "pong"),
        ("close t\t\r", "tabClosed"),
    ] {
        keys.write_all(typed.as_bytes()).await.unwrap();
        let reading = async {
            let mut since = String::new();
            let mut bytes = [0; 4096];
            while !since.contains(expected) {
                let count = screen.read(&mut bytes).await.unwrap();
                assert!(count > 0, "{typed:?} shows {expected:?}: {shown}{since}");
                since.push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
            since
        };
        let since = timeout(LONGEST, reading).await;
        shown += &since.unwrap_or_else(|_| panic!("{typed:?} shows {expected:?}: {shown}"));
    }
    keys.write_all(b"\x04").await.unwrap();
    let mut rest = Vec::new();
    let reading = screen.read_to_end(&mut rest);
    timeout(LONGEST, reading).await.expect("it ends").unwrap();
    let status = timeout(LONGEST, terminal.wait())
        .await
        .expect("it ends")
        .unwrap();
    assert!(status.success(), "{status}: {shown}");
    let history = daemon.dir().join(".local/state/cdp-bridge/history");
    let history = std::fs::read_to_string(history).unwrap();
    assert!(history.contains("shot t1 png\n"), "{history}");
    assert!(
        !history.contains("ping"),
        "what begins with a blank is not kept: {history}"
    );
    daemon.stop().await;
}

#[tokio::test]
async fn help_explains_a_verb_from_the_schema() {
    let daemon = daemon().await;
    let ended = console(&daemon, &[], "help shot\nhelp jump\n").await;
    assert_eq!(ended.code, Some(1), "there is no verb `jump`");
    for part in [
        "quality 1 to 100",
        "Answered by `screenshot`",
        "unknown verb `jump`",
    ] {
        assert!(ended.stdout.contains(part), "{part} in {}", ended.stdout);
    }
    daemon.stop().await;
}

#[tokio::test]
async fn pictures_are_shown_where_that_is_asked_for_and_saved_all_the_same() {
    let site = Site::start().await;
    let page = site.page("/page", "hello");
    let daemon = daemon().await;
    let input = format!("create {page}\nshot $ png\nshot $\n");
    let arguments = ["--pictures", "kitty", "--save", "out"];
    let ended = console(&daemon, &arguments, &input).await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(
        ended.stdout.matches("\u{1b}_Ga=T,f=100,q=2,c=72,").count(),
        1
    );
    assert!(
        ended.stdout.contains("this terminal shows PNG only"),
        "of the JPEG it is said"
    );
    let saved = std::fs::read_dir(daemon.dir().join("out")).unwrap().count();
    assert_eq!(saved, 2);
    let plain = console(&daemon, &[], "tabs\n").await;
    assert!(
        !plain.stdout.contains('\u{1b}'),
        "a pipe gets neither colours nor pictures"
    );
    daemon.stop().await;
}

#[tokio::test]
async fn a_script_with_a_mistake_says_where_before_anything_is_sent() {
    let daemon = daemon().await;
    let ended = console(&daemon, &["--script", "-"], "ping\n\nexpect pong ts\n").await;
    ended.expect(1, &["stdin:3: invalid condition `ts`"]);
    assert_eq!(ended.stdout, "");
    daemon.stop().await;
}
