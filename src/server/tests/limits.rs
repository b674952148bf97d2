//! The limits of the edge, each with its answer.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::harness::{Bridge, soon};

async fn rest(socket: &mut TcpStream) -> String {
    let mut text = Vec::new();
    soon("the end of the connection", socket.read_to_end(&mut text))
        .await
        .unwrap();
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn an_address_with_too_many_connections_is_told_so_until_one_of_them_ends() {
    let bridge = Bridge::with(|settings| settings.max_connections_per_address = 2).await;
    let first = bridge.connect().await;
    let _second = bridge.connect().await;
    let mut third = TcpStream::connect(bridge.address).await.unwrap();
    let answer = rest(&mut third).await;
    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
    assert!(answer.contains("as many connections as it may have"));
    drop((first, third));
    soon("a free place", async {
        loop {
            let mut socket = TcpStream::connect(bridge.address).await.unwrap();
            let request = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            // It may be refused, and closed, before this is written.
            let _ = socket.write_all(request).await;
            let mut answer = Vec::new();
            let _ = socket.read_to_end(&mut answer).await;
            if answer.starts_with(b"HTTP/1.1 200 ") {
                return;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_head_that_comes_too_slowly_is_answered_and_an_idle_connection_is_just_closed() {
    let bridge =
        Bridge::with(|settings| settings.header_timeout = Duration::from_millis(300)).await;
    let mut slow = TcpStream::connect(bridge.address).await.unwrap();
    slow.write_all(b"GET /livez HTTP/1.1\r\nHost: local")
        .await
        .unwrap();
    let answer = rest(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");

    // One byte at a time gains it nothing: the time is that of the whole head.
    let dribbling = TcpStream::connect(bridge.address).await.unwrap();
    let (mut reading, mut writing) = dribbling.into_split();
    let dribble = async {
        let head = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: ";
        for byte in head.iter().chain(std::iter::repeat(&b'x')) {
            let _ = writing.write_all(&[*byte]).await;
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    };
    let mut answer = [0; 13];
    tokio::select! {
        () = dribble => {}
        read = soon("an answer", reading.read_exact(&mut answer)) => assert!(read.is_ok()),
    }
    assert_eq!(&answer, b"HTTP/1.1 408 ");

    let mut silent = TcpStream::connect(bridge.address).await.unwrap();
    assert_eq!(rest(&mut silent).await, "");

    let mut idle = TcpStream::connect(bridge.address).await.unwrap();
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let answer = rest(&mut idle).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
}

#[tokio::test]
async fn a_websocket_is_not_held_to_the_time_of_a_head() {
    let bridge =
        Bridge::with(|settings| settings.header_timeout = Duration::from_millis(100)).await;
    let mut client = bridge.connect().await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(client.ask(r#"{"type":"ping"}"#).await["type"], "pong");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_answered() {
    let bridge = Bridge::start().await;
    let mut socket = TcpStream::connect(bridge.address).await.unwrap();
    let head = format!(
        "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n",
        "x".repeat(20_000)
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 13];
    soon("an answer", socket.read_exact(&mut answer))
        .await
        .unwrap();
    assert_eq!(&answer, b"HTTP/1.1 431 ");
}
