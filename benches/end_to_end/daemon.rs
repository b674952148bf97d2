//! Memory and processor time of the daemon process.

use std::time::Duration;

use serde_json::json;

use crate::browsers::Browsers;
use crate::options::Options;
use crate::report::Report;
use crate::support::coordinator::Coordinator;
use crate::support::daemon::Daemon;

const TABS: usize = 20;
const CONNECTIONS: usize = 200;
const SETTLE: Duration = Duration::from_secs(3);
const IDLE: Duration = Duration::from_secs(8);
const PICTURE_PAUSE: Duration = Duration::from_millis(600);

pub(crate) fn measure(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    let daemon = Daemon::start(
        &["policy.private_networks=127.0.0.0/8".to_owned()],
        &browsers.found.path,
    );
    let mut client = Coordinator::connect(daemon.address, false);
    let url = browsers.site.medium();
    let tabs: Vec<_> = (0..TABS).map(|_| client.open_at(&url)).collect();
    std::thread::sleep(SETTLE);
    let (resident, anonymous) = (daemon.memory("VmRSS:"), daemon.memory("RssAnon:"));
    let before = daemon.cpu();
    std::thread::sleep(IDLE);
    let idle = (daemon.cpu() - before) / IDLE.as_secs_f64() / 10.0;
    let megabytes = resident as f64 / 1024.0;
    report.figure(
        "daemon, 20 idle tabs: resident memory",
        format!("{megabytes:.1} MB, {anonymous} KiB its own"),
        "≤ 15 MB",
        megabytes <= 15.0,
    );
    report.figure(
        "daemon, 20 idle tabs: processor",
        format!("{idle:.3} %"),
        "0 %",
        idle < 0.05,
    );
    pictures(&daemon, &mut client, &tabs, report, options);
    connections(&daemon, report);
    large(&daemon, &mut client, browsers, report, options);
    let after = daemon.memory("VmRSS:") as f64 / 1024.0;
    report.figure(
        "daemon, after all this: resident memory",
        format!("{after:.1} MB"),
        "",
        true,
    );
}

fn pictures(
    daemon: &Daemon,
    client: &mut Coordinator,
    tabs: &[String],
    report: &mut Report,
    options: &Options,
) {
    let before = daemon.cpu();
    let rounds = options.samples(8);
    for _ in 0..rounds {
        for tab in tabs {
            client.ask(json!({"type": "getScreenshot", "tabId": tab}));
        }
        std::thread::sleep(PICTURE_PAUSE);
    }
    let each = (daemon.cpu() - before) / (rounds * tabs.len()) as f64;
    report.figure(
        "daemon: processor time of a screenshot",
        format!("{each:.3} ms"),
        "≤ 0.4 ms",
        each <= 0.4,
    );
}

fn connections(daemon: &Daemon, report: &mut Report) {
    let before = daemon.memory("VmRSS:");
    let connect = |_| Coordinator::connect(daemon.address, false);
    let idle: Vec<_> = (0..CONNECTIONS).map(connect).collect();
    std::thread::sleep(Duration::from_millis(500));
    let each = (daemon.memory("VmRSS:") - before) as f64 / CONNECTIONS as f64;
    drop(idle);
    report.figure(
        "daemon: memory of an idle connection",
        format!("{each:.1} KiB"),
        "≤ 32 KiB",
        each <= 32.0,
    );
}

/// In addition to relaying, it reads a pipe and writes a socket, 64 KiB at a time.
fn large(
    daemon: &Daemon,
    client: &mut Coordinator,
    browsers: &Browsers,
    report: &mut Report,
    options: &Options,
) {
    let tab = client.open_at(&browsers.site.large());
    let rounds = options.samples(12);
    let before = daemon.cpu();
    for _ in 0..rounds {
        client.ask(json!({"type": "getDomSnapshot", "tabId": tab}));
    }
    let each = (daemon.cpu() - before) / rounds as f64;
    report.figure(
        "daemon: processor time of 5.7 MB, pipe and socket too",
        format!("{each:.2} ms"),
        "",
        true,
    );
}
