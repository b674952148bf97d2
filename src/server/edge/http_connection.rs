//! HTTP on one accepted socket, with its limits, until it ends or becomes a WebSocket.

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
use crate::server::edge::write_stall::WriteStall;
use crate::server::ws::closing::discard;

/// The most bytes of a request's head; more is answered 431.
const HEAD_BYTES: usize = 16 * 1024;

/// How long a peer may take nothing of an answer. An answer that takes long to make, or goes on, is not limited, and
/// neither is a WebSocket.
const WRITE_LIMIT: Duration = Duration::from_mins(1);

/// How often that is checked.
const WRITE_CHECK: Duration = Duration::from_secs(10);

/// How long a peer may take to read an answer that ends its connection.
const LAST_ANSWER_WAIT: Duration = Duration::from_secs(2);

const TIMEOUT: &[u8] = b"HTTP/1.1 408 Request Timeout\r\n\
    Content-Type: application/problem+json\r\nConnection: close\r\nContent-Length: 212\r\n\r\n\
    {\"type\":\"urn:cdp-bridge:error:REQUEST_TIMEOUT\",\"title\":\"Request Timeout\",\"status\":408,\"detail\":\"the head of the request took too long\",\"instance\":\"/\",\"code\":\"REQUEST_TIMEOUT\",\"retryable\":false,\"requestId\":\"none\"}";

const TOO_MANY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\n\
    Content-Type: application/problem+json\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 224\r\n\r\n\
    {\"type\":\"urn:cdp-bridge:error:TOO_MANY_CONNECTIONS\",\"title\":\"Too Many Requests\",\"status\":429,\"detail\":\"too many connections from this address\",\"instance\":\"/\",\"code\":\"TOO_MANY_CONNECTIONS\",\"retryable\":true,\"requestId\":\"none\"}";

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
    let stall = WriteStall::default();
    let socket = TokioIo::new(stall.watch(socket));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(socket, TowerToHyperService::new(service))
        .with_upgrades();
    let served = loop {
        if let Ok(served) = timeout(WRITE_CHECK, &mut connection).await {
            break served;
        }
        if stall.lasts() >= WRITE_LIMIT {
            metrics::refused("not_reading");
            return;
        }
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
    use axum::routing::get;
    use bytes::Bytes;
    use futures::stream;
    use tokio::io::{AsyncReadExt as _, DuplexStream};
    use tokio::task::JoinHandle;
    use tokio::time::{Instant, sleep};

    const MINUTE: Duration = Duration::from_mins(1);

    /// A connection over memory that has sent a request for `/`.
    async fn requested(router: Router) -> (DuplexStream, JoinHandle<()>) {
        let (mut ours, theirs) = tokio::io::duplex(1024);
        let served = tokio::spawn(serve(theirs, router, Duration::from_secs(10), None));
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        ours.write_all(request).await.unwrap();
        (ours, served)
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_takes_long_or_goes_on_for_long_is_not_cut_off() {
        let late = get(async || {
            sleep(30 * MINUTE).await;
            let events = stream::unfold(0, |number| async move {
                sleep(MINUTE).await;
                let event = Bytes::from(format!("event {number};"));
                (number < 30).then_some((Ok::<_, std::io::Error>(event), number + 1))
            });
            Body::from_stream(events)
        });
        let (mut client, served) = requested(Router::new().route("/", late)).await;
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains("event 29;"), "{answer}");
        served.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_not_read_its_answer_is_cut_off() {
        let large = get(async || "x".repeat(1 << 20));
        let (client, served) = requested(Router::new().route("/", large)).await;
        let start = Instant::now();
        served.await.unwrap();
        assert!(start.elapsed() <= WRITE_LIMIT + 2 * WRITE_CHECK);
        drop(client);
    }

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
