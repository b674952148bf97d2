//! A daemon that is killed or stopped while sessions are at work, and the next one in its place: everything is there
//! again, and nothing of the dead one is left.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::{Client, Mode};
use crate::support::daemon::{Daemon, Setup};
use crate::support::rest_client::RestClient;
use crate::support::site::Site;
use crate::support::wait::until;

on_both_browsers!(
    sessions_and_tabs_outlive_a_daemon_that_is_killed_and_one_that_is_stopped,
    a_client_of_the_implicit_session_finds_its_tabs_and_is_told_that_its_link_is_lost,
);

/// `RESTARTS=50` kills it more often.
const KILLS: usize = 3;

const SESSIONS: usize = 10;

/// Longer than anything is written later: where a tab is, at most a second.
const WRITTEN: Duration = Duration::from_millis(2500);

/// A session with two tabs, as its client knows it.
struct Known {
    id: String,
    token: String,
    width: u32,
    /// Ids and URLs, oldest first.
    pages: [(String, String); 2],
}

impl Known {
    fn client(&self, daemon: &Daemon) -> RestClient {
        let bearer = format!("Bearer {}", self.token);
        RestClient::new(daemon.address(), Some(bearer))
    }

    async fn create(daemon: &Daemon, site: &Site, number: u32) -> Self {
        let client = RestClient::new(daemon.address(), None);
        let width = 400 + 10 * number;
        let fields = json!({
            "viewport": {"width": width, "height": 300}, "metadata": {"number": number.to_string()},
            "timezoneId": "Asia/Tokyo",
        });
        let created = client.post_json("/v1/sessions", &fields).await.expect(201);
        let created = created.json();
        let text = |name: &str| created[name].as_str().unwrap().to_owned();
        let mut known = Self {
            id: text("sessionId"),
            token: text("token"),
            width,
            pages: Default::default(),
        };
        for (place, page) in known.pages.iter_mut().enumerate() {
            let path = format!("/page/{number}/{place}");
            let url = format!("{}?secret=canary-{number}", site.page(&path, "page"));
            let create = json!({"url": url, "waitUntil": "load"});
            let path = format!("/v1/sessions/{}/pages", known.id);
            let made = client.post_json(&path, &create).await.expect(201).json();
            *page = (made["pageId"].as_str().unwrap().to_owned(), url);
        }
        let first = &known.pages[0].0;
        known
            .command(daemon, first, json!({"action": "activateTab"}))
            .await;
        let emulate = json!({"action": "emulate", "params": {"colorScheme": "dark"}});
        known.command(daemon, first, emulate).await;
        known
    }

    async fn command(&self, daemon: &Daemon, page: &str, command: Value) -> Value {
        let path = format!("/v1/pages/{page}/command");
        let answer = self.client(daemon).post_json(&path, &command).await;
        answer.expect(200).json()["result"].clone()
    }

    async fn evaluate(&self, daemon: &Daemon, page: &str, expression: &str) -> Value {
        let evaluate = json!({"action": "evaluate", "params": {"expression": expression}});
        self.command(daemon, page, evaluate).await["value"].clone()
    }

    /// It is there at once, and its pages are where they were.
    async fn check(&self, daemon: &Daemon) {
        let path = format!("/v1/sessions/{}", self.id);
        let session = self.client(daemon).get(&path).await.expect(200).json();
        let status = session["status"].as_str().unwrap();
        assert!(["ready", "running"].contains(&status), "{session}");
        let pages = session["pages"].as_array().unwrap().iter();
        let pages: Vec<_> = pages
            .map(|page| [&page["pageId"], &page["url"]].map(|it| it.as_str().unwrap().to_owned()))
            .collect();
        let known = self.pages.clone().map(|(id, url)| [id, url]);
        assert_eq!(pages, known);
    }

