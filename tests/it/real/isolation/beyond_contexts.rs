//! What Chromium might keep outside of its browser contexts.

use serde_json::{Value, json};

use super::clients::{client, daemon};
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Client;
use crate::support::site::{Reply, Site};
use crate::support::wait::until;

on_both_browsers!(
    what_a_page_leaves_reaches_tabs_of_its_client_only,
    a_page_that_takes_the_screen_or_the_pointer_takes_it_from_no_other_client,
    keys_that_a_browser_may_take_for_itself_change_nothing_for_another_client,
    what_a_client_drags_is_dropped_in_its_own_tab_only,
);

/// One mechanism. `mark` runs in a tab of one client; `look` runs in another tab of it and in a tab of
/// another client, where `MARK` is the value of `mark`.
struct Row {
    name: &'static str,
    prepare: &'static str,
    mark: &'static str,
    look: &'static str,
    own: &'static str,
    other: &'static str,
}

const ROWS: [Row; 11] = [
    Row {
        name: "BroadcastChannel",
        prepare: "window.heard = [], window.channel = new BroadcastChannel('c'), channel.onmessage = (event) => heard.push(event.data), 1",
        mark: "new BroadcastChannel('c').postMessage('marker')",
        look: "heard",
        own: r#"["marker"]"#,
        other: "[]",
    },
    Row {
        name: "SharedWorker",
        prepare: "window.ask = (mark) => new Promise((done) => { const { port } = new SharedWorker('/worker.js'); \
                  port.onmessage = (event) => done(event.data); port.postMessage(mark); }), 1",
        mark: "ask('marker')",
        look: "ask('')",
        own: r#""marker""#,
        other: r#""""#,
    },
    Row {
        name: "locks",
        prepare: "1",
        mark: "navigator.locks.request('l', () => new Promise(() => {})), 1",
        look: "navigator.locks.query().then((found) => found.held.length)",
        own: "1",
        other: "0",
    },
    Row {
        name: "blob URLs",
        prepare: "1",
        mark: "URL.createObjectURL(new Blob(['marker']))",
        look: "fetch(MARK).then((found) => found.text()).catch(() => '')",
        own: r#""marker""#,
        other: r#""""#,
    },
    Row {
        name: "private file system",
        prepare: "1",
        mark: "navigator.storage.getDirectory().then((root) => root.getDirectoryHandle('marker', { create: true })).then(() => 1)",
        look: "navigator.storage.getDirectory().then((root) => root.getDirectoryHandle('marker')).then(() => true, () => false)",
        own: "true",
        other: "false",
    },
    Row {
        name: "storage usage",
        prepare: "1",
        mark: "caches.open('q').then((cache) => cache.put('/q', new Response('x'.repeat(2e6)))).then(() => 1)",
        look: "navigator.storage.estimate().then(({ usage }) => usage > 1e6)",
        own: "true",
        other: "false",
    },
    Row {
        name: "storage events",
        prepare: "window.stored = [], addEventListener('storage', (event) => stored.push(event.newValue)), 1",
        mark: "localStorage.setItem('k', 'marker'), 1",
        look: "stored",
        own: r#"["marker"]"#,
        other: "[]",
    },
    Row {
        name: "cookie events",
        prepare: "window.baked = [], cookieStore.addEventListener('change', (event) => baked.push(...event.changed.map((it) => it.value))), 1",
        mark: "document.cookie = 'k=marker', 1",
        look: "baked",
        own: r#"["marker"]"#,
        other: "[]",
    },
    Row {
        name: "window names",
        prepare: "1",
        mark: "window.name = 'kept', 1",
        look: "(() => { const found = open('', 'kept'); const at = found?.location.href ?? ''; found?.close(); return at; })()",
        own: r#""about:blank""#,
        other: r#""about:blank""#,
    },
    // There is one such window for the whole browser: opening it would close that of another client.
    Row {
        name: "picture in picture",
        prepare: "1",
        mark: "1",
        look: "[document.pictureInPictureEnabled, 'documentPictureInPicture' in window]",
        own: "[false, false]",
        other: "[false, false]",
    },
    Row {
        name: "capture of the screen",
        prepare: "1",
        mark: "1",
        look: "navigator.mediaDevices.getDisplayMedia({ video: true }).then(() => true, \
               ({ name }) => ['NotAllowedError', 'NotSupportedError'].includes(name) ? 'refused' : name)",
        own: r#""refused""#,
        other: r#""refused""#,
    },
];

