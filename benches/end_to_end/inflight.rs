//! A large snapshot in flight, and pings on the same connection meanwhile.

use serde_json::json;
use tokio::time::Instant;

use crate::browsers::Browsers;
use crate::options::Options;
use crate::report::Report;
use crate::support::samples::Samples;

pub(crate) fn measure(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    let mut tabs = browsers.open(&browsers.site.large(), 1);
    let tab = &mut tabs[0];
    let (mut pings, mut parts_between) = (Samples::default(), Samples::default());
    for _ in 0..options.samples(16) {
        tab.quiet_for_snapshot();
        let client = &mut browsers.client;
        let snapshot = client.send(tab.snapshot());
        let mut whole = false;
        while !whole {
            let start = Instant::now();
            let ping = client.send(json!({"type": "ping"}));
            let mut parts = 0_u32;
            client.until(|head| {
                if head.request_id == snapshot {
                    assert_ne!(head.r#type, "error", "{head:?}");
                    parts += 1;
                    whole |= head.seq + 1 >= head.total;
                }
                head.request_id == ping
            });
            pings.add(start.elapsed());
            parts_between.push(f64::from(parts));
        }
    }
    browsers.close(tabs);
    let (worst, most) = (pings.quantile(1.0), parts_between.quantile(1.0));
    let delayed = parts_between.quantile(0.99);
    report.show(
        "ping beside a 5.7 MB snapshot of the same connection",
        None,
        Some(pings),
    );
    report.figure(
        "the same, parts that came before a pong",
        format!("p99 {delayed:.0}, most {most:.0}, {worst:.1} ms"),
        "≤ 1, beside what was on the wire",
        delayed <= 1.0,
    );
}
