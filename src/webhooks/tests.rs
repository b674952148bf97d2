//! Messages on their way to a receiver on this machine.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::kept::KeptMessages;
use super::schedule::Schedule;
use super::*;
use crate::egress::OutgoingDialer;
use crate::lock::lock;
use crate::policy::PrivateNetworks;
use crate::sealing::MasterKey;
use crate::store::fake::FakeBackend;
use crate::store::{Backend as _, StoreHandle};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What a receiver got.
#[derive(Debug, Clone)]
struct Got {
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(it, _)| it == name);
        found.map_or("", |(_, value)| value)
    }

    fn is_signed(&self) -> bool {
        let at = self.header("webhook-timestamp").parse().unwrap();
        let signer = Signer::new(SECRET, None).unwrap();
        let header = signer.sign(self.header("webhook-id"), at, self.body.as_bytes());
        header == self.header("webhook-signature")
    }
}

/// Answers each request with the next of these heads; with none it says nothing.
struct Receiver {
    port: u16,
    got: mpsc::Receiver<Got>,
}

impl Receiver {
    async fn start(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, got) = mpsc::channel(64);
        let answers = Arc::new(Mutex::new(answers.to_vec()));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sender, answers) = (sender.clone(), Arc::clone(&answers));
                tokio::spawn(serve(stream, sender, answers));
            }
        });
        Self { port, got }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?token=canary", self.port)
    }

    async fn next(&mut self) -> Got {
        let next = timeout(Duration::from_secs(10), self.got.recv());
        next.await.expect("a message").expect("a receiver")
    }

    async fn nothing_more(&mut self) {
        // The schedule of the tests tries again within 20 ms.
        let next = timeout(Duration::from_millis(200), self.got.recv());
        assert!(next.await.is_err(), "a message too many");
    }
}

async fn serve(
    mut stream: TcpStream,
    sender: mpsc::Sender<Got>,
    answers: Arc<Mutex<Vec<&'static str>>>,
) {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let Ok(count @ 1..) = stream.read(&mut part).await else {
            return;
        };
        bytes.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let mut lines = head.lines();
        let line = lines.next().unwrap_or_default().to_owned();
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
        if body.len() < length {
            continue;
        }
        let body = body.to_owned();
        let got = Got {
            line,
            headers,
            body,
        };
        // A test that has ended hears of nothing more.
        let _ = sender.try_send(got);
        let answer = {
            let mut answers = lock(&answers);
            (!answers.is_empty()).then(|| answers.remove(0))
        };
        match answer {
            Some(head) => {
                let text = format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n");
                let _ = stream.write_all(text.as_bytes()).await;
                return;
            }
            None => std::future::pending().await,
        }
    }
}

fn rules(private: PrivateNetworks) -> WebhookRules {
    let config = WebhooksConfig {
        allow: vec!["*".to_owned()],
        allow_http: true,
        private_networks: private,
        ..WebhooksConfig::default()
    };
    WebhookRules::new(&config).unwrap().unwrap()
}

fn fast() -> Schedule {
    Schedule {
        attempt: Duration::from_millis(300),
        waits: [Duration::from_millis(10); 4],
        give_up: Duration::from_mins(1),
    }
}

fn webhooks_with(kept: KeptMessages) -> Webhooks {
    let signer = Signer::new(SECRET, None).unwrap();
    let rules = rules(PrivateNetworks::Allow);
    Webhooks::with_schedule(rules, signer, OutgoingDialer::default(), kept, fast())
}

fn webhooks() -> Webhooks {
    webhooks_with(KeptMessages::default())
}

fn event(url: &str, object: &str) -> WebhookEvent {
    WebhookEvent {
        client: "a".to_owned(),
        url: url.to_owned(),
        kind: "session.ended",
        object: object.to_owned(),
        data: json!({"sessionId": object}),
    }
}

