//! Files that come in parts, through the WebSocket.

use cdp_bridge_protocol::payload::BinaryFrame;
use futures::SinkExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::harness::{Bridge, Client, soon, with_tokens};
use crate::tabs::TabMessage;

async fn stage(client: &mut Client, mut fields: Value) -> Value {
    fields["type"] = json!("stageFile");
    client.ask(&fields.to_string()).await
}

async fn first(client: &mut Client, size: u64, data: &str) -> Value {
    stage(
        client,
        json!({"requestId": 1, "name": "a", "size": size, "data": data}),
    )
    .await
}

async fn more(client: &mut Client, id: &Value, offset: u64, data: &str) -> Value {
    stage(
        client,
        json!({"fileId": id, "offset": offset, "data": data}),
    )
    .await
}

#[tokio::test]
async fn a_file_comes_in_parts_and_upload_takes_it_to_the_tab() {
    let bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let mut client = bridge.connect().await;
    let staged = first(&mut client, 5, "YWI=").await;
    let id = staged["fileId"].clone();
    let expected = json!({"type": "fileStaged", "requestId": 1, "fileId": id, "received": 2, "size": 5, "cursor": staged["cursor"]});
    assert_eq!(staged, expected);
    let upload =
        json!({"type": "upload", "tabId": "t1", "selector": "a", "files": [{"fileId": id}]});
    let early = client.ask(&upload.to_string()).await;
    assert_eq!(early["code"], "BAD_REQUEST");
    assert_eq!(early["details"]["field"], "fileId");
    let wrong = more(&mut client, &id, 1, "Y2Rl").await;
    assert_eq!(
        (&wrong["code"], &wrong["details"]["field"]),
        (&json!("BAD_REQUEST"), &json!("offset"))
    );
    // Any connection of the client may go on.
    let mut other = bridge.connect().await;
    assert_eq!(more(&mut other, &id, 2, "Y2Rl").await["received"], 5);
    client.send(&upload.to_string()).await;
    let message = soon("the upload", tab.recv()).await.unwrap();
    assert!(matches!(message, TabMessage::Act(..)), "{message:?}");
}

#[tokio::test]
async fn a_part_may_be_a_binary_message_where_the_subprotocol_is_the_binary_one() {
    let bridge = Bridge::start().await;
    let mut client = bridge
        .connect_with(&["Sec-WebSocket-Protocol: cdp-bridge.v1.binary"])
        .await;
    let mut send = async |head: Value, data: &[u8]| {
        let frame = BinaryFrame::encode(&head.to_string(), data);
        client.ws.send(Message::Binary(frame)).await.unwrap();
        client.event().await
    };
    let head = json!({"type": "stageFile", "requestId": 1, "name": "a", "size": 3000});
    let staged = send(head, &[0xff; 2000]).await;
    assert_eq!(staged["received"], 2000, "{staged}");
    let head = json!({"type": "stageFile", "fileId": staged["fileId"], "offset": 2000});
    assert_eq!(send(head, &[0; 1000]).await["received"], 3000);
    let error = send(json!({"type": "ping", "requestId": 3}), b"").await;
    assert_eq!(
        (&error["code"], &error["requestId"]),
        (&json!("BAD_REQUEST"), &json!(3))
    );
}

#[tokio::test]
async fn a_staged_file_is_its_clients_own_and_its_bounds_are_answered() {
    let bridge = Bridge::with(with_tokens).await;
    let mut alpha = bridge.connect_with(&["Authorization: Bearer alpha"]).await;
    let mut beta = bridge.connect_with(&["Authorization: Bearer beta"]).await;
    let id = first(&mut alpha, 8000, "YWI=").await["fileId"].clone();
    let foreign = more(&mut beta, &id, 2, "YQ==").await;
    assert_eq!(foreign["code"], "NOT_FOUND");
    let large = first(&mut alpha, 8193, "").await;
    assert_eq!(large["code"], "TOO_LARGE");
    assert_eq!(large["details"], json!({"bytes": 8193, "maxBytes": 8192}));
    let full = first(&mut alpha, 200, "").await;
    assert_eq!(
        (&full["code"], &full["retryable"]),
        (&json!("LIMIT_EXCEEDED"), &json!(true))
    );
    for _ in 0..3 {
        assert_eq!(first(&mut alpha, 1, "").await["type"], "fileStaged");
    }
    let many = first(&mut alpha, 1, "").await;
    assert_eq!(many["details"], json!({"limit": 4}));
}

#[tokio::test]
async fn a_clients_staged_files_go_with_its_last_connection() {
    let bridge = Bridge::with(|settings| {
        settings.config.resume_window = std::time::Duration::ZERO;
    })
    .await;
    let mut client = bridge.connect().await;
    let id = first(&mut client, 5, "YWI=").await["fileId"].clone();
    drop(client);
    soon("the end of the file", async {
        loop {
            // While this one is there, the client is.
            let mut next = bridge.connect().await;
            if more(&mut next, &id, 0, "YQ==").await["code"] == "NOT_FOUND" {
                return;
            }
            drop(next);
            while bridge.hub.connections() > 0 {
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
}
