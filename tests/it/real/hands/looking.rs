//! Waiting, asking, evaluating, reading.

use std::time::Duration;

use serde_json::{Value, json};

use super::steps::{Hands, SHORT_MS};
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::site::Reply;

on_both_browsers!(
    elements_are_waited_for_until_they_are_as_wanted,
    loading_is_waited_for_by_its_events,
    a_network_is_idle_though_a_socket_is_open,
    urls_and_texts_are_waited_for,
    everything_there_is_to_ask_of_an_element_is_answered,
    scripts_come_to_json_or_to_their_exception,
    scripts_that_policy_refuses_do_not_run,
    content_is_read_as_text_and_as_markdown,
);

async fn elements_are_waited_for_until_they_are_as_wanted(browser: TestBrowser) {
    let page = "<p id=p hidden>p</p><p id=q>q</p><script>window.later = (act) => setTimeout(act, 200);</script>";
    let hands = Hands::on(browser, page).await;
    for (selector, state, change) in [
        ("#p", "visible", "p.hidden = false"),
        ("#p", "hidden", "p.style.visibility = 'hidden'"),
        (
            "#new",
            "attached",
            "document.body.append(Object.assign(document.createElement('i'), {id: 'new'}))",
        ),
        ("#q", "detached", "q.remove()"),
    ] {
        hands
            .evaluate(&format!("later(() => {{ {change} }})"))
            .await;
        let fields = json!({"selector": selector, "state": state});
        hands.ask("waitFor", fields.clone()).await.expect("waited");
        // A condition that holds already succeeds at once.
        hands.ask("waitFor", fields).await.expect("waited");
    }
    for (selector, state, code) in [
        ("#none", "visible", "NOT_FOUND"),
        ("#new", "visible", "NOT_ACTIONABLE"),
        ("#new", "detached", "NOT_ACTIONABLE"),
    ] {
        let fields = json!({"selector": selector, "state": state, "timeoutMs": SHORT_MS});
        hands.ask("waitFor", fields).await.expect_error(code);
    }
    hands.bridge.stop().await;
}

async fn loading_is_waited_for_by_its_events(browser: TestBrowser) {
    let hands = Hands::on(browser, "").await;
    let slow = Reply::After(
        Duration::from_millis(600),
        Box::new(Reply::page("").with("content-type", "image/png")),
    );
    hands.site.serve("/slow.png", slow);
    let page = hands.site.page("/slow", "<h1>slow</h1><img src=/slow.png>");
    hands
        .client
        .navigate(&hands.tab, &page)
        .await
        .expect("navigated");
    hands
        .ask("waitFor", json!({"loadState": "domcontentloaded"}))
        .await
        .expect("waited");
    assert_ne!(hands.evaluate("document.readyState").await, "loading");
    hands
        .ask("waitFor", json!({"loadState": "load"}))
        .await
        .expect("waited");
    assert_eq!(hands.evaluate("document.readyState").await, "complete");
    let waited = hands
        .ask("waitFor", json!({"loadState": "networkidle"}))
        .await
        .expect("waited");
    assert_eq!(waited["url"], page);
    hands.site.serve("/never.png", Reply::Never);
    let page = hands.site.page("/never", "<img src=/never.png>");
    hands
        .client
        .navigate(&hands.tab, &page)
        .await
        .expect("navigated");
    let fields = json!({"loadState": "load", "timeoutMs": SHORT_MS});
    hands
        .ask("waitFor", fields)
        .await
        .expect_error("CDP_TIMEOUT");
    hands.bridge.stop().await;
}

async fn a_network_is_idle_though_a_socket_is_open(browser: TestBrowser) {
    let hands = Hands::on(browser, "").await;
    // The bridge itself serves WebSockets, to pages too where it is told to; this one is refused, so
    // that the socket stays as one that connects: the server takes it and says nothing.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            held.push(socket);
        }
    });
    let page = hands.site.page(
        "/socket",
        &format!("<script>new WebSocket('ws://127.0.0.1:{port}/')</script>"),
    );
    hands
        .client
        .navigate(&hands.tab, &page)
        .await
        .expect("navigated");
    hands
        .ask("waitFor", json!({"loadState": "networkidle"}))
        .await
        .expect("waited");
    taken.abort();
    hands.bridge.stop().await;
}

