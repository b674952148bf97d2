//! What a page copies can be pasted into tabs of the same client, and into no others. Chromium itself
//! has one clipboard for the whole browser.

use std::net::IpAddr;

use futures::future::join;
use serde_json::{Value, json};

use super::clients::{client, daemon};
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::received::Received;
use crate::support::site::{Reply, Site};
use crate::support::wait::until;

on_both_browsers!(
    what_a_client_copies_is_pasted_in_its_own_tabs_only,
    a_client_that_pastes_while_another_one_copies_gets_its_own,
    a_paste_is_an_event_with_the_copied_data_that_the_page_can_cancel,
    pasting_replaces_the_selection_in_every_kind_of_field_and_frame,
    rich_text_is_pasted_without_anything_that_runs,
);

/// A page that copies in every way and notes everything that it can read of a clipboard.
const PAGE: &str = "<!doctype html><body style='margin:0'><textarea id=t></textarea>
<div id=e contenteditable style='height:30px'></div>
<p id=words style='margin:0'></p>
<button id=exec>1</button><button id=set>2</button><button id=write>3</button>
<button id=items>4</button><button id=read>5</button>
<script>
const marker = new URL(location).searchParams.get('marker');
window.seen = [];
window.done = 0;
words.textContent = marker;
const all = (transfer) => [...transfer.types].map((type) => type + '=' + transfer.getData(type))
  .concat([...transfer.files].map((file) => 'file ' + file.type + ' ' + file.size));
for (const name of ['paste', 'drop']) {
  addEventListener(name, (event) => seen.push([name, ...all(event.clipboardData ?? event.dataTransfer)]));
}
const select = () => { t.value = marker; t.focus(); t.select(); };
exec.onclick = () => { select(); seen.push(document.execCommand('copy')); done += 1; };
set.onclick = () => {
  const give = (event) => {
    event.clipboardData.setData('text/plain', marker);
    event.clipboardData.setData('text/html', `<b>${marker}</b>`);
    event.clipboardData.setData('application/x-note', marker);
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener('copy', give, { once: true });
  document.execCommand('copy');
  done += 1;
};
const finish = (promise) => promise.catch((error) => error.name).then((result) => { seen.push(result); done += 1; });
write.onclick = () => finish(navigator.clipboard.writeText(marker));
items.onclick = () => {
  const canvas = document.createElement('canvas');
  finish(new Promise((made) => canvas.toBlob(made)).then((picture) => navigator.clipboard.write([new ClipboardItem({
    'image/png': picture, 'text/plain': new Blob([marker], { type: 'text/plain' }) })])));
};
read.onclick = () => {
  t.focus();
  for (const name of ['paste', 'pasteAndMatchStyle', 'pasteGlobalSelection']) seen.push(document.execCommand(name));
  const items = navigator.clipboard.read().then((found) => Promise.all(found.map(async (item) =>
    [...item.types, await (await item.getType(item.types[0])).text()])));
  finish(Promise.all([items.catch((error) => error.name), navigator.clipboard.readText().catch((error) => error.name)]));
};
</script>";

/// A way of copying: an expression that prepares the page, a request with its fields, and whether the
/// client's own tabs paste it.
const COPIES: [(&str, &str, &str, Option<&str>, bool); 10] = [
    ("copy key", "select()", "press", Some("Control+c"), true),
    ("cut key", "select()", "press", Some("Control+x"), true),
    (
        "copy key of old",
        "select()",
        "press",
        Some("Control+Insert"),
        true,
    ),
    (
        "cut key of old",
        "select()",
        "press",
        Some("Shift+Delete"),
        true,
    ),
    (
        "selected text",
        "t.blur(), getSelection().selectAllChildren(words)",
        "press",
        Some("Control+c"),
        true,
    ),
    ("execCommand", "1", "#exec", None, true),
    ("copy event", "1", "#set", None, true),
    ("writeText", "1", "#write", None, false),
    ("write", "1", "#items", None, false),
    ("mouse selection", "select()", "#words", None, false),
];

struct Tab<'a> {
    client: &'a Client,
    id: String,
    marker: String,
}

