//! What the way through the bridge's proxy costs a page that loads much and small.

use serde_json::json;

use crate::browsers::Browsers;
use crate::options::Options;
use crate::pages::IMAGES;
use crate::report::Report;
use crate::support::samples::{Samples, time};

/// The raw browser goes to the site itself, the bridge's by way of its proxy.
pub(crate) fn measure(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    let url = browsers.site.images();
    // The first load of each makes processes and connections that later ones find.
    let tabs = browsers.open(&url, 1);
    let (mut raw, mut bridge) = (Samples::default(), Samples::default());
    for _ in 0..options.samples(60) {
        raw.add(time(|| browsers.raw.go(&tabs[0].raw, &url)).1);
        let client = &mut browsers.client;
        let request = json!({"type": "navigate", "tabId": tabs[0].id, "url": url});
        let load = || {
            let id = client.send(request);
            let (mut answered, mut loaded) = (false, false);
            client.until(|head| {
                answered |= head.request_id == id;
                loaded |= head.r#type == "loadEventFired";
                answered && loaded
            })
        };
        bridge.add(time(load).1);
    }
    browsers.close(tabs);
    let name = format!("navigate to load, {IMAGES} small images, by proxy");
    report.compare(&name, raw, bridge, (1.20, 0.0));
}
