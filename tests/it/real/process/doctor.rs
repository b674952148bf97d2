//! `doctor` says what is wrong and what to do, with the exit code that belongs to it.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::daemon::{Ended, Setup};

on_both_browsers!(
    a_healthy_machine_is_told_so,
    a_port_in_use_is_told_with_what_to_do
);

fn doctor(browser: &TestBrowser) -> Setup {
    Setup::new()
        .args(["doctor", "--listen", "127.0.0.1:0"])
        .env("CHROME_PATH", browser.path().to_str().unwrap())
}

/// Fails unless it ended so, and one finding with this mark and subject says all of this.
#[track_caller]
fn expect(ended: &Ended, code: i32, mark: &str, subject: &str, said: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:#?}");
    let begin = format!("{mark:<5} {subject} ");
    let lines: Vec<&str> = ended.stdout.lines().collect();
    let from = lines.iter().position(|line| line.starts_with(&begin));
    let from = from.unwrap_or_else(|| panic!("{begin:?} in {}", ended.stdout));
    let rest = lines[from + 1..]
        .iter()
        .take_while(|line| line.starts_with(' '));
    let finding: Vec<&str> = std::iter::once(&lines[from]).chain(rest).copied().collect();
    let finding = finding.join("\n");
    for words in said {
        assert!(finding.contains(words), "{words:?} in {finding}");
    }
}

async fn a_healthy_machine_is_told_so(browser: TestBrowser) {
    let setup = doctor(&browser);
    let ended = setup.run().await;
    let path = browser.path().to_str().unwrap();
    expect(&ended, 0, "ok", "browser", &[path, "CHROME_PATH"]);
    expect(&ended, 0, "ok", "address", &["127.0.0.1:0 is free"]);
    expect(&ended, 0, "ok", "start", &["answers after"]);
    expect(&ended, 0, "ok", "round trip", &[" ms"]);
    assert!(
        ended.stdout.ends_with("`cdp-bridge serve` will work.\n"),
        "{ended:#?}"
    );
    assert_eq!(ended.stderr, "");
    let left = std::fs::read_dir(setup.dir().join("tmp")).unwrap().count();
    assert_eq!(left, 0, "nothing is left behind");
}

async fn a_port_in_use_is_told_with_what_to_do(browser: TestBrowser) {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let setup = doctor(&browser).args(["--set", &format!("server.listen={address}")]);
    let ended = setup.run().await;
    let said = [address.as_str(), "in use", "stop it, or set server.listen"];
    expect(&ended, 1, "FAIL", "address", &said);
    expect(&ended, 1, "ok", "start", &[]);
}

#[tokio::test]
async fn no_browser_is_told_with_where_one_was_looked_for() {
    let setup = Setup::new().args(["doctor", "--listen", "127.0.0.1:0"]);
    let setup = setup.args(["--chrome-path", "/nowhere/chromium"]);
    let said = [
        "browser.path: /nowhere/chromium not found",
        "remove it to have a browser searched",
    ];
    expect(&setup.run().await, 3, "FAIL", "browser", &said);
}

#[tokio::test]
async fn a_broken_browser_is_told_with_its_last_words() {
    let words = "error while loading shared libraries: libnss3.so";
    let setup = Setup::new().file(
        "broken",
        &format!("#!/bin/sh\necho '{words}' >&2\nexit 127\n"),
    );
    let path = setup.dir().join("broken");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let setup = setup.args(["doctor", "--listen", "127.0.0.1:0", "--chrome-path"]);
    let setup = setup.args([path.to_str().unwrap()]);
    let said = [words, "A library it needs is not installed"];
    expect(&setup.run().await, 3, "FAIL", "start", &said);
}

#[tokio::test]
async fn root_without_a_sandbox_is_told_to_use_another_user() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let browser = TestBrowser::shell().await;
    let said = ["does not support it as root", "a dedicated user"];
    expect(&doctor(&browser).run().await, 0, "warn", "sandbox", &said);
    let wanted = doctor(&browser).args(["--set", "browser.sandbox=on"]);
    expect(
        &wanted.run().await,
        3,
        "FAIL",
        "sandbox",
        &["browser.sandbox is `on`"],
    );
}

#[tokio::test]
async fn a_configuration_that_is_wrong_is_told_as_serve_tells_it() {
    let setup = Setup::new().args(["doctor", "--set", "tabs.max=none"]);
    setup.run().await.expect(2, &["tabs.max"]);
}
