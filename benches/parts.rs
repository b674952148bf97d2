//! Microbenchmarks of the parts that every message passes through: `cargo bench --bench parts`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a benchmark that cannot go on stops where it is; its functions are named by a macro"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use cdp_bridge::cdp::message::CdpMessage;
use cdp_bridge::cdp::results::{EvaluateResult, evaluated, screenshot_data};
use cdp_bridge::flow::Debounce;
use cdp_bridge::policy::{NavigationPolicy, PrivateNetworks};
use cdp_bridge::server::ws::client_send_budget::ClientSendBudgets;
use cdp_bridge::server::ws::history::{AnsweredIds, HistoryLimits};
use cdp_bridge::server::ws::send_queue::SendQueue;
use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::{DomSnapshotHead, ScreenshotHead};
use cdp_bridge_protocol::payload::{Encoding, EscapedText, Part, Parts, Payload, PayloadHead};
use cdp_bridge_protocol::request::SnapshotFormat;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use tokio::time::Instant;

/// The default of `flow.chunk_bytes`.
const CHUNK: usize = 262_144;

/// Chromium's answer to `Runtime.evaluate` for a page with this many bytes of HTML.
fn html_frame(bytes: usize) -> Bytes {
    const ARTICLE: &str = "<article class=\"card\"><h2>Article</h2><p>The quick brown fox jumps \
        over the lazy dog; Grüße aus Köln.</p><a href=\"/article?ref=list&amp;x=1\">more</a></article>\n";
    let html = ARTICLE.repeat(bytes / ARTICLE.len() + 1);
    // Chromium escapes everything but ASCII, and writes the members in this order.
    let html = serde_json::to_string(&html).unwrap();
    let html = html
        .replace('ü', "\\u00fc")
        .replace('ß', "\\u00df")
        .replace('ö', "\\u00f6");
    format!(
        "{{\"id\":7,\"result\":{{\"result\":{{\"type\":\"string\",\"value\":{html}}}}},\
         \"sessionId\":\"F00DF00DF00DF00DF00DF00DF00DF00D\"}}"
    )
    .into()
}

fn snapshot_head() -> PayloadHead {
    PayloadHead::DomSnapshot(DomSnapshotHead {
        id: TabId::new(1),
        url: "https://example.com/".to_owned(),
        format: SnapshotFormat::Html,
        seq: 0,
        total: 0,
        coalesced: None,
    })
}

/// From Chromium's frame to the messages for the socket, as in the bridge.
fn relay(frame: &Bytes, encoding: Encoding) -> usize {
    let Ok(CdpMessage::Response {
        outcome: Ok(result),
        ..
    }) = CdpMessage::parse(frame)
    else {
        panic!("it is a response");
    };
    let Ok(EvaluateResult::Text(quoted)) = evaluated(&result) else {
        panic!("it is text");
    };
    let text = EscapedText::from_json_string(&quoted).unwrap();
    let parts = Parts::new(snapshot_head(), None, &Payload::Text(text), encoding, CHUNK).unwrap();
    parts.map(|part| black_box(len(&part))).sum()
}

fn len(part: &Part) -> usize {
    match part {
        Part::Text(bytes) | Part::Binary(bytes) => bytes.len(),
    }
}

/// The naive way: parse into values, extract, and serialize again.
fn through_values(frame: &Bytes) -> usize {
    let mut frame: Value = serde_json::from_slice(frame).unwrap();
    let html = frame["result"]["result"]["value"].take();
    let message =
        json!({"type": "domSnapshot", "id": "t1", "snapshot": html, "seq": 0, "total": 1});
    serde_json::to_vec(&message).unwrap().len()
}

fn html(criterion: &mut Criterion) {
    for (name, bytes) in [("5 MB", 5_000_000), ("218 KB", 218_000)] {
        let frame = html_frame(bytes);
        let mut group = criterion.benchmark_group(format!("relay of {name} of HTML"));
        group.throughput(Throughput::Bytes(frame.len() as u64));
        group.bench_function("text", |bencher| {
            bencher.iter(|| relay(&frame, Encoding::Text));
        });
        group.bench_function("binary", |bencher| {
            bencher.iter(|| relay(&frame, Encoding::Binary));
        });
        group.bench_function("through serde_json::Value", |bencher| {
            bencher.iter(|| through_values(&frame));
        });
        group.bench_function("memcpy", |bencher| bencher.iter(|| frame.to_vec()));
        group.bench_function("Frame::parse alone", |bencher| {
            bencher.iter(|| CdpMessage::parse(&frame).unwrap());
        });
        group.finish();
    }
}

