//! Filters, regular expressions and quotes in locators.

use serde_json::json;

use super::read_page::ReadPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    elements_are_filtered_by_text_by_what_is_in_them_and_by_visibility,
    text_is_matched_by_regular_expressions,
    any_text_can_be_quoted,
    no_regular_expression_hangs_a_page,
);

async fn elements_are_filtered_by_text_by_what_is_in_them_and_by_visibility(browser: TestBrowser) {
    let body = "<ul><li id=bread>Brown <b>Bread</b> <button>Add</button></li><li id=milk>Milk <button disabled>Add</button>
        <p>sold out</p></li><li id=eggs hidden>Eggs <button>Add</button></li></ul>
        <x-card id=card><span slot=a>Slotted</span></x-card><iframe id=f srcdoc='<p>framed</p>'></iframe>
        <script>card.attachShadow({mode: 'open'}).innerHTML = '<h2>Inside</h2><slot name=a></slot>'</script>";
    let page = ReadPage::with(browser, body).await;
    for (locator, id) in [
        ("li >> has-text=brown bread", "bread"),
        ("li >> has-text=\"Bread\"", "bread"),
        ("li >> has-text=/^Brown.*Add$/", "bread"),
        ("li >> has=p", "milk"),
        ("li >> has=text=sold", "milk"),
        ("li >> has=role=button[disabled=true]", "milk"),
        (
            "li >> has=\"button >> has-text=Add\" >> has-text=Eggs",
            "eggs",
        ),
        ("li >> visible=false", "eggs"),
        ("li >> visible=true >> nth=-1", "milk"),
        ("li >> has=b >> visible=true", "bread"),
        ("x-card >> has=h2", "card"),
        ("x-card >> has-text=slotted", "card"),
        ("iframe >> has=p", "f"),
        ("body >> * >> has=\"xpath=./p\" >> has-text=Milk", "milk"),
    ] {
        assert_eq!(page.id(locator).await, id, "{locator}");
    }
    for (locator, count) in [
        ("li >> visible=true", 2),
        ("li >> has=button", 3),
        ("li >> has-text=\"bread\"", 0),
        ("li >> has=li", 0),
        ("li >> has-text=Butter", 0),
        ("li >> visible=true >> role=button", 2),
        ("li >> has=\"b >> nth=1\"", 0),
    ] {
        assert_eq!(page.count(locator).await, count, "{locator}");
    }
    let fields = json!({"selector": "li >> has=p[[", "what": "count"});
    let error = page.ask("query", fields).await.expect_error("BAD_SELECTOR");
    assert_eq!(error["details"]["position"], 6, "{error}");
    // An ambiguous locator proposes others, and they hold.
    let fields = json!({"selector": "li >> visible=true", "timeoutMs": 1000});
    let error = page.ask("click", fields).await.expect_error("AMBIGUOUS");
    for locator in error["details"]["locators"].as_array().unwrap() {
        assert_eq!(page.count(locator.as_str().unwrap()).await, 1, "{locator}");
    }
    let fields = json!({"selector": "li >> has-text=none", "timeoutMs": 1500});
    let error = page.ask("click", fields).await.expect_error("NOT_FOUND");
    assert_eq!(error["details"]["segment"], "has-text=none", "{error}");
    page.bridge.stop().await;
}

async fn text_is_matched_by_regular_expressions(browser: TestBrowser) {
    let body = "<div><p id=n>Order  17
        of 20</p><p id=u>ÄPFEL und Birnen</p></div><button id=s>Sign in</button><button id=t>Sign up now</button>
        <label for=m>E-mail address</label><input id=m placeholder='name@host'><p id=d data-testid=row-42>x</p>
        <p id=path>/usr/bin</p><p id=lines style='white-space: pre'>first\nsecond</p>";
    let page = ReadPage::with(browser, body).await;
    for (locator, id) in [
        (r"text=/^Order \d+ of \d+$/", "n"),
        ("text=/äpfel/i", "u"),
        ("text=/Sign (in|out)/", "s"),
        (r"text=/\bup\b/", "t"),
        ("role=button[name=/^sign in$/i]", "s"),
        (r"role=button[name=/[\]u]p/]", "t"),
        ("label=/^e-mail/i", "m"),
        (r"placeholder=/^\w+@/", "m"),
        (r"testid=/^row-\d+$/", "d"),
        ("text=/usr/bin", "path"),
        ("text=\"/usr/bin\"", "path"),
        (r"text=/^\/usr\//", "path"),
        ("text=/first second/", "lines"),
        ("text=/(?i)SIGN IN/", "s"),
        ("text=/^.{7}$/ >> nth=0", "s"),
    ] {
        assert_eq!(page.id(locator).await, id, "{locator}");
    }
    assert_eq!(page.count("text=/ign/").await, 2);
    assert_eq!(page.count("text=/^Sign$/").await, 0);
    for locator in [
        "text=/(/",
        r"text=/(a)\1/",
        "text=/(?<=a)b/",
        r"role=button[name=/a{5000}/]",
    ] {
        let fields = json!({"selector": locator, "what": "count"});
        let error = page.ask("query", fields).await.expect_error("BAD_SELECTOR");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("not a regular expression"), "{error}");
    }
    page.bridge.stop().await;
}

async fn any_text_can_be_quoted(browser: TestBrowser) {
    let body = r#"<p id=q>"Hello" he said</p><p id=s>a >> b</p><button id=b aria-label='[1] "x" >> y'>?</button>
        <p id=r>/not a regex/</p><p id=e>back\slash</p><input id=i placeholder="it's">"#;
    let page = ReadPage::with(browser, body).await;
    for (locator, id) in [
        (r#"text="\"Hello\" he said""#, "q"),
        (r#"text="\"hello\" he"i"#, "q"),
        (r#"text='"Hello" he said'"#, "q"),
        (r#"text="a >> b""#, "s"),
        (r#"role=button[name="[1] \"x\" >> y"]"#, "b"),
        (r#"role=button[name="[1]"i]"#, "b"),
        (r#"text="/not a regex/""#, "r"),
        (r#"text="/NOT a regex/"i"#, "r"),
        (r#"text="back\\slash""#, "e"),
        (r"placeholder='it\'s'", "i"),
        (r#"body >> has-text="\"Hello\"" >> text="a >> b""#, "s"),
    ] {
        assert_eq!(page.id(locator).await, id, "{locator}");
    }
    page.bridge.stop().await;
}

async fn no_regular_expression_hangs_a_page(browser: TestBrowser) {
    let body = "<p id=p></p><script>p.textContent = 'a'.repeat(200000) + '!'</script>";
    let page = ReadPage::with(browser, body).await;
    for (locator, count) in [
        ("text=/^(a+)+$/", 0),
        ("text=/(a|aa)+b/", 0),
        ("text=/^(a|a?)+$/", 0),
        (r"text=/(.*a){12}!/", 1),
        (r"text=/(a?){50}a{50}b/", 0),
        (r"text=/[a-z]*[a-z]*[a-z]*[a-z]*!$/", 1),
    ] {
        assert_eq!(page.count(locator).await, count, "{locator}");
    }
    page.bridge.stop().await;
}
