//! The prompt of a terminal.
//!
//! The line editor blocks, so it runs in its own thread; events are printed above the prompt through the editor's
//! external printer.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, Editor, ExternalPrinter};
use tokio::sync::mpsc;

use super::complete::{KnownTabs, Prompt};
use super::error::ConsoleError;
use super::lines;
use super::style::Style;

/// Lines in the history file.
const HISTORY: usize = 1000;

/// A terminal with a prompt: a source of lines, and a writer for text above the prompt.
pub(super) struct Terminal {
    pub(super) lines: mpsc::Receiver<String>,
    pub(super) output: Above,
    /// Restores the terminal's mode if the connection ends while the editor is reading.
    _as_it_was: AsItWas,
}

pub(super) fn start(tabs: KnownTabs, style: Style) -> Result<Terminal, ConsoleError> {
    let failed = |error| ConsoleError::Terminal(Box::new(error));
    let as_it_was = AsItWas::now();
    let config = Config::builder()
        .max_history_size(HISTORY)
        .map_err(failed)?
        .auto_add_history(true)
        // As in shells: complete the common prefix, then list the candidates.
        .completion_type(CompletionType::List)
        // As in shells: a line that starts with a space is kept out of the history, for passwords.
        .history_ignore_space(true)
        // Bracketed paste would stay on if the process ended at the prompt.
        .bracketed_paste(false)
        .build();
    let mut editor: Editor<Prompt, DefaultHistory> = Editor::with_config(config).map_err(failed)?;
    editor.set_helper(Some(Prompt { tabs, style }));
    let history = history_file();
    if let Some(file) = &history {
        // The history is optional, so an error is ignored.
        if let Some(directory) = file.parent() {
            let _ = std::fs::create_dir_all(directory);
        }
        let _ = editor.load_history(file);
    }
    let printer = editor.create_external_printer().map_err(failed)?;
    let (sender, lines) = mpsc::channel(lines::QUEUE);
    std::thread::spawn(move || prompt(editor, history.as_deref(), &sender));
    Ok(Terminal {
        lines,
        output: Above {
            printer: Box::new(printer),
            line: Vec::new(),
        },
        _as_it_was: as_it_was,
    })
}

/// Reads lines until the end of the input.
fn prompt(
    mut editor: Editor<Prompt, DefaultHistory>,
    history: Option<&Path>,
    lines: &mpsc::Sender<String>,
) {
    loop {
        let line = match editor.readline("> ") {
            Ok(line) => line,
            // SIGWINCH interrupted the read.
            Err(ReadlineError::Signal(_)) => continue,
            // Ctrl-D, Ctrl-C, or the terminal was closed.
            Err(_) => "quit".to_owned(),
        };
        if let Some(file) = history {
            // Saved after each line, since the connection may end while the next one is typed.
            let _ = editor.append_history(file);
        }
        let leaves = matches!(line.trim(), "quit" | "exit");
        // The next prompt must not appear once the console exits.
        if lines.blocking_send(line).is_err() || leaves {
            return;
        }
    }
}

/// `$XDG_STATE_HOME/cdp-bridge/history`, or the same under `~/.local/state`.
fn history_file() -> Option<PathBuf> {
    let absolute = |name: &str| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".local").join("state")))?;
    Some(state.join("cdp-bridge").join("history"))
}

/// Buffers output until it has whole lines, and prints those above the prompt.
pub(super) struct Above {
    printer: Box<dyn ExternalPrinter + Send>,
    line: Vec<u8>,
}

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.line.is_empty() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        self.printer.print(text).map_err(io::Error::other)
    }
}

/// The terminal attributes (termios) at the start.
struct AsItWas {
    #[cfg(unix)]
    modes: Option<rustix::termios::Termios>,
}

impl AsItWas {
    fn now() -> Self {
        Self {
            #[cfg(unix)]
            modes: rustix::termios::tcgetattr(io::stdin()).ok(),
        }
    }
}

impl Drop for AsItWas {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(modes) = &self.modes {
            let now = rustix::termios::OptionalActions::Now;
            let _ = rustix::termios::tcsetattr(io::stdin(), now, modes);
        }
    }
}
