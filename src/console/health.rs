//! `cdp-bridge health`: requests `/health` of a bridge.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;

use super::error::ConsoleError;
use super::outcome::ConsoleOutcome;
use crate::client::{Address, ConnectError, open_socket};

/// The bridge's own probe of Chromium takes at most a second; a container's HEALTHCHECK must not hang.
const LIMIT: Duration = Duration::from_secs(5);
/// Longer than any health report; bounds the memory if the address is not a bridge's.
const MAX_BODY: usize = 1 << 20;

/// Writes the body of `/health` to `output`; passes only on status 200. `url` may be the WebSocket's address.
/// `authority` is the CA certificate for https, instead of the system's.
pub async fn health<W: Write>(
    url: &str,
    authority: Option<&Path>,
    output: &mut W,
) -> Result<ConsoleOutcome, ConsoleError> {
    let address = Address::parse(url)?;
    let answer = tokio::time::timeout(LIMIT, ask(&address, authority)).await;
    let (status, body) = answer.map_err(|_| ConnectError::NoAnswer {
        address: address.to_string(),
        limit: LIMIT,
    })??;
    let text = String::from_utf8_lossy(&body);
    writeln!(output, "{}", text.trim_end())
        .and_then(|()| output.flush())
        .map_err(ConsoleError::Output)?;
    if status == StatusCode::OK {
        Ok(ConsoleOutcome::Passed)
    } else {
        Ok(ConsoleOutcome::Failed)
    }
}

async fn ask(
    address: &Address,
    authority: Option<&Path>,
) -> Result<(StatusCode, Bytes), ConsoleError> {
    let broken = |source: Box<dyn std::error::Error + Send + Sync>| ConsoleError::Http {
        address: address.to_string(),
        source,
    };
    let request = Request::get(address.health_path())
        .header(HOST, address.authority())
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| broken(error.into()))?;
    let stream = open_socket(address, authority).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(error.into()))?;
    let exchange = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| broken(error.into()))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_BODY)
            .collect()
            .await
            .map_err(broken)?;
        Ok((status, body.to_bytes()))
    };
    // hyper's connection must be polled beside the exchange, which reports its errors.
    let (answer, _) = tokio::join!(exchange, connection);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::FakeBridge;

    async fn asked(url: String) -> (Result<ConsoleOutcome, ConsoleError>, String) {
        let mut output = Vec::new();
        let outcome = health(&url, None, &mut output).await;
        (outcome, String::from_utf8(output).unwrap())
    }

    #[tokio::test]
    async fn only_a_200_passes_and_the_report_is_shown_either_way() {
        for (status, expected) in [
            ("200 OK", ConsoleOutcome::Passed),
            ("503 Service Unavailable", ConsoleOutcome::Failed),
            ("404 Not Found", ConsoleOutcome::Failed),
        ] {
            let address = FakeBridge::http(status, r#"{"status":"x"}"#).await;
            let (outcome, output) = asked(format!("http://{address}")).await;
            assert_eq!(outcome.unwrap(), expected, "{status}");
            assert_eq!(output, "{\"status\":\"x\"}\n");
        }
    }

    #[tokio::test]
    async fn nobody_there_is_an_error() {
        let (outcome, output) = asked("127.0.0.1:1".to_owned()).await;
        assert!(matches!(
            outcome,
            Err(ConsoleError::Connect(ConnectError::NoDaemon { .. }))
        ));
        assert_eq!(output, "");
    }

    #[tokio::test]
    async fn what_is_no_http_is_an_error() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            use tokio::io::AsyncWriteExt as _;
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.write_all(b"SSH-2.0-nonsense\r\n\r\n").await;
        });
        let (outcome, _) = asked(address).await;
        assert!(matches!(outcome, Err(ConsoleError::Http { .. })));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_unix_socket_is_asked_too() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.sock");
        let listener = tokio::net::UnixListener::bind(&path).unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
            stream.write_all(answer).await.unwrap();
        });
        let (outcome, output) = asked(format!("unix:{}", path.display())).await;
        assert_eq!(
            (outcome.unwrap(), output.as_str()),
            (ConsoleOutcome::Passed, "{}\n")
        );
    }
}
