//! Pages whose elements hide properties of forms and of the document by their names.

use serde_json::json;

use super::read_page::ReadPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    names_of_fields_hide_no_property_from_the_bridge,
    names_of_images_hide_no_property_of_the_document,
    names_in_the_window_do_not_replace_the_script,
);

async fn names_of_fields_hide_no_property_from_the_bridge(browser: TestBrowser) {
    // Every property that elements have, and the names of their methods.
    let body = "<form id=f aria-label=Form>text <b>bold</b> <button id=go>Go</button></form><x-a></x-a><p id=out></p><script>
        const names = new Set();
        for (let at = f; at; at = Object.getPrototypeOf(at)) for (const name of Object.getOwnPropertyNames(at)) names.add(name);
        for (const name of names) Element.prototype.append.call(f, Object.assign(document.createElement('input'), {type: 'hidden', name}));
        HTMLFormElement.prototype.addEventListener.call(f, 'submit', (event) => { event.preventDefault(); out.textContent = 'sent' });
        window.count = names.size;</script>";
    let page = ReadPage::with(browser, body).await;
    assert!(page.evaluate("count").await.as_u64() > Some(200));
    let read = async || {
        let outline = page.outline(json!({})).await;
        assert_eq!(
            outline,
            [
                "- form \"Form\"",
                "  - text: \"text bold\"",
                "  - button \"Go\""
            ]
        );
        let part = page
            .outline(json!({"selector": "#f", "interactiveOnly": true}))
            .await;
        assert_eq!(part, ["- button \"Go\""]);
        for format in ["text", "markdown"] {
            let content = page.content(format).await;
            assert!(
                content.starts_with("text ") && content.contains("Go"),
                "{content}"
            );
        }
        assert_eq!(page.query("#f", "text").await, "text bold Go");
        assert!(
            page.query("#f", "html")
                .await
                .as_str()
                .unwrap()
                .starts_with("text <b>")
        );
        assert_eq!(page.query("#f", "enabled").await, true);
        for locator in [
            "#f >> button",
            "#f >> text=\"Go\"",
            "#f >> role=button[name=Go]",
            "#f >> xpath=.//button",
            "role=form >> #go",
            "text=text bold",
        ] {
            assert_eq!(page.count(locator).await, 1, "{locator}");
        }
        page.ask("waitFor", json!({"text": "bold"}))
            .await
            .expect("waited");
    };
    read().await;
    page.evaluate("void document.querySelector('x-a').attachShadow({mode: 'open'})")
        .await;
    read().await;
    page.ask("click", json!({"selector": "#go"}))
        .await
        .expect("done");
    assert_eq!(page.query("#out", "text").await, "sent");
    page.bridge.stop().await;
}

async fn names_of_images_hide_no_property_of_the_document(browser: TestBrowser) {
    let body = "<p id=p>text</p><button id=b>Go</button><iframe srcdoc='<i>inner</i>'></iframe><script>
        const names = new Set();
        for (let at = document; at; at = Object.getPrototypeOf(at)) for (const name of Object.getOwnPropertyNames(at)) names.add(name);
        const { append } = Element.prototype, { body } = document;
        const { createElement } = Document.prototype;
        for (const name of names) {
            const image = createElement.call(document, 'img');
            image.name = name;
            image.alt = '';
            append.call(body, image);
        }
        window.count = names.size</script>";
    let page = ReadPage::with(browser, body).await;
    assert!(page.evaluate("count").await.as_u64() > Some(200));
    assert_eq!(
        page.evaluate("document.querySelector.name").await,
        "querySelector"
    );
    let snapshot = page
        .ask("getDomSnapshot", json!({}))
        .await
        .expect("domSnapshot");
    assert!(
        snapshot.text().starts_with("<!DOCTYPE html><html>"),
        "{}",
        snapshot.text()
    );
    assert!(snapshot.text().ends_with("</html>"));
    let structured = page
        .ask("getDomSnapshot", json!({"format": "structured"}))
        .await;
    structured.expect("domSnapshot");
    assert_eq!(page.query("#p", "text").await, "text");
    for locator in [
        "text=\"text\"",
        "role=button",
        "xpath=//button",
        "iframe >> i",
        "text=Go",
    ] {
        assert_eq!(page.count(locator).await, 1, "{locator}");
    }
    let outline = page.outline(json!({})).await;
    assert_eq!(outline[..2], ["- paragraph: \"text\"", "- button \"Go\""]);
    for format in ["text", "markdown"] {
        let content = page.content(format).await;
        assert!(
            content.starts_with("text\n\nGo") && content.contains("inner"),
            "{content}"
        );
    }
    for text in ["text", "inner"] {
        page.ask("waitFor", json!({"text": text}))
            .await
            .expect("waited");
    }
    let waiting = page.ask(
        "waitFor",
        json!({"selector": "#p", "state": "hidden", "timeoutMs": 1000}),
    );
    waiting.await.expect_error("NOT_ACTIONABLE");
    page.bridge.stop().await;
}

async fn names_in_the_window_do_not_replace_the_script(browser: TestBrowser) {
    let body = "<div id=cdpBridge>text</div><iframe name=cdpBridge></iframe><b id=location></b><p id=globalThis></p>
        <button>Go</button>";
    let page = ReadPage::with(browser, body).await;
    assert_eq!(page.count("role=button[name=Go]").await, 1);
    let outline = page.outline(json!({})).await;
    assert!(
        outline.contains(&"- button \"Go\"".to_owned()),
        "{outline:#?}"
    );
    page.bridge.stop().await;
}
