//! Clients and logged-out tabs share no storage, and logged-out tabs leave nothing on the disk.

use std::path::{Path, PathBuf};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::clients::{browser_pid, client, daemon};
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::processes;
use crate::support::raw::Raw;
use crate::support::site::{Reply, Site};
use crate::support::wait::{until, until_some};

on_both_browsers!(
    nothing_crosses_between_two_clients_and_four_logged_out_tabs,
    what_logged_out_tabs_stored_is_on_no_disk,
);

/// Permissions that pages can be asked about in both builds.
const PERMISSIONS: [&str; 8] = [
    "geolocation",
    "notifications",
    "camera",
    "microphone",
    "clipboard-read",
    "persistent-storage",
    "background-sync",
    "local-fonts",
];

/// What every page of the site has: an answer in the title once its work is done.
const WORK: &str = "<!doctype html><title>at work</title><body><script>
const asked = request => new Promise((done, fail) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => fail(request.error);
});
const table = async mode => {
  const opening = indexedDB.open('d', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('s');
  return (await asked(opening)).transaction('s', mode).objectStore('s');
};
const finish = async work => {
  let said;
  try { said = await work(); } catch (error) { said = `${error}`; }
  document.body.textContent = JSON.stringify(said);
  document.title = 'done';
};
</script>";

/// Writes a marker wherever a page can write.
const MARK: &str = "<script>finish(async () => {
  const marker = new URL(location).searchParams.get('marker');
  document.cookie = `marker=${marker}; Max-Age=600`;
  localStorage.marker = sessionStorage.marker = marker;
  await asked((await table('readwrite')).put(marker, 'marker'));
  await (await caches.open('c')).put('/kept', new Response(marker));
  await fetch('/cacheable');
  await navigator.serviceWorker.register('/service.js');
  await navigator.serviceWorker.ready;
  return 'marked';
})</script>";

/// Reads whatever a page can read.
const LOOK: &str = "<script>finish(async () => ({
  cookie: document.cookie,
  local: localStorage.marker ?? '',
  indexed: await asked((await table('readonly')).get('marker')) ?? '',
  cache: await (await caches.match('/kept'))?.text() ?? '',
  http: await fetch('/cacheable', { cache: 'only-if-cached', mode: 'same-origin' })
    .then(it => it.ok ? it.text() : '').catch(() => ''),
  workers: (await navigator.serviceWorker.getRegistrations()).length,
  granted: (await Promise.all(PERMISSIONS.map(async name =>
    [name, (await navigator.permissions.query({ name })).state])))
    .filter(([, state]) => state != 'denied').map(it => it.join(' ')),
}))</script>";

/// A site that keeps what it is given, on an address that browsers trust.
async fn memory() -> Site {
    let site = Site::start().await;
    site.serve("/mark", Reply::page(format!("{WORK}{MARK}")));
    let look = LOOK.replace("PERMISSIONS", &json!(PERMISSIONS).to_string());
    site.serve("/look", Reply::page(format!("{WORK}{look}")));
    let script = Reply::page("onfetch = () => {}").with("content-type", "text/javascript");
    site.serve("/service.js", script);
    let count = std::sync::atomic::AtomicUsize::new(0);
    site.route("/cacheable", move |_| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Reply::page(format!("copy {number}")).with("cache-control", "max-age=600")
    });
    site.route("/private", |asked| {
        if asked.authorization.is_empty() {
            Reply::status(401, "who?").with("www-authenticate", "Basic realm=r")
        } else {
            Reply::page("private")
        }
    });
    site
}

/// A tab with a unique marker.
struct Tab<'a> {
    client: &'a Client,
    id: String,
    marker: String,
}

impl<'a> Tab<'a> {
    async fn open(client: &'a Client, marker: &str, logged_out: bool) -> Self {
        let id = client.open_with(json!({"loggedOut": logged_out})).await;
        Self {
            client,
            id,
            marker: format!("marker-of-{marker}-{}", fastrand::u64(..)),
        }
    }