    /// Its pages show what they did.
    async fn check_pages(&self, daemon: &Daemon) {
        let look = "[location.href, innerWidth, innerHeight, \
                    Intl.DateTimeFormat().resolvedOptions().timeZone, \
                    matchMedia('(prefers-color-scheme: dark)').matches]";
        for (place, (page, url)) in self.pages.iter().enumerate() {
            let wanted = json!([url, self.width, 300, "Asia/Tokyo", place == 0]);
            until(&format!("{page} shows {wanted}"), async || {
                self.evaluate(daemon, page, look).await == wanted
            })
            .await;
        }
        let url = format!(
            "ws://{}/v1/sessions/{}/ws?token={}",
            daemon.address(),
            self.id,
            self.token
        );
        let client = Client::connect(&url, Mode::Text).await;
        client.event("welcome").await;
        let listed = client.ask(json!({"type": "listTabs"})).await.expect("tabs");
        let active = listed["tabs"].as_array().unwrap().iter();
        let active: Vec<_> = active.filter(|tab| tab["active"] == true).collect();
        assert_eq!(active.len(), 1, "{active:?}");
        assert_eq!(active[0]["id"], self.pages[0].0);
        client.leave().await;
    }
}

/// Nothing of the dead daemon is left.
async fn nothing_is_left(daemon: &Daemon) {
    until("its processes and files are gone", async || {
        daemon.browsers().is_empty() && daemon.temporary_files().is_empty()
    })
    .await;
}

async fn sessions_and_tabs_outlive_a_daemon_that_is_killed_and_one_that_is_stopped(
    browser: TestBrowser,
) {
    let site = Site::start().await;
    let mut daemon = Setup::serving(&browser).keeping().start().await;
    let mut known = Vec::new();
    for number in 0..SESSIONS {
        known.push(Known::create(&daemon, &site, u32::try_from(number).unwrap()).await);
    }
    let kills = std::env::var("RESTARTS").map_or(KILLS, |kills| kills.parse().unwrap());
    let (mut to_serve, mut to_rebuild) = (Vec::new(), Vec::new());
    sleep(WRITTEN).await;
    for number in 0..=kills {
        // At work: a page is on its way elsewhere, where it never arrives.
        let (busy, session) = (
            &known[number % SESSIONS].pages[1].0,
            &known[number % SESSIONS],
        );
        let navigate = json!({"action": "navigate", "params": {"url": site.url("/nowhere")}, "timeoutMs": 100});
        let path = format!("/v1/pages/{busy}/command");
        let client = session.client(&daemon);
        site.route("/nowhere", |_| crate::support::site::Reply::Never);
        client.post_json(&path, &navigate).await;
        if number == kills {
            daemon.end().await;
        } else {
            daemon.signal(Signal::KILL);
            daemon.killed().await;
        }
        nothing_is_left(&daemon).await;
        let started = Instant::now();
        daemon = daemon.again().await;
        known[0].check(&daemon).await;
        to_serve.push(started.elapsed());
        for session in &known {
            session.check(&daemon).await;
        }
        for session in &known {
            session.check_pages(&daemon).await;
        }
        to_rebuild.push(started.elapsed());
        let counts = daemon.get("/health").await.json();
        assert_eq!(counts["tabs"]["open"], 2 * SESSIONS, "{counts}");
    }
    told("to serve again", to_serve);
    told("until every page was looked at", to_rebuild);
    let next = Known::create(&daemon, &site, 99).await;
    let highest = known.iter().map(|it| number_of(&it.pages[1].0)).max();
    assert!(
        number_of(&next.pages[0].0) > highest.unwrap(),
        "no number is given twice"
    );
    for session in known.iter().chain([&next]) {
        let path = format!("/v1/sessions/{}?wait=true", session.id);
        session.client(&daemon).delete(&path).await.expect(204);
    }
    let list = RestClient::new(daemon.address(), None);
    let list = list
        .get("/v1/sessions?status=destroyed&limit=100")
        .await
        .expect(200)
        .json();
    assert_eq!(list["sessions"].as_array().unwrap().len(), SESSIONS + 1);
    daemon.end().await;
    nothing_is_left(&daemon).await;
    for file in std::fs::read_dir(daemon.dir().join("state")).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(7).any(|part| part == b"canary-");
        assert!(!found, "a query string stands in {}", path.display());
    }
}

