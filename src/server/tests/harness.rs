//! A server of its own for each test.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::TabState;
use cdp_bridge_protocol::request::TimeoutClass;
use futures::future::BoxFuture;
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::flow::FlowConfig;
use crate::operations::sessions::{
    BadOption, NoSessionTokens, SessionLimits, SessionOptions, SessionTraffic,
};
use crate::operations::{
    CallLog, ClientLimits, EventBus, FactListener, Facts, IdempotencyConfig, OperationServices,
    OperationSettings, Operations, StagingLimits, TabService, Tap, Timeouts, UrlPolicy,
};
use crate::policy::{Denied, EvaluatePolicy};
use crate::sealing::MasterKey;
use crate::server::ports::{BrowserStatus, Probe};
use crate::server::settings::{
    ClientKey, ClientToken, Credentials, Listen, ServerConfig, ServerSettings, TokenHash,
};
use crate::server::ws::hub::Hub;
use crate::server::{Replacer, Server, Services};
use crate::store::StoreHandle;
use crate::store::fake::FakeBackend;
use crate::tabs::picture::Picture;
use crate::tabs::view::TabView;
use crate::tabs::{
    AnswerKind, CallId, CancelReport, CastFrame, Comebacks, Fact, FactKind, FactSink as _,
    KeptDownload, NewTab, OnDisconnect, Registry, Reply, Restoration, Scope, ScopeSetup, TabError,
    TabHandle, TabMessage,
};
use crate::tokens::{ApiKey, NewApiKey, TokenKeys};

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// Waits, but not for ever.
pub(super) async fn soon<T>(what: &str, wait: impl Future<Output = T>) -> T {
    timeout(PATIENCE, wait)
        .await
        .unwrap_or_else(|_| panic!("{what} took too long"))
}

pub(super) fn settings() -> ServerSettings {
    ServerSettings {
        config: ServerConfig {
            listen: Listen::Tcp("127.0.0.1:0".parse().unwrap()),
            allowed_origins: vec!["https://app.example".to_owned()],
            allowed_hosts: vec!["bridge.example".to_owned()],
            max_connections: 8,
            max_connections_per_address: 64,
            max_message_bytes: 4096,
            outbound_bytes: 1 << 20,
            resume_bytes: 1 << 20,
            drain_timeout: Duration::from_secs(5),
            ..ServerConfig::default()
        },
        flow: FlowConfig {
            chunk_bytes: 1024,
            ..FlowConfig::default()
        },
        limits: LIMITS,
        protect_metrics: false,
        require_session_token: false,
        token_keys: Arc::new(TokenKeys::new(b"a secret of the tests", None)),
        credentials: Credentials::default(),
    }
}

pub(super) fn operation_settings() -> OperationSettings {
    OperationSettings {
        timeouts: Timeouts::by_class(|class| match class {
            TimeoutClass::Navigate => Duration::from_secs(20),
            _ => Duration::from_secs(30),
        }),
        idempotency: IdempotencyConfig {
            window: Duration::from_mins(1),
            keys: 4,
        },
        staging: StagingLimits {
            files: 4,
            bytes: 8192,
            bytes_of_all: 16_384,
            time: Duration::from_mins(1),
        },
        logged_out_default: false,
        evaluate: EvaluatePolicy::Allow,
        permissions: Vec::new(),
        sessions: SessionLimits::default(),
        on_disconnect: OnDisconnect::Keep,
    }
}

pub(super) const LIMITS: ClientLimits = ClientLimits {
    max_tabs: 64,
    max_inflight: 4,
    rate_per_second: 0,
    max_connections: 8,
};

/// A client and its token.
pub(super) fn client_token(name: &str, token: &str) -> ClientToken {
    ClientToken {
        name: name.into(),
        token: TokenHash::of(token),
        limits: LIMITS,
    }
}

