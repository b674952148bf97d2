//! Help, man pages and completions, as the built program gives them.

use std::process::Stdio;

use tokio::process::Command;

use crate::support::daemon::Setup;

const COMMANDS: [&[&str]; 23] = [
    &[],
    &["serve"],
    &["console"],
    &["doctor"],
    &["config"],
    &["config", "print"],
    &["config", "check"],
    &["config", "example"],
    &["keys"],
    &["keys", "add"],
    &["keys", "list"],
    &["keys", "revoke"],
    &["audit"],
    &["audit", "list"],
    &["audit", "verify"],
    &["store"],
    &["store", "check"],
    &["store", "migrate"],
    &["store", "vacuum"],
    &["health"],
    &["schema"],
    &["completions"],
    &["man"],
];

#[tokio::test]
async fn every_command_explains_itself_with_examples() {
    for command in COMMANDS {
        let ended = Setup::new()
            .args(command.iter().copied())
            .args(["--help"])
            .run()
            .await;
        assert_eq!(
            (ended.code, ended.stderr.as_str()),
            (Some(0), ""),
            "{command:?}"
        );
        for part in [
            "Usage: cdp-bridge",
            "Examples:\n  cdp-bridge",
            "Configuration:\n",
            "Log:\n",
        ] {
            assert!(ended.stdout.contains(part), "{part} in {}", ended.stdout);
        }
    }
}

#[tokio::test]
async fn man_prints_the_first_page_and_writes_all_of_them() {
    let printed = Setup::new().args(["man"]).run().await;
    assert_eq!(printed.code, Some(0));
    assert!(
        printed.stdout.contains(".TH cdp-bridge 1"),
        "{}",
        printed.stdout
    );

    let setup = Setup::new().args(["man", "pages/man1"]);
    let written = setup.run().await;
    assert_eq!(written.code, Some(0), "{written:#?}");
    let first = std::fs::read_to_string(setup.dir().join("pages/man1/cdp-bridge.1")).unwrap();
    assert_eq!(first, printed.stdout);
    assert_eq!(written.stdout.lines().count(), COMMANDS.len());
    let setup = Setup::new().file("file", "").args(["man", "file/man1"]);
    setup
        .run()
        .await
        .expect(1, &["file/man1 could not be written"]);
}

#[tokio::test]
async fn installing_puts_program_manual_and_completions_where_they_are_looked_for() {
    let setup = Setup::new();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/install");
    let status = Command::new(script)
        .arg(env!("CARGO_BIN_EXE_cdp-bridge"))
        .env("DESTDIR", setup.dir())
        .env("PREFIX", "/usr")
        .stdout(Stdio::null())
        .status()
        .await
        .unwrap();
    assert!(status.success());
    for file in [
        "bin/cdp-bridge",
        "share/man/man1/cdp-bridge-serve.1",
        "share/bash-completion/completions/cdp-bridge",
        "share/zsh/site-functions/_cdp-bridge",
        "share/fish/vendor_completions.d/cdp-bridge.fish",
    ] {
        let file = setup.dir().join("usr").join(file);
        assert!(
            file.metadata().is_ok_and(|it| it.len() > 0),
            "{}",
            file.display()
        );
    }
}