    /// Goes to a page and takes what it says once it is done.
    async fn ask(&self, url: &str) -> Value {
        self.client.go(&self.id, url).await;
        let (html, _) = until_some("the page's work is done", async || {
            let html = self.client.html(&self.id).await;
            html.contains("<title>done</title>").then_some(html)
        })
        .await;
        let (_, body) = html.split_once("<body>").unwrap();
        let (said, _) = body.split_once("</body>").unwrap();
        serde_json::from_str(said).unwrap_or_else(|error| panic!("{error} in {html}"))
    }

    async fn mark(&self, site: &Site) {
        let url = site.url(&format!("/mark?marker={}", self.marker));
        assert_eq!(self.ask(&url).await, "marked");
        let with_user = site
            .url("/private")
            .replace("//", &format!("//user:{}@", self.marker));
        assert_eq!(self.client.go(&self.id, &with_user).await["status"], 200);
    }

    /// What its pages can read at the site, and the status of a page behind HTTP authentication.
    async fn look(&self, site: &Site) -> Value {
        let mut found = self.ask(&site.url("/look")).await;
        let navigated = self.client.go(&self.id, &site.url("/private")).await;
        found["private"] = navigated["status"].clone();
        found
    }

    async fn finds_nothing(&self, site: &Site) {
        let nothing = json!({"cookie": "", "local": "", "indexed": "", "cache": "", "http": "",
            "workers": 0, "granted": [], "private": 401});
        assert_eq!(self.look(site).await, nothing, "{}", self.marker);
    }

    async fn finds_its_own(&self, site: &Site, copy: usize, granted: &[&str]) {
        let own = json!({"cookie": format!("marker={}", self.marker), "local": self.marker,
            "indexed": self.marker, "cache": self.marker, "http": format!("copy {copy}"),
            "workers": 1, "granted": granted, "private": 200});
        assert_eq!(self.look(site).await, own, "{}", self.marker);
    }
}

async fn nothing_crosses_between_two_clients_and_four_logged_out_tabs(browser: TestBrowser) {
    let site = memory().await;
    let daemon = daemon(&browser, &[]).await;
    let (one, two) = (client(&daemon, 0).await, client(&daemon, 1).await);
    let tabs = [
        Tab::open(&one, "one", false).await,
        Tab::open(&one, "one-a", true).await,
        Tab::open(&one, "one-b", true).await,
        Tab::open(&two, "two", false).await,
        Tab::open(&two, "two-a", true).await,
        Tab::open(&two, "two-b", true).await,
    ];
    for tab in &tabs {
        tab.finds_nothing(&site).await;
        tab.mark(&site).await;
    }
    for (copy, tab) in tabs.iter().enumerate() {
        tab.finds_its_own(&site, copy, &[]).await;
    }

    // A permission granted to one context does not hold in the others.
    let profile = processes::profile_of(browser_pid(&daemon).await.unwrap()).unwrap();
    let mut raw = Raw::of_profile(&profile).await;
    tabs[1]
        .client
        .go(&tabs[1].id, &site.url("/look?granted"))
        .await;
    let pages = raw.pages().await;
    let granted = pages
        .iter()
        .find(|page| page["url"] == site.url("/look?granted"));
    let grant = json!({"permissions": ["geolocation"],
        "browserContextId": granted.unwrap()["browserContextId"]});
    raw.call(None, "Browser.grantPermissions", grant).await;
    for (copy, tab) in tabs.iter().enumerate() {
        let granted: &[&str] = if copy == 1 {
            &["geolocation granted"]
        } else {
            &[]
        };
        tab.finds_its_own(&site, copy, granted).await;
    }

    // Neither do clients reach each other's tabs.
    let listed = two.ask(json!({"type": "listTabs"})).await;
    assert_eq!(listed["tabs"].as_array().unwrap().len(), 3, "{listed}");
    // Each client's tabs have numbers of their own, and both have three.
    let further = one.open("about:blank").await;
    two.navigate(&further, "about:blank")
        .await
        .expect_error("UNKNOWN_TAB");
    for tab in &tabs[..3] {
        for it in two.log() {
            assert!(!it.head.to_string().contains(&tab.marker), "{it}");
        }
    }
    daemon.stop().await;
}

