//! What scripts of clients come to, on pages that are in their way.

use serde_json::{Value, json};

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::site::Reply;

on_both_browsers!(
    every_value_is_written_as_json_stringify_writes_it,
    a_value_without_a_json_form_is_refused,
    declarations_of_a_script_do_not_stay,
    a_script_that_only_is_a_function_is_called,
    what_the_page_makes_of_json_does_not_matter,
    a_page_that_has_replaced_eval_runs_scripts,
    a_content_security_policy_permits_scripts,
    statements_run_with_an_element_too,
    a_value_that_is_nested_too_deeply_is_refused_with_the_limit,
    what_is_thrown_is_named,
);

/// Levels of a nested array.
fn nested(levels: usize) -> String {
    format!("let it = []; for (let level = 1; level < {levels}; level++) it = [it]; it")
}

async fn every_value_is_written_as_json_stringify_writes_it(browser: TestBrowser) {
    let page = OpenPage::with(browser, "<p id=p>text</p>").await;
    for (expression, expected) in [
        ("null", Value::Null),
        ("document.querySelector('#none')", Value::Null),
        ("() => null", Value::Null),
        ("async () => null", Value::Null),
        ("Promise.resolve(null)", Value::Null),
        ("undefined", Value::Null),
        ("() => {}", Value::Null),
        ("document.all", Value::Null),
        ("NaN", Value::Null),
        ("() => NaN", Value::Null),
        ("-Infinity", Value::Null),
        ("-0", json!(0)),
        ("() => -0", json!(0)),
        ("Symbol('s')", Value::Null),
        ("() => Symbol('s')", Value::Null),
        ("() => () => 1", Value::Null),
        ("''", json!("")),
        ("false", json!(false)),
        ("1e21", json!(1e21)),
        (
            "'\\ud800x\\udc00\\ud83d\\ude00'",
            json!("\u{fffd}x\u{fffd}\u{1f600}"),
        ),
        (
            "['\\ud800', '\"\\\\\\n\\u0001\\u2028']",
            json!(["\u{fffd}", "\"\\\n\u{1}\u{2028}"]),
        ),
        (
            "[null, undefined, NaN, Infinity, -0, () => 1, Symbol('s'), [], {}]",
            json!([null, null, null, null, 0, null, null, [], {}]),
        ),
        (
            "({n: null, u: undefined, f: () => 1, s: Symbol('s'), 2: 'b', 1: 'a', ['__proto__']: 3})",
            json!({"1": "a", "2": "b", "n": null, "__proto__": 3}),
        ),
        ("new Date(0)", json!("1970-01-01T00:00:00.000Z")),
        ("[new Date(NaN)]", json!([null])),
        (
            "[new String('s'), new Number(1), new Boolean(false)]",
            json!(["s", 1, false]),
        ),
        ("new URL('http://a.test/b')", json!("http://a.test/b")),
        ("new DOMRect(1, 2, 3, 4).toJSON().right", json!(4)),
        (
            "new DOMRect(1, 2, 3, 4)",
            json!({
                "x": 1, "y": 2, "width": 3, "height": 4,
                "top": 2, "right": 4, "bottom": 6, "left": 1,
            }),
        ),
        (
            "class P { toJSON(key) { return [key, 7] } } ({p: new P()})",
            json!({"p": ["p", 7]}),
        ),
        ("new Map([[1, 2]])", json!({})),
        ("new Proxy([1, 2], {})", json!([1, 2])),
        (
            "Object.create({inherited: 1}, {own: {value: 2, enumerable: true}, no: {value: 3}})",
            json!({"own": 2}),
        ),
        ("const twice = {}; [twice, twice]", json!([{}, {}])),
        ("p", json!({})),
    ] {
        let value = page.evaluate(expression).await;
        assert_eq!(value, expected, "{expression}");
    }
    page.bridge.stop().await;
}

async fn a_value_without_a_json_form_is_refused(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    for (expression, words) in [
        ("10n", "bigint"),
        ("() => 10n", "bigint"),
        ("({deep: [10n]})", "bigint"),
        ("const o = {}; o.o = o; o", "circular"),
        ("'x'.repeat(2 * 1024 * 1024)", "the maximum is"),
        ("['x'.repeat(2 * 1024 * 1024)]", "the maximum is"),
        ("new Array(3_000_000)", "the maximum is"),
        ("({get a() { throw new Error('no a') }})", "no a"),
    ] {
        let answer = page
            .ask("evaluate", json!({"expression": expression}))
            .await;
        let error = answer.expect_error("EVALUATION_FAILED");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(words), "{expression}: {error}");
    }
    page.bridge.stop().await;
}

