//! The prompt of a terminal.
//!
//! The line editor blocks, so it has a thread of its own; what comes from the bridge is printed
//! above the prompt through the editor's printer.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, Editor, ExternalPrinter};
use tokio::sync::mpsc;

use super::complete::{KnownTabs, Prompt};
use super::error::ConsoleError;
use super::lines;
use super::paint::Paint;

/// Lines that are remembered from one run to the next.
const HISTORY: usize = 1000;

/// A terminal with a prompt: lines come out, text goes in above it.
pub(super) struct Terminal {
    pub(super) lines: mpsc::Receiver<String>,
    pub(super) output: Above,
    /// Puts the terminal back as it was, if the bridge goes away while somebody types.
    _as_it_was: AsItWas,
}

/// Starts the prompt.
pub(super) fn start(tabs: KnownTabs, paint: Paint) -> Result<Terminal, ConsoleError> {
    let failed = |error| ConsoleError::Terminal(Box::new(error));
    let as_it_was = AsItWas::now();
    let config = Config::builder()
        .max_history_size(HISTORY)
        .map_err(failed)?
        .auto_add_history(true)
        // As in shells: what is common to all candidates, then their list.
        .completion_type(CompletionType::List)
        // A line with a password is begun with a blank, as in shells.
        .history_ignore_space(true)
        // A process that ends at the prompt would leave the terminal in this mode.
        .bracketed_paste(false)
        .build();
    let mut editor: Editor<Prompt, DefaultHistory> = Editor::with_config(config).map_err(failed)?;
    editor.set_helper(Some(Prompt { tabs, paint }));
    let history = history_file();
    if let Some(file) = &history {
        // Without a history the console works all the same, so nothing is said if this fails.
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

/// Asks for lines until there are no more.
fn prompt(
    mut editor: Editor<Prompt, DefaultHistory>,
    history: Option<&Path>,
    lines: &mpsc::Sender<String>,
) {
    loop {
        let line = match editor.readline("> ") {
            Ok(line) => line,
            // The terminal was resized.
            Err(ReadlineError::Signal(_)) => continue,
            // Ctrl-D, Ctrl-C, or a terminal that is gone.
            Err(_) => "quit".to_owned(),
        };
        if let Some(file) = history {
            // Line by line, since the bridge may go away while somebody types the next one.
            let _ = editor.append_history(file);
        }
        let leaves = matches!(line.trim(), "quit" | "exit");
        // The next prompt must not appear once the console is leaving.
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

/// Writes whole lines above the prompt.
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

/// The modes a terminal had.
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
