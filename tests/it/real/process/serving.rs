//! Listen addresses of a daemon and transports to its browser.

use serde_json::json;

use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::{Client, Mode};
use crate::support::daemon::Setup;
use crate::support::http;
use crate::support::processes;
use crate::support::raw::Raw;
use crate::support::site::Site;
use crate::support::wait::until;

on_both_browsers!(
    a_unix_socket_is_listened_on_and_removed,
    a_token_is_asked_for_where_one_is_configured,
    health_is_told_by_the_exit_code,
    cdp_port_selects_the_port,
    a_browser_that_runs_already_is_used_and_left_as_it_was,
    downloads_are_not_written_into_the_home_directory,
);

async fn a_unix_socket_is_listened_on_and_removed(browser: TestBrowser) {
    let setup = Setup::serving(&browser);
    let socket = setup.dir().join("bridge.sock");
    let address = format!("unix:{}", socket.display());
    let daemon = setup
        .args(["--set", &format!("server.listen={address}")])
        .start()
        .await;
    assert_eq!(daemon.url, address);
    let client = Client::connect_unix(&socket).await;
    client.event("welcome").await;
    let tab = client.open("about:blank").await;
    client.close(&tab).await;
    daemon.stop().await;
    assert!(!socket.exists(), "the socket is removed");
}

async fn a_token_is_asked_for_where_one_is_configured(browser: TestBrowser) {
    const TOKEN: &str = "correct-horse-battery-staple";
    let daemon = Setup::serving(&browser)
        .env("CDP_BRIDGE_AUTH_TOKEN", TOKEN)
        .start()
        .await;
    let bearer = format!("Bearer {TOKEN}");
    let subprotocols = format!("cdp-bridge.v1, cdp-bridge.bearer.{TOKEN}");
    for headers in [
        &[][..],
        &[("Authorization", "Bearer wrong-horse-battery-staple")],
        &[("Authorization", "Bearer ")],
        &[(
            "Sec-WebSocket-Protocol",
            "cdp-bridge.v1, cdp-bridge.bearer.wrong",
        )],
    ] {
        let refused = Client::try_connect(&daemon.url, Mode::Text, headers).await;
        let Err(tokio_tungstenite::tungstenite::Error::Http(response)) = refused else {
            panic!("{headers:?} must be refused");
        };
        assert_eq!(response.status(), 401, "{headers:?}");
    }
    for headers in [
        ("Authorization", bearer.as_str()),
        ("Sec-WebSocket-Protocol", subprotocols.as_str()),
    ] {
        let client = Client::try_connect(&daemon.url, Mode::Text, &[headers])
            .await
            .unwrap();
        client.event("welcome").await;
        client.ping().await;
    }
    let (path, evil) = (
        "/ws",
        [("Origin", "https://evil.test"), ("Upgrade", "websocket")],
    );
    assert_eq!(http::get(daemon.address(), path, &evil).await.status, 403);
    for path in ["/health", "/livez", "/readyz", "/metrics", "/version"] {
        assert_eq!(daemon.get(path).await.status, 200, "{path} is open");
    }
    daemon.stop().await;
}

async fn health_is_told_by_the_exit_code(browser: TestBrowser) {
    let daemon = Setup::serving(&browser).start().await;
    let url = format!("http://{}", daemon.address());
    let healthy = Setup::new().args(["health", &url]).run().await;
    assert_eq!(healthy.code, Some(0), "{healthy:?}");
    let port = daemon.address().port().to_string();
    let configured = Setup::new()
        .env("WS_PORT", &port)
        .args(["health"])
        .run()
        .await;
    assert_eq!(configured.code, Some(0), "{configured:?}");
    daemon.stop().await;
    let gone = Setup::new().args(["health", &url]).run().await;
    assert_eq!(gone.code, Some(1), "{gone:?}");
}

