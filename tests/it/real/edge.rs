//! Web pages cannot connect to the bridge: foreign origins, rebound DNS names and tokens in the wrong
//! place are refused before the upgrade.

use serde_json::{Value, json};

use cdp_bridge::server::ClientConfig;

use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::plain::Plain;
use crate::support::site::Site;

on_both_browsers!(
    a_page_of_another_site_opens_no_websocket,
    a_name_pointed_at_this_machine_reads_nothing,
    a_page_that_may_connect_needs_the_token_where_tokens_belong,
);

/// A site whose pages may connect.
const FRIEND: &str = "friend.test";
const TOKEN: &str = "correct-horse-battery-staple";

/// Opens a WebSocket; resolves to the outcome.
const OPEN: &str = "(url, protocols) => new Promise(done => { \
    try { const it = new WebSocket(url, protocols); \
    it.onopen = () => done('open'); it.onclose = () => done('refused') } \
    catch (error) { done(error.name) } })";

/// A bridge, and a browser of the attacker's.
struct Attack {
    site: Site,
    bridge: TestBridge,
    plain: Plain,
}

impl Attack {
    /// The bridge drives the attacker's browser too, so that only one runs.
    async fn new(browser: TestBrowser, clients: Vec<ClientConfig>) -> Self {
        let site = Site::start().await;
        site.page("/page", "a page");
        let rules = "--host-resolver-rules=MAP *.test 127.0.0.1".to_owned();
        let plain = Plain::start(&browser, &[rules]).await;
        let (connect, friend) = (plain.url(), site.url_on(FRIEND, ""));
        let bridge = TestBridge::start_with(browser, |config| {
            config.browser.path = None;
            config.browser.connect = Some(connect.parse().unwrap());
            config.server.allowed_origins = vec![friend];
            config.auth.clients = clients;
        })
        .await;
        Self {
            site,
            bridge,
            plain,
        }
    }

    /// The address of the bridge under this name.
    fn bridge_at(&self, scheme: &str, host: &str, path: &str) -> String {
        let port = self.bridge.address().port();
        format!("{scheme}://{host}:{port}{path}")
    }

    /// Opens a page and attaches to it.
    async fn page(&mut self, url: &str) -> String {
        self.plain.open(url, None).await;
        self.plain.raw().loaded(url).await
    }

    /// What becomes of a WebSocket of a page.
    async fn open(&mut self, page: &str, url: &str, protocols: Value) -> Value {
        let expression = format!("({OPEN})({}, {protocols})", json!(url));
        self.plain.raw().evaluate(page, &expression).await
    }

    async fn end(self) {
        self.bridge.stop().await;
        self.plain.stop().await;
    }
}

async fn a_page_of_another_site_opens_no_websocket(browser: TestBrowser) {
    let mut attack = Attack::new(browser, Vec::new()).await;
    let friend = attack.page(&attack.site.url_on(FRIEND, "/page")).await;
    let ours = attack.bridge_at("ws", "127.0.0.1", "/ws");
    let opened = attack.open(&friend, &ours, json!([])).await;
    assert_eq!(opened, "open", "a page that may connect can");

    // Also where only the port differs, or the name is one that begins like an allowed one.
    for host in [
        "evil.test",
        "friend.test.evil.test",
        "127.0.0.1",
        "localhost",
    ] {
        let page = attack.page(&attack.site.url_on(host, "/page")).await;
        for name in ["127.0.0.1", "localhost", "rebound.test"] {
            let url = attack.bridge_at("ws", name, "/ws");
            for protocols in [json!([]), json!(["cdp-bridge.v1"])] {
                let opened = attack.open(&page, &url, protocols).await;
                assert_eq!(opened, "refused", "from {host} to {url}");
            }
        }
        // Opaque origins, and none.
        let attempt = format!("({OPEN})('{ours}').then(it => REPORT(it))");
        let frame = attempt.replace("REPORT", "parent.postMessage");
        let frame = format!(
            "new Promise(done => {{ onmessage = event => done(event.data); \
             const it = document.createElement('iframe'); it.sandbox = 'allow-scripts'; \
             it.srcdoc = {} + '</scr' + 'ipt>'; document.body.append(it) }})",
            json!(format!("<script>{}", frame.replace("(it)", "(it, '*')")))
        );
        let worker = format!(
            "new Promise(done => {{ const code = {}; \
             const it = new Worker(URL.createObjectURL(new Blob([code]))); \
             it.onmessage = event => done(event.data) }})",
            json!(attempt.replace("REPORT", "postMessage"))
        );
        for way in [frame, worker] {
            let opened = attack.plain.raw().evaluate(&page, &way).await;
            assert_eq!(opened, "refused", "from {host}: {way}");
        }
    }
    attack.end().await;
}

async fn a_name_pointed_at_this_machine_reads_nothing(browser: TestBrowser) {
    let mut attack = Attack::new(browser, Vec::new()).await;
    // DNS rebinding: the name of the attacker's site resolves to the bridge now, under the same origin.
    let rebound = attack.bridge_at("http", "rebound.test", "/");
    let page = attack.page(&rebound).await;
    for path in [
        "/", "/ws", "/health", "/livez", "/readyz", "/metrics", "/version",
    ] {
        let read = format!("fetch('{path}').then(async it => [it.status, await it.text()])");
        let read = attack.plain.raw().evaluate(&page, &read).await;
        assert_eq!(read[0], 421, "{path}: {read}");
        let told = read[1].as_str().unwrap();
        assert!(!told.contains("Chrom") && !told.contains("pid"), "{read}");
    }
    let ours = attack.bridge_at("ws", "rebound.test", "/ws");
    assert_eq!(attack.open(&page, &ours, json!([])).await, "refused");
    attack.end().await;
}

async fn a_page_that_may_connect_needs_the_token_where_tokens_belong(browser: TestBrowser) {
    let clients: Vec<ClientConfig> =
        serde_json::from_value(json!([{"name": "friend", "token": TOKEN}])).unwrap();
    let mut attack = Attack::new(browser, clients).await;
    let friend = attack.page(&attack.site.url_on(FRIEND, "/page")).await;
    let evil = attack.page(&attack.site.url_on("evil.test", "/page")).await;
    let at = |path: &str| attack.bridge_at("ws", "127.0.0.1", path);
    let (ours, userinfo) = (at("/ws"), at("/ws").replace("//", &format!("//u:{TOKEN}@")));
    let queries = ["token", "access_token", "authorization", "auth", "bearer"]
        .map(|name| at(&format!("/ws?{name}={TOKEN}")));
    let bearer = |token: &str| json!(["cdp-bridge.v1", format!("cdp-bridge.bearer.{token}")]);

    let opened = attack.open(&friend, &ours, bearer(TOKEN)).await;
    assert_eq!(
        opened, "open",
        "the token is enough for a page that may connect"
    );
    let opened = attack.open(&evil, &ours, bearer(TOKEN)).await;
    assert_eq!(opened, "refused", "and for no other page");
    let mut refused = vec![
        (ours.clone(), json!([])),
        (ours.clone(), json!(["cdp-bridge.v1"])),
        (ours.clone(), bearer(&format!("{TOKEN}x"))),
        (ours.clone(), bearer(&TOKEN[1..])),
        (ours, bearer("x")),
        (userinfo, json!([])),
    ];
    refused.extend(queries.map(|url| (url, json!(["cdp-bridge.v1"]))));
    for (url, protocols) in refused {
        let opened = attack.open(&friend, &url, protocols.clone()).await;
        assert_eq!(opened, "refused", "{url} with {protocols}");
    }
    attack.end().await;
}