async fn urls_and_texts_are_waited_for(browser: TestBrowser) {
    let page = "<p id=p></p><script>window.later = (act) => setTimeout(act, 200);</script>";
    let hands = Hands::on(browser, page).await;
    hands.evaluate("later(() => { p.textContent = 'All  DONE now'; history.pushState({}, '', '/shop/done?x=1') })").await;
    let text = hands
        .ask("waitFor", json!({"text": "all done"}))
        .await
        .expect("waited");
    assert!(
        text["url"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1"),
        "{text}"
    );
    let url = hands
        .ask("waitFor", json!({"url": "**/shop/*\\?x=?"}))
        .await
        .expect("waited");
    assert!(
        url["url"].as_str().unwrap().ends_with("/shop/done?x=1"),
        "{url}"
    );
    for (fields, code) in [
        (json!({"text": "never said"}), "NOT_FOUND"),
        (json!({"url": "*/done"}), "CDP_TIMEOUT"),
    ] {
        let mut fields = fields;
        fields["timeoutMs"] = json!(SHORT_MS);
        hands.ask("waitFor", fields).await.expect_error(code);
    }
    hands.bridge.stop().await;
}

async fn everything_there_is_to_ask_of_an_element_is_answered(browser: TestBrowser) {
    let page = "<style>body { margin: 0 }</style><div id=d class='x y' style='width:100px;height:20px'>Some <b>text</b></div>
        <input id=i value=v disabled><input type=checkbox id=c checked><p id=h hidden>h</p>";
    let hands = Hands::on(browser, page).await;
    for (selector, what, expected) in [
        ("#d", "text", json!("Some text")),
        ("#d", "html", json!("Some <b>text</b>")),
        ("#i", "value", json!("v")),
        ("#d", "visible", json!(true)),
        ("#h", "visible", json!(false)),
        ("#none", "visible", json!(false)),
        ("#i", "enabled", json!(false)),
        ("#d", "enabled", json!(true)),
        ("#c", "checked", json!(true)),
        ("input", "count", json!(2)),
        ("#none", "count", json!(0)),
        ("#h", "box", Value::Null),
        (
            "#i",
            "attributes",
            json!({"id": "i", "value": "v", "disabled": ""}),
        ),
    ] {
        assert_eq!(
            hands.query(selector, what).await,
            expected,
            "{what} of {selector}"
        );
    }
    let area = hands.query("#d", "box").await;
    assert_eq!(
        (&area["width"], &area["height"]),
        (&json!(100), &json!(20)),
        "{area}"
    );
    for (selector, what, code) in [
        ("#d", "checked", "NOT_ACTIONABLE"),
        ("#d", "value", "NOT_ACTIONABLE"),
        ("input", "visible", "AMBIGUOUS"),
        ("input", "text", "AMBIGUOUS"),
        ("#none", "text", "NOT_FOUND"),
        ("a[", "count", "BAD_SELECTOR"),
        ("ref=e77", "text", "STALE_REF"),
    ] {
        let fields = json!({"selector": selector, "what": what, "timeoutMs": SHORT_MS});
        hands.ask("query", fields).await.expect_error(code);
    }
    hands.bridge.stop().await;
}

async fn scripts_come_to_json_or_to_their_exception(browser: TestBrowser) {
    let page = "<b id=b>text</b><script>window.own = 7; JSON.stringify2 = JSON.stringify;</script>";
    let hands = Hands::on(browser, page).await;
    for (fields, expected) in [
        (json!({"expression": "1 + 1"}), json!(2)),
        (json!({"expression": "own"}), json!(7)),
        (json!({"expression": "let a = 1; a + 1"}), json!(2)),
        (
            json!({"expression": "({a: [1, null, undefined, {b: 'c'}], d: new Date(0)})"}),
            json!({"a": [1, null, null, {"b": "c"}], "d": "1970-01-01T00:00:00.000Z"}),
        ),
        (json!({"expression": "undefined"}), Value::Null),
        (json!({"expression": "0 / 0"}), Value::Null),
        (json!({"expression": "-0"}), json!(0)),
        (json!({"expression": "document.body"}), json!({})),
        (
            json!({"expression": "(a, b) => a + b.c", "args": [1, {"c": 2}]}),
            json!(3),
        ),
        (
            json!({"expression": "async (a) => { await new Promise((d) => setTimeout(d, 20)); return a; }", "args": ["x"]}),
            json!("x"),
        ),
        (json!({"expression": "Promise.resolve('p')"}), json!("p")),
        (
            json!({"expression": "(it, more) => it.textContent + more", "args": ["!"], "selector": "#b"}),
            json!("text!"),
        ),
        (json!({"expression": "'\\ud800'"}), json!("\u{fffd}")),
    ] {
        let answer = hands
            .ask("evaluate", fields.clone())
            .await
            .expect("evaluated");
        assert_eq!(answer["value"], expected, "{fields}");
    }
    for (expression, words) in [
        ("nothing.here", "ReferenceError: nothing is not defined"),
        ("syntax error here", "SyntaxError"),
        ("() => { throw 'plain text' }", "plain text"),
        ("Promise.reject(new TypeError('no'))", "TypeError: no"),
        ("const o = {}; o.o = o; o", "circular"),
        ("10n", "bigint"),
        ("'x'.repeat(2 * 1024 * 1024)", "the maximum is"),
        ("['x'.repeat(2 * 1024 * 1024)]", "the maximum is"),
    ] {
        let error = hands
            .ask("evaluate", json!({"expression": expression}))
            .await;
        let error = error.expect_error("EVALUATION_FAILED");
        assert!(
            error["message"].as_str().unwrap().contains(words),
            "{expression}: {error}"
        );
        assert_eq!(error["retryable"], false);
    }
    let endless = json!({"expression": "while (true) {}", "timeoutMs": SHORT_MS});
    let ended = hands.ask("evaluate", endless).await;
    assert!(
        ["CDP_TIMEOUT", "EVALUATION_FAILED"].contains(&ended.code()),
        "{ended}"
    );
    let fields = json!({"expression": "(it) => it", "selector": "#none", "timeoutMs": SHORT_MS});
    hands
        .ask("evaluate", fields)
        .await
        .expect_error("NOT_FOUND");
    hands.bridge.stop().await;
}

async fn scripts_that_policy_refuses_do_not_run(browser: TestBrowser) {
    use crate::support::bridge::TestBridge;
    let bridge = TestBridge::start_with(browser, |config| {
        config.policy.evaluate = cdp_bridge::policy::EvaluatePolicy::Deny;
    })
    .await;
    let client = bridge.client().await;
    let tab = client.open("about:blank").await;
    let evaluate =
        json!({"type": "evaluate", "tabId": tab, "expression": "document.title = 'ran'"});
    let error = client.ask(evaluate).await.expect_error("EVALUATION_FAILED");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("policy.evaluate"),
        "{error}"
    );
    let query = json!({"type": "query", "tabId": tab, "selector": "xpath=//title[text()='ran']", "what": "count"});
    assert_eq!(client.ask(query).await.expect("queried")["value"], 0);
    bridge.stop().await;
}

