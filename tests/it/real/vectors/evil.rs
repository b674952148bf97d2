//! The forbidden server: records everything that arrives by any protocol.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;

use super::names::{Place, Told, VECTORS};

/// Address of the forbidden host.
pub(super) const EVIL: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Address that an allowed name is rebound to.
pub(super) const REBOUND: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// How long a head may be before its path is looked for in vain.
const MAX_HEAD: usize = 16 * 1024;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\
    Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: *\r\nConnection: close\r\n\r\nevil";

/// What has arrived.
#[derive(Debug, Default)]
struct Arrived {
    /// Vectors, as `place/name`.
    vectors: BTreeSet<String>,
    /// Connections and datagrams, whether a vector is told by them or not.
    contacts: usize,
}

type Log = Arc<Mutex<Arrived>>;

/// The forbidden servers.
pub(super) struct Evil {
    http: u16,
    ports: BTreeMap<String, u16>,
    log: Log,
    _tasks: JoinSet<()>,
}

impl Evil {
    /// Listens, with ports of its own for each of these places.
    pub(super) async fn start(places: &[Place]) -> Self {
        let log = Log::default();
        let mut tasks = JoinSet::new();
        let (listener, rebound) = same_port().await;
        let http = listener.local_addr().unwrap().port();
        tasks.spawn(serve(listener, Arc::clone(&log)));
        tasks.spawn(serve(rebound, Arc::clone(&log)));
        let mut ports = BTreeMap::new();
        for place in places {
            for (name, told) in VECTORS {
                let vector = format!("{}/{name}", place.name());
                let host = if name.starts_with("rebind") {
                    REBOUND
                } else {
                    EVIL
                };
                let log = Arc::clone(&log);
                let address = match told {
                    Told::Path | Told::Lookup => continue,
                    Told::Connection => {
                        let listener = TcpListener::bind((host, 0)).await.unwrap();
                        let address = listener.local_addr();
                        tasks.spawn(count_connections(listener, vector.clone(), log));
                        address
                    }
                    Told::Datagram => {
                        let socket = UdpSocket::bind((host, 0)).await.unwrap();
                        let address = socket.local_addr();
                        tasks.spawn(count_datagrams(socket, vector.clone(), log));
                        address
                    }
                };
                ports.insert(vector, address.unwrap().port());
            }
        }
        Self {
            http,
            ports,
            log,
            _tasks: tasks,
        }
    }

    /// The port of its HTTP side.
    pub(super) fn http(&self) -> u16 {
        self.http
    }

    /// The ports that each stand for one vector of a place.
    pub(super) fn ports(&self, place: Place) -> BTreeMap<&str, u16> {
        let own = self.ports.iter().filter_map(|(vector, port)| {
            let (of, name) = vector.split_once('/').unwrap();
            (of == place.name()).then_some((name, *port))
        });
        own.collect()
    }

    /// The vectors of a place that have arrived.
    pub(super) fn seen(&self, place: Place) -> BTreeSet<String> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let own = log.vectors.iter().filter_map(|vector| {
            let (of, name) = vector.split_once('/').unwrap();
            (of == place.name()).then(|| name.to_owned())
        });
        own.collect()
    }

    /// How many connections and datagrams have arrived at all.
    pub(super) fn contacts(&self) -> usize {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.contacts
    }
}

/// Two listeners that differ in their address alone.
async fn same_port() -> (TcpListener, TcpListener) {
    loop {
        let first = TcpListener::bind((EVIL, 0)).await.unwrap();
        let port = first.local_addr().unwrap().port();
        if let Ok(second) = TcpListener::bind((REBOUND, port)).await {
            return (first, second);
        }
    }
}

fn note(log: &Log, vector: Option<String>) {
    let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
    log.contacts += 1;
    log.vectors.extend(vector);
}

async fn serve(listener: TcpListener, log: Log) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        note(&log, None);
        let log = Arc::clone(&log);
        connections.spawn(async move {
            // A connection that ends early counts too.
            let _ = answer(stream, &log).await;
        });
    }
}

async fn answer(mut stream: TcpStream, log: &Log) -> std::io::Result<()> {
    let mut head = Vec::new();
    while head.len() < MAX_HEAD && !head.windows(4).any(|it| it == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            break;
        }
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    note(log, path.strip_prefix("/v/").map(str::to_owned));
    stream.write_all(ANSWER).await?;
    stream.shutdown().await
}

async fn count_connections(listener: TcpListener, vector: String, log: Log) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        note(&log, Some(vector.clone()));
        // Chromium holds further WebSockets back where one has failed.
        connections.spawn(async move {
            if let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await {
                let _ = socket.close(None).await;
            }
        });
    }
}

async fn count_datagrams(socket: UdpSocket, vector: String, log: Log) {
    let mut datagram = [0; 2048];
    loop {
        // A datagram that was refused elsewhere is an error here; the next one may still come.
        if socket.recv(&mut datagram).await.is_ok() {
            note(&log, Some(vector.clone()));
        }
    }
}