#[tokio::test]
async fn a_message_arrives_signed_and_as_json() {
    let mut receiver = Receiver::start(&["204 No Content"]).await;
    let webhooks = webhooks();
    webhooks.tell(event(&receiver.url(), "s1")).await;
    let got = receiver.next().await;
    assert_eq!(got.line, "POST /hook?token=canary HTTP/1.1");
    assert_eq!(got.header("content-type"), "application/json");
    assert_eq!(got.header("host"), format!("127.0.0.1:{}", receiver.port));
    assert!(got.header("user-agent").starts_with("cdp-bridge/"));
    assert!(got.is_signed(), "{got:?}");
    let body: Value = serde_json::from_str(&got.body).unwrap();
    assert_eq!(body["type"], "session.ended");
    assert_eq!(body["data"], json!({"sessionId": "s1"}));
    receiver.nothing_more().await;
}

#[tokio::test]
async fn what_fails_is_tried_again_with_the_same_id_and_at_most_five_times() {
    let mut receiver =
        Receiver::start(&["500 No", "429 Slow", "302 Found\r\nlocation: /", "200 OK"]).await;
    let webhooks = webhooks();
    webhooks.tell(event(&receiver.url(), "s1")).await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        let got = receiver.next().await;
        assert_eq!(got.line, "POST /hook?token=canary HTTP/1.1");
        assert!(got.is_signed());
        ids.push(got.header("webhook-id").to_owned());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    receiver.nothing_more().await;

    let mut broken = Receiver::start(&["500 No"; 9]).await;
    webhooks.tell(event(&broken.url(), "s2")).await;
    for _ in 0..5 {
        broken.next().await;
    }
    broken.nothing_more().await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone() {
    let mut receiver = Receiver::start(&["410 Gone", "200 OK"]).await;
    let webhooks = webhooks();
    webhooks.tell(event(&receiver.url(), "s1")).await;
    receiver.next().await;
    receiver.nothing_more().await;
}

#[tokio::test]
async fn a_receiver_that_says_nothing_holds_up_neither_the_caller_nor_other_receivers() {
    let mut silent = Receiver::start(&[]).await;
    let mut good = Receiver::start(&["200 OK"]).await;
    let webhooks = webhooks();
    for object in 0..3 {
        let told = webhooks.tell(event(&silent.url(), &object.to_string()));
        assert!(told.now_or_never().is_some(), "nobody waits for a receiver");
    }
    silent.next().await;
    let other = WebhookEvent {
        client: "b".to_owned(),
        ..event(&good.url(), "s1")
    };
    webhooks.tell(other).await;
    assert!(good.next().await.is_signed());
}

/// Gives these addresses in turn, the last one for ever.
struct Names(Mutex<Vec<[u8; 4]>>);

impl crate::egress::Resolve for Names {
    fn resolve(&self, _: &str) -> BoxFuture<'static, std::io::Result<Vec<std::net::IpAddr>>> {
        let mut addresses = lock(&self.0);
        let next = if addresses.len() > 1 {
            addresses.remove(0)
        } else {
            addresses[0]
        };
        std::future::ready(Ok(vec![next.into()])).boxed()
    }
}

#[tokio::test]
async fn a_name_that_resolves_to_a_private_address_is_not_called() {
    let mut receiver = Receiver::start(&["200 OK"]).await;
    let signer = Signer::new(SECRET, None).unwrap();
    let names = Names(Mutex::new(vec![[127, 0, 0, 1]]));
    let webhooks = Webhooks::with_schedule(
        rules(PrivateNetworks::Deny),
        signer,
        OutgoingDialer::new(Arc::new(names)),
        KeptMessages::default(),
        fast(),
    );
    let url = format!("http://hooks.test:{}/", receiver.port);
    assert!(webhooks.check(&url).is_ok(), "its name says nothing yet");
    assert!(webhooks.check(&receiver.url()).is_err(), "its address does");
    webhooks.tell(event(&url, "s1")).await;
    webhooks.tell(event(&receiver.url(), "s2")).await;
    webhooks.settle(Duration::from_secs(5)).await;
    receiver.nothing_more().await;
}

