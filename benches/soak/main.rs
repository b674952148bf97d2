//! `cargo bench --bench soak -- --duration 10m --seed 1 --browser shell`: the daemon with random faults, and then
//! with bursts of huge messages, whose memory must be given back. `--only bursts` leaves the faults out.
//!
//! The report is printed, and written to `target/bench/soak.json`. The exit code is 1 if anything is
//! wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a program that prints rounded figures, and stops where it cannot go on"
)]

mod bursts;
#[allow(
    dead_code,
    unused_imports,
    reason = "it has tests, which run where it is one of the tests"
)]
mod chaos;
#[path = "../../tests/it/support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "the tests use more of it"
)]
mod support;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bursts::memory::BurstMemory;
use bursts::run::Bursts;
use chaos::config::Plan;
use chaos::report::Report;
use serde_json::json;
use support::browsers::TestBrowser;

/// The default pause between two faults.
const PACE: Duration = Duration::from_secs(2);

struct Options {
    length: Duration,
    seed: u64,
    pace: Duration,
    chrome: bool,
    only_bursts: bool,
}

/// Options that cargo adds are ignored.
fn options() -> Options {
    let mut options = Options {
        length: Duration::from_mins(10),
        seed: fastrand::u64(..1_000_000),
        pace: PACE,
        chrome: false,
        only_bursts: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .unwrap_or_else(|| panic!("{name} needs a value"))
        };
        match name.as_str() {
            "--duration" => options.length = duration(&value()),
            "--pace" => options.pace = duration(&value()),
            "--seed" => options.seed = value().parse().expect("--seed is a number"),
            "--browser" => {
                options.chrome = match value().as_str() {
                    "shell" => false,
                    "chrome" => true,
                    other => panic!("--browser shell or --browser chrome, not {other}"),
                }
            }
            "--only" => match value().as_str() {
                "bursts" => options.only_bursts = true,
                other => panic!("--only bursts, not {other}"),
            },
            "--bench" => {}
            other => panic!("unknown option {other}"),
        }
    }
    options
}

/// Such as `90s`, `10m` or `1h`.
fn duration(text: &str) -> Duration {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let read = units.iter().find_map(|(unit, seconds)| {
        let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
        Duration::try_from_secs_f64(number * seconds).ok()
    });
    read.unwrap_or_else(|| panic!("{text} is no duration such as 90s, 10m or 1h"))
}

fn main() -> ExitCode {
    let options = options();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (faults, bursts) = runtime.block_on(run(&options));
    let mut all = faults.as_ref().map_or_else(|| json!({}), Report::to_json);
    all["bursts"] = bursts.to_json();
    let path = output();
    std::fs::write(&path, format!("{all:#}\n")).unwrap();
    println!("written to {}", path.display());
    let faults_are_right = faults.is_none_or(|report| report.verdict().is_empty());
    if faults_are_right && bursts.verdict().is_none() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn run(options: &Options) -> (Option<Report>, BurstMemory) {
    let browser = if options.chrome {
        TestBrowser::chrome().await
    } else {
        TestBrowser::shell().await
    };
    let mut faults = None;
    if !options.only_bursts {
        let plan = Plan {
            seed: options.seed,
            length: options.length,
            pace: options.pace,
        };
        println!("seed {}, for {:?}", plan.seed, plan.length);
        let report = chaos::run::run(&browser, plan).await;
        println!("{report}\n");
        faults = Some(report);
    }
    let bursts = bursts::run::run(&browser, Bursts::LARGE).await;
    println!("{bursts}");
    (faults, bursts)
}

fn output() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    let dir = target.join("bench");
    std::fs::create_dir_all(&dir).unwrap();
    dir.join("soak.json")
}
