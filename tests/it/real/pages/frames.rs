//! Frames of another origin that are out of view, which draw nothing; and pages that draw slowly.

use serde_json::{Value, json};

use super::open_page::OpenPage;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    elements_of_frames_that_are_out_of_view_are_acted_on,
    elements_of_frames_of_other_processes_that_are_out_of_view_are_acted_on,
    an_element_of_a_hidden_frame_is_hidden,
    a_frame_that_loads_lazily_is_acted_on,
    what_is_covered_around_its_frame_is_scrolled_away_from_the_cover,
    a_dialog_in_a_frame_that_is_half_out_of_view_is_acted_on,
    a_page_that_draws_slowly_is_acted_on,
    a_position_is_right_in_a_turned_frame,
);

/// Nested frames of three origins, each far down in the document around it.
async fn far_frames(page: &OpenPage) {
    page.site.page(
        "/inner",
        "<div style='height:1500px'></div><button id=b onclick='this.textContent = event.isTrusted'>B</button>",
    );
    let inner = page.site.url_on("127.0.0.1", "/inner");
    page.site.page(
        "/middle",
        &format!("<div style='height:900px'></div><iframe id=in src='{inner}'></iframe>"),
    );
    let middle = page.site.url_on("other.test", "/middle");
    let url = page.site.page(
        "/outer",
        &format!(
            "<div style='height:2500px'></div><div id=box style='height:300px;overflow:auto'>
            <div style='height:700px'></div><iframe id=out src='{middle}'></iframe></div>"
        ),
    );
    page.client.go(&page.tab, &url).await;
}

async fn act_in_far_frames(page: &OpenPage) {
    let selector = "#out >> #in >> #b";
    let away = "scrollTo(0, 0), box.scrollTo(0, 0)";
    page.click(selector).await;
    let text = json!({"selector": selector, "what": "text"});
    let text = page.ask("query", text).await.expect("queried");
    assert_eq!(text["value"], "true");
    for kind in ["hover", "scrollIntoView", "getScreenshot"] {
        page.evaluate(away).await;
        let answer = page.ask(kind, json!({"selector": selector})).await;
        assert!(!answer.is("error"), "{kind}: {answer}");
        let scrolled = page.evaluate("scrollY > 1000 && box.scrollTop > 100").await;
        assert_eq!(scrolled, true, "{kind}");
    }
}

async fn elements_of_frames_that_are_out_of_view_are_acted_on(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    far_frames(&page).await;
    act_in_far_frames(&page).await;
    page.bridge.stop().await;
}

async fn elements_of_frames_of_other_processes_that_are_out_of_view_are_acted_on(
    browser: TestBrowser,
) {
    let isolate = |config: &mut cdp_bridge::config::Config| {
        config.browser.args.push("--site-per-process".to_owned());
    };
    let page = OpenPage::on(TestBridge::start_with(browser, isolate).await, "").await;
    far_frames(&page).await;
    act_in_far_frames(&page).await;
    page.bridge.stop().await;
}

async fn an_element_of_a_hidden_frame_is_hidden(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    page.site.page("/inner", "<button>B</button>");
    let inner = page.site.url_on("other.test", "/inner");
    for style in ["display:none", "visibility:hidden"] {
        let body = format!("<iframe id=f src='{inner}' style='{style}'></iframe>");
        let url = page.site.page("/outer", &body);
        page.client.go(&page.tab, &url).await;
        let fields = json!({"selector": "#f >> button", "timeoutMs": 1500});
        let error = page.ask("click", fields).await;
        let error = error.expect_error("NOT_ACTIONABLE");
        assert_eq!(error["details"]["reason"], "hidden", "{style}: {error}");
    }
    page.bridge.stop().await;
}

async fn a_frame_that_loads_lazily_is_acted_on(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    page.site.page(
        "/inner",
        "<button onclick='this.textContent = event.isTrusted'>B</button><input>",
    );
    for host in ["127.0.0.1", "other.test"] {
        let inner = page.site.url_on(host, "/inner");
        let body = format!(
            "<div style='height:9000px'></div><iframe id=a loading=lazy src='{inner}'></iframe>
            <div style='height:9000px'></div><iframe id=b loading=lazy src='{inner}'></iframe>"
        );
        let url = page.site.page("/outer", &body);
        page.client.go(&page.tab, &url).await;
        page.click("#a >> button").await;
        let text = json!({"selector": "#a >> button", "what": "text"});
        let text = page.ask("query", text).await.expect("queried");
        assert_eq!(text["value"], "true", "{host}");
        let fill = json!({"selector": "#b >> input", "value": "far"});
        page.ask("fill", fill).await.expect("done");
    }
    page.bridge.stop().await;
}