/// An API key of a client, with its text.
pub(super) fn api_key(client: &str, scopes: &str) -> (String, ClientKey) {
    let new = NewApiKey::generate().unwrap();
    let key = ApiKey {
        id: new.id,
        client: client.to_owned(),
        sha256: new.sha256,
        scopes: scopes.parse().unwrap(),
        expires_ms: None,
        is_revoked: false,
    };
    let key = ClientKey {
        key,
        last_used_day: None,
        limits: LIMITS,
    };
    (new.text, key)
}

/// The same keys, of which the first is revoked.
pub(super) fn first_revoked(keys: &[ClientKey]) -> Credentials {
    let mut keys = keys.to_vec();
    keys[0].key.is_revoked = true;
    Credentials {
        keys,
        ..Credentials::default()
    }
}

/// Two clients, `a` with the token `alpha` and `b` with the token `beta`.
pub(super) fn with_tokens(settings: &mut ServerSettings) {
    settings.credentials = vec![client_token("a", "alpha"), client_token("b", "beta")].into();
}

/// Refuses `evil.test` and every scheme but https.
#[derive(Debug)]
struct Policy;

impl UrlPolicy for Policy {
    fn check(&self, _: &Scope, url: &str) -> Result<String, Denied> {
        match url.split_once(':') {
            _ if url == "about:blank" => Ok(url.to_owned()),
            Some(("https", "//evil.test/")) => Err(Denied::NotInAllowlist {
                host: "evil.test".to_owned(),
            }),
            Some(("https", _)) => Ok(url.to_owned()),
            scheme => Err(Denied::Scheme {
                scheme: scheme.map_or("", |(name, _)| name).to_owned(),
            }),
        }
    }

    fn narrow(&self, _: &Scope, _: &SessionOptions) -> Result<(), BadOption> {
        Ok(())
    }

    fn forget(&self, _: &Scope) {}
}

/// Hands the tabs that are wanted to the test.
#[derive(Debug)]
struct Opener(mpsc::Sender<(NewTab, Reply)>);

impl TabService for Opener {
    fn create(&self, tab: NewTab, reply: Reply) {
        self.0.try_send((tab, reply)).unwrap();
    }

    fn cancel_create(&self, _: CallId, _: CancelReport) {
        unreachable!("no test cancels it");
    }

    fn list_downloads(&self, _: Scope) -> oneshot::Receiver<Vec<KeptDownload>> {
        oneshot::channel().1
    }

    fn begin_scope(&self, _: Scope, _: ScopeSetup) -> BoxFuture<'static, Result<(), TabError>> {
        std::future::ready(Ok(())).boxed()
    }

    fn end_scope(&self, _: Scope) -> BoxFuture<'static, ()> {
        std::future::ready(()).boxed()
    }

    fn restore(&self, _: Restoration) -> BoxFuture<'static, ()> {
        unreachable!("nothing is kept");
    }

    fn suspend(&self, _: Comebacks) -> BoxFuture<'static, ()> {
        unreachable!("nothing is kept");
    }
}

/// A browser that is up, or not.
#[derive(Debug, Default)]
pub(super) struct FakeBrowser {
    pub(super) down: AtomicBool,
}

impl BrowserStatus for FakeBrowser {
    fn probe(&self) -> BoxFuture<'static, Probe> {
        let up = self.is_up();
        let version = self.version();
        async move {
            Probe {
                connected: up,
                version,
                pid: up.then_some(42),
                restarts: 3,
                round_trip: up.then_some(Duration::from_micros(1234)),
                reason: (!up).then(|| "exit status 1".to_owned()),
                concerns: Vec::new(),
            }
        }
        .boxed()
    }

    fn is_up(&self) -> bool {
        !self.down.load(Ordering::Relaxed)
    }

    fn version(&self) -> String {
        "FakeChrome/1.0".to_owned()
    }
}

/// What a server works with, where nothing happens.
pub(super) fn services(registry: Registry) -> Services {
    services_with(
        None,
        registry,
        mpsc::channel(1).0,
        operation_settings(),
        |_| {},
    )
}

