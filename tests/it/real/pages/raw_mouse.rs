//! Single events of the mouse: drawing, dragging, sliding, and what is held meanwhile.

use serde_json::{Value, json};

use super::open_page::OpenPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::wait::until;

on_both_browsers!(
    a_canvas_is_drawn_on_a_map_dragged_a_slider_set_and_a_signature_made,
    buttons_and_keys_that_are_held_are_in_every_event,
    a_drag_of_the_page_is_dropped_where_the_button_goes_up,
    a_drag_that_is_not_ended_holds_nothing_up,
    the_wheel_scrolls_what_is_under_the_mouse,
);

impl OpenPage {
    pub(super) async fn mouse(&self, action: &str, mut fields: Value) {
        fields["action"] = json!(action);
        self.ask("mouse", fields).await.expect("done");
    }

    pub(super) async fn move_to(&self, x: f64, y: f64, steps: u32) {
        self.mouse("move", json!({"x": x, "y": y, "steps": steps}))
            .await;
    }

    /// Presses the left button at the first point, and releases it at the last.
    async fn stroke(&self, points: &[(f64, f64)], steps: u32) {
        let (x, y) = points[0];
        self.mouse("down", json!({"x": x, "y": y})).await;
        for (x, y) in &points[1..] {
            self.move_to(*x, *y, steps).await;
        }
        self.mouse("up", json!({})).await;
    }
}

async fn a_canvas_is_drawn_on_a_map_dragged_a_slider_set_and_a_signature_made(
    browser: TestBrowser,
) {
    let body = "<style>body { margin: 0 } canvas, #map, input { position: absolute; left: 0 }</style>
        <canvas id=c width=300 height=100></canvas><canvas id=s width=300 height=100 style='top:100px'></canvas>
        <div id=map style='top:200px;width:300px;height:100px;background:#eee'></div>
        <input id=range type=range min=0 max=100 value=0 style='top:310px;width:300px;margin:0'><script>
        const pen = (canvas) => canvas.getContext('2d');
        let drawing = false;
        c.onmousedown = (event) => { drawing = true; pen(c).moveTo(event.offsetX, event.offsetY); };
        c.onmousemove = (event) => { if (drawing) { pen(c).lineTo(event.offsetX, event.offsetY); pen(c).stroke(); } };
        c.onmouseup = () => { drawing = false; };
        window.pressures = [];
        s.onpointerdown = (event) => { s.setPointerCapture(event.pointerId); };
        s.onpointermove = (event) => { if (event.buttons) { pressures.push(event.pressure); pen(s).lineTo(event.offsetX, event.offsetY); pen(s).stroke(); } };
        let from = null; window.at = [0, 0];
        map.onpointerdown = (event) => { from = [event.clientX - at[0], event.clientY - at[1]]; };
        onpointermove = (event) => { if (from) at = [event.clientX - from[0], event.clientY - from[1]]; };
        onpointerup = () => { from = null; };
        window.inked = (canvas, x, y) => pen(canvas).getImageData(x - 2, y - 2, 5, 5).data.some((it) => it > 0);</script>";
    let page = OpenPage::with(browser, body).await;
    page.stroke(&[(20.0, 20.0), (120.0, 20.0), (120.0, 80.0)], 5)
        .await;
    let inked = "[inked(c, 70, 20), inked(c, 120, 50), inked(c, 200, 50)]";
    assert_eq!(page.evaluate(inked).await, json!([true, true, false]));
    // The pointer stays the canvas's outside of it.
    page.stroke(
        &[(20.0, 150.0), (60.0, 120.0), (60.0, 260.0), (150.0, 150.0)],
        3,
    )
    .await;
    let inked = "[inked(s, 40, 35), inked(s, 60, 60), pressures.length, pressures.every((it) => it === 0.5)]";
    assert_eq!(page.evaluate(inked).await, json!([true, true, 9, true]));
    page.stroke(&[(200.0, 250.0), (150.0, 240.0), (90.0, 280.0)], 4)
        .await;
    assert_eq!(page.evaluate("at").await, json!([-110, 30]));
    page.stroke(&[(8.0, 318.0), (150.0, 318.0)], 10).await;
    let value = page.evaluate("Number(range.value)").await;
    assert!((45..=55).contains(&value.as_i64().unwrap()), "{value}");
    page.bridge.stop().await;
}

