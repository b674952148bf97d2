//! Navigations, with their events in the order in which Chromium sends them.

use serde_json::{Value, json};

use super::browser::{Call, State};
use super::site::{Content, split_fragment, title_of};
use super::target::Departure;

const ABORTED: &str = "net::ERR_ABORTED";

/// `Page.navigate`: answered between the response and the commit.
pub(super) fn navigate(state: &mut State, id: &str, call: &Call) {
    stop(state, id);
    let url = call.text("url").unwrap_or_default().to_owned();
    if is_same_document(state, id, &url) {
        start(state, id);
        state.answer(call, &json!({"frameId": id, "isDownload": false}));
        return moved(state, id, &url);
    }
    depart(state, id, url, Some(call.clone()));
}

/// A navigation that the page starts itself.
pub(super) fn visit(state: &mut State, id: &str, url: &str) {
    if is_same_document(state, id, url) {
        start(state, id);
        return moved(state, id, url);
    }
    depart(state, id, url.to_owned(), None);
}

fn depart(state: &mut State, id: &str, url: String, call: Option<Call>) {
    let loader = state.fresh("L");
    start(state, id);
    let departure = Departure { call, url, loader };
    let Some(target) = state.targets.get_mut(id) else {
        return;
    };
    if target.reports("Fetch") && departure.url != "about:blank" {
        let request = format!("interception-{}", departure.loader);
        let paused = json!({"requestId": request, "resourceType": "Document"});
        target.paused = Some((request, departure));
        return state.page_event(id, "Fetch.requestPaused", &paused);
    }
    travel(state, id, departure);
}

/// `Fetch.continueRequest`: continues a paused request.
pub(super) fn go_on(state: &mut State, id: &str, call: &Call) {
    let paused = state.targets.get_mut(id).and_then(|target| {
        target
            .paused
            .take_if(|(request, _)| call.text("requestId") == Some(request))
    });
    let Some((_, departure)) = paused else {
        return state.error(call, -32602, "Invalid InterceptionId.");
    };
    state.answer(call, &json!({}));
    travel(state, id, departure);
}

fn travel(state: &mut State, id: &str, departure: Departure) {
    let Departure { call, url, loader } = departure;
    let content = (url != "about:blank").then(|| state.site.get(&url));
    if let Some(content) = &content {
        network(state, id, &loader, content);
    }
    let answer = json!({"frameId": id, "loaderId": loader, "isDownload": false});
    let call = call.as_ref();
    match content {
        Some(Content::Silence) => {
            if let Some(target) = state.targets.get_mut(id) {
                target.hanging = call.cloned();
            }
        }
        Some(Content::Download) => {
            answer_failed(state, call, answer, ABORTED, true);
            stopped(state, id);
        }
        Some(Content::Unreachable(net)) => {
            answer_failed(state, call, answer, &net, false);
            error_page(state, id, &loader, &url);
        }
        Some(Content::Html { html, .. }) => {
            answer_started(state, call, &answer);
            commit(state, id, &loader, &url, html);
        }
        None => {
            answer_started(state, call, &answer);
            commit(state, id, &loader, &url, String::new());
        }
    }
}

/// A navigation of a subframe.
pub(super) fn visit_in_frame(state: &mut State, id: &str, url: &str) {
    let (frame, loader) = (state.fresh("F"), state.fresh("L"));
    page_event(
        state,
        id,
        "Page.frameStartedLoading",
        &json!({"frameId": frame}),
    );
    let navigated = json!({"id": frame, "parentId": id, "loaderId": loader, "url": url});
    page_event(
        state,
        id,
        "Page.frameNavigated",
        &json!({"frame": navigated}),
    );
    page_event(
        state,
        id,
        "Page.frameStoppedLoading",
        &json!({"frameId": frame}),
    );
}

/// Ends a navigation without a response.
pub(super) fn stop(state: &mut State, id: &str) {
    let hanging = state
        .targets
        .get_mut(id)
        .and_then(|target| target.hanging.take());
    if let Some(call) = hanging {
        let answer = json!({"frameId": id, "loaderId": state.fresh("L"), "isDownload": false});
        answer_failed(state, Some(&call), answer, ABORTED, false);
        stopped(state, id);
    }
}

