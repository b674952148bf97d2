//! What one client suffers while another one takes all that it can:
//! `cargo bench --bench storm -- --seconds 60 --build shell`.
//!
//! Client B makes requests one after the other; client A makes each kind of load alone, and all at once.
//! Before each load B is measured without it, because only ratios within one run are meaningful. The
//! row "spinning threads" has no load of A: it shows what a lack of processors alone costs B.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a program that prints rounded figures, and stops where it cannot go on"
)]

mod caller;
mod loads;
mod options;
mod pages;
mod processors;
#[path = "../support/samples.rs"]
#[expect(dead_code, reason = "the other benchmarks use more of it")]
mod samples;
#[path = "../../tests/it/support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "the tests use more of it"
)]
mod support;
mod table;
mod witness;

use std::sync::Arc;
use std::time::Duration;

use caller::Caller;
use loads::{ALONE, Load, Running};
use options::Options;
use pages::Pages;
use processors::Processors;
use support::browsers::TestBrowser;
use support::daemon::{Daemon, Setup};
use table::{Phase, Table};
use tokio::time::Instant;
use witness::{Seen, Witness};

const CLIENTS: &str = r#"
[[auth.clients]]
name = "a"
token = "a-horse-battery-staple"
limits = { rate_per_second = 1000 }

[[auth.clients]]
name = "b"
token = "b-horse-battery-staple"
"#;

fn main() {
    let options = Options::of_process();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let table = runtime.block_on(measure(&options));
    println!("{table}");
    println!("written to {}", table.write(&options).display());
}

async fn measure(options: &Options) -> Table {
    let browser = if options.chrome {
        TestBrowser::chrome().await
    } else {
        TestBrowser::shell().await
    };
    let pages = Pages::start().await;
    let daemon = start(&browser).await;
    let a = Arc::new(Caller::connect(&daemon.url, "a-horse-battery-staple").await);
    let b = Caller::connect(&daemon.url, "b-horse-battery-staple").await;
    let mut witness = Witness::start(b, &pages).await;
    // The first requests of each kind create processes that later ones reuse.
    witness.measure(Duration::from_secs(3)).await;
    let mut table = Table::default();
    let (length, before) = (options.length, options.length / 4);
    for (name, loads) in phases(options) {
        eprintln!("measuring: {name}");
        let (_, seen) = observed(&mut witness, before).await;
        table.without.add(seen);
        let (running, starting) = timed(Running::start(&loads, &a, &pages)).await;
        let (idle, seen) = observed(&mut witness, length).await;
        let (asked, stopping) = timed(running.stop(&a)).await;
        eprintln!("{seen}; A took {starting:.1?} to start and {stopping:.1?} to stop");
        table.phases.push(Phase {
            name,
            idle,
            seen,
            asked,
        });
    }
    drop((a, witness));
    daemon.stop().await;
    table
}

/// Each load alone, and then all that are measured at once.
fn phases(options: &Options) -> Vec<(&'static str, Vec<Load>)> {
    let wanted = ALONE.iter().filter(|(name, _)| options.wants(name));
    let mut phases: Vec<_> = wanted.map(|(name, load)| (*name, vec![*load])).collect();
    let of_a = ALONE.iter().map(|(_, load)| *load);
    let of_a = of_a.filter(|load| !matches!(load, Load::SpinningThreads));
    let all = ("all at once", of_a.collect::<Vec<_>>());
    let light = all.1.iter().copied().filter(|load| !load.computes());
    let light = ("all but what computes", light.collect());
    phases.extend([light, all].into_iter().filter(|it| options.wants(it.0)));
    phases
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let outcome = work.await;
    (outcome, start.elapsed())
}

async fn observed(witness: &mut Witness, length: Duration) -> (f64, Seen) {
    let processors = Processors::now();
    let seen = witness.measure(length).await;
    (processors.idle_since(), seen)
}

async fn start(browser: &TestBrowser) -> Daemon {
    let mut setup = Setup::serving(browser)
        .file("bridge.toml", CLIENTS)
        .args(["--config", "bridge.toml"])
        // Enough for all loads at once, so that A is not refused what it is measured with.
        .args(["--set", "tabs.max=160"])
        // Without it, new headless lets no window through that no gesture opens.
        .args(["--set", "browser.args=--disable-popup-blocking"])
        .env("CDP_PORT", "0");
    let resolve = format!("policy.resolve={}", Pages::names());
    setup = setup.args(["--set", resolve.as_str()]);
    setup.start().await
}
