//! Lines of a pipe.

use std::io::BufRead;

use tokio::sync::mpsc;

/// Lines that were read and not yet sent; a long file waits in the pipe, not in memory.
pub(super) const QUEUE: usize = 16;

/// Reads lines on a thread of their own, because reading standard input blocks and a runtime
/// waits for its own blocking threads when it ends.
pub(super) fn read<R>(input: R) -> mpsc::Receiver<String>
where
    R: BufRead + Send + 'static,
{
    let (sender, lines) = mpsc::channel(QUEUE);
    std::thread::spawn(move || {
        for line in input.lines() {
            // A line that is not UTF-8 could not be sent; it ends the input as its end does.
            let Ok(line) = line else { return };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}
