//! The last lines of Chromium's stderr, for error messages.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::task::JoinHandle;

use crate::lock::lock;

const LINES: usize = 50;
/// Longer lines are cut.
const LINE_CHARS: usize = 512;
/// A line is cut while it is read, at the longest its characters can be.
const LINE_BYTES: usize = LINE_CHARS * 4;
/// Chromium prints this with the address once its port is open.
const LISTENING: &str = "DevTools listening on ";

#[derive(Debug, Default)]
struct StderrBuffer {
    lines: VecDeque<String>,
    listening: Option<String>,
}

/// Reads Chromium's stderr to the end, so that Chromium never blocks on it, and keeps the last lines.
#[derive(Debug)]
pub(super) struct StderrTail {
    kept: StderrLines,
    reader: JoinHandle<()>,
}

/// A cloneable view of the last lines.
#[derive(Debug, Clone, Default)]
pub(super) struct StderrLines(Arc<Mutex<StderrBuffer>>);

impl StderrLines {
    /// The lines kept so far, oldest first.
    pub(super) fn lines(&self) -> Vec<String> {
        let kept = lock(&self.0);
        kept.lines.iter().cloned().collect()
    }
}

impl StderrTail {
    pub(super) fn follow(stream: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let kept = StderrLines::default();
        let reader = tokio::spawn(read(stream, Arc::clone(&kept.0)));
        Self { kept, reader }
    }

    pub(super) fn view(&self) -> StderrLines {
        self.kept.clone()
    }

    /// The last lines, oldest first.
    pub(super) fn lines(&self) -> Vec<String> {
        self.kept.lines()
    }

    /// The DevTools address that Chromium printed.
    pub(super) fn listening(&self) -> Option<String> {
        lock(&self.kept.0).listening.clone()
    }

    /// Waits for the end of the stream, so that the last lines are in; at most `limit`, since a process
    /// that Chromium left behind may hold the stream open.
    pub(super) async fn settle(&mut self, limit: Duration) {
        if !self.reader.is_finished() {
            let _ = tokio::time::timeout(limit, &mut self.reader).await;
        }
    }
}

impl Drop for StderrTail {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn read(mut stream: impl AsyncRead + Unpin, kept: Arc<Mutex<StderrBuffer>>) {
    let mut buffer = vec![0; 8192];
    let mut line = Vec::new();
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        for byte in &buffer[..count] {
            if *byte == b'\n' {
                keep(&kept, &line);
                line.clear();
            } else if line.len() < LINE_BYTES {
                line.push(*byte);
            }
        }
    }
    keep(&kept, &line);
}

fn keep(kept: &Mutex<StderrBuffer>, line: &[u8]) {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    if text.is_empty() {
        return;
    }
    let line: String = text.chars().take(LINE_CHARS).collect();
    let mut kept = lock(kept);
    if kept.listening.is_none() {
        kept.listening = line.strip_prefix(LISTENING).map(str::to_owned);
    }
    if kept.lines.len() == LINES {
        kept.lines.pop_front();
    }
    kept.lines.push_back(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn tail_of(text: String) -> StderrTail {
        let mut tail = StderrTail::follow(std::io::Cursor::new(text.into_bytes()));
        tail.settle(Duration::from_secs(5)).await;
        tail
    }

    #[tokio::test]
    async fn only_the_last_lines_are_kept() {
        let text: Vec<String> = (0..120).map(|number| format!("line {number}")).collect();
        let lines = tail_of(text.join("\n")).await.lines();
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines[0], "line 70");
        assert_eq!(lines[LINES - 1], "line 119");
    }

    #[tokio::test]
    async fn a_long_line_is_cut_and_an_empty_one_left_out() {
        let lines = tail_of(format!("{}\n\n\r\nshort\n", "é".repeat(9000)))
            .await
            .lines();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].chars().count(), LINE_CHARS);
        assert_eq!(lines[1], "short");
    }

    #[tokio::test]
    async fn the_address_is_remembered_after_its_line_is_gone() {
        let noise = "noise\n".repeat(200);
        let text = format!("DevTools listening on ws://127.0.0.1:1/devtools/browser/a\n{noise}");
        let tail = tail_of(text).await;
        assert_eq!(
            tail.listening().unwrap(),
            "ws://127.0.0.1:1/devtools/browser/a"
        );
        assert!(tail.lines().iter().all(|line| line == "noise"));
    }
}
