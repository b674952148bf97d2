//! A tab with an endless script, and its effect on other tabs.

use serde_json::json;

use crate::browsers::{Browsers, TabPair};
use crate::options::Options;
use crate::report::Report;
use crate::support::samples::{Samples, time};

const TABS: usize = 4;
const ROUNDS: usize = 3;

#[derive(Default)]
struct Measured {
    pings: Samples,
    pages: Samples,
}

pub(crate) fn measure(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    let mut tabs = browsers.open(&browsers.site.medium(), TABS);
    let samples = options.samples(80);
    let (mut quiet, mut beside) = (Measured::default(), Measured::default());
    let (mut raw_quiet, mut raw_beside) = (Samples::default(), Samples::default());
    let endless = browsers.site.endless();
    for _ in 0..ROUNDS {
        through_bridge(browsers, &mut tabs, samples, &mut quiet);
        let stuck = browsers.client.open_at(&endless);
        // The page starts its loop shortly after it has loaded.
        std::thread::sleep(std::time::Duration::from_millis(200));
        through_bridge(browsers, &mut tabs, samples, &mut beside);
        browsers
            .client
            .ask(json!({"type": "closeTab", "tabId": stuck}));

        raw(browsers, &tabs, samples, &mut raw_quiet);
        let stuck = browsers.raw.open_at(&endless);
        std::thread::sleep(std::time::Duration::from_millis(200));
        raw(browsers, &tabs, samples, &mut raw_beside);
        browsers.raw.close(&stuck);
    }
    browsers.close(tabs);

    let p99 = beside.pings.quantile(0.99);
    report.show("ping, no tab loops", None, Some(quiet.pings));
    report.show("ping, one tab in while(1)", None, Some(beside.pings));
    report.figure(
        "isolation: ping",
        format!("p99 {p99:.2} ms"),
        "p99 < 5 ms",
        p99 < 5.0,
    );
    let ratio = beside.pages.median() / quiet.pages.median();
    let raw_ratio = raw_beside.median() / raw_quiet.median();
    report.show(
        "HTML, 218 KB, no tab loops",
        Some(raw_quiet),
        Some(quiet.pages),
    );
    report.show(
        "HTML, 218 KB, another tab in while(1)",
        Some(raw_beside),
        Some(beside.pages),
    );
    report.figure(
        "isolation: other tabs, with to without",
        format!("×{ratio:.2} (raw ×{raw_ratio:.2})"),
        "≤ ×1.10",
        ratio <= 1.1,
    );
}

fn through_bridge(
    browsers: &mut Browsers,
    tabs: &mut [TabPair],
    samples: usize,
    into: &mut Measured,
) {
    for number in 0..samples {
        let tab = &mut tabs[number % TABS];
        into.pings
            .add(time(|| browsers.client.ask(json!({"type": "ping"}))).1);
        tab.quiet_for_snapshot();
        into.pages
            .add(time(|| browsers.client.ask(tab.snapshot())).1);
    }
}

/// At the same rate as through the bridge.
fn raw(browsers: &mut Browsers, tabs: &[TabPair], samples: usize, into: &mut Samples) {
    for number in 0..samples {
        let tab = &tabs[number % TABS];
        std::thread::sleep(std::time::Duration::from_millis(75));
        let work = || {
            let id = browsers.raw.ask_html(&tab.raw);
            browsers.raw.answer(id)
        };
        into.add(time(work).1);
    }
}
