//! Connections through upstream proxies that work.

use std::net::IpAddr;
use std::sync::Arc;

use cdp_bridge_protocol::request::NameResolution;
use rcgen::{CertificateParams, KeyPair};
use tokio::io::AsyncWriteExt as _;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::fake_proxy::{FakeProxy, Kind, PASSWORD, USERNAME};
use super::{Fixture, HERE, OWN, Site, dead_port, egress, hello, is_closed, policy, read};
use crate::egress::proxy_tls::ProxyTls;
use crate::policy::{
    ConnectFailure, EgressPolicy, PolicyMode, ProxyFault, UpstreamProxy, UpstreamRules,
};

/// `a.test` is allowed, and any proxy on this machine.
pub(super) fn allowing(proxies: &[&str]) -> Arc<EgressPolicy> {
    let usual = policy(&["a.test"], &["127.0.0.1/32"], PolicyMode::Enforce);
    with_proxies(&usual, proxies)
}

pub(super) fn with_proxies(policy: &EgressPolicy, proxies: &[&str]) -> Arc<EgressPolicy> {
    let proxies: Vec<_> = proxies.iter().map(ToString::to_string).collect();
    let rules = UpstreamRules::new(&proxies, NameResolution::Remote).unwrap();
    Arc::new(policy.clone().with_upstreams(rules))
}

pub(super) fn upstream(server: &str) -> UpstreamProxy {
    let proxy = UpstreamProxy::parse(server).unwrap();
    proxy
        .with_credentials(Some(USERNAME), Some(PASSWORD))
        .unwrap()
}

/// Names resolve to this machine.
pub(super) fn through(proxy: UpstreamProxy) -> Fixture {
    let policy = allowing(&["127.0.0.1"]);
    Fixture::of(egress(vec![vec![HERE]]), policy, Some(Arc::new(proxy)))
}

/// No name resolves here.
fn through_remotely(proxy: UpstreamProxy) -> Fixture {
    let proxy = proxy.with_resolution(NameResolution::Remote);
    let policy = allowing(&["127.0.0.1"]);
    Fixture::of(egress(vec![]), policy, Some(Arc::new(proxy)))
}

impl FakeProxy {
    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }
}

/// Sends a plain request, and speaks through a tunnel.
async fn use_both(fixture: &Fixture, site: &Site) {
    let url = format!("http://a.test:{}/path?query", site.port());
    let answer = fixture.get(&url).await;
    assert!(answer.ends_with("hello"), "{answer}");
    let received = site.received();
    assert!(
        received.starts_with("GET /path?query HTTP/1.1\r\n"),
        "{received}"
    );
    let host = format!("a.test:{}\r\n", site.port());
    assert!(received.contains(&host), "{received}");
    let mut stream = fixture.tunnel(&format!("a.test:{}", site.port())).await;
    stream.write_all(b"UPGRADE me").await.unwrap();
    assert_eq!(read(&mut stream).await, "UPGRADE me");
}

#[tokio::test]
async fn an_http_proxy_is_asked_for_the_address_that_was_checked() {
    let (site, proxy) = (Site::start().await, FakeProxy::start(Kind::Http).await);
    let fixture = through(upstream(&proxy.url("http")));
    use_both(&fixture, &site).await;
    let tunnel = format!("CONNECT 127.0.0.1:{} HTTP/1.1", site.port());
    assert_eq!(proxy.asked(), [tunnel.as_str(), &tunnel]);
}

#[tokio::test]
async fn an_http_proxy_that_resolves_names_is_asked_for_urls_and_names() {
    let (site, proxy) = (Site::start().await, FakeProxy::start(Kind::Http).await);
    let fixture = through_remotely(upstream(&proxy.url("http")));
    use_both(&fixture, &site).await;
    let port = site.port();
    assert_eq!(
        proxy.asked(),
        [
            format!("GET http://a.test:{port}/path?query HTTP/1.1"),
            format!("CONNECT a.test:{port} HTTP/1.1"),
        ]
    );
    // What a page claims to be a password for a proxy goes no further.
    let head = format!("GET http://a.test:{port}/ HTTP/1.1\r\n");
    let answer = fixture
        .send(format!("{head}Proxy-Authorization: Basic eDp5\r\n\r\n"))
        .await;
    assert!(answer.ends_with("hello"), "{answer}");
}

