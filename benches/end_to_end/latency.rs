//! One request at a time: the overhead over raw CDP.

use std::time::Duration;

use serde_json::json;

use crate::browsers::Browsers;
use crate::options::Options;
use crate::report::Report;
use crate::support::coordinator::Coordinator;
use crate::support::samples::{Samples, time};

/// Tabs to rotate over, so that no request waits for the rate limit of its tab.
const EMPTY_TABS: usize = 20;
const MEDIUM_TABS: usize = 8;
const LARGE_TABS: usize = 2;

/// Requests with almost no payload.
pub(crate) fn small(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    ping(browsers, report, options);
    evaluate(browsers, report, options);
    new_tab(browsers, report, options);
    navigate(browsers, report, options);
}

fn ping(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    let (mut raw, mut bridge) = (Samples::default(), Samples::default());
    for _ in 0..options.samples(400) {
        let version = || browsers.raw.call(None, "Browser.getVersion", &json!({}));
        raw.add(time(version).1);
        bridge.add(time(|| browsers.client.ask(json!({"type": "ping"}))).1);
    }
    report.show("ping (raw: Browser.getVersion)", Some(raw), Some(bridge));
}

fn evaluate(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    let mut tabs = browsers.open("about:blank", EMPTY_TABS);
    let (mut raw, mut bridge) = (Samples::default(), Samples::default());
    for number in 0..options.samples(400) {
        let tab = &mut tabs[number % EMPTY_TABS];
        raw.add(time(|| html_raw(browsers, tab)).1);
        tab.quiet_for_snapshot();
        bridge.add(time(|| browsers.client.ask(tab.snapshot())).1);
    }
    browsers.close(tabs);
    report.compare("evaluate: HTML of an empty page", raw, bridge, (1.10, 0.3));
}

fn html_raw(browsers: &mut Browsers, tab: &crate::browsers::TabPair) {
    let id = browsers.raw.ask_html(&tab.raw);
    browsers.raw.answer(id);
}

fn new_tab(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    let (mut raw, mut bridge) = (Samples::default(), Samples::default());
    // The first tab of a client creates its context, which is not to be measured.
    let keep = browsers.open("about:blank", 1);
    for _ in 0..options.samples(30) {
        let (tab, took) = time(|| browsers.raw.open());
        raw.add(took);
        browsers.raw.close(&tab);
        let (created, took) = time(|| browsers.client.ask(json!({"type": "createTab"})));
        bridge.add(took);
        browsers
            .client
            .ask(json!({"type": "closeTab", "tabId": created.id}));
    }
    browsers.close(keep);
    report.show("new tab", Some(raw), Some(bridge));
}

fn navigate(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    let url = browsers.site.small();
    let (raw, bridge) = browsers.loads(&url, options.samples(60));
    report.show("navigate to load, small page", Some(raw), Some(bridge));
}

/// Requests with a snapshot or a screenshot.
pub(crate) fn payloads(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    medium(browsers, report, options);
    large(browsers, report, options);
}

fn medium(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    let mut tabs = browsers.open(&browsers.site.medium(), MEDIUM_TABS);
    let (mut raw, mut bridge) = (Samples::default(), Samples::default());
    for number in 0..options.samples(160) {
        let tab = &mut tabs[number % MEDIUM_TABS];
        raw.add(time(|| html_raw(browsers, tab)).1);
        tab.quiet_for_snapshot();
        bridge.add(time(|| browsers.client.ask(tab.snapshot())).1);
    }
    let html = bridge.quantile(0.95);
    report.compare("HTML, 218 KB", raw, bridge, (1.05, 0.0));

    let (mut raw, mut bridge) = (Samples::default(), Samples::default());
    for number in 0..options.samples(240) {
        let tab = &mut tabs[number % MEDIUM_TABS];
        tab.quiet_for_picture();
        // Each side goes first equally often.
        for turn in 0..2 {
            out_of_step(number);
            if (number + turn) % 2 == 0 {
                let shot = || {
                    let id = browsers.raw.ask_picture(&tab.raw);
                    browsers.raw.answer(id);
                };
                raw.add(time(shot).1);
            } else {
                bridge.add(time(|| browsers.client.ask(tab.picture())).1);
            }
        }
    }
    let picture = bridge.quantile(0.95);
    // A screenshot takes one or two whole frames of the browser, so a median only says which
    // is more frequent.
    let (raw_mean, bridge_mean) = (raw.mean(), bridge.mean());
    report.show("screenshot, jpeg 70, medium page", Some(raw), Some(bridge));
    report.figure(
        "the same: means",
        format!(
            "{raw_mean:.2} and {bridge_mean:.2} ms: ×{:.3}",
            bridge_mean / raw_mean
        ),
        "≤ ×1.03",
        bridge_mean <= raw_mean * 1.03,
    );
    browsers.close(tabs);

    let budget = "< 200 ms, p95, 8 tabs open";
    report.figure(
        "budget: snapshot",
        format!("{html:.1} ms"),
        budget,
        html < 200.0,
    );
    let budget = "< 300 ms, p95, 8 tabs open";
    report.figure(
        "budget: screenshot",
        format!("{picture:.1} ms"),
        budget,
        picture < 300.0,
    );
}

/// A screenshot waits for the next frames of the browser, so the result depends on the phase of its
/// request within a frame. Both sides are measured at the same phases.
fn out_of_step(number: usize) {
    const STEPS: usize = 13;
    let step = u64::try_from(number * 5 % STEPS).unwrap();
    std::thread::sleep(Duration::from_micros(1_300 * step));
}

fn large(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    let mut tabs = browsers.open(&browsers.site.large(), LARGE_TABS);
    let mut binary = Coordinator::connect(browsers.bridge.address, true);
    let mut raw = Samples::default();
    let (mut as_text, mut as_bytes) = (Samples::default(), Samples::default());
    for number in 0..options.samples(30) {
        let tab = &mut tabs[number % LARGE_TABS];
        raw.add(time(|| html_raw(browsers, tab)).1);
        tab.quiet_for_snapshot();
        as_text.add(time(|| browsers.client.ask(tab.snapshot())).1);
        tab.quiet_for_snapshot();
        as_bytes.add(time(|| binary.ask(tab.snapshot())).1);
    }
    browsers.close(tabs);
    report.compare("HTML, 5.7 MB, text", raw.clone(), as_text, (1.05, 0.0));
    report.compare("HTML, 5.7 MB, binary frames", raw, as_bytes, (1.05, 0.0));
}