const WORKER: &str = "let kept = ''; onconnect = ({ ports: [port] }) => { \
    port.onmessage = ({ data }) => { kept = data || kept; port.postMessage(kept); }; };";

struct Tab<'a> {
    client: &'a Client,
    id: String,
}

impl<'a> Tab<'a> {
    async fn open(client: &'a Client, url: &str) -> Self {
        let id = client.open(url).await;
        Self { client, id }
    }

    async fn evaluate(&self, expression: &str) -> Value {
        let request = json!({"type": "evaluate", "tabId": self.id, "expression": expression});
        let answer = self.client.ask(request).await;
        answer.expect("evaluated")["value"].clone()
    }
}

async fn what_a_page_leaves_reaches_tabs_of_its_client_only(browser: TestBrowser) {
    let site = Site::start().await;
    let url = site.page("/page", "");
    let worker = Reply::page(WORKER).with("content-type", "text/javascript");
    site.serve("/worker.js", worker);
    let daemon = daemon(&browser, &[]).await;
    let (one, two) = (client(&daemon, 0).await, client(&daemon, 1).await);
    let marking = Tab::open(&one, &url).await;
    let own = Tab::open(&one, &url).await;
    let other = Tab::open(&two, &url).await;
    for Row {
        name,
        prepare,
        mark,
        look,
        own: expected_own,
        other: expected_other,
    } in ROWS
    {
        for tab in [&marking, &own, &other] {
            tab.evaluate(prepare).await;
        }
        let mark = marking.evaluate(mark).await;
        let look = look.replace("MARK", &mark.to_string());
        let expected: Value = serde_json::from_str(expected_own).unwrap();
        until(&format!("{name} in a tab of the same client"), async || {
            own.evaluate(&look).await == expected
        })
        .await;
        let expected: Value = serde_json::from_str(expected_other).unwrap();
        assert_eq!(other.evaluate(&look).await, expected, "{name}");
    }
    daemon.stop().await;
}

async fn a_page_that_takes_the_screen_or_the_pointer_takes_it_from_no_other_client(
    browser: TestBrowser,
) {
    let site = Site::start().await;
    let url = site.page("/page", "");
    let daemon = daemon(&browser, &[]).await;
    let (one, two) = (client(&daemon, 0).await, client(&daemon, 1).await);
    let tabs = [Tab::open(&one, &url).await, Tab::open(&two, &url).await];
    for (take, taken) in [
        (
            "document.documentElement.requestFullscreen().then(() => true, String)",
            "document.fullscreenElement !== null",
        ),
        (
            "document.body.requestPointerLock({}).then(() => true, String)",
            "document.pointerLockElement !== null",
        ),
    ] {
        for tab in &tabs {
            assert_eq!(tab.evaluate(take).await, true, "{take}");
        }
        for tab in &tabs {
            assert_eq!(tab.evaluate(taken).await, true, "{taken}");
        }
    }
    daemon.stop().await;
}