async fn content_is_read_as_text_and_as_markdown(browser: TestBrowser) {
    let page = "<nav aria-hidden=true>hidden nav</nav><h1>Title <em>one</em></h1><p>First <b>bold</b>,
        <a href='/x?a=1'>a link</a> and <code>code</code>.</p><script>no()</script><style>no{}</style>
        <ul><li>one<li>two<ul><li>inner</ul></ul><ol start=3><li>three<li>four</ol>
        <blockquote><p>quoted</p></blockquote><pre>  a\n  b</pre><hr>
        <table><tr><th>A<th>B|C<tr><td>1<td>2</table><p style='display:none'>not shown</p><p>5 * 6 _x_</p>
        <input value='typed'><input type=password value='geheim'>";
    let hands = Hands::on(browser, page).await;
    let content = async |fields: Value| hands.ask("getContent", fields).await.expect("content");
    let markdown = content(json!({"format": "markdown"})).await;
    let origin = hands.evaluate("location.origin").await;
    let expected = format!(
        "# Title *one*\n\nFirst **bold**, [a link]({}/x?a=1) and `code`.\n\n- one\n- two\n  - inner\n\n\
        3. three\n4. four\n\n> quoted\n\n```\n  a\n  b\n```\n\n---\n\n| A | B\\|C |\n| --- | --- |\n| 1 | 2 |\n\n\
        5 \\* 6 \\_x\\_\n\ntyped",
        origin.as_str().unwrap()
    );
    assert_eq!(markdown.text(), expected);
    let text = content(json!({"format": "text"})).await;
    assert!(
        text.text().contains("First bold, a link and code.") && !text.text().contains("not shown")
    );
    let part = content(json!({"format": "text", "selector": "ul >> nth=0"})).await;
    assert_eq!(part.text(), "one\ntwo\ninner");
    assert_eq!(part["format"], "text");
    let fields = json!({"format": "text", "selector": "#none", "timeoutMs": SHORT_MS});
    hands
        .ask("getContent", fields)
        .await
        .expect_error("NOT_FOUND");
    hands.bridge.stop().await;
}
