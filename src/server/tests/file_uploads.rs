//! Files that are handed over by multipart.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::harness::{Answer, Bridge, soon, with_tokens};

const PATH: &str = "/v1/sessions/default/uploads";

/// A multipart body with one file.
fn body(name: &str, file: &str) -> String {
    format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: text/plain\r\n\r\n{file}\r\n--b--\r\n"
    )
}

/// Posts a body of this type as `a`, one of the two clients.
async fn post(bridge: &Bridge, kind: &str, body: &str) -> Answer {
    let length = body.len();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer alpha\r\nConnection: close\r\n\
         Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    // The harness adds the empty line that ends a head; a server that has the whole body does not look at it.
    bridge.http(&head).await
}

async fn call(bridge: &Bridge, method: &str, path: &str, token: &str) -> Answer {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close"
    );
    bridge.http(&head).await
}

const MULTIPART: &str = "multipart/form-data; boundary=b";

#[tokio::test]
async fn a_file_is_there_for_its_client_until_it_is_dropped() {
    let bridge = Bridge::with(with_tokens).await;
    let answer = post(&bridge, MULTIPART, &body("../a.txt", "hello")).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let expected = serde_json::json!({
        "uploadId": "u1", "name": "a.txt", "bytes": 5, "path": "/uploads/u1/a.txt",
    });
    assert_eq!(answer.json(), expected);
    let path = format!("{PATH}/u1");
    assert_eq!(call(&bridge, "GET", &path, "alpha").await.json(), expected);
    for (method, token) in [("GET", "beta"), ("DELETE", "beta")] {
        assert_eq!(call(&bridge, method, &path, token).await.status, 404);
    }
    assert_eq!(call(&bridge, "DELETE", &path, "alpha").await.status, 204);
    assert_eq!(call(&bridge, "GET", &path, "alpha").await.status, 404);
}

#[tokio::test]
async fn what_is_not_one_file_is_refused_by_name_and_nothing_is_kept() {
    let bridge = Bridge::with(with_tokens).await;
    let field = "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nx\r\n";
    let one = body("a.txt", "x");
    let two = format!("{}{one}", one.strip_suffix("--b--\r\n").unwrap());
    for (kind, body, status, field) in [
        ("application/json", "{}".to_owned(), 415, None),
        ("multipart/form-data", one.clone(), 415, None),
        (MULTIPART, "--b--\r\n".to_owned(), 400, Some("file")),
        (MULTIPART, format!("{field}{one}"), 400, Some("note")),
        (MULTIPART, two, 400, Some("file")),
        (MULTIPART, one.replace("--b--", ""), 400, None),
        // The client may stage 8 KiB.
        (MULTIPART, body("a.txt", &"x".repeat(9000)), 413, None),
    ] {
        let answer = post(&bridge, kind, &body).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        let named = answer.json()["details"]["field"].clone();
        if let Some(field) = field {
            assert_eq!(named, field, "{}", answer.body);
        }
    }
    // All of its memory is free.
    let whole = post(&bridge, MULTIPART, &body("a.txt", &"x".repeat(8192))).await;
    assert_eq!(whole.status, 201, "{}", whole.body);
}

#[tokio::test]
async fn a_file_whose_client_hangs_up_is_not_kept() {
    let bridge = Bridge::with(with_tokens).await;
    let mut socket = TcpStream::connect(bridge.address).await.unwrap();
    let whole = body("a.txt", &"x".repeat(8000));
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer alpha\r\n\
         Content-Type: {MULTIPART}\r\nContent-Length: {}\r\n\r\n",
        whole.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&whole.as_bytes()[..4000]).await.unwrap();
    soon("the file begins", async {
        while call(&bridge, "GET", &format!("{PATH}/u1"), "alpha")
            .await
            .status
            != 200
        {}
    })
    .await;
    socket.shutdown().await.unwrap();
    let mut rest = Vec::new();
    let _ = soon("the end", socket.read_to_end(&mut rest)).await;
    soon("the file is gone", async {
        while call(&bridge, "GET", &format!("{PATH}/u1"), "alpha")
            .await
            .status
            != 404
        {}
    })
    .await;
}

#[tokio::test]
async fn a_body_with_much_beside_its_file_is_not_read_to_its_end() {
    let bridge = Bridge::with(with_tokens).await;
    let long = "x".repeat(200 << 10);
    let one = body("a.txt", "x");
    for body in [
        format!("{long}{one}"),
        one.replace("Content-Type", &format!("X-Long: {long}\r\nContent-Type")),
        format!("{}\r\nX-Long: {long}", one.strip_suffix("--\r\n").unwrap()),
    ] {
        let answer = post(&bridge, MULTIPART, &body).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert_eq!(answer.json()["details"]["field"], "file", "{}", answer.body);
    }
}

#[tokio::test]
async fn a_key_of_a_file_of_another_length_is_422() {
    let bridge = Bridge::with(with_tokens).await;
    let kind = format!("{MULTIPART}\r\nIdempotency-Key: k");
    for (file, status) in [("one", 201), ("one", 201), ("another", 422)] {
        let answer = post(&bridge, &kind, &body("a.txt", file)).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_body_that_states_that_it_is_too_long_is_not_read() {
    let bridge = Bridge::with(with_tokens).await;
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer alpha\r\nConnection: close\r\n\
         Content-Type: {MULTIPART}\r\nContent-Length: 99999999"
    );
    let answer = bridge.http(&head).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["details"]["maxBytes"], 64 << 20);
}
