//! SIGHUP: the configuration is read again while Coordinators are connected.

use std::path::Path;

use rustix::process::Signal;

use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::{Client, Mode};
use crate::support::daemon::{Daemon, Setup};
use crate::support::wait::until;

on_both_browsers!(
    clients_come_and_go_and_a_broken_file_changes_nothing,
    a_certificate_is_renewed_without_a_restart,
);

const ALICE: &str = "tok-alice-1a2b3c4d";
const BOB: &str = "tok-bob-5e6f7a8b";
const CAROL: &str = "tok-carol-9c0d1e2f";

fn with_clients(clients: &[(&str, &str)]) -> String {
    let clients = clients
        .iter()
        .map(|(name, token)| format!("[[auth.clients]]\nname = \"{name}\"\ntoken = \"{token}\"\n"));
    clients.collect()
}

pub(super) async fn connect(daemon: &Daemon, token: &str) -> Result<Client, u16> {
    use tokio_tungstenite::tungstenite::Error;

    let bearer = format!("Bearer {token}");
    match Client::try_connect(&daemon.url, Mode::Text, &[("Authorization", &bearer)]).await {
        Ok(client) => {
            client.event("welcome").await;
            Ok(client)
        }
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// How often the log holds this.
fn count(daemon: &Daemon, words: &str) -> usize {
    daemon.log().matches(words).count()
}

/// Sends SIGHUP and waits until the log has one more line with this.
pub(super) async fn hang_up(daemon: &Daemon, said: &str) {
    let before = count(daemon, said);
    daemon.signal(Signal::HUP);
    until(said, async || count(daemon, said) > before).await;
}

pub(super) const TAKEN: &str = "reloaded clients, policies and certificate";
pub(super) const REFUSED: &str = "the new configuration was rejected";

async fn clients_come_and_go_and_a_broken_file_changes_nothing(browser: TestBrowser) {
    let setup = Setup::serving(&browser)
        .file(
            "bridge.toml",
            &with_clients(&[("alice", ALICE), ("bob", BOB)]),
        )
        .args(["--config", "bridge.toml", "--log-level", "trace"]);
    let daemon = setup.start().await;
    let write = |text: &str| std::fs::write(daemon.dir().join("bridge.toml"), text).unwrap();
    let alice = connect(&daemon, ALICE).await.unwrap();
    let bob = connect(&daemon, BOB).await.unwrap();
    let tab = bob.open("about:blank").await;
    // Each client numbers its own tabs: the second one of alice has a number that bob has not used.
    alice.open("about:blank").await;
    let other = alice.open("about:blank").await;
    bob.ask(serde_json::json!({"type": "closeTab", "tabId": other}))
        .await
        .expect_error("UNKNOWN_TAB");

    let further = with_clients(&[("carol", CAROL), ("bob", BOB)]);
    write(&format!("{further}[tabs]\nmax = 5\n"));
    hang_up(&daemon, TAKEN).await;
    assert_eq!(alice.closed().await, 1008);
    assert_eq!(connect(&daemon, ALICE).await.err(), Some(401));
    connect(&daemon, CAROL).await.unwrap().ping().await;
    bob.html(&tab).await;
    daemon.logged(&["tabs.max", "need a restart"]).await;

    for broken in [
        format!("{further}token = \"{ALICE}\"\n"),
        format!("[auth]\nclients = \"{ALICE}\"\n"),
        format!("[auth]\nclients = [\"{ALICE}\"]\n"),
        format!("[[auth.clients]]\nname = \"a\"\ntoken = \"{ALICE} {CAROL}\"\n"),
        format!("[[auth.clients]]\nname = \"a\"\ntoken_sha256 = \"{ALICE}\"\n"),
        format!("[[auth.clients]]\nname = \"a\"\ntokens = \"{ALICE}\"\n"),
        format!("[[auth.clients]]\nname = \"a\"\ntoken = [\"{ALICE}\"]\n"),
        format!("[[auth.clients]]\nname = \"a\"\ntoken = \"{ALICE}\n"),
        format!("[[auth.clients]]\nname = \"a\"\ntoken = {ALICE}\n"),
        format!("{further}[server]\ntls = {{ certificate = \"no.pem\", key = 5 }}\n"),
    ] {
        write(&broken);
        hang_up(&daemon, REFUSED).await;
    }
    bob.ping().await;
    connect(&daemon, CAROL).await.unwrap();
    let log = daemon.log();
    for secret in [ALICE, BOB, CAROL] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in the log");
    }
    daemon.stop().await;
}

/// Writes a new certificate for 127.0.0.1, which is also its own authority, and its key.
fn renew(folder: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    let key = made.signing_key.serialize_pem();
    std::fs::write(folder.join("key.pem"), &key).unwrap();
    key
}

async fn a_certificate_is_renewed_without_a_restart(browser: TestBrowser) {
    let setup = Setup::serving(&browser)
        .args([
            "--set",
            r#"server.tls={ certificate = "cert.pem", key = "key.pem" }"#,
        ])
        .args(["--log-level", "trace"])
        .env("CDP_BRIDGE_AUTH_TOKEN", ALICE);
    let mut keys = vec![renew(setup.dir())];
    let daemon = setup.start().await;
    assert!(daemon.url.starts_with("wss://"), "{}", daemon.url);
    let trusted = daemon.dir().join("trusted.pem");
    let trust = || std::fs::copy(daemon.dir().join("cert.pem"), &trusted).unwrap();
    let probe = async |more: &[&str]| {
        let setup = Setup::new().args(["health", &daemon.url]);
        setup.args(more.iter().copied()).run().await
    };
    let ca = ["--ca", trusted.to_str().unwrap()];
    trust();
    let healthy = probe(&ca).await;
    assert_eq!(healthy.code, Some(0), "{healthy:?}");
    probe(&[]).await.expect(1, &["--ca FILE"]);
    let script = Setup::new().file("ping.cdp", "ping\nexpect pong\n");
    let played = script
        .args(["console", &daemon.url, "--script", "ping.cdp"])
        .args(["--token", ALICE])
        .args(ca)
        .run()
        .await;
    assert_eq!(played.code, Some(0), "{played:?}");

    keys.push(renew(daemon.dir()));
    hang_up(&daemon, TAKEN).await;
    probe(&ca).await.expect(1, &["TLS handshake with"]);
    trust();
    assert_eq!(probe(&ca).await.code, Some(0));
    let key = std::fs::read_to_string(daemon.dir().join("key.pem")).unwrap();
    let broken: String = key.chars().rev().collect();
    std::fs::write(daemon.dir().join("key.pem"), broken).unwrap();
    hang_up(&daemon, REFUSED).await;
    assert_eq!(probe(&ca).await.code, Some(0));

    let plain = tokio::net::TcpStream::connect(daemon.address())
        .await
        .unwrap();
    plain.try_write(b"GET /health HTTP/1.1\r\n\r\n").unwrap();
    daemon.logged(&["does not speak TLS"]).await;
    let log = daemon.log();
    for line in keys.iter().flat_map(|key| key.lines()) {
        let secret = line.starts_with('-') || !log.contains(line);
        assert!(secret, "a line of a key is in the log");
    }
    daemon.stop().await;
}
