//! A large snapshot in flight, and pings on the same connection at the same time.

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
        let (mut whole, mut begun) = (false, false);
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
            // Excludes pings that were sent before the first part and answered before it.
            if parts > 0 || begun {
                pings.add(start.elapsed());
                parts_between.push(f64::from(parts));
            }
            begun |= parts > 0;
        }
    }
    browsers.close(tabs);
    let (middle, most) = (parts_between.median(), parts_between.quantile(1.0));
    let worst = pings.quantile(1.0);
    report.show(
        "ping between the parts of a 5.7 MB snapshot",
        None,
        Some(pings),
    );
    report.figure(
        "the same, parts that came before a pong",
        format!("median {middle:.0}, most {most:.0}, {worst:.1} ms"),
        "≤ 1",
        most <= 1.0,
    );
}
