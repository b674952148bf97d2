//! File inputs that no locator reaches: `upload` answers the chooser.

use serde_json::{Value, json};

use super::open_page::OpenPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    an_input_outside_the_document_is_given_files_by_its_chooser,
    inputs_in_closed_shadow_roots_and_frames_are_given_files_by_their_choosers,
    a_chooser_is_answered_only_as_its_input_allows,
);

fn file(name: &str) -> Value {
    json!({"name": name, "mime": "text/plain", "data": "QUJD"})
}

/// The id of the next chooser.
async fn chooser(page: &OpenPage) -> String {
    let opened = page.client.tab_event("fileChooserOpened", &page.tab).await;
    opened["chooser"].as_str().unwrap().to_owned()
}

async fn an_input_outside_the_document_is_given_files_by_its_chooser(browser: TestBrowser) {
    let body = "<p id=out></p><button id=b onclick=\"
        const input = document.createElement('input'); input.type = 'file';
        input.onchange = async () => { out.textContent += input.files[0].name + await input.files[0].text() };
        input.click()\">Add</button>";
    let page = OpenPage::with(browser, body).await;
    for _ in 0..2 {
        page.click("#b").await;
    }
    let (first, second) = (chooser(&page).await, chooser(&page).await);
    assert_ne!(first, second);
    // The page holds no reference to its inputs.
    for (chooser, name) in [(&first, "a.txt"), (&second, "b.txt"), (&first, "c.txt")] {
        let fields = json!({"chooser": chooser, "files": [file(name)]});
        page.ask("upload", fields).await.expect("done");
        let fields = json!({"text": format!("{name}ABC")});
        page.ask("waitFor", fields).await.expect("waited");
    }
    page.client.go(&page.tab, &page.site.url("/page")).await;
    for gone in [first.as_str(), "f0", ""] {
        let fields = json!({"chooser": gone, "files": []});
        page.ask("upload", fields).await.expect_error("NOT_FOUND");
    }
    page.bridge.stop().await;
}

async fn inputs_in_closed_shadow_roots_and_frames_are_given_files_by_their_choosers(
    browser: TestBrowser,
) {
    let bridge = TestBridge::start_with(browser, |config| {
        config.browser.args.push("--site-per-process".to_owned());
    })
    .await;
    let hidden = "<button id=b>Add</button><p id=out></p><div id=host></div><script>
        const root = host.attachShadow({mode: 'closed'});
        root.innerHTML = '<input type=file multiple>';
        const input = root.firstChild;
        b.onclick = () => input.click();
        input.onchange = () => { out.textContent = [...input.files].map((it) => it.name).join() }</script>";
    let page = OpenPage::on(bridge, "").await;
    page.site.page("/hidden", hidden);
    let there = page.site.url_on("other.test", "/hidden");
    let body = format!(
        "{hidden}<iframe id=same src=/hidden></iframe><iframe id=there src='{there}'></iframe>"
    );
    let url = page.site.page("/frames", &body);
    page.client.go(&page.tab, &url).await;
    for frame in ["", "#same >> ", "#there >> "] {
        page.click(&format!("{frame}#b")).await;
        let fields = json!({
            "chooser": chooser(&page).await,
            "files": [file("a.txt"), file("b.txt")],
        });
        page.ask("upload", fields).await.expect("done");
        let fields = json!({"selector": format!("{frame}#out"), "what": "text"});
        let text = page.ask("query", fields).await.expect("queried");
        assert_eq!(text["value"], "a.txt,b.txt", "{frame}");
    }
    page.bridge.stop().await;
}

async fn a_chooser_is_answered_only_as_its_input_allows(browser: TestBrowser) {
    let body =
        "<input id=one type=file><button id=b onclick='one.disabled = true'>Disable</button>";
    let page = OpenPage::with(browser, body).await;
    page.click("#one").await;
    let chooser = chooser(&page).await;
    let upload = |files: Value| page.ask("upload", json!({"chooser": chooser, "files": files}));
    let error = upload(json!([file("a"), file("b")])).await;
    error.expect_error("NOT_ACTIONABLE");
    upload(json!([file("a")])).await.expect("done");
    let names = "[...one.files].map((it) => it.name)";
    assert_eq!(page.evaluate(names).await, json!(["a"]));
    upload(json!([])).await.expect("done");
    assert_eq!(page.evaluate(names).await, json!([]));
    page.click("#b").await;
    let error = upload(json!([file("a")])).await;
    assert_eq!(
        error.expect_error("NOT_ACTIONABLE")["details"]["reason"],
        "disabled"
    );
    for fields in [
        json!({"files": []}),
        json!({"files": [], "chooser": chooser, "selector": "#one"}),
    ] {
        page.ask("upload", fields).await.expect_error("BAD_REQUEST");
    }
    page.bridge.stop().await;
}