async fn what_is_covered_around_its_frame_is_scrolled_away_from_the_cover(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    page.site.page(
        "/inner",
        "<button onclick='this.textContent = event.isTrusted'>B</button>",
    );
    for host in ["127.0.0.1", "other.test"] {
        let inner = page.site.url_on(host, "/inner");
        let body = format!(
            "<style>body {{ margin: 0; padding: 70vh 0 100vh }}</style><iframe id=f src='{inner}'></iframe>
            <div style='position:fixed;bottom:0;width:100%;height:45vh;background:gray'>bar</div>"
        );
        let url = page.site.page("/outer", &body);
        page.client.go(&page.tab, &url).await;
        page.click("#f >> button").await;
        let text = json!({"selector": "#f >> button", "what": "text"});
        let text = page.ask("query", text).await.expect("queried");
        assert_eq!(text["value"], "true", "{host}");
    }
    page.bridge.stop().await;
}

async fn a_dialog_in_a_frame_that_is_half_out_of_view_is_acted_on(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    page.site.page(
        "/inner",
        "<div style='height:3000px'></div><dialog id=d><button onclick='this.textContent = event.isTrusted'>B</button></dialog>
        <script>d.showModal()</script>",
    );
    let middle = page.site.page(
        "/middle",
        "<div style='height:900px'></div><iframe id=g src='/inner' style='height:650px'></iframe>",
    );
    let scroller = format!(
        "<div style='height:700px;overflow:auto'><iframe id=f src='{middle}' style='height:1600px'></iframe></div>"
    );
    let url = page.site.page(
        "/outer",
        &format!("<div style='height:900px'></div>{scroller}<div style='height:900px'></div>"),
    );
    for y in [0, 400, 900, 1500] {
        page.client.go(&page.tab, &url).await;
        page.evaluate(&format!("scrollTo(0, {y})")).await;
        page.click("#f >> #g >> button").await;
        let text = json!({"selector": "#f >> #g >> button", "what": "text"});
        let text = page.ask("query", text).await.expect("queried");
        assert_eq!(text["value"], "true", "{y}");
    }
    page.bridge.stop().await;
}

async fn a_page_that_draws_slowly_is_acted_on(browser: TestBrowser) {
    // Each animation frame takes longer than an animation frame is waited for.
    let body = "<div style='height:2500px'></div><button id=b onclick='this.textContent = event.isTrusted'>B</button>
        <script>const burn = () => { const end = performance.now() + 1200; while (performance.now() < end);
        requestAnimationFrame(burn); }; addEventListener('load', () => requestAnimationFrame(burn));</script>";
    let page = OpenPage::with(browser, body).await;
    let click = json!({"selector": "#b", "timeoutMs": 25_000});
    page.ask("click", click).await.expect("done");
    assert_eq!(page.evaluate("b.textContent").await, "true");
    page.bridge.stop().await;
}

async fn a_position_is_right_in_a_turned_frame(browser: TestBrowser) {
    let page = OpenPage::with(browser, "").await;
    page.site.page(
        "/inner",
        "<body style='margin:0'><div id=d style='position:absolute;left:50px;top:40px;width:100px;height:100px'></div>
        <script>d.onclick = ({offsetX, offsetY}) => { d.textContent = [Math.round(offsetX), Math.round(offsetY)]; };</script>",
    );
    for host in ["127.0.0.1", "other.test"] {
        for style in ["rotate(30deg)", "skewX(20deg)", "rotate(180deg) scale(0.8)"] {
            let inner = page.site.url_on(host, "/inner");
            let body = format!(
                "<iframe id=f src='{inner}' style='width:300px;height:250px;margin:120px;transform:{style}'></iframe>"
            );
            let url = page.site.page("/outer", &body);
            page.client.go(&page.tab, &url).await;
            for (position, expected) in
                [(json!({"x": 10, "y": 80}), "10,80"), (Value::Null, "50,50")]
            {
                let mut click = json!({"selector": "#f >> #d"});
                if !position.is_null() {
                    click["position"] = position;
                }
                page.ask("click", click).await.expect("done");
                let text = json!({"selector": "#f >> #d", "what": "text"});
                let text = page.ask("query", text).await.expect("queried");
                assert_eq!(text["value"], expected, "{host} {style}");
            }
        }
    }
    page.bridge.stop().await;
}