impl<'a> Tab<'a> {
    async fn open(client: &'a Client, site: &Site, marker: &str) -> Self {
        let url = site.url(&format!("/clipboard?marker={marker}"));
        let (id, marker) = (client.open(&url).await, marker.to_owned());
        Self { client, id, marker }
    }

    async fn ask(&self, mut request: Value) -> Received {
        request["tabId"] = json!(self.id);
        self.client.ask(request).await
    }

    async fn press(&self, selector: &str, key: &str) {
        let press = json!({"type": "press", "selector": selector, "key": key});
        self.ask(press).await.expect("done");
    }

    async fn click(&self, fields: Value) {
        let mut click = fields;
        click["type"] = json!("click");
        self.ask(click).await.expect("done");
    }

    async fn evaluate(&self, expression: &str) -> Value {
        let evaluate = json!({"type": "evaluate", "expression": expression});
        self.ask(evaluate).await.expect("evaluated")["value"].clone()
    }

    /// Clicks a button, and waits until its handler has finished.
    async fn run(&self, selector: &str) {
        let before = self.evaluate("done").await;
        self.click(json!({"selector": selector})).await;
        until("the handler has finished", async || {
            self.evaluate("done").await != before
        })
        .await;
    }

    async fn copy(&self, prepare: &str, act: &str, key: Option<&str>) {
        self.evaluate(&format!("({prepare}, 1)")).await;
        match (key, act) {
            (Some(key), _) => {
                self.ask(json!({"type": "press", "key": key}))
                    .await
                    .expect("done");
            }
            // A double click selects, which fills the primary selection.
            (None, "#words") => self.click(json!({"selector": act, "clickCount": 2})).await,
            (None, button) => self.run(button).await,
        }
    }

    /// Everything that its page reads of a clipboard, in every way.
    async fn paste(&self) -> String {
        self.evaluate("seen.length = 0, t.value = '', e.textContent = '', 1")
            .await;
        for key in [
            "Control+v",
            "Control+Shift+V",
            "Shift+Insert",
            "Control+Shift+Insert",
        ] {
            self.press("#t", key).await;
        }
        self.press("#e", "Control+v").await;
        self.click(json!({"selector": "#t", "button": "middle"}))
            .await;
        self.click(json!({"selector": "#e", "button": "middle"}))
            .await;
        self.run("#read").await;
        let seen = self
            .evaluate("JSON.stringify([seen, t.value, e.innerHTML])")
            .await;
        seen.as_str().unwrap().to_owned()
    }
}

fn site_with_page(site: &Site) {
    site.serve("/clipboard", Reply::page(PAGE));
}

async fn what_a_client_copies_is_pasted_in_its_own_tabs_only(browser: TestBrowser) {
    let site = Site::start().await;
    site_with_page(&site);
    let daemon = daemon(&browser, &[]).await;
    let (one, two) = (client(&daemon, 0).await, client(&daemon, 1).await);
    let copying = Tab::open(&one, &site, "canaryOne").await;
    let own = Tab::open(&one, &site, "unused").await;
    let other = Tab::open(&two, &site, "canaryTwo").await;
    for (way, prepare, act, key, is_pasted) in COPIES {
        copying.copy(prepare, act, key).await;
        let seen = other.paste().await;
        assert!(!seen.contains("canary"), "{way}: {seen}");
        assert!(!seen.contains("file"), "{way}: {seen}");
        let seen = own.paste().await;
        assert!(!seen.contains("file"), "{way}: {seen}");
        if is_pasted {
            assert!(seen.contains("canaryOne"), "{way}: {seen}");
        }
    }
    // Another client that has copied pastes its own.
    other.copy("select()", "press", Some("Control+c")).await;
    copying.copy("select()", "press", Some("Control+c")).await;
    let seen = other.paste().await;
    assert!(
        seen.contains("canaryTwo") && !seen.contains("canaryOne"),
        "{seen}"
    );
    let seen = own.paste().await;
    assert!(
        seen.contains("canaryOne") && !seen.contains("canaryTwo"),
        "{seen}"
    );
    daemon.stop().await;
}