fn is_same_document(state: &State, id: &str, url: &str) -> bool {
    let (address, fragment) = split_fragment(url);
    let current = state
        .targets
        .get(id)
        .map(|target| split_fragment(&target.url).0);
    !fragment.is_empty() && current == Some(address)
}

fn start(state: &mut State, id: &str) {
    page_event(
        state,
        id,
        "Page.frameStartedLoading",
        &json!({"frameId": id}),
    );
}

fn stopped(state: &mut State, id: &str) {
    page_event(
        state,
        id,
        "Page.frameStoppedLoading",
        &json!({"frameId": id}),
    );
}

fn network(state: &mut State, id: &str, loader: &str, content: &Content) {
    let event = |state: &mut State, method: &str, mut params: Value| {
        params["requestId"] = json!(loader);
        params["type"] = json!("Document");
        if state
            .targets
            .get(id)
            .is_some_and(|target| target.reports("Network"))
        {
            state.page_event(id, method, &params);
        }
    };
    let of_loader = json!({"loaderId": loader});
    event(state, "Network.requestWillBeSent", of_loader);
    match content {
        Content::Html { status, .. } => {
            let received = json!({"loaderId": loader, "response": {"status": status}});
            event(state, "Network.responseReceived", received);
        }
        Content::Unreachable(net) => {
            let failed = json!({"errorText": net, "canceled": false});
            event(state, "Network.loadingFailed", failed);
        }
        Content::Download => {
            let failed = json!({"errorText": ABORTED, "canceled": true});
            event(state, "Network.loadingFailed", failed);
        }
        Content::Silence => {}
    }
}

fn answer_started(state: &mut State, call: Option<&Call>, answer: &Value) {
    if let Some(call) = call {
        state.answer(call, answer);
    }
}

fn answer_failed(
    state: &mut State,
    call: Option<&Call>,
    mut answer: Value,
    net: &str,
    download: bool,
) {
    answer["errorText"] = json!(net);
    answer["isDownload"] = json!(download);
    answer_started(state, call, &answer);
}

fn commit(state: &mut State, id: &str, loader: &str, url: &str, html: String) {
    let title = title_of(&html).unwrap_or(url).to_owned();
    let (address, fragment) = split_fragment(url);
    let mut frame = json!({"id": id, "loaderId": loader, "url": address});
    if !fragment.is_empty() {
        frame["urlFragment"] = json!(fragment);
    }
    arrive(state, id, url, title, html, &frame);
}

fn error_page(state: &mut State, id: &str, loader: &str, url: &str) {
    let frame = json!({
        "id": id, "loaderId": loader,
        "url": "chrome-error://chromewebdata/", "unreachableUrl": url,
    });
    let html = "<html><body>This site can't be reached</body></html>".to_owned();
    arrive(state, id, url, url.to_owned(), html, &frame);
}

fn arrive(state: &mut State, id: &str, url: &str, title: String, html: String, frame: &Value) {
    if let Some(target) = state.targets.get_mut(id) {
        target.url = url.to_owned();
        target.title = url.to_owned();
        target.html = html;
    }
    let navigated = json!({"frame": frame, "type": "Navigation"});
    page_event(state, id, "Page.frameNavigated", &navigated);
    // Chromium reports the target before the document has a title, and nothing afterwards.
    state.info_changed(id);
    if let Some(target) = state.targets.get_mut(id) {
        target.title = title;
    }
    page_event(
        state,
        id,
        "Page.domContentEventFired",
        &json!({"timestamp": 1.0}),
    );
    page_event(state, id, "Page.loadEventFired", &json!({"timestamp": 1.0}));
    stopped(state, id);
}

fn moved(state: &mut State, id: &str, url: &str) {
    if let Some(target) = state.targets.get_mut(id) {
        target.url = url.to_owned();
    }
    state.info_changed(id);
    let moved = json!({"frameId": id, "url": url, "navigationType": "fragment"});
    page_event(state, id, "Page.navigatedWithinDocument", &moved);
    stopped(state, id);
}

/// Sends an event of the `Page` domain, if it is enabled.
fn page_event(state: &mut State, id: &str, method: &str, params: &Value) {
    if state
        .targets
        .get(id)
        .is_some_and(|target| target.reports("Page"))
    {
        state.page_event(id, method, params);
    }
}
