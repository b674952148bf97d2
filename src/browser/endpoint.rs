//! Resolves `browser.connect` to the WebSocket address of a running Chromium.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;
use url::{Host, Url};

/// How long `/json/version` may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// `/json/version` is half a kilobyte.
const BODY_LIMIT: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    #[error("browser.connect is `{0}`, but must begin with http://, ws:// or wss://")]
    Scheme(Url),
    #[error(
        "no Chromium answers at {url}: {reason}; start one with --remote-debugging-port, or \
         correct browser.connect"
    )]
    Unreachable {
        url: Url,
        reason: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("{url} did not answer within {} s", .after.as_secs_f32())]
    Timeout { url: Url, after: Duration },
    /// Chromium answers requests by name only on `localhost`.
    #[error(
        "{url} answered {status}: {body}; Chromium answers only to an IP address or `localhost`, \
         so give browser.connect one of these"
    )]
    Refused {
        url: Url,
        status: StatusCode,
        /// The beginning of the answer.
        body: String,
    },
    #[error("{url} answered, but is not a Chromium DevTools endpoint: {reason}")]
    NotChromium {
        url: Url,
        reason: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The part of `/json/version` that leads to the browser.
#[derive(Deserialize)]
struct VersionResponse {
    #[serde(rename = "webSocketDebuggerUrl")]
    web_socket_debugger_url: Url,
}

/// The WebSocket address of the Chromium at `connect`. A `ws` address is used as it is; at an `http`
/// address Chromium is asked for it.
pub(super) async fn resolve_endpoint(connect: &Url) -> Result<Url, ResolveError> {
    resolve_within(connect, DEADLINE).await
}

pub(super) async fn resolve_within(connect: &Url, limit: Duration) -> Result<Url, ResolveError> {
    match connect.scheme() {
        "ws" | "wss" => return Ok(connect.clone()),
        "http" => {}
        _ => return Err(ResolveError::Scheme(connect.clone())),
    }
    let mut url = connect.clone();
    url.set_path("/json/version");
    url.set_query(None);
    let asked = tokio::time::timeout(limit, ask(&url)).await;
    let version = asked.map_err(|_| ResolveError::Timeout {
        url: url.clone(),
        after: limit,
    })??;
    Ok(with_reachable_address(
        version.web_socket_debugger_url,
        connect,
    ))
}

/// Replaces host and port: behind a port mapping, Chromium reports an address that is not reachable
/// from here.
fn with_reachable_address(mut web_socket: Url, connect: &Url) -> Url {
    // Neither can fail: both URLs have a host, and a port of one fits the other.
    let _ = web_socket.set_host(connect.host_str());
    let _ = web_socket.set_port(connect.port());
    web_socket
}

async fn ask(url: &Url) -> Result<VersionResponse, ResolveError> {
    let unreachable = |reason| ResolveError::Unreachable {
        url: url.clone(),
        reason,
    };
    let not_chromium = |reason| ResolveError::NotChromium {
        url: url.clone(),
        reason,
    };
    let port = url.port_or_known_default().unwrap_or(80);
    let stream = match url.host() {
        Some(Host::Domain(name)) => TcpStream::connect((name, port)).await,
        Some(Host::Ipv4(address)) => TcpStream::connect((address, port)).await,
        Some(Host::Ipv6(address)) => TcpStream::connect((address, port)).await,
        None => return Err(ResolveError::Scheme(url.clone())),
    };
    let stream = stream.map_err(|error| unreachable(error.into()))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| unreachable(error.into()))?;
    let exchange = async {
        let request = Request::get(url.path())
            .header(
                header::HOST,
                &url[url::Position::BeforeHost..url::Position::AfterPort],
            )
            .body(Empty::<Bytes>::new())
            .map_err(|error| unreachable(error.into()))?;
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| not_chromium(error.into()))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), BODY_LIMIT)
            .collect()
            .await;
        Ok((status, body.map_err(not_chromium)?.to_bytes()))
    };
    let (status, body) = drive(connection, exchange).await?;
    if !status.is_success() {
        let body = String::from_utf8_lossy(&body).chars().take(200).collect();
        return Err(ResolveError::Refused {
            url: url.clone(),
            status,
            body,
        });
    }
    serde_json::from_slice(&body).map_err(|error| not_chromium(error.into()))
}