async fn a_client_that_pastes_while_another_one_copies_gets_its_own(browser: TestBrowser) {
    let site = Site::start().await;
    site_with_page(&site);
    let daemon = daemon(&browser, &[]).await;
    let (one, two) = (client(&daemon, 0).await, client(&daemon, 1).await);
    let noisy = Tab::open(&one, &site, "canaryOne").await;
    let quiet = Tab::open(&two, &site, "canaryTwo").await;
    quiet.copy("select()", "press", Some("Control+c")).await;
    // The page copies by script for as long as its clicks permit it.
    noisy
        .evaluate(
            "addEventListener('click', () => { const end = performance.now() + 4000; \
             const again = () => { select(); document.execCommand('copy'); \
             if (performance.now() < end) setTimeout(again); }; again(); }), 1",
        )
        .await;
    let copy = async {
        for _ in 0..10 {
            noisy.click(json!({"selector": "#words"})).await;
            noisy.copy("select()", "press", Some("Control+c")).await;
        }
    };
    let paste = async {
        for _ in 0..10 {
            quiet.evaluate("t.value = '', 1").await;
            quiet.press("#t", "Control+v").await;
            assert_eq!(quiet.evaluate("t.value").await, "canaryTwo");
        }
    };
    join(copy, paste).await;
    daemon.stop().await;
}

async fn a_paste_is_an_event_with_the_copied_data_that_the_page_can_cancel(browser: TestBrowser) {
    let site = Site::start().await;
    site_with_page(&site);
    let daemon = daemon(&browser, &[]).await;
    let one = client(&daemon, 0).await;
    let tab = Tab::open(&one, &site, "canary").await;
    tab.run("#set").await;
    tab.evaluate("seen.length = 0, t.value = '', 1").await;
    tab.press("#t", "Control+v").await;
    let seen = json!([[
        "paste",
        "text/plain=canary",
        "text/html=<b>canary</b>",
        "application/x-note=canary"
    ]]);
    assert_eq!(tab.evaluate("seen").await, seen);
    tab.evaluate("seen.length = 0, 1").await;
    tab.press("#t", "Control+Shift+V").await;
    assert_eq!(
        tab.evaluate("seen").await,
        json!([["paste", "text/plain=canary"]])
    );
    assert_eq!(tab.evaluate("t.value").await, "canarycanary");

    // A page that handles the event itself, and one that handles the key itself.
    tab.evaluate("t.value = '', window.addEventListener('paste', (event) => event.preventDefault(), { once: true }), 1")
        .await;
    tab.press("#t", "Control+v").await;
    assert_eq!(tab.evaluate("t.value").await, "");
    tab.evaluate(
        "seen.length = 0, addEventListener('keydown', (event) => { if (event.key == 'v') event.preventDefault(); }), 1",
    )
    .await;
    tab.press("#t", "Control+v").await;
    assert_eq!(tab.evaluate("[seen, t.value]").await, json!([[], ""]));

    // Passwords are not copied.
    tab.evaluate("document.body.innerHTML = '<input id=p type=password value=secret><input id=i>', p.select(), 1")
        .await;
    tab.ask(json!({"type": "press", "key": "Control+c"}))
        .await
        .expect("done");
    tab.press("#i", "Shift+Insert").await;
    assert_eq!(tab.evaluate("i.value").await, "canary");
    daemon.stop().await;
}

