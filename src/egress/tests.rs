//! The gates over loopback.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::client_hello::samples::hello;
use super::{Blocked, Egress, Gate, Limits, Obstacle, Recall, Reporter, Resolve, Terms};
use crate::policy::{EgressPolicy, PolicyMode, PrivateNetworks};

const PATIENCE: Duration = Duration::from_secs(10);
const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// Answers each time with the next list of addresses; the last one stays.
struct Script(Mutex<Vec<Vec<IpAddr>>>);

impl Resolve for Script {
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

/// A server that keeps what it was sent and answers each request.
struct Site {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Site {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            heard: Arc::default(),
        };
        let (connections, heard) = (Arc::clone(&site.connections), Arc::clone(&site.heard));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(answer(stream, Arc::clone(&heard)));
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

    fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }
}

/// Answers HTTP with `hello`, and everything else with itself.
async fn answer(mut stream: TcpStream, heard: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = vec![0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        let bytes = &buffer[..length];
        heard.lock().unwrap().extend_from_slice(bytes);
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

struct World {
    egress: Egress,
    gate: Gate,
    policy: watch::Sender<Arc<EgressPolicy>>,
    recall: Arc<Recall>,
    blocked: Arc<Mutex<Vec<Blocked>>>,
}

fn policy(allowlist: &[&str], private: &[&str], mode: PolicyMode) -> Arc<EgressPolicy> {
    let allowlist: Vec<String> = allowlist.iter().map(ToString::to_string).collect();
    let private = private.iter().map(|range| range.parse().unwrap()).collect();
    let private = PrivateNetworks::Only(private);
    let policy = EgressPolicy::new(&allowlist, &[], private, BTreeMap::new(), mode);
    Arc::new(policy.unwrap())
}

fn limits() -> Limits {
    Limits {
        connections: 4,
        head: Duration::from_millis(300),
        ..Limits::default()
    }
}

impl World {
    /// `a.test` and what is below it may be reached, and is here.
    fn new() -> Self {
        Self::with(
            policy(&["a.test"], &["127.0.0.1/32"], PolicyMode::Enforce),
            vec![vec![HERE]],
        )
    }

    fn with(first: Arc<EgressPolicy>, addresses: Vec<Vec<IpAddr>>) -> Self {
        let egress = Egress::new(Arc::new(Script(Mutex::new(addresses))), limits());
        egress.admission().anyone();
        let (policy, policies) = watch::channel(first);
        let blocked: Arc<Mutex<Vec<Blocked>>> = Arc::default();
        let (told, recall) = (Arc::clone(&blocked), Arc::<Recall>::default());
        let reporter = Reporter::new(Arc::clone(&recall), move |it| told.lock().unwrap().push(it));
        let terms = Terms {
            policy: policies,
            reporter,
        };
        let gate = egress.open(terms).unwrap();
        Self {
            egress,
            gate,
            policy,
            recall,
            blocked,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.gate.address()).await.unwrap()
    }

    /// What is answered to these bytes, until silence or the end.
    async fn ask(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_ref()).await.unwrap();
        read(&mut stream).await
    }

    async fn get(&self, url: &str) -> String {
        self.ask(format!("GET {url} HTTP/1.1\r\nHost: whatever\r\n\r\n"))
            .await
    }

    /// A tunnel that was granted.
    async fn tunnel(&self, authority: &str) -> TcpStream {
        let mut stream = self.connect().await;
        let asked = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
        stream.write_all(asked.as_bytes()).await.unwrap();
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

/// What comes within a while that is long on loopback.
async fn read(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let first = timeout(PATIENCE, stream.read_buf(&mut all)).await;
    if !matches!(first, Ok(Ok(1..))) {
        return String::new();
    }
    while let Ok(Ok(1..)) = timeout(Duration::from_millis(50), stream.read_buf(&mut all)).await {}
    String::from_utf8_lossy(&all).into_owned()
}

/// Reads until this has come; what has come by then.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut all = Vec::new();
    while !String::from_utf8_lossy(&all).contains(end) {
        let more = timeout(PATIENCE, stream.read_buf(&mut all)).await;
        assert!(matches!(more, Ok(Ok(1..))), "{all:?} without {end:?}");
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// Whether the other side ends the connection.
async fn is_cut(mut stream: TcpStream) -> bool {
    let mut rest = [0; 64];
    matches!(
        timeout(PATIENCE, stream.read(&mut rest)).await,
        Ok(Ok(0) | Err(_))
    )
}

#[tokio::test]
async fn a_plain_request_is_passed_on_as_one_to_the_server_itself() {
    let (world, site) = (World::new(), Site::start().await);
    let url = format!("http://www.a.test:{}/path?query", site.port());
    let answer = world
        .ask(format!(
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
    let heard = site.heard();
    assert!(heard.starts_with("GET /path?query HTTP/1.1\r\n"), "{heard}");
    let host = format!("www.a.test:{}\r\n", site.port());
    assert!(
        heard.contains(&host) && !heard.contains("other.test"),
        "{heard}"
    );
    assert!(
        !heard.contains("Proxy-Connection") && heard.contains("X-Case: Kept"),
        "{heard}"
    );
}

#[tokio::test]
async fn further_requests_go_over_the_same_connection() {
    let (world, site) = (World::new(), Site::start().await);
    let mut stream = world.connect().await;
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
async fn what_policy_refuses_is_answered_403_and_told_without_its_query() {
    let (world, site) = (World::new(), Site::start().await);
    let url = format!("http://b.test:{}/path?secret", site.port());
    let answer = world.get(&url).await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    let answer = world
        .ask("CONNECT b.test:443 HTTP/1.1\r\nHost: b.test:443\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert_eq!(site.connections(), 0);
    let blocked = world.blocked.lock().unwrap().clone();
    let urls: Vec<_> = blocked.iter().map(|blocked| blocked.url.as_str()).collect();
    let plain = format!("http://b.test:{}/path", site.port());
    assert_eq!(urls, [plain.as_str(), "https://b.test/"]);
    assert!(matches!(
        world.recall.of_url(&url),
        Some(Obstacle::Denied(_))
    ));
    assert_eq!(world.recall.of_url("http://a.test/"), None);
}

#[tokio::test]
async fn what_is_no_request_to_a_proxy_is_refused() {
    let world = World::new();
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
        let answer = world.ask(bytes).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{bytes:?}: {answer:?}");
    }
    let long = format!(
        "GET http://a.test/ HTTP/1.1\r\nX: {}\r\n\r\n",
        "x".repeat(20_000)
    );
    let answer = world.ask(long).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer:?}");
}

#[tokio::test]
async fn a_body_whose_length_is_said_twice_is_passed_on_with_one_length() {
    let (world, site) = (World::new(), Site::start().await);
    for lengths in [
        "Content-Length: 30\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 30",
    ] {
        let url = format!("http://a.test:{}/", site.port());
        let head = format!("POST {url} HTTP/1.1\r\nHost: a.test\r\n{lengths}\r\n\r\n");
        let answer = world.ask(format!("{head}1\r\nx\r\n0\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 400"));
        let passed_on = site.heard().to_ascii_lowercase();
        assert!(!passed_on.contains("content-length"), "{passed_on}");
    }
}

#[tokio::test]
async fn a_tunnel_carries_what_is_no_tls() {
    let (world, site) = (World::new(), Site::start().await);
    let mut stream = world.tunnel(&format!("a.test:{}", site.port())).await;
    stream.write_all(b"UPGRADE me").await.unwrap();
    assert_eq!(read(&mut stream).await, "UPGRADE me");
}

#[tokio::test]
async fn a_tunnel_carries_tls_to_the_host_it_was_asked_for_and_no_other() {
    let (world, site) = (World::new(), Site::start().await);
    let authority = format!("a.test:{}", site.port());
    let mut stream = world.tunnel(&authority).await;
    let (start, end) = (hello("a.test"), hello("a.test").split_off(20));
    stream.write_all(&start[..20]).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    assert_eq!(
        site.heard(),
        "",
        "nothing leaves before it is clear whom it is for"
    );
    stream.write_all(&end).await.unwrap();
    assert!(!read(&mut stream).await.is_empty());
    let before = site.heard();
    let mut stream = world.tunnel(&authority).await;
    stream.write_all(&hello("www.a.test")).await.unwrap();
    assert!(is_cut(stream).await);
    assert_eq!(site.heard(), before);
    assert_eq!(world.reasons(), ["server_name"]);
}

#[tokio::test]
async fn a_name_that_turns_to_a_private_address_is_not_followed() {
    let site = Site::start().await;
    let public = policy(&[], &[], PolicyMode::Enforce);
    let metadata: IpAddr = [169, 254, 169, 254].into();
    for private in [HERE, metadata] {
        let world = World::with(Arc::clone(&public), vec![vec![private]]);
        let url = format!("http://rebind.test:{}/", site.port());
        let answer = world.get(&url).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert_eq!(world.reasons(), ["address"]);
        let Some(Obstacle::Denied(denied)) = world.recall.of_url(&url) else {
            panic!("it is remembered");
        };
        assert!(
            denied.to_string().starts_with("rebind.test leads to"),
            "{denied}"
        );
    }
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn each_connection_is_made_to_the_address_that_was_checked_for_it() {
    let site = Site::start().await;
    // At first the name leads to an address that is let in, and then to one that is not.
    let other: IpAddr = [127, 0, 0, 2].into();
    let world = World::with(
        policy(&["a.test"], &["127.0.0.1/32"], PolicyMode::Enforce),
        vec![vec![other, HERE], vec![other]],
    );
    let url = format!("http://a.test:{}/", site.port());
    assert!(world.get(&url).await.ends_with("hello"));
    assert!(world.get(&url).await.starts_with("HTTP/1.1 403 "));
    assert_eq!(site.connections(), 1);
}

#[tokio::test]
async fn what_the_network_does_is_remembered_and_a_plain_request_is_left_unanswered() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("http://a.test:{dead}/");
    assert_eq!(world.get(&url).await, "");
    let refused = Some(Obstacle::Failed("net::ERR_CONNECTION_REFUSED"));
    assert_eq!(world.recall.of_url(&url), refused);
    let world = World::with(policy(&[], &[], PolicyMode::Enforce), vec![]);
    let asked = "CONNECT unknown.test:443 HTTP/1.1\r\nHost: unknown.test:443\r\n\r\n";
    assert!(world.ask(asked).await.starts_with("HTTP/1.1 502 "));
    let unknown = Some(Obstacle::Failed("net::ERR_NAME_NOT_RESOLVED"));
    assert_eq!(world.recall.of_url("https://unknown.test/"), unknown);
    assert!(world.reasons().is_empty());
}

#[tokio::test]
async fn a_policy_that_only_reports_lets_through_and_tells() {
    let site = Site::start().await;
    let report = policy(&["a.test"], &["127.0.0.1/32"], PolicyMode::Report);
    let world = World::with(report, vec![vec![HERE]]);
    assert!(
        world
            .get(&format!("http://b.test:{}/", site.port()))
            .await
            .ends_with("hello")
    );
    assert!(
        world
            .get("http://10.0.0.1/")
            .await
            .starts_with("HTTP/1.1 403 ")
    );
    let blocked = world.blocked.lock().unwrap().clone();
    let told: Vec<_> = blocked
        .iter()
        .map(|it| (it.denied.reason(), it.let_through))
        .collect();
    assert_eq!(told, [("allowlist", true), ("address", false)]);
}

#[tokio::test]
async fn a_policy_that_changes_counts_at_once_also_for_what_is_open() {
    let (world, site) = (World::new(), Site::start().await);
    let mut kept = world.tunnel(&format!("www.a.test:{}", site.port())).await;
    kept.write_all(b"one").await.unwrap();
    assert_eq!(read(&mut kept).await, "one");
    let mut cut = world.tunnel(&format!("a.test:{}", site.port())).await;
    cut.write_all(b"two").await.unwrap();
    assert_eq!(read(&mut cut).await, "two");
    let stricter = policy(
        &["www.a.test", "b.test"],
        &["127.0.0.1/32"],
        PolicyMode::Enforce,
    );
    world.policy.send_replace(stricter);
    assert!(is_cut(cut).await);
    kept.write_all(b"three").await.unwrap();
    assert_eq!(read(&mut kept).await, "three");
    let url = |host| format!("http://{host}:{}/", site.port());
    assert!(world.get(&url("a.test")).await.starts_with("HTTP/1.1 403 "));
    assert!(world.get(&url("b.test")).await.ends_with("hello"));
}

#[tokio::test]
async fn a_plain_connection_that_leads_where_it_may_not_any_more_is_cut() {
    let (world, site) = (World::new(), Site::start().await);
    let ask = async |host: &str, path: &str, end: &str| {
        let mut stream = world.connect().await;
        let url = format!("http://{host}:{}{path}", site.port());
        let head = format!("GET {url} HTTP/1.1\r\nHost: whatever\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = read_until(&mut stream, end).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        stream
    };
    let mut kept = ask("www.a.test", "/", "hello").await;
    let idle = ask("a.test", "/", "hello").await;
    let busy = ask("a.test", "/endless", "\r\n\r\n").await;
    world.policy.send_replace(policy(
        &["www.a.test"],
        &["127.0.0.1/32"],
        PolicyMode::Enforce,
    ));
    assert!(is_cut(idle).await && is_cut(busy).await);
    let again = format!("GET http://www.a.test:{}/ HTTP/1.1\r\n\r\n", site.port());
    kept.write_all(again.as_bytes()).await.unwrap();
    read_until(&mut kept, "hello").await;
    assert_eq!(site.connections(), 3, "it is the connection of before");
}

#[tokio::test]
async fn what_was_only_reported_is_cut_when_it_is_enforced() {
    let world = World::with(
        policy(&["a.test"], &["127.0.0.1/32"], PolicyMode::Report),
        vec![vec![HERE]],
    );
    let site = Site::start().await;
    let mut other_name = world.tunnel(&format!("a.test:{}", site.port())).await;
    let hello = hello("b.test");
    other_name.write_all(&hello).await.unwrap();
    assert_ne!(read(&mut other_name).await, "");
    let mut unlisted = world.tunnel(&format!("b.test:{}", site.port())).await;
    unlisted.write_all(b"one").await.unwrap();
    assert_eq!(read(&mut unlisted).await, "one");
    world
        .policy
        .send_replace(policy(&["a.test"], &["127.0.0.1/32"], PolicyMode::Enforce));
    assert!(is_cut(other_name).await && is_cut(unlisted).await);
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection() {
    let world = World::new();
    let mut slow = world.connect().await;
    slow.write_all(b"GET http://a.test/ HT").await.unwrap();
    assert!(is_cut(slow).await);
}

#[tokio::test]
async fn more_connections_than_there_is_room_for_are_told_so() {
    let (world, site) = (World::new(), Site::start().await);
    let authority = format!("a.test:{}", site.port());
    let mut held = Vec::new();
    for _ in 0..limits().connections {
        held.push(world.tunnel(&authority).await);
    }
    let mut one_more = world.connect().await;
    assert!(read(&mut one_more).await.starts_with("HTTP/1.1 503 "));
    held.pop();
    sleep(Duration::from_millis(200)).await;
    world.tunnel(&authority).await;
}

#[tokio::test]
async fn a_gate_that_is_dropped_cuts_what_goes_through_it() {
    let (world, site) = (World::new(), Site::start().await);
    let stream = world.tunnel(&format!("a.test:{}", site.port())).await;
    let address = world.gate.address();
    drop(world.gate);
    assert!(is_cut(stream).await);
    assert!(TcpStream::connect(address).await.is_err());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_stranger_is_not_served() {
    let (world, site) = (World::new(), Site::start().await);
    let url = format!("http://a.test:{}/", site.port());
    let admission = world.egress.admission();
    admission.nobody();
    assert_eq!(world.get(&url).await, "", "there is no browser");
    let mut browser = std::process::Command::new("sleep")
        .arg("60")
        .spawn()
        .unwrap();
    admission.browser(browser.id());
    assert_eq!(
        world.get(&url).await,
        "",
        "this process is none of the browser's"
    );
    let own = super::sockets::group_of(std::process::id()).unwrap();
    admission.browser(own);
    assert!(world.get(&url).await.ends_with("hello"));
    assert!(world.get(&url).await.ends_with("hello"));
    browser.kill().unwrap();
    browser.wait().unwrap();
    assert_eq!(site.connections(), 2);
}
