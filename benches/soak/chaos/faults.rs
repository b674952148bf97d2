//! The injected faults and their weights.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use fastrand::Rng;
use rustix::process::Signal;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::config::Plan;
use super::coordinator::Order;
use super::victims;
use crate::support::processes;

#[derive(Debug, Clone, Copy)]
enum Fault {
    KillRenderer,
    CrashRenderer,
    StopRenderer,
    KillHelper,
    KillBrowser,
    FreezeBrowser,
    HangBrowser,
    CutConnection,
    SlowReader,
    Flood,
    Storm,
}

/// Each fault with its weight and its name in the report.
const FAULTS: [(Fault, u32, &str); 11] = [
    (Fault::KillRenderer, 14, "renderer killed"),
    (Fault::CrashRenderer, 10, "renderer crashed"),
    (Fault::StopRenderer, 12, "renderer stopped"),
    (Fault::KillHelper, 6, "GPU or network process killed"),
    (Fault::KillBrowser, 8, "browser killed"),
    (Fault::FreezeBrowser, 6, "browser stopped for a while"),
    (Fault::HangBrowser, 1, "browser stopped for good"),
    (Fault::CutConnection, 16, "connection cut"),
    (Fault::SlowReader, 10, "reader paused"),
    (Fault::Flood, 9, "messages flooded"),
    (Fault::Storm, 8, "connections stormed"),
];

/// Connections in a storm.
const STORM: usize = 60;

/// Injects random faults until the time is over.
pub(crate) struct Chaos {
    pub(crate) plan: Plan,
    /// Directory of the files of the daemon's Chromium.
    pub(crate) temporary: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) coordinators: Vec<mpsc::Sender<Order>>,
}

impl Chaos {
    /// Runs; returns the count of each fault.
    pub(crate) async fn run(self) -> BTreeMap<&'static str, u64> {
        let mut rng = Rng::with_seed(self.plan.seed);
        let mut counts: BTreeMap<_, _> = FAULTS.iter().map(|(_, _, name)| (*name, 0)).collect();
        let end = Instant::now() + self.plan.length;
        // Faults that last run beside the others.
        let mut lasting = JoinSet::new();
        loop {
            let pause = self.plan.pace.mul_f64(2.0 * rng.f64());
            if Instant::now() + pause >= end {
                break;
            }
            sleep(pause).await;
            let (fault, name) = draw(&mut rng);
            if self.provoke(fault, &mut rng, &mut lasting) {
                *counts.entry(name).or_default() += 1;
            }
        }
        while lasting.join_next().await.is_some() {}
        counts
    }

    /// False if there was no process or connection to break.
    fn provoke(&self, fault: Fault, rng: &mut Rng, lasting: &mut JoinSet<()>) -> bool {
        // Drawn even if unused, so that later faults do not depend on what exists now.
        let (position, order) = (rng.usize(..64), rng.usize(..self.coordinators.len()));
        let (short, long) = (ms(rng, 200..2_500), ms(rng, 1_000..9_000));
        let renderer = || victims::of_kind(&self.temporary, &["renderer"], position);
        let browser = || victims::browsers(&self.temporary).first().map(|it| it.pid);
        let kill =
            |pid: Option<i32>, signal| pid.is_some_and(|it| processes::try_signal(it, signal));
        match fault {
            Fault::KillRenderer => kill(renderer(), Signal::KILL),
            Fault::CrashRenderer => kill(renderer(), Signal::SEGV),
            Fault::KillHelper => {
                let kinds = ["gpu-process", "utility"];
                kill(
                    victims::of_kind(&self.temporary, &kinds, position),
                    Signal::KILL,
                )
            }
            Fault::KillBrowser => kill(browser(), Signal::KILL),
            // The bridge kills a browser that does not answer.
            Fault::HangBrowser => kill(browser(), Signal::STOP),
            Fault::StopRenderer => self.freeze(renderer(), long, lasting),
            Fault::FreezeBrowser => self.freeze(browser(), short, lasting),
            Fault::CutConnection => self.tell(order, Order::Cut),
            Fault::SlowReader => self.tell(order, Order::Pause(long)),
            Fault::Flood => self.tell(order, Order::Flood),
            Fault::Storm => {
                lasting.spawn(storm(self.address, long, rng.fork()));
                true
            }
        }
    }

    fn freeze(&self, pid: Option<i32>, pause: Duration, lasting: &mut JoinSet<()>) -> bool {
        let Some(pid) = pid else { return false };
        let temporary = self.temporary.clone();
        lasting.spawn(async move { victims::freeze(&temporary, pid, pause).await });
        true
    }

    fn tell(&self, coordinator: usize, order: Order) -> bool {
        // A paused Coordinator takes no orders; this does not wait for it.
        let sender = &self.coordinators[coordinator];
        sender.try_send(order).is_ok()
    }
}

fn ms(rng: &mut Rng, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(rng.u64(range))
}

fn draw(rng: &mut Rng) -> (Fault, &'static str) {
    let sum: u32 = FAULTS.iter().map(|(_, weight, _)| weight).sum();
    let mut left = rng.u32(..sum);
    for (fault, weight, name) in FAULTS {
        if left < weight {
            return (fault, name);
        }
        left -= weight;
    }
    unreachable!("the weights sum up to more than what was drawn")
}

/// Connections that send nothing, half a handshake, or garbage, and close at once or after a while.
async fn storm(address: SocketAddr, pause: Duration, mut rng: Rng) {
    const BEGINNINGS: [&[u8]; 4] = [
        b"",
        b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: web",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a handshake of TLS\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    let mut held = Vec::new();
    for _ in 0..STORM {
        let Ok(mut stream) = TcpStream::connect(address).await else {
            continue;
        };
        let beginning = rng.choice(BEGINNINGS).unwrap_or_default();
        if stream.write_all(beginning).await.is_ok() && rng.bool() {
            held.push(stream);
        }
    }
    sleep(pause).await;
}