const LOG: &str = "<body style='margin:0'><div id=d style='width:300px;height:200px'></div><script>window.log = [];
    for (const name of ['mousemove', 'mousedown', 'mouseup', 'click', 'auxclick', 'dblclick', 'contextmenu', 'wheel'])
    addEventListener(name, (event) => { const {button, buttons, clientX, clientY, detail, shiftKey, ctrlKey} = event;
    log.push([name, clientX + ',' + clientY, button, buttons, detail, shiftKey ? 'shift' : '', ctrlKey ? 'ctrl' : ''].join(' ').trim()); });</script>";

async fn buttons_and_keys_that_are_held_are_in_every_event(browser: TestBrowser) {
    let page = OpenPage::with(browser, LOG).await;
    page.move_to(10.0, 10.0, 1).await;
    // Chromium moves the mouse over a new page, too.
    page.evaluate("log.length = 0").await;
    page.mouse("down", json!({})).await;
    page.mouse("down", json!({"button": "right"})).await;
    page.move_to(20.0, 30.0, 2).await;
    page.mouse("up", json!({})).await;
    page.mouse("up", json!({"button": "right", "x": 25, "y": 30}))
        .await;
    let log = page.evaluate("log.splice(0)").await;
    assert_eq!(
        log,
        json!([
            "mousedown 10,10 0 1 1",
            "mousedown 10,10 2 3 1",
            "contextmenu 10,10 2 3 0",
            "mousemove 15,20 0 3 0",
            "mousemove 20,30 0 3 0",
            "mouseup 20,30 0 2 1",
            "click 20,30 0 2 1",
            "mousemove 25,30 0 2 0",
            "mouseup 25,30 2 0 0",
        ])
    );
    // Held keys count for requests of every kind, until they go up.
    let key = async |action: &str, key: &str| {
        let fields = json!({"action": action, "key": key});
        page.ask("keyboard", fields).await.expect("done");
    };
    key("down", "Shift").await;
    page.mouse("move", json!({"x": 30, "y": 30, "modifiers": ["Control"]}))
        .await;
    let click = json!({"selector": "#d", "position": {"x": 40, "y": 40}});
    page.ask("click", click).await.expect("done");
    key("up", "Shift").await;
    for count in [1, 2] {
        page.mouse("down", json!({"clickCount": count})).await;
        page.mouse("up", json!({"clickCount": count})).await;
    }
    let log = page.evaluate("log.splice(0)").await;
    assert_eq!(
        log,
        json!([
            "mousemove 30,30 0 0 0 shift ctrl",
            "mousemove 40,40 0 0 0 shift",
            "mousedown 40,40 0 1 1 shift",
            "mouseup 40,40 0 0 1 shift",
            "click 40,40 0 0 1 shift",
            "mousedown 40,40 0 1 1",
            "mouseup 40,40 0 0 1",
            "click 40,40 0 0 1",
            "mousedown 40,40 0 1 2",
            "mouseup 40,40 0 0 2",
            "click 40,40 0 0 2",
            "dblclick 40,40 0 0 2",
        ])
    );
    page.bridge.stop().await;
}