fn number_of(page: &str) -> u64 {
    page[1..].parse().unwrap()
}

fn told(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let (p50, max) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "{} restarts: {p50:?} at the middle, {max:?} at most {what}",
        times.len()
    );
}

#[expect(clippy::too_many_lines, reason = "it is one story")]
async fn a_client_of_the_implicit_session_finds_its_tabs_and_is_told_that_its_link_is_lost(
    browser: TestBrowser,
) {
    let site = Site::start().await;
    let page = site.page("/kept", "kept");
    let mut daemon = Setup::serving(&browser).keeping().start().await;
    let client = Client::connect(&daemon.url, Mode::Text).await;
    let welcome = client.event("welcome").await;
    let tab = client.open(&page).await;
    client.settled(&tab, "kept").await;
    let rest = RestClient::new(daemon.address(), None);
    let create = json!({"url": page});
    let once = |rest: RestClient, key: &'static str, path: String, body: Value| async move {
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        rest.send(Method::POST, &path, &headers, Body::from(body.to_string()))
            .await
    };
    let made = once(
        rest,
        "session",
        "/v1/sessions".to_owned(),
        json!({"startUrl": page}),
    )
    .await;
    let made = made.expect(201).json();
    let path = format!("/v1/sessions/{}/pages", made["sessionId"].as_str().unwrap());
    let rest = RestClient::new(daemon.address(), None);
    let opened = once(rest, "page", path.clone(), create.clone())
        .await
        .expect(201)
        .json();
    sleep(WRITTEN).await;
    daemon.signal(Signal::TERM);
    assert_eq!(client.closed().await, 1001, "going away");
    let told = client.log();
    assert!(
        told.iter().all(|it| it.head["type"] != "tabClosed"),
        "{told:?}"
    );
    daemon.ended().await;
    let daemon = daemon.again().await;

    let token = welcome.head["resumeToken"].as_str().unwrap();
    let offers = format!("cdp-bridge.v1, cdp-bridge.resume.{token}.0");
    let headers = [("sec-websocket-protocol", offers.as_str())];
    let client = Client::try_connect(&daemon.url, Mode::Text, &headers)
        .await
        .unwrap();
    let welcome = client.event("welcome").await;
    let failed = client.event("error").await;
    assert_eq!(failed["code"], "RESUME_FAILED", "{failed:?}");
    let tabs = welcome.head["tabs"].as_array().unwrap();
    assert_eq!(tabs.len(), 1, "{welcome:?}");
    assert_eq!(tabs[0]["id"], tab);
    assert_eq!(tabs[0]["url"], page);
    client.settled(&tab, "kept").await;
    // What was made under a key is the same, with a token that opens it.
    let rest = || RestClient::new(daemon.address(), None);
    let again = once(
        rest(),
        "session",
        "/v1/sessions".to_owned(),
        json!({"startUrl": page}),
    )
    .await;
    let again = again.expect(201).json();
    assert_eq!(again["sessionId"], made["sessionId"]);
    let bearer = Some(format!("Bearer {}", again["token"].as_str().unwrap()));
    let own = format!("/v1/sessions/{}", made["sessionId"].as_str().unwrap());
    RestClient::new(daemon.address(), bearer)
        .get(&own)
        .await
        .expect(200);
    let page_again = once(rest(), "page", path.clone(), create)
        .await
        .expect(201)
        .json();
    assert_eq!(page_again["pageId"], opened["pageId"]);
    once(rest(), "page", path, json!({"url": "about:blank"}))
        .await
        .expect(422);
    daemon.stop().await;
}
