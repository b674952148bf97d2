//! The threads that the daemon's tasks run on.

use std::io;
use std::num::NonZero;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Runtime};

/// The most threads. The daemon relays: even a thousand tabs do not fill more.
const MOST: usize = 8;

/// Starts the daemon's runtime. It takes half of the processors: the other half is Chromium's,
/// which has all the work, and a task that hops between threads costs both more than it gains
/// (measured on two processors: eight pages at once come at 0.97 of the raw rate with one thread,
/// at 0.91 with two).
pub fn start() -> io::Result<Runtime> {
    let processors = available_parallelism().map_or(1, NonZero::get);
    Builder::new_multi_thread()
        .worker_threads((processors / 2).clamp(1, MOST))
        .thread_name("cdp-bridge")
        .enable_all()
        .build()
}