/// Plays two seconds of silence again and again, and counts what media keys ask of the page.
const PLAY: &str = "(async () => {
    const samples = 16000, bytes = new DataView(new ArrayBuffer(44 + samples));
    [...'RIFF'].forEach((it, at) => bytes.setUint8(at, it.charCodeAt(0)));
    bytes.setUint32(4, 36 + samples, true);
    [...'WAVEfmt '].forEach((it, at) => bytes.setUint8(8 + at, it.charCodeAt(0)));
    bytes.setUint32(16, 16, true), bytes.setUint16(20, 1, true), bytes.setUint16(22, 1, true);
    bytes.setUint32(24, 8000, true), bytes.setUint32(28, 8000, true);
    bytes.setUint16(32, 1, true), bytes.setUint16(34, 8, true);
    [...'data'].forEach((it, at) => bytes.setUint8(36 + at, it.charCodeAt(0)));
    bytes.setUint32(40, samples, true);
    for (let at = 0; at < samples; at += 1) bytes.setUint8(44 + at, 128);
    window.asked = [];
    for (const action of ['play', 'pause', 'stop', 'nexttrack'])
        navigator.mediaSession.setActionHandler(action, () => asked.push(action));
    window.audio = new Audio(URL.createObjectURL(new Blob([bytes], { type: 'audio/wav' })));
    audio.loop = true;
    await audio.play();
    return !audio.paused;
})()";

async fn keys_that_a_browser_may_take_for_itself_change_nothing_for_another_client(
    browser: TestBrowser,
) {
    const STATE: &str = "[asked, audio.paused, devicePixelRatio, innerWidth, document.title]";
    let site = Site::start().await;
    let url = site.page("/page", "<title>page</title>");
    let daemon = daemon(&browser, &[]).await;
    let (one, two) = (client(&daemon, 0).await, client(&daemon, 1).await);
    let (pressing, other) = (Tab::open(&one, &url).await, Tab::open(&two, &url).await);
    assert_eq!(other.evaluate(PLAY).await, true);
    let before = other.evaluate(STATE).await;
    pressing
        .evaluate("window.keys = [], onkeydown = ({ code }) => keys.push(code), 1")
        .await;
    let keys = [
        "MediaPlayPause",
        "MediaStop",
        "MediaTrackNext",
        // Zoom is kept by host.
        "Control+Equal",
        "Control+NumpadAdd",
        "Control+Shift+Equal",
    ];
    for key in keys {
        let press = json!({"type": "press", "tabId": pressing.id, "key": key});
        pressing.client.ask(press).await.expect("done");
    }
    let pressed = pressing.evaluate("keys").await;
    for code in ["MediaPlayPause", "MediaStop", "Equal", "NumpadAdd"] {
        let pressed = pressed.as_array().unwrap();
        assert!(pressed.iter().any(|it| it == code), "{code}: {pressed:?}");
    }
    assert_eq!(other.evaluate(STATE).await, before);
    daemon.stop().await;
}

async fn what_a_client_drags_is_dropped_in_its_own_tab_only(browser: TestBrowser) {
    let site = Site::start().await;
    let url = site.page(
        "/page",
        "<p id=from draggable=true>this</p><p id=to>here</p><script>
        const whose = new URL(location).searchParams.get('of');
        window.seen = [];
        from.ondragstart = ({ dataTransfer }) => dataTransfer.setData('text/plain', whose);
        to.ondragover = (event) => event.preventDefault();
        for (const type of ['dragenter', 'drop'])
            to.addEventListener(type, ({ dataTransfer }) => seen.push(type + ' ' + dataTransfer.getData('text/plain')));
        </script>",
    );
    let daemon = daemon(&browser, &[]).await;
    let (one, two) = (client(&daemon, 0).await, client(&daemon, 1).await);
    let tabs = [
        Tab::open(&one, &format!("{url}?of=one")).await,
        Tab::open(&two, &format!("{url}?of=two")).await,
    ];
    // Both at the same time: a drag is a state of the whole browser for a person's mouse.
    let drag = async |tab: &Tab<'_>| {
        let drag = json!({"type": "drag", "tabId": tab.id, "from": "#from", "to": "#to"});
        tab.client.ask(drag).await.expect("done");
    };
    for _ in 0..3 {
        tokio::join!(drag(&tabs[0]), drag(&tabs[1]));
    }
    for (tab, whose) in tabs.iter().zip(["one", "two"]) {
        let seen = tab
            .evaluate("seen.filter((it) => it.startsWith('drop'))")
            .await;
        assert_eq!(seen, json!(vec![format!("drop {whose}"); 3]));
    }
    daemon.stop().await;
}
