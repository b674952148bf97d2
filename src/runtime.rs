//! The tokio runtime.

use std::io;
use std::num::NonZero;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Handle, Runtime};

/// The daemon only relays: even a thousand tabs do not keep more threads busy.
const MAX_THREADS: usize = 8;

/// Starts a runtime with half as many threads as there are processors. The other half is left to
/// Chromium, which does most of the work, and moving tasks between threads costs more than it gains
/// (measured on two processors: eight pages in parallel reach 0.97 of the raw rate with one thread,
/// 0.91 with two).
pub fn start() -> io::Result<Runtime> {
    let processors = available_parallelism().map_or(1, NonZero::get);
    Builder::new_multi_thread()
        .worker_threads((processors / 2).clamp(1, MAX_THREADS))
        .thread_name("cdp-bridge")
        .enable_all()
        .build()
}

/// Runs a future that a `drop` cannot await. Nothing happens outside of a runtime, where the process is
/// ending.
pub(crate) fn spawn_from_drop(future: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(future);
    }
}