async fn declarations_of_a_script_do_not_stay(browser: TestBrowser) {
    let body = "<script>let ofPage = 'page'; const fixed = 1; class Own {}</script>";
    let page = OpenPage::with(browser, body).await;
    for (script, expected) in [
        ("const rows = [1]; rows.length", 1),
        ("let rows = [1, 2]; rows.length", 2),
        (
            "class Row { get length() { return 3 } } new Row().length",
            3,
        ),
        ("function rows() { return 4 } rows()", 4),
        ("var rows = 5; rows", 5),
        ("let ofPage = 6; var fixed = 1; class Own {} ofPage", 6),
        ("'use strict'; const rows = 7; rows // the end", 7),
        ("for (const row of [8]) { row }", 8),
    ] {
        for _ in ["once", "again"] {
            assert_eq!(page.evaluate(script).await, expected, "{script}");
        }
    }
    let left = "[typeof rows, typeof Row, ofPage, fixed]";
    let expected = json!(["undefined", "undefined", "page", 1]);
    assert_eq!(page.evaluate(left).await, expected);
    // What a script assigns on purpose stays.
    page.evaluate("globalThis.kept = 1; ofPage = 'changed'")
        .await;
    assert_eq!(page.evaluate("[kept, ofPage]").await, json!([1, "changed"]));
    assert_eq!(page.evaluate("this === window").await, true);
    page.bridge.stop().await;
}

async fn a_script_that_only_is_a_function_is_called(browser: TestBrowser) {
    let page = OpenPage::with(browser, "<p id=p>text</p>").await;
    for expression in [
        "function named(a) { return a }",
        "function (a) { return a }",
        "async function named(a) { return a };",
        "// why\nfunction named(a) { return a }\n",
        "(a) => a;",
        "(a) => a // why",
        "function outer() {} (a) => a",
    ] {
        let fields = json!({"expression": expression, "args": ["x"]});
        let answer = page.ask("evaluate", fields).await.expect("evaluated");
        assert_eq!(answer["value"], "x", "{expression}");
    }
    assert_eq!(page.evaluate("function f() { return 1 } f() + 1").await, 2);
    page.bridge.stop().await;
}

async fn what_the_page_makes_of_json_does_not_matter(browser: TestBrowser) {
    let page = OpenPage::with(browser, "<p id=p>text</p>").await;
    let url = page.site.url("/page");
    for breakage in [
        "Array.prototype.toJSON = function () { return '[' + this.join(', ') + ']' }",
        "Object.prototype.toJSON = () => 'page'",
        "String.prototype.toJSON = Number.prototype.toJSON = () => 'page'",
        "Function.prototype.toJSON = () => 'page'",
        "Date.prototype.toJSON = () => 'page'",
        "JSON.stringify = () => { throw new Error('page') }",
        "JSON.stringify = () => 'page'; JSON.parse = () => 'page'",
        "JSON = null",
        "delete window.JSON",
        "Array.isArray = Object.keys = Array.prototype.map = null",
        "Object.prototype.extra = 1; Array.prototype.extra = 1",
        "Object.prototype.toString = () => 'page'",
        "Promise.resolve = Promise.prototype.finally = Map = Set = null",
    ] {
        page.client.go(&page.tab, &url).await;
        page.evaluate(&format!("{breakage}; 0")).await;
        for (expression, expected) in [
            ("[1, 2]", json!([1, 2])),
            (
                "({a: [new Date(0)]})",
                json!({"a": ["1970-01-01T00:00:00.000Z"]}),
            ),
            ("async () => ['s', null]", json!(["s", null])),
            (
                "new DOMPoint(1, 2)",
                json!({"x": 1, "y": 2, "z": 0, "w": 1}),
            ),
        ] {
            let value = page.evaluate(expression).await;
            assert_eq!(value, expected, "{breakage}: {expression}");
        }
        let fields =
            json!({"expression": "(it, more) => [it.id, more]", "args": [[3]], "selector": "#p"});
        let answer = page.ask("evaluate", fields).await.expect("evaluated");
        assert_eq!(answer["value"], json!(["p", [3]]), "{breakage}");
    }
    page.bridge.stop().await;
}

