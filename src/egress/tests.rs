//! Proxies, over loopback.

mod fake_proxy;
mod upstream;
mod upstream_failures;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::client_hello::samples::hello;
use super::{
    BlockReporter, BlockedRequest, Egress, ProxyConfig, ProxyLimits, ProxyListener, RecentFailures,
    Resolve,
};
use crate::policy::{ConnectFailure, EgressPolicy, PolicyMode, PrivateNetworks, UpstreamProxy};

const PATIENCE: Duration = Duration::from_secs(10);
/// A public address of this machine.
const OWN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(8, 8, 4, 4));
const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// Answers each lookup with the next list of addresses; the last one is repeated.
struct ScriptedResolver(Mutex<Vec<Vec<IpAddr>>>);

impl Resolve for ScriptedResolver {
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let mut lists = self.0.lock().unwrap();
        let answer = match (name, lists.len()) {
            ("unknown.test", _) | (_, 0) => Err(io::Error::from(io::ErrorKind::NotFound)),
            (_, 1) => Ok(lists[0].clone()),
            _ => Ok(lists.remove(0)),
        };
        std::future::ready(answer).boxed()
    }
}

/// A server that records what it receives and answers each request.
struct Site {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    received: Arc<Mutex<Vec<u8>>>,
}

impl Site {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            received: Arc::default(),
        };
        let (connections, received) = (Arc::clone(&site.connections), Arc::clone(&site.received));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(answer(stream, Arc::clone(&received)));
            }
        });
        site
    }

    fn port(&self) -> u16 {
        self.address.port()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    fn received(&self) -> String {
        String::from_utf8_lossy(&self.received.lock().unwrap()).into_owned()
    }
}

/// Answers HTTP with `hello`, and echoes everything else.
async fn answer(mut stream: TcpStream, received: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = vec![0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        let bytes = &buffer[..length];
        received.lock().unwrap().extend_from_slice(bytes);
        let reply: &[u8] = if bytes.starts_with(b"GET /endless ") {
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nand so on"
        } else if bytes.starts_with(b"GET ") || bytes.starts_with(b"POST ") {
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nKeep-Alive: timeout=5\r\nX-Of: site\r\n\r\nhello"
        } else {
            bytes
        };
        if stream.write_all(reply).await.is_err() {
            return;
        }
    }
}

struct Fixture {
    egress: Egress,
    proxy: ProxyListener,
    policy: watch::Sender<Arc<EgressPolicy>>,
    recent_failures: Arc<RecentFailures>,
    blocked: Arc<Mutex<Vec<BlockedRequest>>>,
    traffic: Arc<AtomicU64>,
}

fn policy(allowlist: &[&str], private: &[&str], mode: PolicyMode) -> Arc<EgressPolicy> {
    let allowlist: Vec<String> = allowlist.iter().map(ToString::to_string).collect();
    let private = private.iter().map(|range| range.parse().unwrap()).collect();
    let private = PrivateNetworks::Only(private);
    let policy = EgressPolicy::new(&allowlist, &[], private, BTreeMap::new(), mode);
    Arc::new(policy.unwrap())
}

fn limits() -> ProxyLimits {
    ProxyLimits {
        max_connections: 4,
        upstream_timeout: Duration::from_secs(1),
        header_timeout: Duration::from_millis(300),
        ..ProxyLimits::default()
    }
}

/// Resolves names to these addresses.
fn egress(addresses: Vec<Vec<IpAddr>>) -> Egress {
    let resolver = ScriptedResolver(Mutex::new(addresses));
    let mut egress = Egress::new(Arc::new(resolver), limits());
    egress.is_own_address = |address| address == OWN;
    egress.peer_check().allow_all();
    egress
}

impl Fixture {
    /// Allows `a.test` and its subdomains, which resolve to loopback.
    fn new() -> Self {
        Self::with(
            policy(&["a.test"], &["127.0.0.1/32"], PolicyMode::Enforce),
            vec![vec![HERE]],
        )
    }

    fn with(first: Arc<EgressPolicy>, addresses: Vec<Vec<IpAddr>>) -> Self {
        Self::of(egress(addresses), first, None)
    }

