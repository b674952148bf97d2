//! Upstream proxies that fail, refuse or lie.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::request::NameResolution;
use futures::future::join_all;
use tokio::time::timeout;

use super::fake_proxy::{FakeProxy, Kind, PASSWORD, USERNAME};
use super::upstream::{allowing, through, upstream, with_proxies};
use super::{Fixture, HERE, Site, dead_port, egress, policy};
use crate::policy::{ConnectFailure, PolicyMode, ProxyFailure, ProxyFault, UpstreamProxy};

/// The failure of a tunnel and of a plain request, which must be the same.
async fn failure_of(fixture: &Fixture) -> ProxyFailure {
    let head = "CONNECT a.test:443 HTTP/1.1\r\n\r\n";
    let answer = timeout(Duration::from_secs(5), fixture.send(head)).await;
    let answer = answer.expect("it fails in time");
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    let failure = recorded(fixture, "https://a.test/");
    assert!(answer.contains(&failure.to_string()), "{answer}");
    assert_eq!(fixture.get("http://a.test/").await, "");
    assert_eq!(recorded(fixture, "http://a.test/"), failure);
    assert!(fixture.reasons().is_empty(), "policy has blocked nothing");
    failure
}

fn recorded(fixture: &Fixture, url: &str) -> ProxyFailure {
    match fixture.recent_failures.for_url(url) {
        Some(ConnectFailure::Proxy(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

async fn fault(scheme: &str, kind: Kind) -> ProxyFault {
    let proxy = FakeProxy::start(kind).await;
    let server = format!("{scheme}://{}", proxy.address);
    let failure = failure_of(&through(upstream(&server))).await;
    assert_eq!(failure.server, server);
    failure.fault
}

#[tokio::test]
async fn each_failure_of_an_http_proxy_has_its_reason_and_status() {
    let head = "HTTP/1.1 200 OK\r\n";
    let mut cases = Vec::new();
    for (kind, reason, status) in [
        (Kind::Closes(b""), "closed", None),
        (Kind::Closes(b"HTTP/1.1 20"), "closed", None),
        (Kind::Answers(Vec::new()), "timeout", None),
        (Kind::Answers(head.into()), "timeout", None),
        (
            Kind::Answers(b"SSH-2.0-OpenSSH\r\n".into()),
            "invalidAnswer",
            None,
        ),
        (Kind::Answers(b"\x05\xff".into()), "invalidAnswer", None),
        (Kind::Answers(vec![b'x'; 100_000]), "invalidAnswer", None),
        (
            Kind::Answers(b"HTTP/1.1 200 OK\r\n\r\n<html>".into()),
            "invalidAnswer",
            None,
        ),
        (
            Kind::Endless(b"HTTP/1.1 100 Continue\r\n\r\n"),
            "invalidAnswer",
            None,
        ),
        (
            Kind::Closes(b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\n\r\n"),
            "authentication",
            Some(407),
        ),
        (
            Kind::Closes(b"HTTP/1.1 403 No\r\n\r\n"),
            "refused",
            Some(403),
        ),
        (
            Kind::Closes(b"HTTP/1.0 302 Pay\r\n\r\n"),
            "refused",
            Some(302),
        ),
        (
            Kind::Closes(b"HTTP/1.1 101 Switch\r\n\r\n"),
            "refused",
            Some(101),
        ),
        (
            Kind::Closes(b"HTTP/1.1 503 Busy\r\n\r\nsorry"),
            "destination",
            Some(503),
        ),
    ] {
        cases.push(async move {
            let fault = fault("http", kind).await;
            let found = (fault.reason(), fault.status());
            assert_eq!(found, (reason, status), "{fault}");
        });
    }
    join_all(cases).await;
}

#[tokio::test]
async fn each_failure_of_a_socks5_proxy_has_its_reason_and_status() {
    let mut cases = Vec::new();
    for (kind, reason, status) in [
        (Kind::Closes(b""), "closed", None),
        (Kind::Answers(Vec::new()), "timeout", None),
        (
            Kind::Answers(b"HTTP/1.1 400 Bad\r\n\r\n".into()),
            "invalidAnswer",
            None,
        ),
        (
            Kind::Answers(b"\x05\xff".into()),
            "authentication",
            Some(255),
        ),
        (
            Kind::InTwo(b"\x05\x02", b"\x01\x01"),
            "authentication",
            Some(1),
        ),
        (Kind::InTwo(b"\x05\x02", b"no"), "invalidAnswer", None),
        (Kind::InTwo(b"\x05\x00", b"\x05\x02"), "refused", Some(2)),
        (
            Kind::InTwo(b"\x05\x00", b"\x05\x04\x00\x01"),
            "destination",
            Some(4),
        ),
        (
            Kind::InTwo(b"\x05\x00", b"\x05\x00\x00\x09xxxx"),
            "invalidAnswer",
            None,
        ),
        (Kind::InTwo(b"\x05\x00", b"\x05\x00\x00"), "timeout", None),
    ] {
        cases.push(async move {
            let fault = fault("socks5", kind).await;
            let found = (fault.reason(), fault.status());
            assert_eq!(found, (reason, status), "{fault}");
        });
    }
    join_all(cases).await;
}

#[tokio::test]
async fn a_wrong_password_is_told_from_a_missing_one() {
    for (kind, scheme, status) in [(Kind::Http, "http", 407), (Kind::Socks5, "socks5", 1)] {
        let proxy = FakeProxy::start(kind).await;
        let plain = UpstreamProxy::parse(&format!("{scheme}://{}", proxy.address)).unwrap();
        let wrong = plain
            .clone()
            .with_credentials(Some("u"), Some("p"))
            .unwrap();
        let failure = failure_of(&through(wrong)).await;
        assert_eq!(failure.fault, ProxyFault::CredentialsRefused { status });
        let failure = failure_of(&through(plain)).await;
        assert!(matches!(
            failure.fault,
            ProxyFault::CredentialsWanted { .. }
        ));
    }
}

#[tokio::test]
async fn a_plain_request_to_a_proxy_that_resolves_names_gets_no_page_from_it() {
    for (kind, reason, status) in [
        (Kind::Closes(b""), "closed", None),
        (Kind::Answers(b"SSH-2.0-OpenSSH\r\n".into()), "invalidAnswer", None),
        (Kind::Endless(b"HTTP/1.1 200 OK\r\nX: y\r\nX: z\r\n"), "invalidAnswer", None),
        (
            Kind::Closes(b"HTTP/1.1 407 Who\r\nContent-Length: 2\r\n\r\nno"),
            "authentication",
            Some(407),
        ),
        (
            Kind::Closes(b"HTTP/1.1 504 Late\r\nProxy-Status: x; error=dns_timeout\r\nContent-Length: 0\r\n\r\n"),
            "destination",
            Some(504),
        ),
        (
            Kind::Closes(b"HTTP/1.1 403 No\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\nContent-Length: 0\r\n\r\n"),
            "refused",
            Some(403),
        ),
    ] {
        let proxy = FakeProxy::start(kind).await;
        let proxied = upstream(&format!("http://{}", proxy.address));
        let fixture = through(proxied.with_resolution(NameResolution::Remote));
        assert_eq!(fixture.get("http://a.test/").await, "");
        let fault = recorded(&fixture, "http://a.test/").fault;
        assert_eq!((fault.reason(), fault.status()), (reason, status), "{fault}");
    }
    // This one may be the server's.
    let answer = b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\npage";
    let proxy = FakeProxy::start(Kind::Closes(answer)).await;
    let proxied = upstream(&format!("http://{}", proxy.address));
    let fixture = through(proxied.with_resolution(NameResolution::Remote));
    assert!(fixture.get("http://a.test/").await.ends_with("page"));
}

#[tokio::test]
async fn a_dead_proxy_and_one_without_an_address_are_told_apart() {
    let dead = format!("http://127.0.0.1:{}", dead_port().await);
    let failure = failure_of(&through(upstream(&dead))).await;
    assert_eq!(
        failure.to_string(),
        format!("the proxy {dead} cannot be reached (net::ERR_CONNECTION_REFUSED)")
    );
    let policy = allowing(&["unknown.test"]);
    let proxied = Some(Arc::new(upstream("http://unknown.test:1")));
    let fixture = Fixture::of(egress(vec![vec![HERE]]), policy, proxied);
    assert_eq!(failure_of(&fixture).await.fault, ProxyFault::Unresolved);
}

#[tokio::test]
async fn a_proxy_that_policy_does_not_list_is_never_connected_to() {
    let service = Site::start().await;
    for (server, listed) in [
        (
            format!("http://127.0.0.1:{}", service.port()),
            "proxies.test",
        ),
        // The name is listed, but leads to this machine.
        (
            format!("http://proxies.test:{}", service.port()),
            "proxies.test",
        ),
        (
            format!("socks5://localhost:{}", service.port()),
            "127.0.0.1:1",
        ),
    ] {
        let policy = allowing(&[listed]);
        let fixture = Fixture::of(
            egress(vec![vec![HERE]]),
            policy,
            Some(Arc::new(upstream(&server))),
        );
        assert_eq!(
            failure_of(&fixture).await.fault.reason(),
            "notAllowed",
            "{server}"
        );
    }
    // The networks that pages may reach say nothing of proxies.
    let lenient = policy(&["a.test"], &["0.0.0.0/0"], PolicyMode::Report);
    let lenient = with_proxies(&lenient, &["proxies.test"]);
    let server = format!("http://proxies.test:{}", service.port());
    let fixture = Fixture::of(
        egress(vec![vec![HERE]]),
        lenient,
        Some(Arc::new(upstream(&server))),
    );
    assert_eq!(failure_of(&fixture).await.fault.reason(), "notAllowed");
    assert_eq!(service.connections(), 0);
}

#[tokio::test]
async fn no_failure_shows_the_credentials() {
    let encoded = "Y2FuYXJ5LXVzZXI6Y2FuYXJ5LXdvcmQ6MQ==";
    let echo = Kind::Answers(b"HTTP/1.1 400 canary-word:1\r\n\r\n".into());
    for (kind, scheme) in [(echo, "http"), (Kind::Closes(b""), "socks5")] {
        let proxy = FakeProxy::start(kind).await;
        let fixture = through(upstream(&format!("{scheme}://{}", proxy.address)));
        let failure = failure_of(&fixture).await;
        let shown = format!("{failure} {failure:?} {:?}", fixture.egress);
        for secret in [USERNAME, PASSWORD, encoded] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
