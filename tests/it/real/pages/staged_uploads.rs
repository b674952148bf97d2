//! Files that were staged in parts reach the page as they are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::open_page::OpenPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    a_file_of_30_mb_reaches_an_input_and_a_chooser_byte_for_byte,
    several_files_staged_and_not_are_set_in_their_order,
    a_frame_of_another_origin_is_given_a_large_file_even_if_it_is_loaded_again_meanwhile,
);

/// How much goes into one message; with base64, nearly the 1 MiB of a message.
const PART: usize = 768 * 1000;

/// What a page says of a file: its name, its type, its size and the FNV-1a hash of its bytes.
const DESCRIBE: &str = "const describe = async (file) => {
    let hash = 0x811c9dc5;
    for (const byte of new Uint8Array(await file.arrayBuffer())) hash = Math.imul(hash ^ byte, 0x01000193);
    return [file.name, file.type, file.size, hash >>> 0].join();
};";

/// The same of bytes here.
fn description(name: &str, mime: &str, bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    format!("{name},{mime},{},{hash}", bytes.len())
}

/// Bytes of which no part is like another.
fn bytes(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Stages a file and returns its id.
async fn stage(page: &OpenPage, name: &str, mime: &str, bytes: &[u8]) -> Value {
    let mut id = Value::Null;
    let mut offset = 0;
    for part in bytes.chunks(PART) {
        let mut request = json!({"type": "stageFile", "data": STANDARD.encode(part)});
        if id.is_null() {
            request["name"] = json!(name);
            request["mime"] = json!(mime);
            request["size"] = json!(bytes.len());
        } else {
            request["fileId"] = id;
            request["offset"] = json!(offset);
        }
        let staged = page.client.ask(request).await.expect("fileStaged");
        offset += part.len();
        assert_eq!(
            (&staged["received"], &staged["size"]),
            (&json!(offset), &json!(bytes.len()))
        );
        id = staged["fileId"].clone();
    }
    id
}

async fn wait_for_text(page: &OpenPage, text: &str) {
    let fields = json!({"text": text, "timeoutMs": 60_000});
    page.ask("waitFor", fields).await.expect("waited");
}

async fn a_file_of_30_mb_reaches_an_input_and_a_chooser_byte_for_byte(browser: TestBrowser) {
    let body = format!(
        "<input type=file id=i><button id=b>Add</button><p id=out></p><script>{DESCRIBE}
        const show = (input) => async () => {{ out.textContent += '[' + await describe(input.files[0]) + ']' }};
        i.onchange = show(i);
        b.onclick = () => {{ const input = document.createElement('input'); input.type = 'file';
            input.onchange = show(input); input.click() }}</script>"
    );
    let page = OpenPage::with(browser, &body).await;
    let bytes = bytes(30_000_001);
    let id = stage(&page, "größe.bin", "application/x-own", &bytes).await;
    let described = format!(
        "[{}]",
        description("größe.bin", "application/x-own", &bytes)
    );
    let files = json!([{"fileId": id}]);
    let upload = json!({"selector": "#i", "files": files, "timeoutMs": 60_000});
    page.ask("upload", upload).await.expect("done");
    wait_for_text(&page, &described).await;
    page.click("#b").await;
    let opened = page.client.tab_event("fileChooserOpened", &page.tab).await;
    let upload = json!({"chooser": opened["chooser"], "files": files, "timeoutMs": 60_000});
    page.ask("upload", upload).await.expect("done");
    wait_for_text(&page, &format!("{described}{described}")).await;
    page.bridge.stop().await;
}

async fn several_files_staged_and_not_are_set_in_their_order(browser: TestBrowser) {
    let body = format!(
        "<input type=file id=i multiple><input type=file id=one><input id=text><p id=out></p><script>{DESCRIBE}
        i.onchange = async () => {{ out.textContent = (await Promise.all([...i.files].map(describe))).join('|') }}
        </script>"
    );
    let page = OpenPage::with(browser, &body).await;
    let (large, other) = (bytes(2_000_000), bytes(900_001));
    let first = stage(&page, "a", "text/a", &large).await;
    let second = stage(&page, "b", "text/b", &other).await;
    let files = json!([{"fileId": first}, {"name": "c", "data": "QUJD"}, {"name": "d", "data": ""}, {"fileId": second}]);
    for selector in ["#one", "#text"] {
        let upload = json!({"selector": selector, "files": files});
        let error = page
            .ask("upload", upload)
            .await
            .expect_error("NOT_ACTIONABLE");
        assert_eq!(error["details"]["reason"], "unsuitable", "{error}");
    }
    let upload = json!({"selector": "#i", "files": files});
    page.ask("upload", upload).await.expect("done");
    let all = [
        description("a", "text/a", &large),
        description("c", "", b"ABC"),
        description("d", "", b""),
        description("b", "text/b", &other),
    ];
    wait_for_text(&page, &all.join("|")).await;
    let upload = json!({"selector": "#i", "files": [{"fileId": "u999"}]});
    let error = page.ask("upload", upload).await.expect_error("NOT_FOUND");
    assert!(
        error["message"].as_str().unwrap().contains("u999"),
        "{error}"
    );
    page.bridge.stop().await;
}

async fn a_frame_of_another_origin_is_given_a_large_file_even_if_it_is_loaded_again_meanwhile(
    browser: TestBrowser,
) {
    let bridge = TestBridge::start_with(browser, |config| {
        config.browser.args.push("--site-per-process".to_owned());
    })
    .await;
    let page = OpenPage::on(bridge, "").await;
    let inner = format!(
        "<input type=file id=i><p id=out></p><script>{DESCRIBE}
        i.onchange = async () => {{ out.textContent = await describe(i.files[0]) }}</script>"
    );
    page.site.page("/inner", &inner);
    let there = page.site.url_on("other.test", "/inner");
    let body = format!("<iframe id=there src='{there}'></iframe>");
    let url = page.site.page("/outer", &body);
    page.client.go(&page.tab, &url).await;
    let bytes = bytes(16_000_000);
    let id = stage(&page, "a", "text/a", &bytes).await;
    let upload =
        json!({"selector": "#there >> #i", "files": [{"fileId": id}], "timeoutMs": 60_000});
    let out = json!({"selector": "#there >> #out", "what": "text"});
    for again in [false, true] {
        if again {
            // Long before so much has been sent.
            page.evaluate("void setTimeout(() => { there.src = there.src }, 30)")
                .await;
        }
        page.ask("upload", upload.clone()).await.expect("done");
        let expected = description("a", "text/a", &bytes);
        crate::support::wait::until("the frame has the file", async || {
            let text = page.ask("query", out.clone()).await.expect("queried");
            text["value"] == expected.as_str()
        })
        .await;
    }
    page.bridge.stop().await;
}
