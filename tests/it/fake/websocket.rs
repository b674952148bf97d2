//! The fake behind a debugging port: `/json/version`, and a WebSocket.

use std::sync::Arc;

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::handle::Shared;

/// Listens on a free loopback port, and returns the address for `browser.connect`.
pub(super) async fn listen(shared: Arc<Shared>) -> url::Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(Arc::clone(&shared), stream, address.to_string()));
        }
    });
    format!("http://{address}").parse().unwrap()
}

async fn serve(shared: Arc<Shared>, mut stream: TcpStream, address: String) {
    let mut head = [0; 32];
    let Ok(count) = stream.peek(&mut head).await else {
        return;
    };
    if head[..count].starts_with(b"GET /json/version") {
        let _ = say_version(&mut stream, &address).await;
        return;
    }
    // Without Nagle's algorithm, because tests wait for small frames.
    let _ = stream.set_nodelay(true);
    let Ok(mut socket) = accept_async(stream).await else {
        return;
    };
    shared.connected();
    loop {
        for frame in shared.take_out() {
            let Ok(text) = Utf8Bytes::try_from(frame) else {
                return;
            };
            if socket.send(Message::Text(text)).await.is_err() {
                return;
            }
        }
        if shared.has_hung_up() {
            return;
        }
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => shared.frame(&Bytes::from(text)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
            () = shared.stirred() => {}
        }
    }
}

async fn say_version(stream: &mut TcpStream, address: &str) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let body = format!(
        r#"{{"Browser":"HeadlessChrome/156.0.0.0","webSocketDebuggerUrl":"ws://{address}/devtools/browser/fake"}}"#
    );
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
    let response = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await
}