    fn of(egress: Egress, first: Arc<EgressPolicy>, upstream: Option<Arc<UpstreamProxy>>) -> Self {
        let (policy, policies) = watch::channel(first);
        let blocked: Arc<Mutex<Vec<BlockedRequest>>> = Arc::default();
        let (log, recent_failures) = (Arc::clone(&blocked), Arc::<RecentFailures>::default());
        let traffic = Arc::<AtomicU64>::default();
        let reporter = BlockReporter::new(Arc::clone(&recent_failures), move |it| {
            log.lock().unwrap().push(it);
        });
        let config = ProxyConfig {
            client: "a".into(),
            policy: policies,
            reporter,
            upstream,
            traffic: Arc::clone(&traffic),
        };
        let proxy = egress.open(config).unwrap();
        Self {
            egress,
            proxy,
            policy,
            recent_failures,
            blocked,
            traffic,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.proxy.address()).await.unwrap()
    }

    /// Sends these bytes on a new connection and returns the response.
    async fn send(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_ref()).await.unwrap();
        read(&mut stream).await
    }

    async fn get(&self, url: &str) -> String {
        self.send(format!("GET {url} HTTP/1.1\r\nHost: other.test\r\n\r\n"))
            .await
    }

    /// Opens a tunnel, which must be allowed.
    async fn tunnel(&self, authority: &str) -> TcpStream {
        let mut stream = self.connect().await;
        let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = read(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        stream
    }

    fn reasons(&self) -> Vec<&'static str> {
        let blocked = self.blocked.lock().unwrap();
        blocked
            .iter()
            .map(|blocked| blocked.denied.reason())
            .collect()
    }
}

/// Reads until nothing has arrived for 50 ms, which is long on loopback.
async fn read(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let first = timeout(PATIENCE, stream.read_buf(&mut all)).await;
    if !matches!(first, Ok(Ok(1..))) {
        return String::new();
    }
    while let Ok(Ok(1..)) = timeout(Duration::from_millis(50), stream.read_buf(&mut all)).await {}
    String::from_utf8_lossy(&all).into_owned()
}

/// Reads until the text contains `end`.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut all = Vec::new();
    while !String::from_utf8_lossy(&all).contains(end) {
        let more = timeout(PATIENCE, stream.read_buf(&mut all)).await;
        assert!(matches!(more, Ok(Ok(1..))), "{all:?} without {end:?}");
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// Whether the peer closes the connection.
async fn is_closed(mut stream: TcpStream) -> bool {
    let mut rest = [0; 64];
    matches!(
        timeout(PATIENCE, stream.read(&mut rest)).await,
        Ok(Ok(0) | Err(_))
    )
}

/// A port on which nothing listens.
async fn dead_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn a_plain_request_is_forwarded_in_origin_form() {
    let (fixture, site) = (Fixture::new(), Site::start().await);
    let url = format!("http://www.a.test:{}/path?query", site.port());
    let answer = fixture
        .send(format!(
            "GET {url} HTTP/1.1\r\nHost: other.test\r\nProxy-Connection: keep-alive\r\n\
             X-Case: Kept\r\n\r\n"
        ))
        .await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("hello"),
        "{answer}"
    );
    assert!(
        answer.contains("X-Of: site") && !answer.contains("Keep-Alive"),
        "{answer}"
    );
    let received = site.received();
    assert!(
        received.starts_with("GET /path?query HTTP/1.1\r\n"),
        "{received}"
    );
    let host = format!("www.a.test:{}\r\n", site.port());
    assert!(
        received.contains(&host) && !received.contains("other.test"),
        "{received}"
    );
    assert!(
        !received.contains("Proxy-Connection") && received.contains("X-Case: Kept"),
        "{received}"
    );
}

