//! A conversation at the console, as a document shows it, is what the console shows.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{ChildStdout, Command};
use tokio::time::timeout;

use super::page::Stage;
use crate::contract::documents::blocks;
use crate::support::wait::LONGEST;

/// How long the console must be silent before the next line is typed: events that a page causes by
/// itself come after the answers.
const SILENCE: Duration = Duration::from_millis(700);

/// One line of a person, or what came before the first, and what was shown then.
#[derive(Debug, Default)]
struct Turn {
    typed: Option<String>,
    shown: Vec<String>,
}

fn turns(text: &str) -> Vec<Turn> {
    let mut turns = vec![Turn::default()];
    for line in text.lines() {
        match line.strip_prefix("> ") {
            Some(typed) => turns.push(Turn {
                typed: Some(typed.to_owned()),
                shown: Vec::new(),
            }),
            None => turns.last_mut().unwrap().shown.push(line.to_owned()),
        }
    }
    turns
}

/// A line without what differs from one run to the next: versions, times, sizes, ports.
fn settled(line: &str) -> String {
    let mut text = String::new();
    for c in line.chars() {
        if !c.is_ascii_digit() {
            text.push(c);
        } else if !text.ends_with('#') {
            text.push('#');
        }
    }
    for more in ["#,#", "#.#"] {
        while text.contains(more) {
            text = text.replace(more, "#");
        }
    }
    text.replace("# s)", "# ms)")
}

async fn until(lines: &mut Lines<BufReader<ChildStdout>>, count: usize) -> Vec<String> {
    let mut shown = Vec::new();
    loop {
        let patience = if shown.len() < count {
            LONGEST
        } else {
            SILENCE
        };
        match timeout(patience, lines.next_line()).await {
            Ok(line) => shown.push(line.unwrap().expect("the console goes on")),
            Err(_) => return shown,
        }
    }
}

#[tokio::test]
async fn what_the_documents_show_of_the_console_is_what_it_shows() {
    let conversations = blocks::with("text", "console");
    assert!(!conversations.is_empty(), "there is one");
    for block in conversations {
        let stage = Stage::set().await;
        let mut console = Command::new(env!("CARGO_BIN_EXE_cdp-bridge"))
            .args(["console", &stage.daemon.url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut input = console.stdin.take().unwrap();
        let mut lines = BufReader::new(console.stdout.take().unwrap()).lines();
        let mut report = String::new();
        let mut differs = false;
        for turn in turns(&stage.here(&block.text)) {
            if let Some(typed) = &turn.typed {
                input
                    .write_all(format!("{typed}\n").as_bytes())
                    .await
                    .unwrap();
                let _ = writeln!(report, "> {typed}");
            }
            let shown = until(&mut lines, turn.shown.len()).await;
            // Events of different tasks may come in another order.
            let sorted = |lines: &[String]| {
                let mut lines: Vec<String> = lines.iter().map(|line| settled(line)).collect();
                lines.sort();
                lines
            };
            differs |= sorted(&shown) != sorted(&turn.shown);
            let _ = writeln!(report, "{}", shown.join("\n"));
        }
        drop(input);
        let ended = timeout(LONGEST, console.wait())
            .await
            .expect("it ends")
            .unwrap();
        assert!(
            !differs,
            "{} shows something else than the console does:\n{report}",
            block.place()
        );
        assert!(ended.success());
        stage.daemon.stop().await;
    }
}

#[tokio::test]
async fn the_scripts_of_the_documents_pass() {
    let scripts = blocks::with("cdp", "");
    assert!(!scripts.is_empty(), "there are some");
    let stage = Stage::set().await;
    for block in scripts {
        let dir = tempfile::tempdir().unwrap();
        let script = dir.path().join("script.cdp");
        std::fs::write(&script, stage.here(&block.text)).unwrap();
        let playing = Command::new(env!("CARGO_BIN_EXE_cdp-bridge"))
            .args(["console", &stage.daemon.url, "--script"])
            .arg(&script)
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = timeout(LONGEST, playing).await.expect("it ends").unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}:\n{said}", block.place());
    }
    stage.daemon.stop().await;
}

#[test]
fn only_what_differs_from_run_to_run_is_passed_over() {
    assert_eq!(
        settled("← shot t1 1280×720 18,204 bytes (c3, 41 ms)"),
        "← shot t# #×# # bytes (c#, # ms)"
    );
    assert_eq!(settled("Chrome/156.0.8078.79"), "Chrome/#");
}
