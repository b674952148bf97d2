//! HTTP on one accepted socket, with its limits, until it ends or becomes a WebSocket.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tower::ServiceExt as _;

use crate::metrics;
use crate::server::edge::per_ip_limit::IpPermit;
use crate::server::ws::closing::discard;

/// The most bytes of a request's head; more is answered 431.
const HEAD_BYTES: usize = 16 * 1024;

/// How long a connection may speak HTTP, so that one that never reads its answers ends too. It does not limit
/// a WebSocket.
const LIFETIME: Duration = Duration::from_mins(5);

/// How long a peer may take to read an answer that ends its connection.
const LAST_ANSWER_WAIT: Duration = Duration::from_secs(2);

const TIMEOUT: &[u8] = b"HTTP/1.1 408 Request Timeout\r\n\
    Content-Type: application/json\r\nConnection: close\r\nContent-Length: 49\r\n\r\n\
    {\"error\":\"the head of the request took too long\"}";

const TOO_MANY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\n\
    Content-Type: application/json\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 50\r\n\r\n\
    {\"error\":\"too many connections from this address\"}";

/// Serves one connection. `head_timeout` limits the head of a request, and the idle time before one. The permit
/// is held until the connection has ended, also as a WebSocket.
pub(crate) async fn serve<S>(
    socket: S,
    router: Router,
    head_timeout: Duration,
    permit: Option<Arc<IpPermit>>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = router.map_request(move |mut request: Request<Incoming>| {
        if let Some(permit) = &permit {
            request.extensions_mut().insert(Arc::clone(permit));
        }
        request.map(Body::new)
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(socket), TowerToHyperService::new(service))
        .with_upgrades();
    let Ok(served) = timeout(LIFETIME, &mut connection).await else {
        metrics::refused("lifetime");
        Pin::new(&mut connection).graceful_shutdown();
        let _ = timeout(LAST_ANSWER_WAIT, connection).await;
        return;
    };
    let Err(error) = served else { return };
    tracing::debug!(%error, "an HTTP connection failed");
    if error.is_parse_too_large() {
        metrics::refused("head_too_large");
    } else if error.is_parse() {
        metrics::refused("not_http");
    } else if error.is_timeout() {
        let parts = connection.into_parts();
        // Without a byte of a request there is nothing to answer: the connection was idle.
        if let Some(parts) = parts.filter(|parts| !parts.read_buf.is_empty()) {
            metrics::refused("head_timeout");
            answer_and_close(parts.io.into_inner(), TIMEOUT).await;
        } else {
            metrics::refused("idle");
        }
    }
}

/// Answers 429 to a connection over the limit of its address.
pub(crate) async fn refuse<S>(socket: S)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    answer_and_close(socket, TOO_MANY).await;
}

/// Sends a last answer, and gives the peer a little time to read it.
async fn answer_and_close<S>(mut socket: S, answer: &[u8])
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let answered = async {
        if socket.write_all(answer).await.is_ok() && socket.flush().await.is_ok() {
            discard(socket).await;
        }
    };
    let _ = timeout(LAST_ANSWER_WAIT, answered).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_that_are_written_by_hand_say_how_long_they_are() {
        for answer in [TIMEOUT, TOO_MANY] {
            let text = std::str::from_utf8(answer).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let length = format!("Content-Length: {}", body.len());
            assert!(head.lines().any(|line| line == length), "{length}: {head}");
            serde_json::from_str::<serde_json::Value>(body).unwrap();
        }
    }
}