#[tokio::test]
async fn further_requests_reuse_the_upstream_connection() {
    let (fixture, site) = (Fixture::new(), Site::start().await);
    let mut stream = fixture.connect().await;
    for _ in 0..3 {
        let request = format!(
            "GET http://a.test:{}/ HTTP/1.1\r\nHost: a\r\n\r\n",
            site.port()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        assert!(read(&mut stream).await.ends_with("hello"));
    }
    assert_eq!(site.connections(), 1);
}

#[tokio::test]
async fn a_blocked_request_is_answered_403_and_reported_without_its_query() {
    let (fixture, site) = (Fixture::new(), Site::start().await);
    let url = format!("http://b.test:{}/path?secret", site.port());
    let answer = fixture.get(&url).await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    let answer = fixture
        .send("CONNECT b.test:443 HTTP/1.1\r\nHost: b.test:443\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert_eq!(site.connections(), 0);
    let blocked = fixture.blocked.lock().unwrap().clone();
    let urls: Vec<_> = blocked.iter().map(|blocked| blocked.url.as_str()).collect();
    let plain = format!("http://b.test:{}/path", site.port());
    assert_eq!(urls, [plain.as_str(), "https://b.test/"]);
    assert!(matches!(
        fixture.recent_failures.for_url(&url),
        Some(ConnectFailure::Denied(_))
    ));
    assert_eq!(fixture.recent_failures.for_url("http://a.test/"), None);
}

#[tokio::test]
async fn malformed_requests_are_rejected() {
    let fixture = Fixture::new();
    for bytes in [
        "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
        "GET https://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n",
        "GET http://u@a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n",
        "CONNECT a.test HTTP/1.1\r\nHost: a.test\r\n\r\n",
        "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\n\
         Content-Length: 2\r\n\r\nab",
        "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nX: a\r\n b\r\n\r\n",
        "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nX : a\r\n\r\n",
        "GET http://a.test/ HTTP/1.1\rHost: a.test\r\n\r\n",
        "\x16\x03\x01\x00\x05hello",
    ] {
        let answer = fixture.send(bytes).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{bytes:?}: {answer:?}");
    }
    let long = format!(
        "GET http://a.test/ HTTP/1.1\r\nX: {}\r\n\r\n",
        "x".repeat(300_000)
    );
    let answer = fixture.send(long).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer:?}");
}

#[tokio::test]
async fn a_head_that_the_server_may_accept_is_forwarded() {
    let (fixture, site) = (Fixture::new(), Site::start().await);
    let (path, cookie) = ("p".repeat(60_000), "c".repeat(150_000));
    let url = format!("http://a.test:{}/{path}", site.port());
    let more = "X-More: x\r\n".repeat(150);
    let head = format!("GET {url} HTTP/1.1\r\nHost: a.test\r\nCookie: {cookie}\r\n{more}\r\n");
    let answer = fixture.send(head).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
    assert!(
        site.received()
            .starts_with(&format!("GET /{}", "p".repeat(4000)))
    );
}

#[tokio::test]
async fn a_body_with_two_lengths_is_forwarded_with_one() {
    let (fixture, site) = (Fixture::new(), Site::start().await);
    for lengths in [
        "Content-Length: 30\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 30",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip",
        "Transfer-Encoding: x\r\nContent-Length: 30",
    ] {
        let url = format!("http://a.test:{}/", site.port());
        let head = format!("POST {url} HTTP/1.1\r\nHost: a.test\r\n{lengths}\r\n\r\n");
        let answer = fixture.send(format!("{head}1\r\nx\r\n0\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 400"));
        let forwarded = site.received().to_ascii_lowercase();
        assert!(!forwarded.contains("content-length"), "{forwarded}");
        let one = "transfer-encoding: chunked\r\n";
        let requests = forwarded.matches("post ").count();
        assert_eq!(forwarded.matches(one).count(), requests, "{forwarded}");
        assert_eq!(forwarded.matches("transfer-encoding").count(), requests);
    }
    let head = format!(
        "POST http://a.test:{}/ HTTP/1.1\r\nHost: a.test\r\n",
        site.port()
    );
    let twice = format!("{head}Content-Length: 2\r\nContent-Length: 2\r\n\r\nab");
    let answer = fixture.send(twice).await;
    let forwarded = site.received().to_ascii_lowercase();
    let lengths = forwarded.matches("content-length: 2\r\n").count();
    assert!(
        answer.starts_with("HTTP/1.1 400") || lengths == 1,
        "{forwarded}"
    );
}

#[tokio::test]
async fn an_address_of_this_machine_is_denied_also_if_it_is_public() {
    let policy = policy(&["a.test"], &["127.0.0.1/32"], PolicyMode::Enforce);
    let fixture = Fixture::with(policy, vec![vec![OWN]]);
    let answer = fixture.get("http://a.test:1/").await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.contains("an address of this machine"), "{answer}");
}