fn services_with(
    kept: Option<Arc<FakeBackend>>,
    registry: Registry,
    opener: mpsc::Sender<(NewTab, Reply)>,
    settings: OperationSettings,
    change: impl FnOnce(&mut OperationServices),
) -> Services {
    let bus = EventBus::new();
    let mut operations = OperationServices {
        registry,
        tabs: Arc::new(Opener(opener)),
        policy: Arc::new(Policy),
        facts: Facts(Arc::new(bus.clone())),
        keeping: crate::operations::Keeping::off(),
        session_tokens: Arc::new(NoSessionTokens),
        traffic: SessionTraffic::default(),
        webhooks: crate::webhooks::Webhooks::off(),
        master_key: kept.is_some().then(|| MasterKey::new([7; 32])),
        store: kept.map_or_else(StoreHandle::off, |kept| StoreHandle::start(kept)),
    };
    change(&mut operations);
    let taps = [Arc::new(CallLog) as Arc<dyn Tap>];
    let operations = Arc::new(Operations::new(settings, operations, taps));
    bus.listen(operations.history_listener());
    Services {
        operations,
        bus,
        browser: Arc::new(FakeBrowser::default()),
        render_metrics: Arc::new(|| "# HELP a b\n".to_owned()),
    }
}

/// A running server and its surroundings.
pub(super) struct Bridge {
    pub(super) address: SocketAddr,
    pub(super) hub: Arc<Hub>,
    pub(super) bus: EventBus,
    pub(super) registry: Registry,
    pub(super) browser: Arc<FakeBrowser>,
    pub(super) wanted: mpsc::Receiver<(NewTab, Reply)>,
    pub(super) operations: Arc<Operations>,
    pub(super) replacer: Replacer,
    pub(super) stop: Option<oneshot::Sender<()>>,
    pub(super) running: JoinHandle<()>,
    views: Mutex<Vec<watch::Sender<TabView>>>,
}

