//! Upstream proxies over loopback, which record what they are asked for.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

pub(super) const USERNAME: &str = "canary-user";
pub(super) const PASSWORD: &str = "canary-word:1";

pub(super) struct FakeProxy {
    pub(super) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
pub(super) enum Kind {
    /// Forwards for those that know the password.
    Http,
    Https(TlsAcceptor),
    Socks5,
    /// Forwards for everyone.
    OpenSocks5,
    /// Answers this to whatever comes first, and keeps the connection open.
    Answers(Vec<u8>),
    /// Answers this and closes the connection.
    Closes(&'static [u8]),
    /// Answers this again and again.
    Endless(&'static [u8]),
    /// Answers SOCKS5's greeting with the first message and everything further with the second.
    InTwo(&'static [u8], &'static [u8]),
}

impl FakeProxy {
    pub(super) async fn start(kind: Kind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
        };
        let asked = Arc::clone(&proxy.asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, kind.clone(), Arc::clone(&asked)));
            }
        });
        proxy
    }

    /// The first line of each request, or the target of SOCKS5 after `SOCKS5 `.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// `None`: the peer does not speak the protocol, or is gone.
async fn serve(mut stream: TcpStream, kind: Kind, asked: Arc<Mutex<Vec<String>>>) -> Option<()> {
    match kind {
        Kind::Http => http(stream, &asked).await,
        Kind::Https(acceptor) => http(acceptor.accept(stream).await.ok()?, &asked).await,
        Kind::Socks5 => socks5(stream, true, &asked).await,
        Kind::OpenSocks5 => socks5(stream, false, &asked).await,
        Kind::Answers(bytes) => {
            stream.read_u8().await.ok()?;
            stream.write_all(&bytes).await.ok()?;
            drain(stream).await
        }
        Kind::Closes(bytes) => {
            some(&mut stream).await?;
            stream.write_all(bytes).await.ok()
        }
        Kind::Endless(bytes) => {
            stream.read_u8().await.ok()?;
            loop {
                stream.write_all(bytes).await.ok()?;
            }
        }
        Kind::InTwo(first, second) => {
            for answer in [first, second] {
                some(&mut stream).await?;
                stream.write_all(answer).await.ok()?;
            }
            drain(stream).await
        }
    }
}

/// Reads what has arrived; `None` at the end.
async fn some(stream: &mut TcpStream) -> Option<()> {
    let mut read = [0; 4096];
    (stream.read(&mut read).await.ok()? > 0).then_some(())
}

async fn drain(mut stream: TcpStream) -> Option<()> {
    while some(&mut stream).await.is_some() {}
    Some(())
}

/// Connects to the port of the target on this machine, whatever the host.
async fn reach(authority: &str) -> Option<TcpStream> {
    let port = authority.rsplit(':').next()?.parse().ok()?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    TcpStream::connect(address).await.ok()
}

async fn http(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    asked: &Mutex<Vec<String>>,
) -> Option<()> {
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?.into());
        }
        let (line, headers) = head.split_once("\r\n")?;
        asked.lock().unwrap().push(line.to_owned());
        let pair = BASE64_STANDARD.encode(format!("{USERNAME}:{PASSWORD}"));
        let wanted = format!("proxy-authorization: Basic {pair}\r\n");
        let given = headers.to_ascii_lowercase();
        let is_known = given.matches("proxy-authorization").count() == 1
            && given.contains(&wanted.to_ascii_lowercase());
        if !is_known {
            let answer = b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(answer).await.ok()?;
            continue;
        }
        let mut words = line.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        if method == "CONNECT" {
            let Some(mut server) = reach(target).await else {
                let answer = b"HTTP/1.1 502 Bad\r\nContent-Length: 4\r\n\r\nsorr";
                return stream.write_all(answer).await.ok();
            };
            let answer = b"HTTP/1.1 200 Here\r\nVia: fake\r\n\r\n";
            stream.write_all(answer).await.ok()?;
            copy_bidirectional(&mut stream, &mut server).await.ok()?;
            return Some(());
        }
        let (authority, path) = target.strip_prefix("http://")?.split_once('/')?;
        let mut server = reach(authority).await?;
        let request = format!("{method} /{path} HTTP/1.1\r\n{headers}");
        server.write_all(request.as_bytes()).await.ok()?;
        copy_bidirectional(&mut stream, &mut server).await.ok()?;
        return Some(());
    }
}

async fn socks5(
    mut stream: TcpStream,
    wants_password: bool,
    asked: &Mutex<Vec<String>>,
) -> Option<()> {
    let mut bytes = [0; 256];
    stream.read_exact(&mut bytes[..2]).await.ok()?;
    let methods = usize::from(bytes[1]);
    stream.read_exact(&mut bytes[..methods]).await.ok()?;
    if wants_password {
        if !bytes[..methods].contains(&2) {
            return stream.write_all(&[5, 0xff]).await.ok();
        }
        stream.write_all(&[5, 2]).await.ok()?;
        stream.read_u8().await.ok()?;
        let (username, password) = (text(&mut stream).await?, text(&mut stream).await?);
        if (username.as_str(), password.as_str()) != (USERNAME, PASSWORD) {
            return stream.write_all(&[1, 1]).await.ok();
        }
        stream.write_all(&[1, 0]).await.ok()?;
    } else {
        stream.write_all(&[5, 0]).await.ok()?;
    }
    stream.read_exact(&mut bytes[..4]).await.ok()?;
    let host = match bytes[3] {
        1 => {
            let mut address = [0; 4];
            stream.read_exact(&mut address).await.ok()?;
            std::net::Ipv4Addr::from(address).to_string()
        }
        _ => text(&mut stream).await?,
    };
    let target = format!("{host}:{}", stream.read_u16().await.ok()?);
    asked.lock().unwrap().push(format!("SOCKS5 {target}"));
    let Some(mut server) = reach(&target).await else {
        return stream.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok();
    };
    let answer = [5, 0, 0, 1, 127, 0, 0, 1, 0, 80];
    stream.write_all(&answer).await.ok()?;
    copy_bidirectional(&mut stream, &mut server).await.ok()?;
    Some(())
}

async fn text(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = vec![0; stream.read_u8().await.ok()?.into()];
    stream.read_exact(&mut bytes).await.ok()?;
    String::from_utf8(bytes).ok()
}