#[tokio::test]
async fn a_tunnel_carries_other_protocols_than_tls() {
    let (fixture, site) = (Fixture::new(), Site::start().await);
    let mut stream = fixture.tunnel(&format!("a.test:{}", site.port())).await;
    let before = fixture.traffic.load(Ordering::Relaxed);
    stream.write_all(b"UPGRADE me").await.unwrap();
    assert_eq!(read(&mut stream).await, "UPGRADE me");
    let counted = fixture.traffic.load(Ordering::Relaxed) - before;
    assert_eq!(counted, 20, "there and back");
}

#[tokio::test]
async fn a_tunnel_carries_tls_to_the_requested_host_only() {
    let (fixture, site) = (Fixture::new(), Site::start().await);
    let authority = format!("a.test:{}", site.port());
    let mut stream = fixture.tunnel(&authority).await;
    let (start, end) = (hello("a.test"), hello("a.test").split_off(20));
    stream.write_all(&start[..20]).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    assert_eq!(
        site.received(),
        "",
        "nothing is sent before the server name is known"
    );
    stream.write_all(&end).await.unwrap();
    assert!(!read(&mut stream).await.is_empty());
    let before = site.received();
    let mut stream = fixture.tunnel(&authority).await;
    stream.write_all(&hello("www.a.test")).await.unwrap();
    assert!(is_closed(stream).await);
    assert_eq!(site.received(), before);
    assert_eq!(fixture.reasons(), ["server_name"]);
}

