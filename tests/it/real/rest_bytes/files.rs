//! Files that a client hands over, and those that pages hand out.

use axum::body::Body;
use axum::http::Method;
use bytes::Bytes;
use cdp_bridge::policy::DownloadPolicy;
use futures::stream;
use serde_json::json;

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::rest_client::{RestAnswer, RestClient};
use crate::support::site::Site;

on_both_browsers!(a_file_goes_to_a_page_and_comes_back_byte_for_byte);

const UPLOADS: &str = "/v1/sessions/default/uploads";
const DOWNLOADS: &str = "/v1/sessions/default/downloads";

/// The page hands out again what it is given, under a name that is no file's.
const PAGE: &str = "<input type=file id=i><script>
    i.onchange = () => {
        const link = document.createElement('a');
        link.href = URL.createObjectURL(i.files[0]);
        link.download = i.files[0].name;
        document.body.append(link);
        link.click();
    };
</script>";

/// Bytes of which no part is like another.
fn bytes(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Posts a multipart body in many pieces.
async fn post(rest: &RestClient, name: &str, file: &[u8]) -> RestAnswer {
    let head = format!(
        "--b0undary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    let body = [head.as_bytes(), file, b"\r\n--b0undary--\r\n"].concat();
    let pieces: Vec<_> = body
        .chunks(30_000)
        .map(|piece| Ok::<_, std::convert::Infallible>(Bytes::copy_from_slice(piece)))
        .collect();
    let body = Body::from_stream(stream::iter(pieces));
    let kind = [("content-type", "multipart/form-data; boundary=b0undary")];
    rest.send(Method::POST, UPLOADS, &kind, body).await
}

async fn a_file_goes_to_a_page_and_comes_back_byte_for_byte(browser: TestBrowser) {
    let site = Site::start().await;
    let bridge = TestBridge::start_with(browser, |config| {
        config.policy.downloads = DownloadPolicy::Keep;
    })
    .await;
    let (client, rest) = (bridge.client().await, bridge.rest());
    let tab = client.open(&site.page("/files", PAGE)).await;
    assert_eq!(
        rest.get(DOWNLOADS).await.expect(200).json(),
        json!({"downloads": []})
    );
    let file = bytes(3_000_000);
    let uploaded = post(&rest, "../Grüße \\\"1\\\".bin", &file)
        .await
        .expect(201);
    let (location, uploaded) = (uploaded.header("location").to_owned(), uploaded.json());
    let name = uploaded["name"].as_str().unwrap();
    assert!(
        name.starts_with("Grüße") && !name.contains('/'),
        "{uploaded}"
    );
    assert_eq!(uploaded["bytes"], json!(file.len()));
    let id = uploaded["uploadId"].as_str().unwrap();
    assert_eq!(uploaded["path"], format!("/uploads/{id}/{name}"));
    assert_eq!(rest.get(&location).await.expect(200).json(), uploaded);
    // Under either name of its id.
    for field in ["fileId", "uploadId"] {
        let upload = json!({
            "type": "upload", "tabId": tab, "selector": "#i", "files": [{field: id}],
        });
        client.ask(upload).await.expect("done");
        let finished = client.tab_event("downloadFinished", &tab).await;
        assert_eq!(finished["state"], "completed", "{finished}");
        let listed = rest.get(DOWNLOADS).await.expect(200).json();
        let found = listed["downloads"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()
            .clone();
        assert_eq!(found["downloadId"], finished["downloadId"]);
        assert_eq!(
            (&found["pageId"], &found["state"]),
            (&json!(tab), &json!("completed"))
        );
        let path = format!("{DOWNLOADS}/{}", found["downloadId"].as_str().unwrap());
        let download = rest.get(&path).await.expect(200);
        assert!(download.body == file, "other bytes came back");
        assert_eq!(download.header("content-type"), "application/octet-stream");
        assert_eq!(download.header("x-content-type-options"), "nosniff");
        let disposition = download.header("content-disposition");
        assert!(
            disposition.starts_with("attachment; filename=\"Gr"),
            "{disposition}"
        );
        assert!(
            disposition.contains("; filename*=UTF-8''Gr%C3%BC%C3%9Fe"),
            "{disposition}"
        );
    }
    assert_eq!(
        rest.get(&format!("{DOWNLOADS}/d99"))
            .await
            .expect(404)
            .json()["code"],
        "NOT_FOUND"
    );
    rest.delete(&location).await.expect(204);
    rest.get(&location).await.expect(404);
    rest.delete(&location).await.expect(204);
    // What goes with a page is gone with it.
    client.close(&tab).await;
    assert_eq!(
        rest.get(DOWNLOADS).await.expect(200).json(),
        json!({"downloads": []})
    );
    bridge.stop().await;
}
