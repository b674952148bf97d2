//! A daemon with two clients.

use crate::support::browsers::TestBrowser;
use crate::support::client::{Client, Mode};
use crate::support::daemon::{Daemon, Setup};

const CLIENTS: [(&str, &str); 2] = [
    ("one", "one-horse-battery-staple"),
    ("two", "two-horse-battery-staple"),
];

pub(super) async fn daemon(browser: &TestBrowser, settings: &[&str]) -> Daemon {
    let clients = CLIENTS
        .map(|(name, token)| format!("[[auth.clients]]\nname = \"{name}\"\ntoken = \"{token}\"\n"));
    let mut setup = Setup::serving(browser)
        .file("bridge.toml", &clients.concat())
        .args(["--config", "bridge.toml"])
        .env("CDP_PORT", "0");
    for setting in settings {
        setup = setup.args(["--set", setting]);
    }
    setup.start().await
}

pub(super) async fn client(daemon: &Daemon, number: usize) -> Client {
    let bearer = format!("Bearer {}", CLIENTS[number].1);
    let headers = [("Authorization", bearer.as_str())];
    let client = Client::try_connect(&daemon.url, Mode::Text, &headers)
        .await
        .unwrap();
    client.event("welcome").await;
    client
}

pub(super) async fn browser_pid(daemon: &Daemon) -> Option<i32> {
    let health = daemon.get("/health").await.json();
    let pid = health["browser"]["pid"].as_i64()?;
    Some(i32::try_from(pid).unwrap())
}