#[tokio::test]
async fn a_socks5_proxy_is_asked_for_the_address_or_the_name() {
    let site = Site::start().await;
    for kind in [Kind::Socks5, Kind::OpenSocks5] {
        let proxy = FakeProxy::start(kind).await;
        use_both(&through(upstream(&proxy.url("socks5"))), &site).await;
        let address = format!("SOCKS5 127.0.0.1:{}", site.port());
        assert_eq!(proxy.asked(), [address.as_str(), &address]);
        use_both(&through_remotely(upstream(&proxy.url("socks5"))), &site).await;
        let name = format!("SOCKS5 a.test:{}", site.port());
        assert_eq!(proxy.asked()[2..], [name.as_str(), &name]);
    }
}

/// A server with a certificate for 127.0.0.1, and who trusts it.
fn tls() -> (TlsAcceptor, ProxyTls) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    (acceptor, ProxyTls::trusting(roots))
}

#[tokio::test]
async fn an_https_proxy_needs_a_certificate_that_is_trusted() {
    let ((acceptor, trusts), (_, mistrusts)) = (tls(), tls());
    let (site, proxy) = (
        Site::start().await,
        FakeProxy::start(Kind::Https(acceptor)).await,
    );
    let proxied = Arc::new(upstream(&proxy.url("https")));
    let fixture = |tls| {
        let mut egress = egress(vec![vec![HERE]]);
        egress.proxy_tls = tls;
        let upstream = Some(Arc::clone(&proxied));
        Fixture::of(egress, allowing(&["127.0.0.1"]), upstream)
    };
    use_both(&fixture(trusts), &site).await;
    assert_eq!(proxy.asked().len(), 2);
    let fixture = fixture(mistrusts);
    let url = format!("http://a.test:{}/", site.port());
    assert_eq!(fixture.get(&url).await, "");
    let Some(ConnectFailure::Proxy(failure)) = fixture.recent_failures.for_url(&url) else {
        panic!("it is recorded");
    };
    assert!(matches!(failure.fault, ProxyFault::Tls { .. }), "{failure}");
    assert_eq!(proxy.asked().len(), 2);
}

#[tokio::test]
async fn bypassed_hosts_are_connected_to_directly() {
    let (site, proxy) = (Site::start().await, FakeProxy::start(Kind::Http).await);
    let proxied = upstream(&proxy.url("http")).with_bypass(&["near.a.test".to_owned()]);
    let fixture = through(proxied.unwrap());
    let url = |host| format!("http://{host}:{}/", site.port());
    assert!(fixture.get(&url("near.a.test")).await.ends_with("hello"));
    assert!(proxy.asked().is_empty());
    assert!(fixture.get(&url("a.test")).await.ends_with("hello"));
    assert_eq!(proxy.asked().len(), 1);
}

#[tokio::test]
async fn a_second_address_is_tried_where_the_proxy_cannot_reach_the_first() {
    for (kind, scheme) in [(Kind::Http, "http"), (Kind::Socks5, "socks5")] {
        let (site, proxy) = (Site::start().await, FakeProxy::start(kind).await);
        let policy = policy(&["a.test"], &["127.0.0.0/8"], PolicyMode::Enforce);
        let policy = with_proxies(&policy, &["127.0.0.1"]);
        let other: IpAddr = [127, 0, 0, 9].into();
        let addresses = vec![vec![other, HERE]];
        let proxied = upstream(&proxy.url(scheme));
        let fixture = Fixture::of(egress(addresses), policy, Some(Arc::new(proxied)));
        // The fake reaches only this machine's own address, by the port, so it never fails here.
        let url = format!("http://a.test:{}/", site.port());
        assert!(fixture.get(&url).await.ends_with("hello"));
        assert_eq!(proxy.asked().len(), 1);
        let dead = dead_port().await;
        let url = format!("http://a.test:{dead}/");
        assert_eq!(fixture.get(&url).await, "");
        let asked = proxy.asked();
        assert!(asked[1].contains("127.0.0.9:") && asked[2].contains("127.0.0.1:"));
    }
}