impl Bridge {
    pub(super) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut ServerSettings)) -> Self {
        Self::with_operations(change, |_| {}).await
    }

    pub(super) async fn with_operations(
        change: impl FnOnce(&mut ServerSettings),
        change_operations: impl FnOnce(&mut OperationSettings),
    ) -> Self {
        Self::with_store(None, change, change_operations, |_| {}).await
    }

    /// A server that keeps what it does.
    pub(super) async fn keeping(
        kept: Arc<FakeBackend>,
        change: impl FnOnce(&mut ServerSettings),
    ) -> Self {
        Self::with_store(Some(kept), change, |_| {}, |_| {}).await
    }

    pub(super) async fn with_services(
        change: impl FnOnce(&mut ServerSettings),
        change_operations: impl FnOnce(&mut OperationSettings),
        change_services: impl FnOnce(&mut OperationServices),
    ) -> Self {
        Self::with_store(None, change, change_operations, change_services).await
    }

    async fn with_store(
        kept: Option<Arc<FakeBackend>>,
        change: impl FnOnce(&mut ServerSettings),
        change_operations: impl FnOnce(&mut OperationSettings),
        change_services: impl FnOnce(&mut OperationServices),
    ) -> Self {
        let mut settings = settings();
        change(&mut settings);
        let mut operations = operation_settings();
        change_operations(&mut operations);
        let registry = Registry::default();
        let browser = Arc::new(FakeBrowser::default());
        let (opener, wanted) = mpsc::channel(16);
        let services = Services {
            browser: Arc::clone(&browser) as Arc<dyn BrowserStatus>,
            ..services_with(kept, registry.clone(), opener, operations, change_services)
        };
        let bus = services.bus.clone();
        let (operations, limit) = (
            Arc::clone(&services.operations),
            settings.config.drain_timeout,
        );
        let server = Server::bind(settings, services).await.unwrap();
        let Listen::Tcp(address) = *server.local_addr() else {
            panic!("tests listen on TCP")
        };
        let replacer = server.replacer();
        let hub = Arc::clone(&replacer.state.hub);
        let (stop, stopped) = oneshot::channel::<()>();
        let stopping = Arc::clone(&operations);
        tokio::spawn(async move {
            // A test that drops the sender wants no stop.
            if stopped.await.is_ok() {
                stopping.drain().stop(limit, async {}).await;
            }
        });
        let running = tokio::spawn(server.run());
        Self {
            address,
            hub,
            bus,
            registry,
            browser,
            wanted,
            operations,
            replacer,
            stop: Some(stop),
            running,
            views: Mutex::default(),
        }
    }

    /// Publishes what happened to the first tab of the client without a token.
    pub(super) fn publish(&self, kind: FactKind, cause: Option<CallId>) {
        publish(
            &self.hub,
            Fact {
                cause,
                ..Fact::of_tab(&"default".into(), TabId::new(1), kind)
            },
        );
    }

    /// Puts other clients in force.
    pub(super) fn replace(&self, clients: Vec<ClientToken>) {
        self.replace_credentials(clients.into());
    }

    pub(super) fn replace_credentials(&self, credentials: Credentials) {
        let replacement = self.replacer.prepare(credentials, None);
        replacement.unwrap().put_in_force();
    }

    /// A tab whose messages the test takes.
    /// The tab is closed.
    pub(super) fn tab_ended(&self, client: &str, number: u64) {
        self.registry.remove(&crate::tabs::identity::TabKey {
            client: client.into(),
            id: TabId::new(number),
        });
    }

    pub(super) fn tab(&self, client: &str, number: u64) -> mpsc::Receiver<TabMessage> {
        let (mailbox, messages) = mpsc::channel(16);
        let view = TabView {
            created_by: None,
            target: None,
            opener: None,
            created_at_ms: 0,
            id: TabId::new(number),
            scope: Scope::from(client),
            url: "https://a.test/".to_owned(),
            going_to: None,
            title: "A".to_owned(),
            logged_out: false,
            emulation: Arc::default(),
            scripts: crate::tabs::page_setup::init_scripts::InitScripts::default(),
            state: TabState::Ready,
            activated: number,
            last_used: tokio::time::Instant::now(),
        };
        let (sender, view) = watch::channel(view);
        self.views.lock().unwrap().push(sender);
        self.registry.insert(TabHandle::new(mailbox, view));
        messages
    }

    /// The state of the tab that was made first.
    pub(super) fn set_state(&self, state: TabState) {
        self.views.lock().unwrap()[0].send_modify(|view| view.state = state);
    }

    /// One HTTP exchange; `head` is everything but the empty line at its end.
    pub(super) async fn http(&self, head: &str) -> Answer {
        Answer::read(self.open(head).await).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close");
        self.http(&head).await
    }

    /// One HTTP exchange; `text` is the whole request.
    pub(super) async fn exchange(&self, text: &str) -> Answer {
        exchange(self.address, text.to_owned()).await
    }

    /// The same beside the test.
    pub(super) fn background(&self, text: String) -> JoinHandle<Answer> {
        tokio::spawn(exchange(self.address, text))
    }

    async fn open(&self, head: &str) -> TcpStream {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let text = format!("{head}\r\n\r\n");
        socket.write_all(text.as_bytes()).await.unwrap();
        socket
    }

    /// An upgrade of `/ws` with these further header lines.
    pub(super) async fn upgrade(&self, headers: &[&str]) -> Answer {
        let mut head = UPGRADE.to_owned();
        for line in headers {
            head.push_str("\r\n");
            head.push_str(line);
        }
        Answer::read(self.open(&head).await).await
    }

    /// A WebSocket, with its `welcome` read.
    pub(super) async fn connect(&self) -> Client {
        self.connect_with(&[]).await
    }

    pub(super) async fn connect_with(&self, headers: &[&str]) -> Client {
        let mut client = self.greeted(headers).await;
        assert_eq!(client.event().await["type"], "welcome");
        client
    }

    /// A WebSocket whose first message was not read.
    pub(super) async fn greeted(&self, headers: &[&str]) -> Client {
        let answer = self.upgrade(headers).await;
        assert_eq!(answer.status, 101, "{}", answer.head);
        answer.client().await
    }
}

