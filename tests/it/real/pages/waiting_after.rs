//! `waitFor` on actions, and after them: what is waited for is about the document that comes of the action.

use std::time::Duration;

use serde_json::{Value, json};

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::received::Received;
use crate::support::site::Reply;

on_both_browsers!(
    an_action_waits_in_the_document_that_it_leads_to,
    a_wait_behind_an_action_is_about_the_document_that_comes,
    an_action_that_leads_nowhere_waits_in_its_document,
    what_does_not_come_about_after_an_action_is_told_and_not_retryable,
);

/// Takes its time before it answers, so that the page before could answer in its place.
fn slow(reply: Reply) -> Reply {
    Reply::After(Duration::from_millis(500), Box::new(reply))
}

const STARTS: &str = "<a href=/next id=a>go</a> <a href=/next id=framed target=f>go</a>
    <button id=b onclick='setTimeout(() => location = \"/next\")'>go</button>
    <p id=p onmousemove='location = \"/next\"'>over</p>
    <form action=/next><input name=k id=k></form><form action=/next><select id=s name=s onchange='form.submit()'><option>1<option>2</select>
    <input type=checkbox id=c onchange='form.requestSubmit()'><input id=i oninput='form.submit()'></form>
    <p class=mark>before</p>";

impl OpenPage {
    /// A tab whose page leads to another one, by all kinds of input.
    async fn leading(browser: TestBrowser) -> Self {
        let page = Self::with(browser, "").await;
        let picture = slow(Reply::page("GIF89a").with("content-type", "image/gif"));
        page.site.serve("/slow.gif", picture);
        let next = "<p class=mark>after</p><p id=q>there</p><img src=/slow.gif>";
        page.site.serve("/next", slow(Reply::page(next)));
        page.site.page("/start", STARTS);
        page
    }

    async fn start(&self) {
        self.client.go(&self.tab, &self.site.url("/start")).await;
    }

    async fn act(&self, kind: &str, mut fields: Value, wait: Value) -> Received {
        fields["waitFor"] = wait;
        self.ask(kind, fields).await
    }
}

