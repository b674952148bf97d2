//! Pointing at elements that have no box, that never rest, or that are not elements of the layout.

use serde_json::json;

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    elements_without_a_box_are_pointed_at,
    areas_of_image_maps_are_clicked,
    what_pulses_for_ever_is_clicked_and_what_travels_is_not,
    a_pressed_mouse_button_has_pressure,
    an_option_of_a_closed_select_is_told_with_what_to_do,
    the_course_of_the_waiting_is_told,
    a_click_is_done_only_if_the_page_received_it,
    a_page_that_keeps_events_to_itself_is_acted_on,
);

async fn elements_without_a_box_are_pointed_at(browser: TestBrowser) {
    let body = "<style>.none { display: contents }</style><div style='height:2000px'></div>
        <a href='#there' id=a class=none><span style='font-size:40px'>go</span></a>
        <p><button id=b class=none>only text</button></p><ul><li id=l class=none>item</li></ul>
        <div id=n class=none><div class=none><i>deep</i></div></div><div id=h class=none><i hidden>no</i></div>
        <div style='height:2000px'></div>
        <script>window.log = []; addEventListener('click', (event) => log.push(event.target.closest('[id]').id));</script>";
    let page = OpenPage::with(browser, body).await;
    for id in ["a", "b", "l", "n"] {
        page.evaluate("log.length = 0, scrollTo(0, 0)").await;
        page.click(&format!("#{id}")).await;
        assert_eq!(page.evaluate("log").await, json!([id]));
        let selector = json!({"selector": format!("#{id}")});
        page.ask("hover", selector).await.expect("done");
        let query = json!({"selector": format!("#{id}"), "what": "box"});
        let shown = page.ask("query", query).await.expect("queried");
        assert!(shown["value"]["width"].as_f64().unwrap() > 10.0, "{shown}");
        page.evaluate("scrollTo(0, 0)").await;
        let picture = json!({"selector": format!("#{id}")});
        let picture = page.ask("getScreenshot", picture).await;
        let picture = picture.expect("screenshot");
        let size = imagesize::blob_size(picture.bytes()).unwrap();
        assert!(size.width > 10 && size.height > 10, "{id}: {size:?}");
    }
    let fields = json!({"selector": "#h", "timeoutMs": 1500});
    let error = page.ask("click", fields).await;
    let error = error.expect_error("NOT_ACTIONABLE");
    assert_eq!(error["details"]["reason"], "hidden", "{error}");
    page.bridge.stop().await;
}

async fn areas_of_image_maps_are_clicked(browser: TestBrowser) {
    let body = "<div style='height:1500px'></div><img usemap='#m' width=200 height=100 style='border:5px solid;padding:3px'
        src='data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'><map name=m>
        <area id=r coords='0,0,50,50' href='#r'><area id=c shape=circle coords='150,50,20' href='#c'>
        <area id=p shape=poly coords='60,10,110,10,110,90,100,90,100,20,60,20' href='#p'>
        <area id=d shape=default href='#d'></map><map name=none><area id=none coords='0,0,9,9' href='#none'></map>";
    let page = OpenPage::with(browser, body).await;
    for id in ["r", "c", "p"] {
        page.click(&format!("#{id}")).await;
        assert_eq!(page.evaluate("location.hash").await, format!("#{id}"));
    }
    let fields = json!({"selector": "#none", "timeoutMs": 1500});
    let error = page.ask("click", fields).await;
    let error = error.expect_error("NOT_ACTIONABLE");
    assert_eq!(error["details"]["reason"], "hidden", "{error}");
    page.bridge.stop().await;
}

async fn what_pulses_for_ever_is_clicked_and_what_travels_is_not(browser: TestBrowser) {
    let body = "<style>@keyframes pulse { 50% { transform: scale(1.2) } } @keyframes bounce { 50% { transform: translateY(-8px) } }
        @keyframes go { to { left: 600px } } button { height: 40px } #pulse { animation: pulse 1s infinite }
        #bounce { animation: bounce 600ms infinite } #go { position: absolute; left: 0; top: 200px; animation: go 3s linear infinite alternate }
        </style><button id=pulse>Pulse</button><button id=bounce>Bounce</button><button id=go>Go</button>
        <script>window.log = []; addEventListener('click', (event) => log.push(event.target.id));</script>";
    let page = OpenPage::with(browser, body).await;
    page.click("#pulse").await;
    page.click("#bounce").await;
    assert_eq!(page.evaluate("log").await, json!(["pulse", "bounce"]));
    let fields = json!({"selector": "#go", "timeoutMs": 4000});
    let error = page.ask("click", fields).await;
    let error = error.expect_error("NOT_ACTIONABLE");
    assert_eq!(error["details"]["reason"], "moving", "{error}");
    page.bridge.stop().await;
}

