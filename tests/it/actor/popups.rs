//! Pages that pages open.

use cdp_bridge::policy::PopupPolicy;

use super::harness::{Bridge, settings};
use crate::fake::Fake;

#[tokio::test(start_paused = true)]
async fn a_popup_becomes_a_tab_of_its_openers_client() {
    let bridge = Bridge::start().await;
    let (_, target) = bridge.tab("http://a.test/").await;
    bridge.fake.popup(&target, "http://b.test/");
    bridge.settle().await;
    let expected = [
        "tabCreated t2 about:blank from t1",
        "navigated t2 http://b.test/ 200",
        "loadEventFired t2",
    ];
    assert_eq!(bridge.lines(), expected);
    let client = bridge.client();
    let popup = bridge.registry.list(&"a".into()).pop().unwrap().id;
    let html = client.html(popup);
    assert_eq!(html.line().await, "domSnapshot t2 http://b.test/");
    assert_eq!(client.close(popup).line().await, "tabClosed t2 requested");
}

#[tokio::test(start_paused = true)]
async fn a_popup_that_does_not_know_its_opener_is_known_by_its_context() {
    let bridge = Bridge::start().await;
    let (_, target) = bridge.tab("http://a.test/").await;
    bridge.fake.popup_without_opener(&target, "http://b.test/");
    bridge.hear("tabCreated t2 about:blank").await;
}

#[tokio::test(start_paused = true)]
async fn popups_are_closed_where_policy_wants_none() {
    let mut settings = settings();
    settings.popups = PopupPolicy::Block;
    let bridge = Bridge::with(settings).await;
    let (_, target) = bridge.tab("http://a.test/").await;
    bridge.fake.popup(&target, "http://b.test/");
    bridge.settle().await;
    assert_eq!(bridge.fake.targets(), [target]);
    assert_eq!(bridge.lines(), ["popupBlocked t1 policy 1"]);
}

#[tokio::test(start_paused = true)]
async fn popups_count_as_tabs() {
    let mut settings = settings();
    settings.config.max = 2;
    let bridge = Bridge::with(settings).await;
    let (_, target) = bridge.tab("http://a.test/").await;
    let first = bridge.fake.popup(&target, "http://b.test/");
    bridge.fake.popup(&target, "http://b.test/");
    bridge.settle().await;
    assert_eq!(bridge.fake.targets(), [target, first]);
    assert_eq!(bridge.registry.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_popup_is_not_taken_for_a_tab_that_is_being_opened() {
    let bridge = Bridge::start().await;
    let (_, opener) = bridge.tab("http://a.test/").await;
    for name in ["x", "y", "popup"] {
        bridge.fake.page(&format!("http://{name}.test/"), name);
    }
    for (round, hold) in [Fake::hold, Fake::hold_answers].into_iter().enumerate() {
        hold(&bridge.fake, "Target.createTarget");
        let before = bridge.fake.calls_of("Target.createTarget").len();
        let client = bridge.client();
        let (x, y) = (
            client.create("http://x.test/"),
            client.create("http://y.test/"),
        );
        bridge
            .fake
            .wait_for("Target.createTarget", before + 2)
            .await;
        let popups = [
            bridge.fake.popup(&opener, "http://popup.test/"),
            bridge
                .fake
                .popup_without_opener(&opener, "http://popup.test/"),
        ];
        bridge.settle().await;
        bridge.fake.release("Target.createTarget");
        let (x, y) = (x.tab().await, y.tab().await);
        bridge.settle().await;
        for popup in popups {
            assert_eq!(bridge.fake.url_of(&popup), "http://popup.test/");
        }
        let list = bridge.registry.list(&"a".into());
        let url_of = |id| {
            list.iter()
                .find(|tab| tab.id == id)
                .map(|tab| tab.url.as_str())
        };
        assert_eq!(url_of(x), Some("http://x.test/"));
        assert_eq!(url_of(y), Some("http://y.test/"));
        let popups = list.iter().filter(|tab| tab.url == "http://popup.test/");
        assert_eq!(popups.count(), 2 * (round + 1));
    }
    assert_eq!(bridge.registry.len(), bridge.fake.targets().len());
}

#[tokio::test(start_paused = true)]
async fn a_context_is_kept_until_the_last_popup_in_it_is_gone() {
    let bridge = Bridge::start().await;
    let client = bridge.client();
    let tab = client.create_logged_out("http://a.test/").tab().await;
    let target = bridge.fake.targets().pop().unwrap();
    let popup = bridge.fake.popup(&target, "http://b.test/");
    bridge
        .hear("tabCreated t2 about:blank logged out from t1")
        .await;
    client.close(tab).line().await;
    bridge.settle().await;
    assert_eq!(bridge.fake.contexts().len(), 1);
    bridge.fake.close_target(&popup);
    bridge.hear("tabClosed t2 page").await;
    bridge.settle().await;
    assert!(bridge.fake.contexts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_popup_that_cannot_be_set_up_is_closed() {
    let bridge = Bridge::start().await;
    let (_, target) = bridge.tab("http://a.test/").await;
    bridge.fake.fail("Page.enable", "no");
    bridge.fake.popup(&target, "http://b.test/");
    bridge.settle().await;
    assert_eq!(bridge.fake.targets(), [target]);
    assert_eq!(bridge.registry.len(), 1);
}