#[tokio::test]
async fn the_allowlist_is_asked_before_the_proxy() {
    for (kind, scheme) in [(Kind::Http, "http"), (Kind::Socks5, "socks5")] {
        let proxy = FakeProxy::start(kind).await;
        let site = Site::start().await;
        for fixture in [
            through(upstream(&proxy.url(scheme))),
            through_remotely(upstream(&proxy.url(scheme))),
        ] {
            for host in [
                "b.test",
                "10.0.0.1",
                "169.254.169.254",
                "[::1]",
                "localhost",
            ] {
                let answer = fixture
                    .get(&format!("http://{host}:{}/", site.port()))
                    .await;
                assert!(answer.starts_with("HTTP/1.1 403 "), "{host}: {answer}");
                let head = format!("CONNECT {host}:{} HTTP/1.1\r\n\r\n", site.port());
                let answer = fixture.send(head).await;
                assert!(answer.starts_with("HTTP/1.1 403 "), "{host}: {answer}");
            }
            assert!(fixture.reasons().len() >= 10);
            // The name of a TLS handshake must be the one of the tunnel.
            let mut stream = fixture.tunnel(&format!("a.test:{}", site.port())).await;
            stream.write_all(&hello("b.test")).await.unwrap();
            assert!(is_closed(stream).await);
        }
        assert!(
            proxy
                .asked()
                .iter()
                .all(|asked| { asked.contains("127.0.0.1:") || asked.contains("a.test:") })
        );
        assert_eq!(site.received(), "");
    }
}

#[tokio::test]
async fn private_addresses_are_denied_before_the_proxy_where_names_are_resolved_here() {
    let proxy = FakeProxy::start(Kind::Http).await;
    let any = policy(&[], &[], PolicyMode::Enforce);
    let any = with_proxies(&any, &["127.0.0.1"]);
    for private in [HERE, OWN, [169, 254, 169, 254].into(), [10, 0, 0, 1].into()] {
        let proxied = Some(Arc::new(upstream(&proxy.url("http"))));
        let fixture = Fixture::of(egress(vec![vec![private]]), Arc::clone(&any), proxied);
        let answer = fixture.get("http://rebind.test/").await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert_eq!(fixture.reasons(), ["address"]);
    }
    // Addresses that a page names are denied wherever names are resolved, and so are those of this machine.
    for address in ["127.0.0.1", "8.8.4.4", "x.localhost", "[::ffff:10.0.0.1]"] {
        let proxied = upstream(&proxy.url("http")).with_resolution(NameResolution::Remote);
        let fixture = Fixture::of(egress(vec![]), Arc::clone(&any), Some(Arc::new(proxied)));
        let answer = fixture.get(&format!("http://{address}/")).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{address}: {answer}");
    }
    assert!(proxy.asked().is_empty());
}

#[tokio::test]
async fn a_name_that_changes_its_address_is_sent_to_the_proxy_only_as_checked() {
    let (site, proxy) = (Site::start().await, FakeProxy::start(Kind::Http).await);
    let other: IpAddr = [127, 0, 0, 2].into();
    let addresses = vec![vec![other, HERE], vec![other]];
    let proxied = Some(Arc::new(upstream(&proxy.url("http"))));
    let fixture = Fixture::of(egress(addresses), allowing(&["127.0.0.1"]), proxied);
    let url = format!("http://a.test:{}/", site.port());
    assert!(fixture.get(&url).await.ends_with("hello"));
    assert!(fixture.get(&url).await.starts_with("HTTP/1.1 403 "));
    let tunnel = format!("CONNECT 127.0.0.1:{} HTTP/1.1", site.port());
    assert_eq!(proxy.asked(), [tunnel]);
}

#[tokio::test]
async fn a_change_of_policy_cuts_connections_through_a_proxy_that_it_no_longer_allows() {
    let (site, proxy) = (Site::start().await, FakeProxy::start(Kind::Socks5).await);
    let fixture = through(upstream(&proxy.url("socks5")));
    let mut stream = fixture.tunnel(&format!("a.test:{}", site.port())).await;
    stream.write_all(b"one").await.unwrap();
    assert_eq!(read(&mut stream).await, "one");
    fixture.policy.send_replace(allowing(&["10.0.0.0/8"]));
    assert!(is_closed(stream).await);
    let url = format!("http://a.test:{}/", site.port());
    assert_eq!(fixture.get(&url).await, "");
    let Some(ConnectFailure::Proxy(failure)) = fixture.recent_failures.for_url(&url) else {
        panic!("it is recorded");
    };
    assert_eq!(failure.fault.reason(), "notAllowed");
    assert_eq!(proxy.asked().len(), 1);
}