async fn cdp_port_selects_the_port(browser: TestBrowser) {
    let free = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let daemon = Setup::serving(&browser)
        .env("CDP_PORT", &free.port().to_string())
        .start()
        .await;
    let version = http::get(free, "/json/version", &[]).await.json();
    let url = version["webSocketDebuggerUrl"].as_str().unwrap();
    let client = daemon.client().await;
    let tab = client.open("about:blank").await;
    assert_eq!(Raw::connect(url).await.pages().await.len(), 1);
    client.close(&tab).await;
    daemon.stop().await;
    assert!(
        http::try_get(free, "/json/version", &[]).await.is_err(),
        "the browser is gone"
    );
}

async fn a_browser_that_runs_already_is_used_and_left_as_it_was(browser: TestBrowser) {
    let site = Site::start().await;
    let (own, page) = (
        site.page("/own", "the browser's own"),
        site.page("/page", "the bridge's"),
    );
    // The browser of one daemon is the one that runs already for another.
    let host = Setup::serving(&browser).env("CDP_PORT", "0").start().await;
    let health = host.get("/health").await.json();
    let pid = i32::try_from(health["browser"]["pid"].as_i64().unwrap()).unwrap();
    let profile = processes::profile_of(pid).unwrap();
    let port = std::fs::read_to_string(profile.join("DevToolsActivePort")).unwrap();
    let port = port.lines().next().unwrap();
    let host_client = host.client().await;
    let own_tab = host_client.open(&own).await;

    let guest = Setup::new()
        .args([
            "--listen",
            "127.0.0.1:0",
            "--connect",
            &format!("http://127.0.0.1:{port}"),
        ])
        .args(["--set", "policy.private_networks=127.0.0.0/8"])
        .start()
        .await;
    let client = guest.client().await;
    let tab = client.open(&page).await;
    assert!(client.html(&tab).await.contains("the bridge's"));
    client.screenshot(&tab, "png", false).await;
    let tabs = client.ask(json!({"type": "listTabs"})).await;
    assert_eq!(
        tabs["tabs"].as_array().unwrap().len(),
        1,
        "pages of others are no tabs: {tabs}"
    );
    client.close(&tab).await;
    client.open(&page).await;
    guest.stop().await;

    assert!(
        host_client
            .html(&own_tab)
            .await
            .contains("the browser's own")
    );
    let tabs = host_client.ask(json!({"type": "listTabs"})).await;
    assert_eq!(tabs["tabs"].as_array().unwrap().len(), 1, "{tabs}");
    let mut raw = Raw::of_profile(&profile).await;
    let mut pages = Vec::new();
    until("the guest's pages are gone", async || {
        pages = raw.pages().await;
        pages.len() == 1
    })
    .await;
    assert_eq!(pages[0]["url"], own);
    host.stop().await;
}

async fn downloads_are_not_written_into_the_home_directory(browser: TestBrowser) {
    use crate::support::site::Reply;

    let site = Site::start().await;
    let reply = Reply::page(vec![7; 100_000]).with("content-type", "application/octet-stream");
    let file = site.serve("/file.bin", reply.with("content-disposition", "attachment"));
    let daemon = Setup::serving(&browser).start().await;
    let client = daemon.client().await;
    for logged_out in [false, true] {
        let tab = client.open_with(json!({"loggedOut": logged_out})).await;
        client
            .navigate(&tab, &file)
            .await
            .expect_error("NAV_FAILED");
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let written = files_below(daemon.dir());
    let named: Vec<_> = written
        .iter()
        .filter(|path| path.contains("file") && path.contains("bin"))
        .collect();
    assert!(named.is_empty(), "{named:?}");
    assert!(
        !written.iter().any(|path| path.contains("Downloads")),
        "{written:?}"
    );
    daemon.stop().await;
}

fn files_below(dir: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(files_below(&path));
        } else {
            found.push(path.to_string_lossy().into_owned());
        }
    }
    found
}