async fn a_pressed_mouse_button_has_pressure(browser: TestBrowser) {
    let body = "<div id=d style='width:50px;height:50px'></div><script>window.log = [];
        for (const name of ['pointermove', 'pointerdown', 'pointerup'])
        d.addEventListener(name, (event) => log.push(name + ' ' + event.pressure));</script>";
    let page = OpenPage::with(browser, body).await;
    page.click("#d").await;
    let expected = json!(["pointermove 0", "pointerdown 0.5", "pointerup 0"]);
    assert_eq!(page.evaluate("log").await, expected);
    page.bridge.stop().await;
}

async fn an_option_of_a_closed_select_is_told_with_what_to_do(browser: TestBrowser) {
    let body = "<select id=s><option id=o>A<option>B</select><select size=3 id=list><option id=p>P<option>Q</select>";
    let page = OpenPage::with(browser, body).await;
    let fields = json!({"selector": "#o", "timeoutMs": 1500});
    let error = page.ask("click", fields).await;
    let error = error.expect_error("NOT_ACTIONABLE");
    assert_eq!(error["details"]["reason"], "hidden", "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("`select`") && message.contains("id=\"s\""),
        "{error}"
    );
    page.click("#p").await;
    assert_eq!(page.evaluate("list.value").await, "P");
    page.bridge.stop().await;
}

async fn the_course_of_the_waiting_is_told(browser: TestBrowser) {
    let body =
        "<div id=veil style='position:fixed;inset:0;background:#0003'></div><button id=x>X</button>
        <script>setTimeout(() => { veil.remove(); x.style.display = 'none'; }, 1000)</script>";
    let page = OpenPage::with(browser, body).await;
    let fields = json!({"selector": "#x", "timeoutMs": 4000});
    let error = page.ask("click", fields).await;
    let error = error.expect_error("NOT_ACTIONABLE");
    assert_eq!(error["details"]["reason"], "hidden", "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("× is covered by <div id=\"veil\""),
        "{error}"
    );
    page.bridge.stop().await;
}

async fn a_click_is_done_only_if_the_page_received_it(browser: TestBrowser) {
    // Chrome shows a dialog of its own for a passkey, below which the page receives no input; the
    // headless shell has no such dialog.
    let body = "<button id=b onclick='log.push(1)'>B</button><script>window.log = []; const bytes = new Uint8Array(16);
        window.ask = () => { navigator.credentials.create({publicKey: {challenge: bytes, rp: {name: 'shop'},
        user: {id: bytes, name: 'ada', displayName: 'Ada'}, pubKeyCredParams: [{type: 'public-key', alg: -7}]}})
        .catch(() => {}); };</script>";
    let page = OpenPage::with(browser, body).await;
    let url = page.site.url_on("localhost", "/page");
    page.client.go(&page.tab, &url).await;
    page.click("#b").await;
    page.evaluate("ask()").await;
    let fields = json!({"selector": "#b", "timeoutMs": 3000});
    let answer = page.ask("click", fields).await;
    let received = page.evaluate("log.length").await;
    if answer.is("done") {
        assert_eq!(received, 2);
    } else {
        let error = answer.expect_error("NOT_ACTIONABLE");
        assert_eq!(error["details"]["reason"], "covered", "{error}");
        assert_eq!(received, 1);
    }
    page.bridge.stop().await;
}

async fn a_page_that_keeps_events_to_itself_is_acted_on(browser: TestBrowser) {
    let body = "<button id=b>B</button><script>window.log = [];
        for (const name of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click', 'pointermove', 'mousemove'])
        window.addEventListener(name, (event) => { log.push(name); event.stopImmediatePropagation(); }, true);</script>";
    let page = OpenPage::with(browser, body).await;
    page.click("#b").await;
    let clicks = "log.filter((name) => name === 'click').length";
    assert_eq!(page.evaluate(clicks).await, 1);
    for _ in 0..2 {
        let hover = json!({"selector": "#b"});
        page.ask("hover", hover).await.expect("done");
    }
    page.bridge.stop().await;
}
