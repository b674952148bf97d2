//! The locators that the error of an ambiguous locator proposes.

use serde_json::{Value, json};

use super::read_page::ReadPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    each_proposed_locator_matches_its_element,
    a_proposal_keeps_the_frames_and_what_follows,
);

/// The proposals for a locator, each with the description of its element.
async fn proposals(page: &ReadPage, selector: &str) -> Vec<(String, String)> {
    let fields = json!({"selector": selector, "what": "text"});
    let error = page.ask("query", fields).await.expect_error("AMBIGUOUS");
    let strings = |list: &Value| {
        let all = list.as_array().unwrap().iter();
        all.map(|it| it.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let (elements, locators) = (
        strings(&error["details"]["elements"]),
        strings(&error["details"]["locators"]),
    );
    assert_eq!(elements.len(), locators.len(), "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(locators.iter().all(|it| message.contains(it)), "{error}");
    locators.into_iter().zip(elements).collect()
}

async fn each_proposed_locator_matches_its_element(browser: TestBrowser) {
    let body = "<button>Add</button><button id='x.1'>Add</button><button data-testid='a \"b\"'>Add</button>
        <button>Add \"q\"</button><p><b>Only <button>text</button></b></p>";
    let page = ReadPage::with(browser, body).await;
    let found = proposals(&page, "button").await;
    let locators: Vec<&str> = found.iter().map(|(locator, _)| locator.as_str()).collect();
    assert_eq!(
        locators,
        [
            "button >> nth=0",
            r"#x\.1",
            r#"testid="a \"b\"""#,
            r#"role=button[name="Add \"q\""]"#,
            r#"role=button[name="text"]"#,
        ]
    );
    for (index, (locator, _)) in found.iter().enumerate() {
        let expected = page
            .query(&format!("button >> nth={index}"), "attributes")
            .await;
        assert_eq!(
            page.query(locator, "attributes").await,
            expected,
            "{locator}"
        );
        assert_eq!(page.count(locator).await, 1, "{locator}");
    }
    page.bridge.stop().await;
}

async fn a_proposal_keeps_the_frames_and_what_follows(browser: TestBrowser) {
    let page = ReadPage::with(browser, "").await;
    let inner = "<button>Add</button><button>Remove</button>";
    page.site.page("/inner", inner);
    let there = page.site.url_on("allowed.test", "/inner");
    for source in ["/inner", &there] {
        page.load(&format!("<button>Add</button><iframe id=f src='{source}'></iframe><iframe src='{source}'></iframe>"))
            .await;
        let found = proposals(&page, "#f >> button").await;
        assert_eq!(found[1].0, "#f >> role=button[name=\"Remove\"]", "{source}");
        for (locator, element) in &found {
            let text = page.query(locator, "text").await;
            assert!(
                element.contains(text.as_str().unwrap()),
                "{locator} of {source}: {element}"
            );
        }
        // Several frames at once: the choice is among the frames or among their elements.
        for (locator, _) in proposals(&page, "iframe >> button").await {
            let fields = json!({"selector": locator, "what": "count"});
            page.ask("query", fields).await.expect("queried");
        }
    }
    page.bridge.stop().await;
}
