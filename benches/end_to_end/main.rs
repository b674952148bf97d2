//! The bridge against raw CDP, in one run: `cargo bench --bench end_to_end -- [OPTIONS]`.
//!
//! Two browsers of the same build run side by side, one behind the bridge and one driven over its
//! pipe by a tight loop. Samples of both alternate, because the speed of a machine drifts and only
//! ratios within one run are meaningful.
//!
//! Options: `--browser shell|chrome`, `--quick` (a quarter of the samples), `--only WORD` (groups
//! whose name contains it). The table is also written to `target/bench/end_to_end.json`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark that cannot go on stops where it is, and its output is its purpose"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the driver is a blocking program of its own; no runtime waits for its threads"
)]
#![allow(
    clippy::cast_precision_loss,
    reason = "figures are rounded to three digits"
)]

mod browsers;
mod daemon;
mod images;
mod inflight;
mod isolation;
mod latency;
mod options;
mod pages;
mod raw;
mod report;
mod screencast;
mod slow_frames;
mod slow_reader;
mod startup;
#[path = "../support/mod.rs"]
mod support;
mod throughput;

use browsers::Browsers;
use options::Options;
use pages::Site;
use report::Report;

type Group = fn(&mut Browsers, &mut Report, &Options);

const GROUPS: [(&str, Group); 11] = [
    ("startup", startup::measure),
    ("daemon", daemon::measure),
    ("latency", latency::small),
    ("payloads", latency::payloads),
    ("images", images::measure),
    ("throughput", throughput::measure),
    ("inflight", inflight::measure),
    ("isolation", isolation::measure),
    ("screencast", screencast::measure),
    ("slow-reader", slow_reader::measure),
    ("slow-frames", slow_frames::measure),
];

fn main() {
    let options = Options::of_process();
    let site = Site::start();
    let mut browsers = Browsers::start(&options, site);
    let mut report = Report::new(&browsers);
    for (name, group) in GROUPS {
        if options.wants(name) {
            eprintln!("measuring: {name}");
            group(&mut browsers, &mut report, &options);
        }
    }
    browsers.stop();
    println!("{report}");
    let path = report.write();
    println!("written to {}", path.display());
}
