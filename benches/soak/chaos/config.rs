//! The duration of a run, and the configuration of its daemon.

use std::fmt::Write as _;
use std::time::Duration;

use crate::support::browsers::TestBrowser;
use crate::support::daemon::Setup;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Determines which requests are made and which faults occur, but not when.
    pub(crate) seed: u64,
    /// How long faults are injected.
    pub(crate) length: Duration,
    /// The average pause between two faults.
    pub(crate) pace: Duration,
}

/// The clients with their tokens: two connections share a client, and with it their tabs.
pub(crate) const COORDINATORS: [(&str, &str); 4] = [
    ("alice", "tok-alice-0123456789"),
    ("alice", "tok-alice-0123456789"),
    ("bob", "tok-bob-0123456789"),
    ("carol", "tok-carol-0123456789"),
];

/// The token of the witness.
pub(crate) const WITNESS: &str = "tok-witness-0123456789";

/// A daemon without a restart limit and with short queues, so that their limits are reached.
pub(crate) fn setup(browser: &TestBrowser) -> Setup {
    let mut clients = vec![("witness", WITNESS)];
    clients.extend(COORDINATORS);
    clients.dedup();
    let mut tables = String::new();
    for (name, token) in clients {
        // Writing to a string cannot fail.
        let _ = writeln!(
            tables,
            "[[auth.clients]]\nname = \"{name}\"\ntoken = \"{token}\""
        );
    }
    let file = format!(
        "{tables}\
         [tabs]\nmax = 40\n\
         [server]\noutbound_bytes = \"8MiB\"\n\
         [browser.restart]\nmax_restarts = 1000000\nmax_backoff = \"1s\"\n\
         [log]\nlevel = \"warn\"\n"
    );
    Setup::serving(browser)
        .file("soak.toml", &file)
        .args(["--config", "soak.toml"])
}
