//! Asks an upstream proxy for a connection to a server: CONNECT of HTTP, or SOCKS5.

use std::fmt::Display;
use std::io;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::connect_response;
use super::socks5::{self, Method, Reply};
use crate::policy::{Host, ProxyCredentials, ProxyFault};

const PROXY_AUTHENTICATION_REQUIRED: u16 = 407;
/// SOCKS5: no acceptable method.
const NO_METHOD: u16 = 0xff;

/// The value of `Proxy-Authorization`.
pub(super) fn basic(credentials: &ProxyCredentials) -> String {
    let ProxyCredentials { username, password } = credentials;
    let pair = format!("{username}:{}", password.expose());
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

/// Opens a tunnel through an HTTP proxy.
pub(super) async fn http_connect(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    host: &Host,
    port: u16,
    credentials: Option<&ProxyCredentials>,
) -> Result<(), ProxyFault> {
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if let Some(credentials) = credentials {
        request.push_str("Proxy-Authorization: ");
        request.push_str(&basic(credentials));
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .map_err(of_stream)?;
    let mut response = Vec::with_capacity(1024);
    loop {
        if stream.read_buf(&mut response).await.map_err(of_stream)? == 0 {
            return Err(ProxyFault::Closed);
        }
        match connect_response::status(&response) {
            Ok(None) => {}
            Ok(Some(200..300)) => return Ok(()),
            Ok(Some(status)) => return Err(refusal(status, credentials.is_some())),
            Err(error) => return Err(invalid(error)),
        }
    }
}

/// The fault behind a status other than success.
pub(super) fn refusal(status: u16, has_credentials: bool) -> ProxyFault {
    match (status, has_credentials) {
        (PROXY_AUTHENTICATION_REQUIRED, true) => ProxyFault::CredentialsRefused { status },
        (PROXY_AUTHENTICATION_REQUIRED, false) => ProxyFault::CredentialsWanted { status },
        _ => ProxyFault::HttpStatus { status },
    }
}

/// Connects through a SOCKS5 proxy. Nothing behind its reply is read.
pub(super) async fn socks5_connect(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    host: &Host,
    port: u16,
    credentials: Option<&ProxyCredentials>,
) -> Result<(), ProxyFault> {
    let has_credentials = credentials.is_some();
    send(stream, socks5::greeting(has_credentials)).await?;
    match socks5::method(receive(stream).await?, has_credentials).map_err(invalid)? {
        Method::None => {}
        Method::Credentials => {
            let message = credentials
                .and_then(|it| socks5::credentials(&it.username, it.password.expose()))
                .ok_or(ProxyFault::CredentialsRefused { status: NO_METHOD })?;
            send(stream, &message).await?;
            let answer = receive(stream).await?;
            if !socks5::accepts_credentials(answer).map_err(invalid)? {
                let status = answer[1].into();
                return Err(ProxyFault::CredentialsRefused { status });
            }
        }
        Method::NoneInCommon if has_credentials => {
            return Err(ProxyFault::CredentialsRefused { status: NO_METHOD });
        }
        Method::NoneInCommon => {
            return Err(ProxyFault::CredentialsWanted { status: NO_METHOD });
        }
    }
    let message = socks5::connect(host, port).ok_or(ProxyFault::Socks5Reply { reply: 8 })?;
    send(stream, &message).await?;
    let mut answer = Vec::with_capacity(16);
    loop {
        match socks5::reply(&answer).map_err(invalid)? {
            Reply::Connected => return Ok(()),
            Reply::Refused(reply) => return Err(ProxyFault::Socks5Reply { reply }),
            Reply::Needs(length) => {
                let known = answer.len();
                answer.resize(length, 0);
                let more = stream.read_exact(&mut answer[known..]).await;
                more.map_err(of_stream)?;
            }
        }
    }
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), message: &[u8]) -> Result<(), ProxyFault> {
    stream.write_all(message).await.map_err(of_stream)
}

async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> Result<[u8; 2], ProxyFault> {
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await.map_err(of_stream)?;
    Ok(answer)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn of_stream(error: io::Error) -> ProxyFault {
    match error.kind() {
        // rustls' word for what the peer sent in place of TLS.
        io::ErrorKind::InvalidData => invalid("broken TLS"),
        _ => ProxyFault::Closed,
    }
}

fn invalid(error: impl Display) -> ProxyFault {
    ProxyFault::InvalidAnswer {
        what: error.to_string(),
    }
}