const DRAG: &str = "<body style='margin:0'><div id=item draggable=true style='position:absolute;width:80px;height:40px'>item</div>
    <div id=target style='position:absolute;left:200px;width:120px;height:120px'></div>
    <button id=b style='position:absolute;top:200px'>B</button><script>window.log = [];
    for (const name of ['dragstart', 'dragenter', 'drop', 'dragend', 'mouseup', 'click'])
    addEventListener(name, (event) => log.push(name + ' ' + event.target.id));
    item.ondragstart = (event) => event.dataTransfer.setData('text/plain', 'it');
    target.ondragover = target.ondragenter = (event) => event.preventDefault();
    target.ondrop = (event) => { event.preventDefault(); target.textContent = event.dataTransfer.getData('text/plain'); };</script>";

async fn a_drag_of_the_page_is_dropped_where_the_button_goes_up(browser: TestBrowser) {
    let page = OpenPage::with(browser, DRAG).await;
    page.stroke(
        &[(20.0, 20.0), (60.0, 30.0), (240.0, 40.0), (250.0, 60.0)],
        3,
    )
    .await;
    let log = page
        .evaluate("[target.textContent, ...log.splice(0)]")
        .await;
    let expected = [
        "it",
        "dragstart item",
        "dragenter item",
        "dragenter ",
        "dragenter target",
        "drop target",
        "dragend item",
    ];
    assert_eq!(log, json!(expected));
    // Escape ends a drag, and the button goes up without one.
    page.mouse("down", json!({"x": 20, "y": 20})).await;
    page.move_to(240.0, 40.0, 4).await;
    page.ask("press", json!({"key": "Escape"}))
        .await
        .expect("done");
    page.mouse("up", json!({})).await;
    let log = page.evaluate("log.splice(0)").await;
    let log = log.as_array().unwrap();
    assert!(log.contains(&json!("dragend item")), "{log:?}");
    assert!(!log.contains(&json!("drop target")), "{log:?}");
    page.bridge.stop().await;
}

async fn a_drag_that_is_not_ended_holds_nothing_up(browser: TestBrowser) {
    let page = OpenPage::with(browser, DRAG).await;
    for rest in ["click", "hover", "drag"] {
        page.mouse("down", json!({"x": 20, "y": 20})).await;
        page.move_to(100.0, 100.0, 4).await;
        let fields = match rest {
            "drag" => json!({"from": "#item", "to": "#target"}),
            _ => json!({"selector": "#b"}),
        };
        page.ask(rest, fields).await.expect("done");
        page.click("#b").await;
    }
    let log = page.evaluate("log").await;
    let log = log.as_array().unwrap();
    let count = |name: &str| log.iter().filter(|it| *it == name).count();
    assert_eq!(
        (
            count("click b"),
            count("drop target"),
            count("dragend item")
        ),
        (4, 1, 4),
        "{log:?}"
    );
    page.bridge.stop().await;
}

async fn the_wheel_scrolls_what_is_under_the_mouse(browser: TestBrowser) {
    let body = "<body style='margin:0;height:5000px'><div id=box style='overflow:auto;width:200px;height:200px'>
        <div style='width:900px;height:900px'></div></div>";
    let page = OpenPage::with(browser, body).await;
    page.mouse(
        "wheel",
        json!({"x": 50, "y": 50, "deltaX": 40, "deltaY": 120}),
    )
    .await;
    until("the box is scrolled", async || {
        page.evaluate("[box.scrollLeft, box.scrollTop, scrollY]")
            .await
            == json!([40, 120, 0])
    })
    .await;
    page.move_to(400.0, 50.0, 1).await;
    page.mouse("wheel", json!({"deltaX": 0, "deltaY": 300}))
        .await;
    until("the page is scrolled", async || {
        page.evaluate("[box.scrollTop, scrollY]").await == json!([120, 300])
    })
    .await;
    for (fields, field) in [
        (json!({"action": "move"}), "x"),
        (json!({"action": "wheel", "deltaY": 1}), "deltaX"),
        (json!({"action": "down", "steps": 3}), "steps"),
    ] {
        let error = page.ask("mouse", fields).await;
        let error = error.expect_error("BAD_REQUEST");
        assert_eq!(error["details"]["field"], field, "{error}");
    }
    page.bridge.stop().await;
}