async fn a_page_that_has_replaced_eval_runs_scripts(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    let url = page.site.url("/page");
    for breakage in [
        "eval = null",
        "eval = () => { throw new Error('page') }",
        "eval = () => 'page'",
        "{ const own = eval; eval = (text) => own(text) }",
        "delete window.eval",
    ] {
        page.client.go(&page.tab, &url).await;
        page.evaluate(&format!("{breakage}; 0")).await;
        for _ in ["once", "again"] {
            let value = page.evaluate("const rows = [1]; rows.length").await;
            assert_eq!(value, 1, "{breakage}");
        }
    }
    page.bridge.stop().await;
}

async fn a_content_security_policy_permits_scripts(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    let policies = [
        "default-src 'none'",
        "script-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'",
    ];
    for policy in policies {
        let reply = Reply::page("<!doctype html><p id=p>text</p>");
        let url = page
            .site
            .serve("/strict", reply.with("content-security-policy", policy));
        page.client.go(&page.tab, &url).await;
        for expression in [
            "e => e.textContent;",
            "const name = 'textContent'; e => e[name]",
        ] {
            let fields = json!({"expression": expression, "selector": "#p"});
            let answer = page.ask("evaluate", fields).await.expect("evaluated");
            assert_eq!(answer["value"], "text", "{policy}");
        }
        for _ in ["once", "again"] {
            let value = page.evaluate("const rows = [1]; rows.length").await;
            assert_eq!(value, 1, "{policy}");
        }
    }
    page.bridge.stop().await;
}

async fn statements_run_with_an_element_too(browser: TestBrowser) {
    let body = "<p id=p>text</p><script>var args = 1, script = 2, element = 3</script>";
    let page = OpenPage::with(browser, body).await;
    for (expression, expected) in [
        ("e => e.textContent;", json!("text")),
        ("e => e.textContent; // why", json!("text")),
        ("(e) => e.textContent ;;\n", json!("text")),
        ("function f(e) { return e.textContent }", json!("text")),
        ("const name = 'id'; (e) => e[name]", json!("p")),
        ("const rows = [1]; rows.length", json!(1)),
        ("null", Value::Null),
        ("[args, script, element]", json!([1, 2, 3])),
        ("(e, more) => [e.id, more]", json!(["p", null])),
    ] {
        for _ in ["once", "again"] {
            let fields = json!({"expression": expression, "selector": "#p"});
            let answer = page.ask("evaluate", fields).await.expect("evaluated");
            assert_eq!(answer["value"], expected, "{expression}");
        }
    }
    let fields = json!({"expression": "syntax error here", "selector": "#p"});
    let error = page.ask("evaluate", fields).await;
    let error = error.expect_error("EVALUATION_FAILED");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("SyntaxError"), "{error}");
    page.bridge.stop().await;
}

async fn a_value_that_is_nested_too_deeply_is_refused_with_the_limit(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    let value = page.evaluate(&nested(120)).await;
    assert_eq!(value.to_string(), "[".repeat(120) + &"]".repeat(120));
    for levels in [121, 5000] {
        let fields = json!({"expression": nested(levels)});
        let error = page.ask("evaluate", fields).await;
        let error = error.expect_error("EVALUATION_FAILED");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("120 levels"), "{error}");
    }
    page.bridge.stop().await;
}

async fn what_is_thrown_is_named(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    for (expression, words) in [
        ("throw null", "threw: null"),
        ("throw undefined", "threw: undefined"),
        ("throw 5", "threw: 5"),
        ("throw 'a\\ud800b'", "threw: a\u{fffd}b"),
        ("throw new RangeError('no')", "threw: RangeError: no"),
        ("JSON.parse('x')", "threw: SyntaxError"),
        ("syntax error here", "threw: SyntaxError"),
        ("return 5", "threw: SyntaxError"),
        ("nothing.here", "threw: ReferenceError"),
    ] {
        let error = page
            .ask("evaluate", json!({"expression": expression}))
            .await;
        let error = error.expect_error("EVALUATION_FAILED");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(words), "{expression}: {error}");
    }
    page.bridge.stop().await;
}
