//! The limits of the edge and of single clients, each with its answer.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::harness::{Bridge, LIMITS, client_token, soon, with_tokens};
use crate::operations::ClientLimits;
use crate::server::ClientToken;
use crate::tabs::{Change, TabMessage};

async fn rest(socket: &mut TcpStream) -> String {
    let mut text = Vec::new();
    soon("the end of the connection", socket.read_to_end(&mut text))
        .await
        .unwrap();
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn an_address_with_too_many_connections_is_told_so_until_one_of_them_ends() {
    let bridge = Bridge::with(|settings| settings.config.max_connections_per_address = 2).await;
    let first = bridge.connect().await;
    let _second = bridge.connect().await;
    let mut third = TcpStream::connect(bridge.address).await.unwrap();
    let answer = rest(&mut third).await;
    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
    assert!(answer.contains("too many connections from this address"));
    drop((first, third));
    soon("a free place", async {
        loop {
            let mut socket = TcpStream::connect(bridge.address).await.unwrap();
            let request = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            // It may be refused, and closed, before this is written.
            let _ = socket.write_all(request).await;
            let mut answer = Vec::new();
            let _ = socket.read_to_end(&mut answer).await;
            if answer.starts_with(b"HTTP/1.1 200 ") {
                return;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn idle_connections_of_an_address_keep_no_client_with_a_token_out() {
    let bridge = Bridge::with(|settings| {
        with_tokens(settings);
        settings.config.max_connections_per_address = 8;
    })
    .await;
    let token = ["Authorization: Bearer alpha"];
    let mut early = bridge.connect_with(&token).await;
    let mut idle = Vec::new();
    for _ in 0..40 {
        idle.push(TcpStream::connect(bridge.address).await.unwrap());
    }
    for _ in 0..3 {
        let mut late = bridge.connect_with(&token).await;
        late.ask(r#"{"type":"ping"}"#).await;
    }
    early.ask(r#"{"type":"ping"}"#).await;
    // The oldest have made room.
    assert_eq!(rest(&mut idle[0]).await, "");
}

#[tokio::test]
async fn a_refusal_ends_its_connection() {
    let bridge = Bridge::with(with_tokens).await;
    for (head, status) in [
        ("GET /livez HTTP/1.1\r\nHost: evil.test", "421"),
        (
            "GET /livez HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.test",
            "403",
        ),
        ("GET /ws HTTP/1.1\r\nHost: localhost", "401"),
    ] {
        let mut socket = TcpStream::connect(bridge.address).await.unwrap();
        let twice = format!("{head}\r\n\r\n").repeat(2);
        socket.write_all(twice.as_bytes()).await.unwrap();
        let answers = rest(&mut socket).await;
        assert!(
            answers.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answers}"
        );
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{answers}");
    }
}

#[tokio::test]
async fn a_head_that_comes_too_slowly_is_answered_and_an_idle_connection_is_just_closed() {
    let bridge =
        Bridge::with(|settings| settings.config.header_timeout = Duration::from_millis(300)).await;
    let mut slow = TcpStream::connect(bridge.address).await.unwrap();
    slow.write_all(b"GET /livez HTTP/1.1\r\nHost: local")
        .await
        .unwrap();
    let answer = rest(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");

    // One byte at a time gains it nothing: the time is that of the whole head.
    let dribbling = TcpStream::connect(bridge.address).await.unwrap();
    let (mut reading, mut writing) = dribbling.into_split();
    let dribble = async {
        let head = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: ";
        for byte in head.iter().chain(std::iter::repeat(&b'x')) {
            let _ = writing.write_all(&[*byte]).await;
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    };
    let mut answer = [0; 13];
    tokio::select! {
        () = dribble => {}
        read = soon("an answer", reading.read_exact(&mut answer)) => assert!(read.is_ok()),
    }
    assert_eq!(&answer, b"HTTP/1.1 408 ");

    let mut silent = TcpStream::connect(bridge.address).await.unwrap();
    assert_eq!(rest(&mut silent).await, "");

    let mut idle = TcpStream::connect(bridge.address).await.unwrap();
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let answer = rest(&mut idle).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
}

#[tokio::test]
async fn a_websocket_is_not_held_to_the_time_of_a_head() {
    let bridge =
        Bridge::with(|settings| settings.config.header_timeout = Duration::from_millis(100)).await;
    let mut client = bridge.connect().await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(client.ask(r#"{"type":"ping"}"#).await["type"], "pong");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_answered() {
    let bridge = Bridge::start().await;
    let mut socket = TcpStream::connect(bridge.address).await.unwrap();
    let head = format!(
        "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n",
        "x".repeat(20_000)
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 13];
    soon("an answer", socket.read_exact(&mut answer))
        .await
        .unwrap();
    assert_eq!(&answer, b"HTTP/1.1 431 ");
}

const ALPHA: &[&str] = &["Authorization: Bearer alpha"];
const BETA: &[&str] = &["Authorization: Bearer beta"];

/// The client `a` with these limits, and `b` with the usual ones.
fn limited(limits: ClientLimits) -> Vec<ClientToken> {
    let a = ClientToken {
        limits,
        ..client_token("a", "alpha")
    };
    vec![a, client_token("b", "beta")]
}

const ACTIVATE: &str = r#"{"type":"activateTab","tabId":"t1"}"#;
const PING: &str = r#"{"type":"ping"}"#;

#[tokio::test]
async fn unanswered_requests_count_over_all_connections_of_a_client() {
    let limits = ClientLimits {
        max_inflight: 2,
        ..LIMITS
    };
    let bridge = Bridge::with(|settings| settings.credentials = limited(limits).into()).await;
    let (mut of_a, _of_b) = (bridge.tab("a", 1), bridge.tab("b", 2));
    let mut one = bridge.connect_with(ALPHA).await;
    let mut two = bridge.connect_with(ALPHA).await;
    one.send(ACTIVATE).await;
    two.send(ACTIVATE).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let message = soon("a request", of_a.recv()).await.unwrap();
        let TabMessage::Change(Change::Activate, reply) = message else {
            panic!("{message:?}")
        };
        held.push(reply);
    }
    for client in [&mut one, &mut two] {
        let error = client.ask(ACTIVATE).await;
        assert_eq!(error["code"], "LIMIT_EXCEEDED", "{error}");
        assert_eq!(error["details"]["limit"], 2);
        assert_eq!(client.ask(PING).await["type"], "pong");
    }
    let mut other = bridge.connect_with(BETA).await;
    let of_b = ACTIVATE.replace("t1", "t2");
    for _ in 0..4 {
        other.send(&of_b).await;
    }
    assert_eq!(other.ask(&of_b).await["details"]["limit"], 4);

    // The answer to the first one makes room for the second one's next.
    held.pop();
    let answered = tokio::select! {
        it = one.event() => it,
        it = two.event() => it,
    };
    assert_eq!(answered["code"], "INTERNAL");
    two.send(ACTIVATE).await;
    let message = soon("a request", of_a.recv()).await.unwrap();
    assert!(matches!(message, TabMessage::Change(Change::Activate, _)));
}

#[tokio::test]
async fn the_rate_counts_over_all_connections_of_a_client() {
    let limits = ClientLimits {
        // So few that no token is added while the test runs.
        rate_per_second: 1,
        ..LIMITS
    };
    let bridge = Bridge::with(|settings| settings.credentials = limited(limits).into()).await;
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(bridge.connect_with(ALPHA).await);
    }
    let start = tokio::time::Instant::now();
    let mut pongs = 0;
    for client in &mut clients {
        let answer = client.ask(PING).await;
        if answer["type"] == "pong" {
            pongs += 1;
        } else {
            assert_eq!(answer["code"], "RATE_LIMITED", "{answer}");
            assert!(answer["details"]["retryAfterMs"].as_u64() >= Some(1));
        }
    }
    let most = 1 + start.elapsed().as_secs() + 1;
    assert!(pongs <= most, "{pongs} of {most}");
    let mut other = bridge.connect_with(BETA).await;
    for _ in 0..20 {
        assert_eq!(other.ask(PING).await["type"], "pong");
    }
}

#[tokio::test]
async fn a_client_with_too_many_connections_is_turned_away_and_the_others_are_not() {
    let limits = ClientLimits {
        max_connections: 1,
        ..LIMITS
    };
    let bridge = Bridge::with(|settings| settings.credentials = limited(limits).into()).await;
    let mut first = bridge.connect_with(ALPHA).await;
    let mut second = bridge.greeted(ALPHA).await;
    assert_eq!(second.closed().await, 1013);
    let mut other = bridge.connect_with(BETA).await;
    assert_eq!(other.ask(PING).await["type"], "pong");
    let more = ClientLimits {
        max_connections: 2,
        ..limits
    };
    bridge.replace(limited(more));
    bridge.connect_with(ALPHA).await;
    assert_eq!(first.ask(PING).await["type"], "pong");
}

#[tokio::test]
async fn a_client_is_told_its_own_limits() {
    let limits = ClientLimits {
        max_tabs: 3,
        max_inflight: 5,
        rate_per_second: 7,
        max_connections: 2,
    };
    let bridge = Bridge::with(|settings| settings.credentials = limited(limits).into()).await;
    let welcome = bridge.greeted(ALPHA).await.event().await;
    let told = &welcome["limits"];
    let figures = ["maxTabs", "maxInflight", "ratePerSecond", "maxConnections"];
    assert_eq!(figures.map(|it| told[it].as_u64().unwrap()), [3, 5, 7, 2]);
    let welcome = bridge.greeted(BETA).await.event().await;
    assert_eq!(welcome["limits"]["maxInflight"], 4);
    assert!(welcome["limits"].get("ratePerSecond").is_none());
}

#[tokio::test]
async fn limits_that_change_hold_for_connections_that_are_open() {
    let bridge = Bridge::with(with_tokens).await;
    let _tab = bridge.tab("a", 1);
    let mut client = bridge.connect_with(ALPHA).await;
    for _ in 0..2 {
        client.send(ACTIVATE).await;
    }
    assert_eq!(client.ask(PING).await["type"], "pong");
    let fewer = ClientLimits {
        max_inflight: 1,
        ..LIMITS
    };
    bridge.replace(limited(fewer));
    let error = client.ask(ACTIVATE).await;
    assert_eq!(error["details"]["limit"], 1, "{error}");
}

#[tokio::test]
async fn without_tokens_each_connection_counts_alone() {
    let bridge = Bridge::start().await;
    let _tab = bridge.tab("default", 1);
    for _ in 0..2 {
        let mut client = bridge.connect().await;
        for _ in 0..4 {
            client.send(ACTIVATE).await;
        }
        assert_eq!(client.ask(ACTIVATE).await["details"]["limit"], 4);
    }
}
