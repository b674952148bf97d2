//! Links, buttons and text of drawings and pictures.

use serde_json::json;

use super::read_page::ReadPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(what_is_in_drawings_and_pictures_is_listed);

const BODY: &str = "<svg aria-label=Map width=100 height=100><defs><text>never</text></defs><title>Not this</title>
    <a href=/north><text y=20>North</text></a><g role=button tabindex=0 aria-label='Zoom in'><circle r=5 /></g>
    <text y=50>Free</text><text y=60>Second</text><a xlink:href=/x><title>Tip</title><path d='M0 0h9v9z'/></a></svg>
    <div role=img aria-label=Picture><a href=/in>In picture</a> hidden<i tabindex=0>Pin</i></div><div role=img>Emoji <a href=/e>Link</a></div>
    <button><svg><title>Close</title></svg></button><svg width=9 height=9><path d='M0 0h9'/></svg>
    <img src=x usemap=#m alt=Plan width=9 height=9><map name=m><area href=/hall alt=Hall coords=0,0,5,5></map>
    <map name=unused><area href=/none alt=None coords=0,0,5,5></map>";

async fn what_is_in_drawings_and_pictures_is_listed(browser: TestBrowser) {
    let page = ReadPage::with(browser, BODY).await;
    assert_eq!(
        page.outline(json!({})).await,
        [
            "- img \"Map\"",
            "  - link \"North\" [url=/north]",
            "  - button \"Zoom in\"",
            "  - text: \"Free\"",
            "  - text: \"Second\"",
            "  - link \"Tip\" [url=/x]",
            "- img \"Picture\"",
            "  - link \"In picture\" [url=/in]",
            "  - generic: \"Pin\"",
            "- img",
            "  - text: \"Emoji\"",
            "  - link \"Link\" [url=/e]",
            "- button \"Close\"",
            "- img",
            "- img \"Plan\"",
            "- link \"Hall\" [url=/hall]",
        ]
    );
    assert_eq!(
        page.outline(json!({"interactiveOnly": true})).await,
        [
            "- link \"North\"",
            "- button \"Zoom in\"",
            "- link \"Tip\"",
            "- link \"In picture\"",
            "- generic",
            "- link \"Link\"",
            "- button \"Close\"",
            "- link \"Hall\"",
        ]
    );
    for locator in [
        "role=link[name=\"North\"]",
        "role=link[name=\"Tip\"]",
        "role=button[name=\"Zoom in\"]",
        "role=link[name=Hall]",
    ] {
        assert_eq!(page.count(locator).await, 1, "{locator}");
    }
    let markdown = page.content("markdown").await;
    assert!(
        markdown.contains("[North](/north)") && markdown.contains("[Tip](/x)"),
        "{markdown}"
    );
    page.bridge.stop().await;
}