async fn pasting_replaces_the_selection_in_every_kind_of_field_and_frame(browser: TestBrowser) {
    let site = Site::start().await;
    site_with_page(&site);
    site.page("/field", "<input id=i value=before>");
    let elsewhere = Site::start_on(IpAddr::from([127, 0, 0, 2])).await;
    elsewhere.page("/field", "<input id=i value=before>");
    let frame = elsewhere.url_on("127.0.0.2", "/field");
    let fields = format!(
        "<textarea id=area>before</textarea><input id=line value=before maxlength=20>
        <div id=rich contenteditable>before</div><div id=host></div>
        <iframe id=same src='/field'></iframe><iframe id=there src='{frame}'></iframe>
        <script>host.attachShadow({{ mode: 'open' }}).innerHTML = '<input id=inner value=before>';</script>"
    );
    site.page("/fields", &fields);
    let daemon = daemon(&browser, &[]).await;
    let one = client(&daemon, 0).await;
    let tab = Tab::open(&one, &site, "first%0Asecond").await;
    tab.copy("select()", "press", Some("Control+c")).await;
    let target = Tab {
        id: one.open(&site.url("/fields")).await,
        ..tab
    };
    for (selector, what, expected) in [
        ("#area", "value", "first\nsecond"),
        ("#line", "value", "first second"),
        ("#rich", "text", "first\nsecond"),
        ("#host >> #inner", "value", "first second"),
        ("#same >> #i", "value", "first second"),
        ("#there >> #i", "value", "first second"),
    ] {
        target.press(selector, "Control+a").await;
        target
            .ask(json!({"type": "press", "key": "Control+v"}))
            .await
            .expect("done");
        let query = json!({"type": "query", "selector": selector, "what": what});
        let value = target.ask(query).await.expect("queried")["value"].clone();
        assert_eq!(value, expected, "{selector} of {}", target.marker);
    }
    daemon.stop().await;
}

async fn rich_text_is_pasted_without_anything_that_runs(browser: TestBrowser) {
    let site = Site::start().await;
    site_with_page(&site);
    let daemon = daemon(&browser, &[]).await;
    let one = client(&daemon, 0).await;
    let tab = Tab::open(&one, &site, "canary").await;
    tab.evaluate(
        "words.innerHTML = 'a <b title=t onclick=f()>bold</b> <a href=/x>link</a> <span hidden>hidden</span>', 1",
    )
    .await;
    tab.copy(
        "t.blur(), getSelection().selectAllChildren(words)",
        "press",
        Some("Control+c"),
    )
    .await;
    tab.press("#e", "Control+v").await;
    let link = site.url("/x");
    let pasted = tab.evaluate("e.innerHTML").await;
    let expected = format!("a <b>bold</b> <a href=\"{link}\">link</a>");
    assert_eq!(pasted.as_str().unwrap().trim_end(), expected);
    tab.evaluate("e.textContent = '', 1").await;
    tab.press("#e", "Control+Shift+V").await;
    assert_eq!(tab.evaluate("e.innerHTML").await, "a bold link");

    // A hostile page chooses what it copies.
    tab.evaluate(
        "addEventListener('copy', (event) => { event.preventDefault(); event.clipboardData.setData('text/html', \
         '<i>kept</i><img src=x onerror=\\'window.ran = 1\\'><svg onload=\\'window.ran = 1\\'></svg>\
         <a href=\\'javascript:ran = 1\\'>j</a><script>window.ran = 1<' + '/script>'); }), window.ran = 0, e.textContent = '', 1",
    )
    .await;
    tab.copy("1", "press", Some("Control+c")).await;
    tab.press("#e", "Control+v").await;
    until("the picture has failed to load", async || {
        tab.evaluate("e.querySelector('img')?.complete").await == true
    })
    .await;
    let seen = tab
        .evaluate("[ran, e.querySelector('i').textContent, e.querySelectorAll('[onerror], svg, script, [href]').length]")
        .await;
    assert_eq!(seen, json!([0, "kept", 0]));
    daemon.stop().await;
}
