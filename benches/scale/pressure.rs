//! How well-behaved clients are affected by a flood of messages, by clients that never read, and by a
//! storm of connections.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::coordinator::Coordinator;
use crate::support::daemon::Daemon;
use crate::support::samples::{Samples, time};

/// The duration of each measurement.
const LENGTH: Duration = Duration::from_secs(3);
/// The interval of a well-behaved client's pings.
const PAUSE: Duration = Duration::from_millis(3);
/// Clients that never read, and clients that do.
const SLOW: usize = 1_000;
const HEALTHY: usize = 10;
/// The number of requests per turn of a client that never reads.
const ANSWERS: usize = 200;
/// Connections per second in a storm.
const STORM: u32 = 1_000;
/// Messages per write in a flood.
const BATCH: usize = 500;

/// Runs all three, each on a new daemon.
pub(crate) fn measure(settings: &[String], rows: &mut Vec<Value>) {
    let small_queues = ["server.outbound_bytes=64KiB".to_owned()];
    let settings: Vec<_> = settings.iter().cloned().chain(small_queues).collect();
    let start = || Daemon::start(&settings, Path::new(""));
    println!("\n| pressure | p99 without, ms | p99 with, ms | |");
    println!("| --- | ---: | ---: | --- |");
    flood(&start(), rows);
    slow_readers(&start(), rows);
    storm(&start(), rows);
}

/// Work in threads, until this is dropped.
struct Background {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Background {
    fn new() -> Self {
        Self {
            stop: Arc::default(),
            threads: Vec::new(),
        }
    }

    /// Repeats the work until it is finished.
    fn add(&mut self, mut work: impl FnMut() -> bool + Send + 'static) {
        let stop = Arc::clone(&self.stop);
        self.threads.push(thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) && work() {}
        }));
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// The times of pings of these clients.
fn pings(clients: &mut [Coordinator]) -> Samples {
    let mut samples = Samples::default();
    let start = Instant::now();
    while start.elapsed() < LENGTH {
        for client in &mut *clients {
            samples.add(time(|| client.ask(json!({"type": "ping"}))).1);
        }
        thread::sleep(PAUSE);
    }
    samples
}

/// One client sends as fast as it can, and reads its answers.
fn flood(daemon: &Daemon, rows: &mut Vec<Value>) {
    let mut healthy = [Coordinator::connect(daemon.address, false)];
    let without = pings(&mut healthy);
    let (mut writer, mut reader) = upgraded(daemon.address);
    let sent = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&sent);
    let messages = masked(br#"{"type":"ping"}"#).repeat(BATCH);
    let mut background = Background::new();
    background.add(move || {
        count.fetch_add(BATCH as u64, Ordering::Relaxed);
        writer.write_all(&messages).is_ok()
    });
    let mut scratch = vec![0; 1 << 16];
    background.add(move || reader.read(&mut scratch).is_ok_and(|read| read > 0));
    let with = pings(&mut healthy);
    let rate = sent.load(Ordering::Relaxed) as f64 / LENGTH.as_secs_f64();
    let note = format!("one client sends {rate:.0} messages a second");
    row("flood", &without, &with, &note, rows);
}

/// Many clients send requests and read nothing.
fn slow_readers(daemon: &Daemon, rows: &mut Vec<Value>) {
    let mut healthy: Vec<_> = (0..HEALTHY)
        .map(|_| Coordinator::connect(daemon.address, false))
        .collect();
    let without = pings(&mut healthy);
    let mut slow: Vec<_> = (0..SLOW)
        .map(|_| Coordinator::connect(daemon.address, false))
        .collect();
    let mut background = Background::new();
    let mut next = 0;
    background.add(move || {
        let list = json!({"type": "listTabs"});
        // More for each in turn, until it is closed because it does not read its answers.
        let client = &mut slow[next % SLOW];
        next += 1;
        for _ in 0..ANSWERS {
            if !client.try_send(&list) {
                break;
            }
        }
        true
    });
    let with = pings(&mut healthy);
    drop(background);
    let note = format!("{SLOW} that never read beside {HEALTHY} that do");
    row("slow readers", &without, &with, &note, rows);
}

/// `/health`, while many clients connect and disconnect.
fn storm(daemon: &Daemon, rows: &mut Vec<Value>) {
    let address = daemon.address;
    let without = health(address);
    let made = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&made);
    let start = Instant::now();
    let mut background = Background::new();
    background.add(move || {
        let number = count.fetch_add(1, Ordering::Relaxed);
        if let Ok(mut stream) = TcpStream::connect(address) {
            let _ = stream.write_all(UPGRADE);
        }
        let due = start + Duration::from_secs(1) / STORM * u32::try_from(number).unwrap_or(0);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        true
    });
    let with = health(address);
    let rate = made.load(Ordering::Relaxed) as f64 / LENGTH.as_secs_f64();
    let note = format!("/health, {rate:.0} connects a second");
    row("storm", &without, &with, &note, rows);
}

fn health(address: SocketAddr) -> Samples {
    let mut samples = Samples::default();
    let start = Instant::now();
    while start.elapsed() < LENGTH {
        let asked = Instant::now();
        let mut stream = TcpStream::connect(address).unwrap();
        let request = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        samples.add(asked.elapsed());
        thread::sleep(PAUSE);
    }
    samples
}

const UPGRADE: &[u8] = b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A WebSocket as the two halves of its socket. Received data is discarded.
fn upgraded(address: SocketAddr) -> (TcpStream, TcpStream) {
    let mut writer = TcpStream::connect(address).unwrap();
    writer.write_all(UPGRADE).unwrap();
    let mut reader = writer.try_clone().unwrap();
    let mut head = [0; 12];
    reader.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
    // So that both threads end when the socket is closed.
    reader.set_read_timeout(Some(LENGTH)).unwrap();
    writer.set_write_timeout(Some(LENGTH)).unwrap();
    (writer, reader)
}

/// A short text as a frame with a zero mask.
fn masked(text: &[u8]) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    [&[0x81, 0x80 | length, 0, 0, 0, 0], text].concat()
}

fn row(name: &str, without: &Samples, with: &Samples, note: &str, rows: &mut Vec<Value>) {
    let (before, after) = (without.quantile(0.99), with.quantile(0.99));
    println!("| {name} | {before:.2} | {after:.2} | {note} |");
    rows.push(json!({"pressure": name, "p99Without": before, "p99With": after, "note": note}));
}
