//! The end of a server.

use std::sync::Arc;

use serde_json::json;

use super::harness::{Bridge, services, settings, soon};
use crate::operations::drain::DrainPhase;
use crate::server::settings::Listen;
use crate::server::{BindError, Server};
use crate::tabs::{Registry, TabError, TabMessage};

#[tokio::test]
async fn a_stop_waits_for_answers_refuses_new_work_and_closes_with_1001() {
    let mut bridge = Bridge::start().await;
    let mut tab = bridge.tab("default", 1);
    let mut client = bridge.connect().await;
    client
        .send(r#"{"type":"activateTab","requestId":"a","tabId":"t1"}"#)
        .await;
    let Some(TabMessage::Change(_, reply)) = tab.recv().await else {
        panic!("the request runs")
    };
    bridge.stop.take().unwrap().send(()).unwrap();
    soon("the drain", async {
        while bridge.get("/readyz").await.status == 200 {}
    })
    .await;
    let health = bridge.get("/health").await;
    assert_eq!(health.json()["server"]["draining"], true);
    let refused = client.ask(r#"{"type":"ping","requestId":"p"}"#).await;
    assert_eq!(
        (&refused["code"], &refused["requestId"]),
        (&json!("SHUTTING_DOWN"), &json!("p"))
    );
    assert_eq!(bridge.greeted(&[]).await.closed().await, 1001);

    reply.fail(TabError::Closed);
    let answer = client.event().await;
    assert_eq!(
        answer["requestId"], "a",
        "the running request is answered first"
    );
    assert_eq!(client.closed().await, 1001);
    soon("the server's end", &mut bridge.running).await.unwrap();
    assert!(
        tokio::net::TcpStream::connect(bridge.address)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_request_that_is_never_answered_holds_a_stop_up_no_longer_than_allowed() {
    let mut bridge = Bridge::with(|settings| {
        settings.config.drain_timeout = std::time::Duration::from_millis(50);
    })
    .await;
    let _tab = bridge.tab("default", 1);
    let mut client = bridge.connect().await;
    client.send(r#"{"type":"activateTab","tabId":"t1"}"#).await;
    assert_eq!(client.ask(r#"{"type":"ping"}"#).await["type"], "pong");
    bridge.stop.take().unwrap().send(()).unwrap();
    assert_eq!(client.closed().await, 1001);
    soon("the server's end", &mut bridge.running).await.unwrap();
}

#[tokio::test]
async fn other_parts_can_be_stopped_before_connections_close_and_http_is_answered_until_the_end() {
    let mut bridge = Bridge::start().await;
    let mut client = bridge.connect().await;
    let other_parts = async {
        let ping = client.ask(r#"{"type":"ping"}"#).await;
        assert_eq!(
            ping["code"], "SHUTTING_DOWN",
            "the connection is still open"
        );
    };
    let limit = std::time::Duration::from_secs(5);
    let stopped = bridge.operations.drain().stop(limit, other_parts);
    soon("the stop", stopped).await;
    assert_eq!(client.closed().await, 1001);
    soon("the server's end", &mut bridge.running).await.unwrap();

    let mut bridge = Bridge::start().await;
    let mut client = bridge.connect().await;
    bridge.operations.drain().advance(DrainPhase::Closing);
    assert_eq!(client.closed().await, 1001);
    assert_eq!(bridge.get("/livez").await.status, 200);
    bridge.operations.drain().advance(DrainPhase::Stopped);
    soon("the server's end", &mut bridge.running).await.unwrap();
}

#[tokio::test]
async fn an_open_server_listens_only_where_nobody_else_can_connect() {
    let mut settings = settings();
    settings.config.listen = Listen::Tcp("0.0.0.0:0".parse().unwrap());
    let services = services(Registry::default());
    let error = Server::bind(settings.clone(), services.clone())
        .await
        .unwrap_err();
    assert!(matches!(error, BindError::Open { .. }));
    assert!(error.to_string().contains("auth.clients"));
    super::harness::with_tokens(&mut settings);
    Server::bind(settings, services).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_speaks_the_same_protocol() {
    use futures::StreamExt as _;
    use tokio_tungstenite::tungstenite::Message;

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bridge.sock");
    let mut settings = settings();
    settings.config.listen = Listen::Unix(path.clone());
    let services = services(Registry::default());
    let operations = Arc::clone(&services.operations);
    let server = Server::bind(settings, services).await.unwrap();
    let running = tokio::spawn(server.run());
    let socket = tokio::net::UnixStream::connect(&path).await.unwrap();
    let (mut ws, _) = tokio_tungstenite::client_async("ws://localhost/ws", socket)
        .await
        .unwrap();
    let Message::Text(welcome) = ws.next().await.unwrap().unwrap() else {
        panic!("the server speaks first")
    };
    assert!(welcome.contains("welcome"));
    operations.drain().advance(DrainPhase::Stopped);
    soon("the server's end", running).await.unwrap();
    assert!(!path.exists());
}
