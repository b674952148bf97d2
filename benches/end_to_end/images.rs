//! The overhead of the bridge's proxy for a page with many small resources.

use crate::browsers::Browsers;
use crate::options::Options;
use crate::pages::IMAGES;
use crate::report::Report;

/// The raw browser connects directly, the bridge's through the proxy.
pub(crate) fn measure(browsers: &mut Browsers, report: &mut Report, options: &Options) {
    let url = browsers.site.images();
    let (raw, bridge) = browsers.loads(&url, options.samples(60));
    let name = format!("navigate to load, {IMAGES} small images, by proxy");
    report.compare(&name, raw, bridge, (1.20, 0.0));
}
