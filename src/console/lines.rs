//! Lines of standard input.

use std::io::BufRead;

use tokio::sync::mpsc;

/// Lines read ahead; the rest of a long file stays in the pipe instead of memory.
pub(super) const QUEUE: usize = 16;

/// Reads lines in a plain thread: reading standard input blocks, and a runtime would wait for a blocking task when it
/// shuts down.
pub(super) fn read<R>(input: R) -> mpsc::Receiver<String>
where
    R: BufRead + Send + 'static,
{
    let (sender, lines) = mpsc::channel(QUEUE);
    std::thread::spawn(move || {
        for line in input.lines() {
            // A line that is not UTF-8 cannot be sent; it ends the input.
            let Ok(line) = line else { return };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}