#[tokio::test]
async fn a_name_that_resolves_to_a_private_address_is_blocked() {
    let site = Site::start().await;
    let public = policy(&[], &[], PolicyMode::Enforce);
    let metadata: IpAddr = [169, 254, 169, 254].into();
    for private in [HERE, metadata] {
        let fixture = Fixture::with(Arc::clone(&public), vec![vec![private]]);
        let url = format!("http://rebind.test:{}/", site.port());
        let answer = fixture.get(&url).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert_eq!(fixture.reasons(), ["address"]);
        let Some(ConnectFailure::Denied(denied)) = fixture.recent_failures.for_url(&url) else {
            panic!("it is recorded");
        };
        assert!(
            denied.to_string().starts_with("rebind.test resolves to"),
            "{denied}"
        );
    }
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn each_connection_goes_to_the_address_that_was_checked_for_it() {
    let site = Site::start().await;
    // The name resolves to an allowed address first, and then to one that is not allowed.
    let other: IpAddr = [127, 0, 0, 2].into();
    let fixture = Fixture::with(
        policy(&["a.test"], &["127.0.0.1/32"], PolicyMode::Enforce),
        vec![vec![other, HERE], vec![other]],
    );
    let url = format!("http://a.test:{}/", site.port());
    assert!(fixture.get(&url).await.ends_with("hello"));
    assert!(fixture.get(&url).await.starts_with("HTTP/1.1 403 "));
    assert_eq!(site.connections(), 1);
}

#[tokio::test]
async fn a_network_failure_is_recorded_and_a_plain_request_gets_no_response() {
    let fixture = Fixture::new();
    let dead = dead_port().await;
    let url = format!("http://a.test:{dead}/");
    assert_eq!(fixture.get(&url).await, "");
    let refused = Some(ConnectFailure::Failed("net::ERR_CONNECTION_REFUSED"));
    assert_eq!(fixture.recent_failures.for_url(&url), refused);
    let fixture = Fixture::with(policy(&[], &[], PolicyMode::Enforce), vec![]);
    let asked = "CONNECT unknown.test:443 HTTP/1.1\r\nHost: unknown.test:443\r\n\r\n";
    assert!(fixture.send(asked).await.starts_with("HTTP/1.1 502 "));
    let unknown = Some(ConnectFailure::Failed("net::ERR_NAME_NOT_RESOLVED"));
    assert_eq!(
        fixture.recent_failures.for_url("https://unknown.test/"),
        unknown
    );
    assert!(fixture.reasons().is_empty());
}

#[tokio::test]
async fn report_mode_lets_requests_through_and_reports_them() {
    let site = Site::start().await;
    let report = policy(&["a.test"], &["127.0.0.1/32"], PolicyMode::Report);
    let fixture = Fixture::with(report, vec![vec![HERE]]);
    assert!(
        fixture
            .get(&format!("http://b.test:{}/", site.port()))
            .await
            .ends_with("hello")
    );
    assert!(
        fixture
            .get("http://10.0.0.1/")
            .await
            .starts_with("HTTP/1.1 403 ")
    );
    let blocked = fixture.blocked.lock().unwrap().clone();
    let reported: Vec<_> = blocked
        .iter()
        .map(|it| (it.denied.reason(), it.let_through))
        .collect();
    assert_eq!(reported, [("allowlist", true), ("address", false)]);
}

#[tokio::test]
async fn a_change_of_policy_applies_to_open_tunnels_at_once() {
    let (fixture, site) = (Fixture::new(), Site::start().await);
    let mut kept = fixture.tunnel(&format!("www.a.test:{}", site.port())).await;
    kept.write_all(b"one").await.unwrap();
    assert_eq!(read(&mut kept).await, "one");
    let mut revoked = fixture.tunnel(&format!("a.test:{}", site.port())).await;
    revoked.write_all(b"two").await.unwrap();
    assert_eq!(read(&mut revoked).await, "two");
    let stricter = policy(
        &["www.a.test", "b.test"],
        &["127.0.0.1/32"],
        PolicyMode::Enforce,
    );
    fixture.policy.send_replace(stricter);
    assert!(is_closed(revoked).await);
    kept.write_all(b"three").await.unwrap();
    assert_eq!(read(&mut kept).await, "three");
    let url = |host| format!("http://{host}:{}/", site.port());
    assert!(
        fixture
            .get(&url("a.test"))
            .await
            .starts_with("HTTP/1.1 403 ")
    );
    assert!(fixture.get(&url("b.test")).await.ends_with("hello"));
}

#[tokio::test]
async fn a_plain_connection_is_closed_when_policy_revokes_its_host() {
    let (fixture, site) = (Fixture::new(), Site::start().await);
    let ask = async |host: &str, path: &str, end: &str| {
        let mut stream = fixture.connect().await;
        let url = format!("http://{host}:{}{path}", site.port());
        let head = format!("GET {url} HTTP/1.1\r\nHost: other.test\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = read_until(&mut stream, end).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        stream
    };
    let mut kept = ask("www.a.test", "/", "hello").await;
    let idle = ask("a.test", "/", "hello").await;
    let busy = ask("a.test", "/endless", "\r\n\r\n").await;
    fixture.policy.send_replace(policy(
        &["www.a.test"],
        &["127.0.0.1/32"],
        PolicyMode::Enforce,
    ));
    assert!(is_closed(idle).await && is_closed(busy).await);
    let again = format!("GET http://www.a.test:{}/ HTTP/1.1\r\n\r\n", site.port());
    kept.write_all(again.as_bytes()).await.unwrap();
    read_until(&mut kept, "hello").await;
    assert_eq!(site.connections(), 3, "the connection was reused");
}

#[tokio::test]
async fn a_reported_connection_is_closed_when_policy_is_enforced() {
    let fixture = Fixture::with(
        policy(&["a.test"], &["127.0.0.1/32"], PolicyMode::Report),
        vec![vec![HERE]],
    );
    let site = Site::start().await;
    let mut other_name = fixture.tunnel(&format!("a.test:{}", site.port())).await;
    let hello = hello("b.test");
    other_name.write_all(&hello).await.unwrap();
    assert_ne!(read(&mut other_name).await, "");
    let mut unlisted = fixture.tunnel(&format!("b.test:{}", site.port())).await;
    unlisted.write_all(b"one").await.unwrap();
    assert_eq!(read(&mut unlisted).await, "one");
    fixture
        .policy
        .send_replace(policy(&["a.test"], &["127.0.0.1/32"], PolicyMode::Enforce));
    assert!(is_closed(other_name).await && is_closed(unlisted).await);
}

#[tokio::test]
async fn a_connection_without_complete_headers_times_out() {
    let fixture = Fixture::new();
    let mut slow = fixture.connect().await;
    slow.write_all(b"GET http://a.test/ HT").await.unwrap();
    assert!(is_closed(slow).await);
}

#[tokio::test]
async fn connections_beyond_the_limit_are_answered_503() {
    let (fixture, site) = (Fixture::new(), Site::start().await);
    let authority = format!("a.test:{}", site.port());
    let mut held = Vec::new();
    for _ in 0..limits().max_connections {
        held.push(fixture.tunnel(&authority).await);
    }
    let mut one_more = fixture.connect().await;
    assert!(read(&mut one_more).await.starts_with("HTTP/1.1 503 "));
    held.pop();
    sleep(Duration::from_millis(200)).await;
    fixture.tunnel(&authority).await;
}

#[tokio::test]
async fn dropping_the_listener_closes_its_connections() {
    let (fixture, site) = (Fixture::new(), Site::start().await);
    let stream = fixture.tunnel(&format!("a.test:{}", site.port())).await;
    let address = fixture.proxy.address();
    drop(fixture.proxy);
    assert!(is_closed(stream).await);
    assert!(TcpStream::connect(address).await.is_err());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn other_processes_are_rejected() {
    let (fixture, site) = (Fixture::new(), Site::start().await);
    let url = format!("http://a.test:{}/", site.port());
    let peer_check = fixture.egress.peer_check();
    peer_check.deny_all();
    assert_eq!(fixture.get(&url).await, "", "there is no browser");
    let mut browser = std::process::Command::new("sleep")
        .arg("60")
        .spawn()
        .unwrap();
    peer_check.allow_process_group(browser.id());
    assert_eq!(
        fixture.get(&url).await,
        "",
        "this process does not belong to the browser"
    );
    let own = super::socket_owner::group_of(std::process::id()).unwrap();
    peer_check.allow_process_group(own);
    assert!(fixture.get(&url).await.ends_with("hello"));
    assert!(fixture.get(&url).await.ends_with("hello"));
    browser.kill().unwrap();
    browser.wait().unwrap();
    assert_eq!(site.connections(), 2);
}

/// Sends a plain request from a process of its own in this process group, under this account, and returns the
/// answer.
#[cfg(target_os = "linux")]
async fn get_as(uid: u32, group: u32, proxy: SocketAddr, url: &str) -> String {
    const SCRIPT: &str = r#"exec 3<>"/dev/tcp/$1/$2"
printf 'GET %s HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n' "$3" >&3
cat <&3"#;
    let mut command = tokio::process::Command::new("bash");
    command.args(["-c", SCRIPT, "bash", &proxy.ip().to_string()]);
    command.args([&proxy.port().to_string(), url]);
    let group = i32::try_from(group).unwrap();
    let output = command.uid(uid).process_group(group).output();
    String::from_utf8(output.await.unwrap().stdout).unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_process_of_another_account_is_rejected_in_whatever_group_it_is() {
    const OTHER: u32 = 65_534;
    let (fixture, site) = (Fixture::new(), Site::start().await);
    let url = format!("http://a.test:{}/", site.port());
    let (peer_check, proxy) = (fixture.egress.peer_check(), fixture.proxy.address());
    let mut browser = tokio::process::Command::new("sleep")
        .arg("60")
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let group = browser.id().unwrap();
    peer_check.allow_process_group(group);
    let own = rustix::process::geteuid();
    let answer = get_as(own.as_raw(), group, proxy, &url).await;
    assert!(answer.ends_with("hello"), "{answer}");
    // Only root can change the account.
    if own.is_root() {
        assert_eq!(get_as(OTHER, group, proxy, &url).await, "");
    }
    browser.kill().await.unwrap();
}