/// A frame as a cast puts it into a slot.
pub(super) fn frame(number: u64) -> CastFrame {
    let png = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAYAAACddGYaAAAAEElEQVR4nGP4DwUMcAYEAHVuD/FIVXrTAAAAAElFTkSuQmCC";
    let picture = Picture::new(Bytes::from_static(png.as_bytes())).unwrap();
    CastFrame {
        tab: TabId::new(1),
        number,
        at_ms: 1,
        picture,
    }
}

/// Sends a fact to the sessions that it concerns, by way of a bus.
pub(in crate::server) fn publish(hub: &Arc<Hub>, fact: Fact) {
    let bus = EventBus::new();
    bus.listen(Arc::clone(hub) as Arc<dyn FactListener>);
    bus.publish(fact);
}

/// Answers with the fact that a call caused.
pub(super) fn answer(reply: Reply, number: u64, kind: FactKind) {
    let tab = TabId::new(number);
    let fact = Fact::of_tab(&"default".into(), tab, kind).caused_by(reply.call);
    reply.answer(tab, AnswerKind::Fact(fact));
}

/// A tab that goes to this URL is there.
pub(super) fn created(url: &str, logged_out: bool) -> FactKind {
    FactKind::TabCreated {
        url: url.to_owned(),
        logged_out,
        opener: None,
    }
}

async fn exchange(address: SocketAddr, text: String) -> Answer {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(text.as_bytes()).await.unwrap();
    Answer::read(socket).await
}

/// What a client sends to begin a WebSocket.
pub(super) const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

/// An HTTP answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
    socket: TcpStream,
}

impl Answer {
    async fn read(mut socket: TcpStream) -> Self {
        let mut head = Vec::new();
        soon("an HTTP answer", async {
            // Byte by byte: what follows the head of an upgrade belongs to the WebSocket.
            while !head.ends_with(b"\r\n\r\n") {
                head.push(socket.read_u8().await.unwrap());
            }
        })
        .await;
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let len = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |len| len.parse().unwrap());
        let mut body = vec![0; len];
        soon("an HTTP body", socket.read_exact(&mut body))
            .await
            .unwrap();
        Self {
            status,
            head,
            body: String::from_utf8(body).unwrap(),
            socket,
        }
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(super) async fn client(self) -> Client {
        let config = WebSocketConfig::default();
        let ws = WebSocketStream::from_raw_socket(self.socket, Role::Client, Some(config)).await;
        Client { ws }
    }
}

/// A Coordinator.
pub(super) struct Client {
    pub(super) ws: WebSocketStream<TcpStream>,
}

impl Client {
    pub(super) async fn send(&mut self, text: &str) {
        self.ws.send(Message::text(text)).await.unwrap();
    }

    /// Bytes that go to the socket as they are.
    pub(super) async fn send_raw(&mut self, bytes: &[u8]) {
        self.ws.get_mut().write_all(bytes).await.unwrap();
    }

    pub(super) async fn next(&mut self) -> Message {
        soon("a message", self.ws.next())
            .await
            .expect("the connection is open")
            .expect("the message can be read")
    }

    /// The next text message.
    pub(super) async fn event(&mut self) -> Value {
        loop {
            match self.next().await {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("expected a text message, got {other:?}"),
            }
        }
    }

    /// Sends a request and reads one message.
    pub(super) async fn ask(&mut self, text: &str) -> Value {
        self.send(text).await;
        self.event().await
    }

    /// Reads on until the connection is closed, and says with which code.
    pub(super) async fn closed(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.next().await {
                // Reading on sends this side's close frame, which the server waits for.
                while soon("the end", self.ws.next()).await.is_some() {}
                return frame.map_or(1005, |frame| frame.code.into());
            }
        }
    }
}
