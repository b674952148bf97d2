//! The server over TLS, with certificates made here.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::harness::{Bridge, UPGRADE, soon};
use crate::server::{ReplaceError, TlsConfig};

/// Writes a new certificate and its key where the files are, and says what to trust.
fn renew(files: &TlsConfig) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

fn files(folder: &Path) -> TlsConfig {
    TlsConfig {
        certificate: folder.join("cert.pem"),
        key: folder.join("key.pem"),
    }
}

async fn connect(
    bridge: &Bridge,
    trusted: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let socket = TcpStream::connect(bridge.address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    soon(
        "a TLS handshake",
        TlsConnector::from(Arc::new(config)).connect(name, socket),
    )
    .await
}

async fn answer(mut stream: TlsStream<TcpStream>, head: &str) -> String {
    stream
        .write_all(format!("{head}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut text = [0; 12];
    soon("an answer", stream.read_exact(&mut text))
        .await
        .unwrap();
    String::from_utf8(text.to_vec()).unwrap()
}

const LIVEZ: &str = "GET /livez HTTP/1.1\r\nHost: localhost";

#[tokio::test]
async fn https_and_wss_are_served_and_plain_http_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let trusted = renew(&files);
    let bridge = Bridge::with(|settings| settings.config.tls = Some(files.clone())).await;
    for (head, expected) in [(LIVEZ, "HTTP/1.1 200"), (UPGRADE, "HTTP/1.1 101")] {
        let stream = connect(&bridge, &trusted).await.unwrap();
        assert_eq!(answer(stream, head).await, expected);
    }
    let mut plain = TcpStream::connect(bridge.address).await.unwrap();
    plain
        .write_all(format!("{LIVEZ}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut text = Vec::new();
    // Whether it is closed or reset depends on what was read of it.
    let _ = soon("the end", plain.read_to_end(&mut text)).await;
    assert_eq!(text, b"", "nothing is said in plain text");
}

#[tokio::test]
async fn a_handshake_that_does_not_come_ends() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    renew(&files);
    let bridge = Bridge::with(|settings| {
        settings.config.tls = Some(files.clone());
        settings.config.header_timeout = Duration::from_millis(200);
    })
    .await;
    for begin in [&b""[..], b"\x16\x03\x01"] {
        let mut silent = TcpStream::connect(bridge.address).await.unwrap();
        silent.write_all(begin).await.unwrap();
        let mut text = Vec::new();
        let _ = soon("the end", silent.read_to_end(&mut text)).await;
        assert_eq!(text, b"");
    }
}

#[tokio::test]
async fn a_new_certificate_is_for_new_connections_and_a_broken_one_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let first = renew(&files);
    let bridge = Bridge::with(|settings| settings.config.tls = Some(files.clone())).await;
    let open = connect(&bridge, &first).await.unwrap();
    let second = renew(&files);
    let replacement = bridge
        .replacer
        .prepare(crate::server::Credentials::default(), Some(&files));
    replacement.unwrap().put_in_force();
    assert_eq!(answer(open, LIVEZ).await, "HTTP/1.1 200");
    assert!(connect(&bridge, &first).await.is_err());
    let stream = connect(&bridge, &second).await.unwrap();
    assert_eq!(answer(stream, LIVEZ).await, "HTTP/1.1 200");

    std::fs::write(&files.key, "no key").unwrap();
    let clients = vec![super::harness::client_token("a", "alpha")];
    let error = bridge.replacer.prepare(clients, Some(&files)).unwrap_err();
    assert!(matches!(error, ReplaceError::Tls(_)), "{error}");
    let stream = connect(&bridge, &second).await.unwrap();
    assert_eq!(
        answer(stream, UPGRADE).await,
        "HTTP/1.1 101",
        "clients are as before"
    );
}