async fn what_logged_out_tabs_stored_is_on_no_disk(browser: TestBrowser) {
    let site = memory().await;
    let daemon = daemon(&browser, &[]).await;
    let one = client(&daemon, 0).await;
    let shared = Tab::open(&one, "shared", false).await;
    let closed = Tab::open(&one, "closed", true).await;
    let switched = Tab::open(&one, "switched", true).await;
    let lost = Tab::open(&one, "lost", true).await;
    let markers = [&shared, &closed, &switched, &lost].map(|tab| tab.marker.clone());
    for tab in [&shared, &closed, &switched, &lost] {
        tab.mark(&site).await;
    }
    one.close(&closed.id).await;
    Tab::open(&one, "next", true)
        .await
        .finds_nothing(&site)
        .await;
    for enabled in [false, true] {
        one.ask(json!({"type": "setLoggedOutMode", "tabId": switched.id, "enabled": enabled}))
            .await
            .expect("loggedOutModeSet");
    }
    switched.finds_nothing(&site).await;
    assert_eq!(
        files_with(daemon.dir(), &markers),
        <[PathBuf; 0]>::default()
    );

    let before = browser_pid(&daemon).await.unwrap();
    processes::signal(before, Signal::KILL);
    until_some("another browser", async || {
        browser_pid(&daemon).await.filter(|pid| *pid != before)
    })
    .await;
    let after = until_some("a tab again", async || {
        let created = one
            .ask(json!({"type": "createTab", "loggedOut": true}))
            .await;
        created.is("tabCreated").then(|| created.id().to_owned())
    });
    let (id, _) = after.await;
    let after = Tab {
        client: &one,
        id,
        marker: "after".to_owned(),
    };
    after.finds_nothing(&site).await;
    assert_eq!(
        files_with(daemon.dir(), &markers),
        <[PathBuf; 0]>::default()
    );
    let mut daemon = daemon;
    daemon.signal(Signal::TERM);
    daemon.ended().await;
    assert_eq!(
        files_with(daemon.dir(), &markers),
        <[PathBuf; 0]>::default()
    );

    // A lasting profile stays, without the data of logged-out tabs.
    let daemon = super::clients::daemon(&browser, &["browser.user_data_dir=profile"]).await;
    let one = client(&daemon, 0).await;
    let lasting = Tab::open(&one, "lasting", false).await;
    let passing = Tab::open(&one, "passing", true).await;
    passing.mark(&site).await;
    lasting.mark(&site).await;
    let kept = [lasting.marker.clone()];
    until("what lasts is written", async || {
        !files_with(daemon.dir(), &kept).is_empty()
    })
    .await;
    let mut daemon = daemon;
    daemon.signal(Signal::TERM);
    daemon.ended().await;
    assert!(!files_with(daemon.dir(), &kept).is_empty());
    let forgotten = [passing.marker.clone()];
    assert_eq!(
        files_with(daemon.dir(), &forgotten),
        <[PathBuf; 0]>::default()
    );
}

/// The files below a directory that hold one of these texts, in the one or the other encoding in
/// which browsers write them.
fn files_with(dir: &Path, texts: &[String]) -> Vec<PathBuf> {
    let wide = |text: &String| text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let needles: Vec<Vec<u8>> = texts
        .iter()
        .flat_map(|text| [text.clone().into_bytes(), wide(text)])
        .collect();
    let finders: Vec<_> = needles.iter().map(memchr::memmem::Finder::new).collect();
    let mut found = Vec::new();
    let mut rest = vec![dir.to_owned()];
    while let Some(dir) = rest.pop() {
        // A browser that runs removes files while they are looked at.
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let (path, kind) = (entry.path(), entry.file_type());
            if kind.as_ref().is_ok_and(std::fs::FileType::is_dir) {
                rest.push(path);
            } else if kind.is_ok_and(|kind| kind.is_file())
                && let Ok(content) = std::fs::read(&path)
                && finders.iter().any(|it| it.find(&content).is_some())
            {
                found.push(path);
            }
        }
    }
    found
}
