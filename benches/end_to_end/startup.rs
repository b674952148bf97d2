//! From the start to the first tab.

use serde_json::json;

use crate::browsers::{BridgeAt, Browsers, configuration, launch_options};
use crate::options::Options;
use crate::raw::Raw;
use crate::report::Report;
use crate::support::coordinator::Coordinator;
use crate::support::samples::{Samples, time};

pub(crate) fn measure(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    let (mut raw, mut bridge) = (Samples::default(), Samples::default());
    let runtime = &browsers.runtime;
    let launch = launch_options(&browsers.found);
    let config = configuration(&browsers.found);
    for _ in 0..options.samples(12) {
        let work = || {
            let mut browser = Raw::start(runtime.handle(), &launch);
            browser.open();
            browser
        };
        let (browser, took) = time(work);
        raw.add(took);
        browser.stop(runtime.handle());

        let work = || {
            let bridge = runtime.block_on(BridgeAt::start(&config));
            Coordinator::connect(bridge.address, false).ask(json!({"type": "createTab"}));
            bridge
        };
        let (started, took) = time(work);
        bridge.add(took);
        runtime.block_on(started.stop());
    }
    report.compare("start to the first tab", raw, bridge, (1.0, 50.0));
}
