//! Snapshots of the DOM.

use serde_json::json;

use super::read_page::ReadPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::site::Reply;

on_both_browsers!(a_snapshot_is_the_whole_document);

async fn a_snapshot_is_the_whole_document(browser: TestBrowser) {
    let page = ReadPage::with(browser, "").await;
    for (html, expected) in [
        (
            "<!doctype html><p>x",
            "<!DOCTYPE html><html><head></head><body><p>x</p></body></html>",
        ),
        ("<p>x", "<html><head></head><body><p>x</p></body></html>"),
        (
            "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\"><p>x",
            "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\"><html><head></head><body><p>x</p></body></html>",
        ),
        (
            "<!DOCTYPE html SYSTEM \"about:legacy-compat\"><!-- saved --><p>x",
            "<!DOCTYPE html SYSTEM \"about:legacy-compat\"><!-- saved --><html><head></head><body><p>x</p></body></html>",
        ),
    ] {
        let url = page.site.serve("/document", Reply::page(html));
        page.client.go(&page.tab, &url).await;
        let snapshot = page.ask("getDomSnapshot", json!({})).await;
        assert_eq!(snapshot.expect("domSnapshot").text(), expected);
    }
    page.bridge.stop().await;
}
