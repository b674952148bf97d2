//! What many tabs and connections cost, and how badly behaved clients affect others:
//! `cargo bench --bench scale`.
//!
//! The daemon is a process of its own, and its fake Chromium runs in this one, so that the memory can be
//! told apart. The fake looks its pages up linearly: with many pages, part of the time is its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::assigning_clones,
    reason = "a blocking program that prints rounded figures, and stops where it cannot go on"
)]

#[path = "../../tests/it/fake/mod.rs"]
#[expect(
    dead_code,
    reason = "the tests tell the fake more than the benchmark does"
)]
mod fake;
mod pressure;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "the other benchmark uses more of it")]
mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use fake::Fake;
use serde_json::{Value, json};
use support::coordinator::Coordinator;
use support::daemon::Daemon;
use support::samples::{Samples, time};
use tokio::runtime::Runtime;

const TABS: [usize; 4] = [1, 10, 100, 1_000];
const CONNECTIONS: [usize; 5] = [1, 10, 100, 1_000, 10_000];
const SAMPLES: usize = 100;
const SETTLE: Duration = Duration::from_millis(500);

fn main() {
    let runtime = Runtime::new().unwrap();
    let fake = Fake::new();
    let url = runtime.block_on(fake.listen());
    let settings = [
        format!("browser.connect={url}"),
        "tabs.max=10000".to_owned(),
        "server.max_connections=65536".to_owned(),
        "server.max_connections_per_address=65536".to_owned(),
    ];
    let mut rows = Vec::new();
    tabs(&Daemon::start(&settings, Path::new("")), &mut rows);
    connections(&Daemon::start(&settings, Path::new("")), &mut rows);
    pressure::measure(&settings, &mut rows);
    println!("written to {}", write(&rows).display());
}

fn tabs(daemon: &Daemon, rows: &mut Vec<Value>) {
    let mut client = Coordinator::connect(daemon.address, false);
    client.ask(json!({"type": "createTab"}));
    let empty = settled(daemon);
    println!("| tabs | createTab, median (p95) ms | ping, median (p95) ms | KiB a tab |");
    println!("| ---: | ---: | ---: | ---: |");
    let mut open = 1;
    for count in TABS {
        let mut creating = Samples::default();
        while open < count {
            creating.add(time(|| client.ask(json!({"type": "createTab"}))).1);
            open += 1;
        }
        // The cost of one more, when there are already this many.
        for _ in 0..SAMPLES {
            let (created, took) = time(|| client.ask(json!({"type": "createTab"})));
            creating.add(took);
            client.ask(json!({"type": "closeTab", "tabId": created.id}));
        }
        let pings = pings(&mut client);
        let each = (count > 1).then(|| per(settled(daemon), empty, count - 1));
        let memory = each.map_or_else(String::new, |each| format!("{each:.1}"));
        println!(
            "| {count} | {} | {} | {memory} |",
            cell(&creating),
            cell(&pings)
        );
        rows.push(json!({"tabs": count, "create": spread(&creating), "ping": spread(&pings), "kibEach": each}));
    }
}

fn connections(daemon: &Daemon, rows: &mut Vec<Value>) {
    let mut client = Coordinator::connect(daemon.address, false);
    client.ask(json!({"type": "createTab"}));
    let empty = settled(daemon);
    let mut idle = Vec::new();
    println!("\n| connections | ping, median (p95) ms | KiB a connection |");
    println!("| ---: | ---: | ---: |");
    for count in CONNECTIONS {
        while idle.len() + 1 < count {
            idle.push(Coordinator::connect(daemon.address, false));
        }
        let pings = pings(&mut client);
        let each = (count > 1).then(|| per(settled(daemon), empty, count - 1));
        let memory = each.map_or_else(String::new, |each| format!("{each:.1}"));
        println!("| {count} | {} | {memory} |", cell(&pings));
        rows.push(json!({"connections": count, "ping": spread(&pings), "kibEach": each}));
    }
}

fn pings(client: &mut Coordinator) -> Samples {
    let mut pings = Samples::default();
    for _ in 0..SAMPLES {
        pings.add(time(|| client.ask(json!({"type": "ping"}))).1);
    }
    pings
}

/// Resident memory in KiB, once it is stable.
fn settled(daemon: &Daemon) -> u64 {
    std::thread::sleep(SETTLE);
    daemon.memory("VmRSS:")
}

fn per(now: u64, before: u64, count: usize) -> f64 {
    now.saturating_sub(before) as f64 / count as f64
}

fn cell(samples: &Samples) -> String {
    format!("{:.3} ({:.3})", samples.median(), samples.quantile(0.95))
}

fn spread(samples: &Samples) -> Value {
    json!({"median": samples.median(), "p95": samples.quantile(0.95), "samples": samples.len()})
}

/// Writes `target/bench/scale.json` and prints its path.
fn write(rows: &[Value]) -> PathBuf {
    let dir = support::output_dir();
    let path = dir.join("scale.json");
    std::fs::write(&path, format!("{:#}\n", Value::from(rows))).unwrap();
    path
}
