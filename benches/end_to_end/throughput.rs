//! Eight tabs at once. The bridge limits the rate of each tab, so a burst over all of them is compared:
//! from the first request to the last answer.

use crate::browsers::{Browsers, TabPair};
use crate::options::Options;
use crate::report::Report;
use crate::support::samples::{Samples, time};

const TABS: usize = 8;

pub(crate) fn measure(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    let mut tabs = browsers.open(&browsers.site.medium(), TABS);
    let rounds = options.samples(30);

    let (mut raw, mut bridge) = (Samples::default(), Samples::default());
    for _ in 0..rounds {
        let work = || {
            let ask = |tab: &TabPair| browsers.raw.ask_picture(&tab.raw);
            let ids = tabs.iter().map(ask).collect();
            browsers.raw.answers(ids);
        };
        raw.add(time(work).1);
        tabs.iter_mut().for_each(TabPair::quiet_for_picture);
        let work = || {
            let ask = |tab: &TabPair| browsers.client.send(tab.picture());
            let ids = tabs.iter().map(ask).collect();
            browsers.client.answers(ids);
        };
        bridge.add(time(work).1);
    }
    tell(report, "screenshots", raw, bridge);

    let (mut raw, mut bridge) = (Samples::default(), Samples::default());
    for _ in 0..rounds {
        let work = || {
            let ask = |tab: &TabPair| browsers.raw.ask_html(&tab.raw);
            let ids = tabs.iter().map(ask).collect();
            browsers.raw.answers(ids);
        };
        raw.add(time(work).1);
        tabs.iter_mut().for_each(TabPair::quiet_for_snapshot);
        let work = || {
            let ask = |tab: &TabPair| browsers.client.send(tab.snapshot());
            let ids = tabs.iter().map(ask).collect();
            browsers.client.answers(ids);
        };
        bridge.add(time(work).1);
    }
    tell(report, "HTML, 218 KB", raw, bridge);
    browsers.close(tabs);
}

fn tell(report: &mut Report, what: &str, raw: Samples, bridge: Samples) {
    let rate = |samples: &Samples| TABS as f64 * 1000.0 / samples.median();
    let (raw_rate, bridge_rate) = (rate(&raw), rate(&bridge));
    let share = bridge_rate / raw_rate;
    report.show(
        &format!("8 tabs at once, {what}: a burst"),
        Some(raw),
        Some(bridge),
    );
    report.figure(
        &format!("8 tabs at once, {what}: throughput"),
        format!("{bridge_rate:.0}/s of {raw_rate:.0}: {share:.3}"),
        "≥ 0.97 of raw",
        share >= 0.97,
    );
}
