//! What the documents of a tab start with: changes that fail are taken back, and new targets get it before they load anything.

use cdp_bridge_protocol::TabId;
use serde_json::json;

use super::harness::{Bridge, MS};

const MEDIA: &str = "Emulation.setEmulatedMedia";
const ZONE: &str = "Emulation.setTimezoneOverride";

/// The colour schemes that were set, in order; the second reset of a change is an empty one.
fn schemes(bridge: &Bridge) -> Vec<String> {
    let calls = bridge.fake.calls_of(MEDIA).into_iter();
    let scheme = |params: serde_json::Value| params["features"][0]["value"].clone();
    calls
        .map(|call| scheme(call.params).as_str().unwrap_or_default().to_owned())
        .collect()
}

fn is_emulated(bridge: &Bridge, tab: TabId) -> bool {
    let views = bridge.registry.all();
    let view = views.iter().find(|it| it.id == tab).unwrap().view();
    view.emulation.describe().is_some()
}

#[tokio::test(start_paused = true)]
async fn a_change_of_which_a_part_is_refused_is_taken_back() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.fail(ZONE, "Invalid timezone id");
    let refused = bridge.client().emulate(tab, "Mars/Olympus");
    assert_eq!(refused.code().await, "BAD_REQUEST");
    bridge.settle().await;
    assert_eq!(schemes(&bridge), ["dark", ""]);
    assert!(!is_emulated(&bridge, tab));
    let emulated = bridge.client().emulate(tab, "Asia/Tokyo");
    emulated.answer().await;
    assert_eq!(schemes(&bridge), ["dark", "", "dark"]);
    assert!(is_emulated(&bridge, tab));
}

#[tokio::test(start_paused = true)]
async fn a_change_that_times_out_or_is_cancelled_is_taken_back() {
    let bridge = Bridge::start().await;
    let (tab, _) = bridge.tab("http://a.test/").await;
    bridge.fake.hold(ZONE);
    let late = bridge.client().within(100 * MS).emulate(tab, "Asia/Tokyo");
    assert_eq!(late.code().await, "CDP_TIMEOUT");
    bridge.settle().await;
    assert_eq!(schemes(&bridge), ["dark", ""]);
    let client = bridge.client();
    let asked = client.emulate(tab, "Asia/Tokyo");
    bridge.settle().await;
    assert!(client.cancel(tab, &asked).report().await);
    assert_eq!(asked.code().await, "CANCELLED");
    bridge.settle().await;
    assert_eq!(schemes(&bridge), ["dark", "", "dark", ""]);
    assert!(!is_emulated(&bridge, tab));
}

#[tokio::test(start_paused = true)]
async fn a_new_target_is_set_up_before_it_loads_anything() {
    let bridge = Bridge::start().await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.client().emulate(tab, "Asia/Tokyo").answer().await;
    bridge.fake.crash(&target);
    bridge.hear("loadEventFired t1").await;
    let session = bridge.fake.session_of(&bridge.fake.targets()[0]);
    let calls = bridge.fake.calls().into_iter();
    let of_target: Vec<_> = calls
        .filter(|call| call.session == session)
        .map(|call| call.method)
        .collect();
    let at = |method: &str| of_target.iter().position(|it| it == method).unwrap();
    assert!(at(MEDIA) < at("Page.navigate") && at(ZONE) < at("Page.navigate"));
    // Frames and workers are paused from here on, until they are set up.
    let attaching = bridge.fake.calls_of("Target.setAutoAttach");
    let attach = attaching
        .iter()
        .rfind(|call| call.session == session)
        .unwrap();
    assert_eq!(attach.params["waitForDebuggerOnStart"], json!(true));
    assert!(is_emulated(&bridge, tab));
}