fn picture(criterion: &mut Criterion) {
    let data = "AbC/".repeat(262_144);
    let frame = format!("{{\"id\":7,\"result\":{{\"data\":\"{data}\"}},\"sessionId\":\"F00D\"}}");
    let frame = Bytes::from(frame);
    let head = PayloadHead::Screenshot(ScreenshotHead {
        id: TabId::new(1),
        mime: "image/jpeg".to_owned(),
        width: 1280,
        height: 720,
        seq: 0,
        total: 0,
    });
    let relay = |encoding| {
        let Ok(CdpMessage::Response {
            outcome: Ok(result),
            ..
        }) = CdpMessage::parse(&frame)
        else {
            panic!("it is a response");
        };
        let data = Payload::Base64(screenshot_data(&result).unwrap());
        let parts = Parts::new(head.clone(), None, &data, encoding, CHUNK).unwrap();
        parts.map(|part| black_box(len(&part))).sum::<usize>()
    };
    let mut group = criterion.benchmark_group("relay of 1 MB of base64");
    group.throughput(Throughput::Bytes(frame.len() as u64));
    group.bench_function("text", |bencher| bencher.iter(|| relay(Encoding::Text)));
    group.bench_function("binary", |bencher| bencher.iter(|| relay(Encoding::Binary)));
    group.finish();
}

fn policy(criterion: &mut Criterion) {
    let allowlist: Vec<_> = (0..100)
        .map(|number| format!("host{number}.example.com"))
        .collect();
    let policy = NavigationPolicy::new(&allowlist, PrivateNetworks::Deny, BTreeMap::new()).unwrap();
    let mut group = criterion.benchmark_group("policy, 100 entries");
    group.bench_function("allowed by the last", |bencher| {
        bencher.iter(|| {
            policy
                .check(black_box("https://www.host99.example.com/a?b=c"))
                .unwrap()
        });
    });
    group.bench_function("refused", |bencher| {
        bencher.iter(|| {
            policy
                .check(black_box("https://elsewhere.test/a?b=c"))
                .unwrap_err()
        });
    });
    group.finish();
}

fn lanes(criterion: &mut Criterion) {
    let pong = Bytes::from_static(br#"{"type":"pong","requestId":"r1","ts":1}"#);
    let now = Instant::now();
    let keep = HistoryLimits {
        bytes: 4 << 20,
        window: Duration::from_secs(30),
    };
    let frame = html_frame(5_000_000);
    let text =
        EscapedText::from_json_string(&Bytes::from(format!("\"{}\"", "x".repeat(frame.len()))));
    let payload = Payload::Text(text.unwrap());
    let budgets = ClientSendBudgets::new(usize::MAX);
    let queue = |keep| SendQueue::new(1 << 26, budgets.link_of(&"client".into()), keep);
    let mut group = criterion.benchmark_group("lanes");
    for (name, keep) in [
        ("a message in and out", None),
        ("a message in and out, numbered and kept", Some(keep)),
    ] {
        group.bench_function(name, |bencher| {
            let mut queue = queue(keep);
            bencher.iter(|| {
                queue.push(pong.clone(), AnsweredIds::default()).unwrap();
                queue.take(now)
            });
        });
    }
    group.bench_function(
        "5 MB in parts, a message between each, all kept",
        |bencher| {
            bencher.iter(|| {
                let mut queue = queue(Some(keep));
                let parts = Parts::new(snapshot_head(), None, &payload, Encoding::Text, CHUNK);
                queue
                    .push_parts(parts.unwrap(), AnsweredIds::default())
                    .unwrap();
                let mut taken = 0;
                while queue.take(now).is_some() {
                    taken += 1;
                    if taken % 2 == 1 {
                        queue.push(pong.clone(), AnsweredIds::default()).unwrap();
                    }
                }
                taken
            });
        },
    );
    group.finish();
}

fn debounce(criterion: &mut Criterion) {
    criterion.bench_function("debounce: 100 requests of one key, then taken", |bencher| {
        let start = Instant::now();
        bencher.iter(|| {
            let mut debounce = Debounce::new(Duration::from_millis(300), 1000);
            for number in 0..100 {
                debounce.push("html", number, start).unwrap();
            }
            debounce.take_due(start, |_| true)
        });
    });
}

criterion_group!(parts, html, picture, policy, lanes, debounce);
criterion_main!(parts);