/// Runs an exchange and its connection in one task, so that dropping this at the deadline drops both.
async fn drive<T>(connection: impl Future, exchange: impl Future<Output = T>) -> T {
    tokio::pin!(connection, exchange);
    tokio::select! {
        biased;
        done = &mut exchange => return done,
        _ = &mut connection => {}
    }
    // The connection has ended, so the exchange is complete or has failed.
    exchange.await
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// A server that gives one answer, and returns the request.
    async fn server(answer: String) -> (Url, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let count = stream.read(&mut request).await.unwrap();
            let _ = stream.write_all(answer.as_bytes()).await;
            String::from_utf8_lossy(&request[..count]).into_owned()
        });
        (url.parse().unwrap(), task)
    }

    fn http(status: &str, body: &str) -> String {
        format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    #[tokio::test]
    async fn a_web_socket_address_is_taken_as_it_is() {
        for url in ["ws://h:1/devtools/browser/a", "wss://h/token"] {
            let url: Url = url.parse().unwrap();
            assert_eq!(resolve_endpoint(&url).await.unwrap(), url);
        }
    }

    #[tokio::test]
    async fn an_http_address_is_asked_and_the_answer_with_reachable_address() {
        let body = r#"{"Browser":"x","webSocketDebuggerUrl":"ws://10.0.0.9:9/devtools/browser/a"}"#;
        let (url, asked) = server(http("200 OK", body)).await;
        let resolved = resolve_endpoint(&url).await.unwrap();
        assert_eq!(
            resolved.as_str(),
            format!("ws://127.0.0.1:{}/devtools/browser/a", url.port().unwrap())
        );
        let asked = asked.await.unwrap();
        assert!(
            asked.starts_with("GET /json/version HTTP/1.1\r\n"),
            "{asked}"
        );
        assert!(
            asked.contains(&format!("host: 127.0.0.1:{}\r\n", url.port().unwrap())),
            "{asked}"
        );
    }

    #[tokio::test]
    async fn a_refused_host_header_leads_to_the_advice() {
        let (url, _) = server(http(
            "500 Internal Server Error",
            "Host header is specified",
        ))
        .await;
        let error = resolve_endpoint(&url).await.unwrap_err().to_string();
        assert!(
            error.contains("Host header") && error.contains("IP address"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn other_servers_are_not_taken_for_chromium() {
        let big = format!("\"{}\"", "x".repeat(2 * BODY_LIMIT));
        for answer in [
            http("200 OK", "{}"),
            http("200 OK", &big),
            "SSH-2.0-x\r\n".to_owned(),
        ] {
            let (url, _) = server(answer).await;
            let error = resolve_endpoint(&url).await.unwrap_err();
            assert!(
                matches!(error, ResolveError::NotChromium { .. }),
                "{error:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_closed_port_a_silent_server_and_a_wrong_scheme_are_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url: Url = format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let silent = resolve_within(&url, Duration::from_millis(50))
            .await
            .unwrap_err();
        assert!(matches!(silent, ResolveError::Timeout { .. }), "{silent:?}");
        drop(listener);
        let closed = resolve_endpoint(&url).await.unwrap_err();
        assert!(
            matches!(closed, ResolveError::Unreachable { .. }),
            "{closed:?}"
        );
        let wrong = resolve_endpoint(&"ftp://h/".parse().unwrap())
            .await
            .unwrap_err();
        assert!(matches!(wrong, ResolveError::Scheme(_)), "{wrong:?}");
    }
}
