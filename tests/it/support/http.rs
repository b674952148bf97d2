//! One HTTP request, written and parsed by hand, so that no library corrects it.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::wait::LONGEST;

/// The response.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    /// Whether a header has this value, in lower case.
    pub(crate) fn has_header(&self, name: &str, value: &str) -> bool {
        let line = format!("{name}: {value}");
        self.head.lines().any(|it| it.to_ascii_lowercase() == line)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }
}

/// GETs a path.
pub(crate) async fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Response {
    try_get(address, path, headers)
        .await
        .unwrap_or_else(|error| panic!("GET {path}: {error}"))
}

/// Sends a request, with a JSON body if there is one.
pub(crate) async fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Response {
    let host = address.to_string();
    let headers = [&[("Host", host.as_str())], headers].concat();
    let text = request(method, path, &headers, body);
    exchange(address, &text)
        .await
        .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
}

/// The text of a request that ends its connection.
pub(crate) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    let body = body.map(Value::to_string);
    if let Some(body) = &body {
        let length = body.len();
        let of_body = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
        text.push_str(&of_body);
    }
    text + "\r\n" + &body.unwrap_or_default()
}

/// GETs a path of a server that may be gone.
pub(crate) async fn try_get(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
) -> std::io::Result<Response> {
    let host = address.to_string();
    let headers = [&[("Host", host.as_str())], headers].concat();
    exchange(address, &request("GET", path, &headers, None)).await
}

async fn exchange(address: SocketAddr, text: &str) -> std::io::Result<Response> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(text.as_bytes()).await?;
        let mut answer = Vec::new();
        // Chromium does not close a connection on request.
        while !is_whole(&answer) {
            if stream.read_buf(&mut answer).await? == 0 {
                break;
            }
        }
        Ok(read(&String::from_utf8_lossy(&answer)))
    };
    timeout(LONGEST, exchange).await.unwrap_or_else(|_| {
        panic!(
            "{} was not answered",
            text.lines().next().unwrap_or_default()
        )
    })
}

/// Whether all of an answer is there. Only its head is looked at again with every read.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|it| it == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    if head.contains(" 204 ") {
        return true;
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    length.is_some_and(|length| answer.len() - end - 4 >= length.trim().parse().unwrap())
}

fn read(answer: &str) -> Response {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let chunked = head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked");
    let body = if chunked {
        unchunked(body)
    } else {
        body.to_owned()
    };
    Response {
        status: status.unwrap_or_else(|| panic!("a status in {head:?}")),
        head: head.to_owned(),
        body,
    }
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        whole += &rest[..size];
        body = rest[size..].trim_start_matches("\r\n");
    }
    whole
}