/// An action of each kind that leads to another page.
fn actions() -> [(&'static str, Value); 8] {
    [
        ("click", json!({"selector": "#a"})),
        ("click", json!({"selector": "#b"})),
        ("hover", json!({"selector": "#p"})),
        ("check", json!({"selector": "#c"})),
        ("fill", json!({"selector": "#i", "value": "x"})),
        ("type", json!({"selector": "#i", "text": "x"})),
        ("press", json!({"selector": "#k", "key": "Enter"})),
        ("select", json!({"selector": "#s", "values": ["2"]})),
    ]
}

async fn an_action_waits_in_the_document_that_it_leads_to(browser: TestBrowser) {
    let page = OpenPage::leading(browser).await;
    for (kind, fields) in actions() {
        page.start().await;
        let done = page
            .act(kind, fields, json!({"loadState": "load"}))
            .await
            .expect("done");
        let url = done["waited"]["url"].as_str().unwrap();
        assert!(url.starts_with(&page.site.url("/next")), "{kind}: {done}");
        let shown = page.evaluate("document.readyState + q.textContent").await;
        assert_eq!(shown, "completethere", "{kind}");
    }
    // The mark is on both pages, and so is the glob of the URL.
    for wait in [
        json!({"selector": ".mark"}),
        json!({"url": "**"}),
        json!({"urlRegex": "^http"}),
        json!({"expression": "document.querySelector('.mark')"}),
        json!({"any": [{"text": "never"}, {"loadState": "domcontentloaded"}]}),
    ] {
        page.start().await;
        let done = page
            .act("click", json!({"selector": "#a"}), wait.clone())
            .await
            .expect("done");
        assert_eq!(
            done["waited"]["url"],
            page.site.url("/next"),
            "{wait}: {done}"
        );
    }
    page.bridge.stop().await;
}

async fn a_wait_behind_an_action_is_about_the_document_that_comes(browser: TestBrowser) {
    let page = OpenPage::leading(browser).await;
    for (kind, fields) in actions() {
        page.start().await;
        page.ask(kind, fields).await.expect("done");
        let waited = page
            .ask("waitFor", json!({"loadState": "load"}))
            .await
            .expect("waited");
        let url = waited["url"].as_str().unwrap();
        assert!(url.starts_with(&page.site.url("/next")), "{kind}: {waited}");
        assert_eq!(
            page.evaluate("document.readyState").await,
            "complete",
            "{kind}"
        );
    }
    page.bridge.stop().await;
}

async fn an_action_that_leads_nowhere_waits_in_its_document(browser: TestBrowser) {
    let file = Reply::page("data").with("content-disposition", "attachment; filename=a.bin");
    let page = OpenPage::with(
        browser,
        "<button id=b onclick='setTimeout(() => { r.hidden = false; done = {n: 7} }, 200)'>B</button>
        <p id=r hidden>ready</p><a href=/nothing id=n>204</a> <a href=/file id=f>file</a> <a href='#x' id=h>#</a>
        <a href=/page target=_blank id=t>new</a><script>done = null</script>",
    )
    .await;
    page.site.serve("/nothing", Reply::status(204, ""));
    page.site.serve("/file", file);
    let waited = page
        .act("click", json!({"selector": "#b"}), json!({"text": "ready"}))
        .await;
    assert_eq!(
        waited.expect("done")["waited"]["url"],
        page.site.url("/page")
    );
    let fields = json!({"selector": "#b"});
    let waited = page
        .act("click", fields, json!({"expression": "done"}))
        .await
        .expect("done");
    assert_eq!(waited["waited"]["value"], json!({"n": 7}), "{waited}");
    for link in ["#n", "#f", "#h", "#t"] {
        let fields = json!({"selector": link});
        let done = page
            .act("click", fields, json!({"loadState": "load"}))
            .await
            .expect("done");
        let url = done["waited"]["url"].as_str().unwrap();
        assert!(url.starts_with(&page.site.url("/page")), "{link}: {done}");
    }
    page.bridge.stop().await;
}

async fn what_does_not_come_about_after_an_action_is_told_and_not_retryable(browser: TestBrowser) {
    let page = OpenPage::with(browser, "<button id=b>B</button><input id=i>").await;
    page.site.serve("/never", Reply::Never);
    for (wait, code) in [
        (json!({"selector": "#none"}), "NOT_FOUND"),
        (json!({"url": "**/elsewhere"}), "CDP_TIMEOUT"),
        (json!({"expression": "false"}), "CDP_TIMEOUT"),
        (json!({"expression": "nothing.here"}), "EVALUATION_FAILED"),
        (
            json!({"any": [{"selector": "#none"}, {"text": "none"}]}),
            "CDP_TIMEOUT",
        ),
    ] {
        for (kind, fields) in [
            ("click", json!({"selector": "#b", "timeoutMs": 1500})),
            (
                "fill",
                json!({"selector": "#i", "value": "secret", "timeoutMs": 1500}),
            ),
        ] {
            let error = page
                .act(kind, fields, wait.clone())
                .await
                .expect_error(code);
            assert_eq!(error["retryable"], false, "{kind} {wait}: {error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
    assert_eq!(page.evaluate("i.value").await, "secret");
    // What is not even begun is retryable, and an invalid wait begins nothing.
    let fields = json!({"selector": "#gone", "timeoutMs": 1000});
    let error = page
        .act("click", fields, json!({"loadState": "load"}))
        .await;
    assert_eq!(error.expect_error("NOT_FOUND")["retryable"], true);
    page.evaluate("b.onclick = () => { document.title = 'clicked' }; 0")
        .await;
    for (wait, code) in [
        (json!({"selector": "nth=0"}), "BAD_SELECTOR"),
        (json!({"urlRegex": "("}), "BAD_REQUEST"),
        (json!({}), "BAD_REQUEST"),
        (json!({"any": [{"any": []}]}), "BAD_REQUEST"),
    ] {
        page.act("click", json!({"selector": "#b"}), wait)
            .await
            .expect_error(code);
    }
    assert_eq!(page.evaluate("document.title").await, "page");
    page.bridge.stop().await;
}
