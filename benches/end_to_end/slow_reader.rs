//! One client that never reads, and ten that do.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::browsers::{BridgeAt, Browsers, configuration};
use crate::options::Options;
use crate::report::Report;
use crate::support::coordinator::Coordinator;
use crate::support::samples::{Samples, time};

const WORKERS: usize = 10;
/// Enough to fill the kernel's socket buffers, and its queue.
const ROUNDS: usize = 30;
const PAUSE: Duration = Duration::from_millis(400);
/// The requests of the eleventh client per round: more tabs fill its queue sooner.
const ITS_TABS: usize = 2;
/// The limit of its queue, without the socket buffers.
const QUEUE_BYTES: u64 = 1024 * 1024;

/// A client and its tab.
struct Worker {
    client: Coordinator,
    tab: String,
}

impl Worker {
    fn connect(address: SocketAddr, url: &str) -> Self {
        let mut client = Coordinator::connect(address, false);
        let tab = client.open_at(url);
        Self { client, tab }
    }
}

pub(crate) fn measure(browsers: &mut Browsers, report: &mut Report, _: &Options) {
    let mut config = configuration(&browsers.found);
    config.server.outbound_bytes = QUEUE_BYTES.try_into().unwrap();
    let bridge = browsers.runtime.block_on(BridgeAt::start(&config));
    let url = browsers.site.medium();
    let mut workers: Vec<_> = (0..WORKERS)
        .map(|_| Worker::connect(bridge.address, &url))
        .collect();
    let mut eleventh = Coordinator::connect(bridge.address, false);
    let its_tabs: Vec<_> = (0..ITS_TABS).map(|_| eleventh.open_at(&url)).collect();

    let mut with_reader = Samples::default();
    let mut beside_it = Samples::default();
    // It reads at first, with the same requests: only its reading changes.
    let reading = |client: &mut Coordinator| {
        for tab in &its_tabs {
            client.ask(json!({"type": "getDomSnapshot", "tabId": tab}));
        }
    };
    work(&mut workers, &mut with_reader, &mut eleventh, reading);
    let not_reading = |client: &mut Coordinator| {
        for tab in &its_tabs {
            client.try_send(&json!({"type": "getDomSnapshot", "tabId": tab}));
        }
    };
    work(&mut workers, &mut beside_it, &mut eleventh, not_reading);
    let code = end_of(&mut eleventh);
    drop(workers);
    browsers.runtime.block_on(bridge.stop());

    let ratio = beside_it.median() / with_reader.median();
    report.show(
        "ten clients, HTML 218 KB, all read",
        None,
        Some(with_reader),
    );
    report.show(
        "ten clients, an eleventh never reads",
        None,
        Some(beside_it),
    );
    report.figure(
        "slow reader: the others' medians",
        format!("×{ratio:.2}"),
        "≤ ×1.20",
        ratio <= 1.2,
    );
    let figure = code.map_or_else(|| "it was not closed".to_owned(), |code| code.to_string());
    report.figure(
        "slow reader: closed with",
        figure,
        "4008",
        code == Some(4008),
    );
}

/// All clients send a request per round, each on a thread of its own, and so does the eleventh.
fn work(
    workers: &mut [Worker],
    into: &mut Samples,
    eleventh: &mut Coordinator,
    ask: impl Fn(&mut Coordinator) + Sync,
) {
    let each = Duration::from_millis(37);
    thread::scope(|scope| {
        let threads: Vec<_> = workers
            .iter_mut()
            .zip(0_u32..)
            .map(|(worker, number)| {
                scope.spawn(move || {
                    let mut samples = Samples::default();
                    thread::sleep(each * number);
                    for _ in 0..ROUNDS {
                        let start = Instant::now();
                        let request = json!({"type": "getDomSnapshot", "tabId": worker.tab});
                        samples.add(time(|| worker.client.ask(request)).1);
                        thread::sleep(PAUSE.saturating_sub(start.elapsed()));
                    }
                    samples
                })
            })
            .collect();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            ask(eleventh);
            thread::sleep(PAUSE.saturating_sub(start.elapsed()));
        }
        for samples in threads {
            into.extend(&samples.join().unwrap());
        }
    });
}

/// Reads the remaining messages, and the close code.
fn end_of(client: &mut Coordinator) -> Option<u16> {
    loop {
        match client.try_next() {
            Some(head) if head.closed.is_some() => return head.closed,
            Some(_) => {}
            None => return None,
        }
    }
}
