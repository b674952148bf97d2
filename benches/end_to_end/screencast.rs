//! Streaming an animated page: frame rate, first frame, and age of frames.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use crate::browsers::Browsers;
use crate::options::Options;
use crate::raw::is_event;
use crate::report::Report;
use crate::support::samples::Samples;

const LENGTH: Duration = Duration::from_secs(4);

#[derive(Default)]
struct Stream {
    rate: Samples,
    first: Samples,
    age: Samples,
}

impl Stream {
    fn finish(&mut self, frames: u32, since: Instant) {
        self.rate
            .push(f64::from(frames) / since.elapsed().as_secs_f64());
    }
}

#[derive(Deserialize)]
struct Frame {
    params: Params,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Params {
    session_id: i64,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    timestamp: f64,
}

pub(crate) fn measure(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    let (mut raw, mut bridge) = (Stream::default(), Stream::default());
    for _ in 0..options.samples(5) {
        watch_raw(browsers, &mut raw);
        watch_bridge(browsers, &mut bridge);
    }
    let share = bridge.rate.median() / raw.rate.median();
    report.show(
        "screencast: frames a second",
        Some(raw.rate),
        Some(bridge.rate),
    );
    report.figure(
        "screencast: share of the raw rate",
        format!("{share:.3}"),
        "≥ 0.95",
        share >= 0.95,
    );
    report.compare(
        "screencast: first frame",
        raw.first,
        bridge.first,
        (1.0, 10.0),
    );
    report.compare(
        "screencast: age of a frame",
        raw.age,
        bridge.age,
        (1.0, 5.0),
    );
}

fn watch_raw(browsers: &mut Browsers, into: &mut Stream) {
    let raw = &mut browsers.raw;
    let tab = raw.open_at(&browsers.site.animated());
    let session = Some(tab.session.as_str());
    let start = Instant::now();
    raw.send(
        session,
        "Page.startScreencast",
        &json!({"format": "jpeg", "quality": 70}),
    );
    let mut frames = 0;
    let mut since = start;
    while start.elapsed() < LENGTH {
        let frame = raw.until(|it| is_event(it, "Page.screencastFrame", &tab.session));
        let frame: Frame = serde_json::from_slice(&frame).unwrap();
        if frames == 0 {
            into.first.add(start.elapsed());
            since = Instant::now();
        }
        frames += 1;
        into.age
            .push(epoch_ms() - frame.params.metadata.timestamp * 1000.0);
        let ack = json!({"sessionId": frame.params.session_id});
        raw.send(session, "Page.screencastFrameAck", &ack);
    }
    into.finish(frames, since);
    raw.close(&tab);
}

fn watch_bridge(browsers: &mut Browsers, into: &mut Stream) {
    let client = &mut browsers.client;
    let tab = client.open_at(&browsers.site.animated());
    let start = Instant::now();
    client.send(json!({"type": "startScreencast", "tabId": tab}));
    let mut frames = 0;
    let mut since = start;
    while start.elapsed() < LENGTH {
        let frame = client.until(|it| it.r#type == "frame" && it.seq + 1 == it.total);
        if frames == 0 {
            into.first.add(start.elapsed());
            since = Instant::now();
        }
        frames += 1;
        into.age.push(epoch_ms() - frame.ts as f64);
    }
    into.finish(frames, since);
    client.ask(json!({"type": "stopScreencast", "tabId": tab}));
    client.ask(json!({"type": "closeTab", "tabId": tab}));
}

fn epoch_ms() -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_secs_f64() * 1000.0
}
