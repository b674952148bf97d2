//! The cost of a screencast whose client reads five frames per second, over a minute.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::browsers::Browsers;
use crate::options::Options;
use crate::report::Report;
use crate::support::coordinator::Coordinator;
use crate::support::daemon::Daemon;

const PAUSE: Duration = Duration::from_millis(200);
/// By then the kernel's socket buffers are full.
const WARM_UP: usize = 100;
const FRAMES: usize = 300;

pub(crate) fn measure(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    let daemon = Daemon::start(
        &["policy.private_networks=127.0.0.0/8".to_owned()],
        &browsers.found.path,
    );
    let mut client = Coordinator::connect(daemon.address, false);
    let tab = client.open_at(&browsers.site.animated());
    client.ask(json!({"type": "startScreencast", "tabId": tab}));
    take(&mut client, WARM_UP);
    let memory = daemon.memory("VmRSS:");
    let (acknowledged, start) = (acknowledged(&daemon), Instant::now());
    take(&mut client, options.samples(FRAMES));
    let asked = self::acknowledged(&daemon) - acknowledged;
    let rate = asked / start.elapsed().as_secs_f64();
    let grown = daemon.memory("VmRSS:") as f64 - memory as f64;
    report.figure(
        "screencast, a client that takes 5 a second: frames asked of Chromium",
        format!("{rate:.1}/s"),
        "≤ 6/s",
        rate <= 6.0,
    );
    report.figure(
        "the same: growth of the daemon's memory",
        format!("{grown:.0} KiB in {:.0} s", start.elapsed().as_secs_f64()),
        "≤ 512 KiB",
        grown <= 512.0,
    );
}

/// Reads this many frames, slowly.
fn take(client: &mut Coordinator, frames: usize) {
    for _ in 0..frames {
        client.until(|head| head.r#type == "frame");
        std::thread::sleep(PAUSE);
    }
}

/// The number of answered calls of the domain `Page`: once the tab is open, all of them are
/// acknowledgements of frames.
fn acknowledged(daemon: &Daemon) -> f64 {
    let mut stream = TcpStream::connect(daemon.address).unwrap();
    let request = format!(
        "GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        daemon.address
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
        .lines()
        .find(|line| {
            line.starts_with("cdp_bridge_cdp_round_trip_seconds_count") && line.contains("\"Page\"")
        })
        .and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .expect("the daemon counts its calls")
}