#[tokio::test]
async fn what_was_not_delivered_is_delivered_after_a_restart() {
    let backend = Arc::<FakeBackend>::default();
    let key = MasterKey::random().unwrap();
    let kept = || {
        let store = StoreHandle::start(Arc::<FakeBackend>::clone(&backend) as _);
        KeptMessages::new(store, Some(&key))
    };
    let mut receiver = Receiver::start(&[]).await;
    let before = webhooks_with(kept());
    before.tell(event(&receiver.url(), "s1")).await;
    let first = receiver.next().await;
    let rows = backend.deliveries(9).await.unwrap();
    let shown = format!("{rows:?}");
    assert_eq!(rows.len(), 1);
    let sealed = &rows[0].message.0;
    let holds = |text: &str| {
        sealed
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(!holds("canary") && !holds("sessionId") && !shown.contains("canary"));

    // The process ends here; its next one finds the message.
    drop(before);
    let mut again = Receiver::start(&["200 OK"]).await;
    drop(receiver);
    // The same URL leads to the new receiver by the row, which stands for a receiver that is back.
    let store = StoreHandle::start(Arc::<FakeBackend>::clone(&backend) as _);
    let moved = KeptMessages::new(store, Some(&key));
    let mut left = moved.load(9).await.unwrap().remove(0);
    assert_eq!(left.id, first.header("webhook-id"));
    left.content = Arc::new(message::Content {
        url: again.url(),
        body: left.content.body.clone(),
    });
    moved.keep(&left).await.unwrap();
    let _after = webhooks_with(kept());
    let got = again.next().await;
    assert_eq!(got.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(got.body, first.body);
    assert!(got.is_signed());
    until_empty(&backend).await;
}

async fn until_empty(backend: &FakeBackend) {
    let empty = async {
        while !backend.deliveries(9).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), empty)
        .await
        .expect("it is removed");
}

#[tokio::test]
async fn a_store_that_fails_does_not_keep_a_message_from_its_receiver() {
    let backend = Arc::<FakeBackend>::default();
    backend.fail(Some(crate::store::StoreError::Unavailable(
        "full".to_owned(),
    )));
    let store = StoreHandle::start(Arc::<FakeBackend>::clone(&backend) as _);
    let key = MasterKey::random().unwrap();
    let webhooks = webhooks_with(KeptMessages::new(store, Some(&key)));
    let mut receiver = Receiver::start(&["200 OK"]).await;
    webhooks.tell(event(&receiver.url(), "s1")).await;
    assert!(receiver.next().await.is_signed());
}

#[tokio::test]
async fn a_receiver_over_tls_is_called_by_its_name() {
    let signed = rcgen::generate_simple_self_signed(vec!["hooks.test".to_owned()]).unwrap();
    let certificate = signed.cert.der().clone();
    let key = tokio_rustls::rustls::pki_types::PrivateKeyDer::try_from(
        signed.signing_key.serialize_der(),
    )
    .unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        let mut head = [0; 64];
        let count = stream.read(&mut head).await.unwrap();
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        String::from_utf8_lossy(&head[..count]).into_owned()
    });
    let mut roots = tokio_rustls::rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let names = Names(Mutex::new(vec![[127, 0, 0, 1]]));
    let webhooks = Webhooks::with_schedule(
        rules(PrivateNetworks::Allow),
        Signer::new(SECRET, None).unwrap(),
        OutgoingDialer::new(Arc::new(names)).trusting(roots),
        KeptMessages::default(),
        fast(),
    );
    let url = format!("https://hooks.test:{port}/tls");
    webhooks.tell(event(&url, "s1")).await;
    let head = timeout(Duration::from_secs(10), received)
        .await
        .unwrap()
        .unwrap();
    assert!(head.starts_with("POST /tls HTTP/1.1"), "{head}");
}
