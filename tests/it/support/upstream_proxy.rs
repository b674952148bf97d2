//! Upstream proxies over loopback, with a password, which record what they are asked for.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const USERNAME: &str = "canary-user";
pub(crate) const PASSWORD: &str = "canary-word";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Http,
    /// An HTTP proxy that knows no password.
    Unwilling,
    Socks5,
}

/// The proxy. It ends with the test.
pub(crate) struct UpstreamProxy {
    address: SocketAddr,
    kind: Kind,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for UpstreamProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl UpstreamProxy {
    pub(crate) async fn start(kind: Kind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, kind, Arc::clone(&log)));
            }
        });
        Self {
            address,
            kind,
            asked,
            task,
        }
    }

    /// For `proxy.server`.
    pub(crate) fn server(&self) -> String {
        let scheme = match self.kind {
            Kind::Http | Kind::Unwilling => "http",
            Kind::Socks5 => "socks5",
        };
        format!("{scheme}://{}", self.address)
    }

    /// For `proxy`, with the right password.
    pub(crate) fn options(&self) -> Value {
        json!({"server": self.server(), "username": USERNAME, "password": PASSWORD})
    }

    /// Where it was asked to connect to, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }
}

/// `None`: the peer does not speak the protocol, or is gone.
async fn serve(mut stream: TcpStream, kind: Kind, asked: Arc<Mutex<Vec<String>>>) -> Option<()> {
    let target = match kind {
        Kind::Http | Kind::Unwilling => http_target(&mut stream, kind).await?,
        Kind::Socks5 => socks5_target(&mut stream).await?,
    };
    asked
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(target.clone());
    // Any name is this machine.
    let (host, port) = target.rsplit_once(':')?;
    let host = host.parse().unwrap_or(Ipv4Addr::LOCALHOST);
    let server = SocketAddr::from((host, port.parse().ok()?));
    let mut server = TcpStream::connect(server).await.ok()?;
    let answer: &[u8] = match kind {
        Kind::Http | Kind::Unwilling => b"HTTP/1.1 200 Here\r\n\r\n",
        Kind::Socks5 => &[5, 0, 0, 1, 127, 0, 0, 1, 0, 80],
    };
    stream.write_all(answer).await.ok()?;
    copy_bidirectional(&mut stream, &mut server).await.ok()?;
    Some(())
}

/// The target of CONNECT, with the right password.
async fn http_target(stream: &mut TcpStream, kind: Kind) -> Option<String> {
    let pair = BASE64_STANDARD.encode(format!("{USERNAME}:{PASSWORD}"));
    let known = format!("Proxy-Authorization: Basic {pair}\r\n");
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?.into());
        }
        if kind == Kind::Http && head.contains(&known) {
            let target = head.strip_prefix("CONNECT ")?.split(' ').next()?;
            return Some(target.to_owned());
        }
        let answer =
            "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

/// The target of SOCKS5, with the right password.
async fn socks5_target(stream: &mut TcpStream) -> Option<String> {
    stream.read_u8().await.ok()?;
    text(stream).await?;
    stream.write_all(&[5, 2]).await.ok()?;
    stream.read_u8().await.ok()?;
    let (username, password) = (text(stream).await?, text(stream).await?);
    if (username.as_slice(), password.as_slice()) != (USERNAME.as_bytes(), PASSWORD.as_bytes()) {
        stream.write_all(&[1, 1]).await.ok()?;
        return None;
    }
    stream.write_all(&[1, 0]).await.ok()?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.ok()?;
    let host = match head[3] {
        1 => Ipv4Addr::from(stream.read_u32().await.ok()?).to_string(),
        _ => String::from_utf8(text(stream).await?).ok()?,
    };
    Some(format!("{host}:{}", stream.read_u16().await.ok()?))
}

/// Bytes behind their number.
async fn text(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = vec![0; stream.read_u8().await.ok()?.into()];
    stream.read_exact(&mut bytes).await.ok()?;
    Some(bytes)
}
