//! Commands of the documents, run as they stand there.

use std::os::unix::fs::symlink;
use std::process::Stdio;

use tokio::process::Command;
use tokio::time::timeout;

use super::page::Stage;
use crate::contract::documents::blocks;
use crate::support::browsers::TestBrowser;
use crate::support::wait::LONGEST;

/// Runs a text in a directory of its own, in which the program stands where a checkout has it, and
/// on the path.
async fn run(place: &str, text: &str, stage: &Stage) {
    let dir = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_cdp-bridge");
    for folder in ["target/release", "bin"] {
        std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        symlink(program, dir.path().join(folder).join("cdp-bridge")).unwrap();
    }
    for name in ["examples", "scripts", "deploy", "config.example.toml"] {
        let there = concat!(env!("CARGO_MANIFEST_DIR"), "/");
        symlink(format!("{there}{name}"), dir.path().join(name)).unwrap();
    }
    let browser = TestBrowser::shell().await;
    let path = std::env::var("PATH").unwrap_or_default();
    let running = Command::new("bash")
        .args(["-euo", "pipefail", "-c", text])
        .current_dir(dir.path())
        .env_clear()
        .env(
            "PATH",
            format!("{}:{path}", dir.path().join("bin").display()),
        )
        .env("HOME", dir.path())
        .env("CHROME_PATH", browser.path())
        .env("CDP_BRIDGE_URL", &stage.daemon.url)
        .env("CDP_BRIDGE_SERVER_LISTEN", "127.0.0.1:0")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(LONGEST * 2, running)
        .await
        .expect("it ends")
        .unwrap();
    let (stdout, stderr) = (&output.stdout, &output.stderr);
    assert!(
        output.status.success(),
        "{place}: {}\n{text}\n{}{}",
        output.status,
        String::from_utf8_lossy(stdout),
        String::from_utf8_lossy(stderr)
    );
}

#[tokio::test]
async fn the_commands_of_the_documents_can_be_run() {
    let stage = Stage::set().await;
    let (plain, serving) = (blocks::with("sh", ""), blocks::with("sh", "serves"));
    assert!(plain.len() >= 3 && !serving.is_empty(), "there are some");
    for block in plain {
        run(&block.place(), &stage.here(&block.text), &stage).await;
    }
    for block in serving {
        // What `serve` would take, `config print` takes too, and it ends.
        let text = block
            .text
            .replace("cdp-bridge serve", "cdp-bridge config print");
        // A port of the environment, and not the one that any other test may have.
        let text = format!("unset CDP_BRIDGE_SERVER_LISTEN\n{text}");
        run(&block.place(), &text, &stage).await;
    }
    stage.daemon.stop().await;
}

#[tokio::test]
async fn what_is_not_run_is_at_least_shell() {
    let mut blocks = blocks::all();
    blocks.retain(|block| block.language == "sh");
    for block in blocks {
        let checked = Command::new("bash")
            .args(["-n", "-c", &block.text])
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&checked.stderr).into_owned();
        assert!(checked.status.success(), "{}: {said}", block.place());
    }
}
