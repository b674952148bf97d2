//! Commands to a page.

use serde_json::{Value, json};

use super::browser::{Call, State};
use super::target::{Hang, Metrics, Target};
use super::{capture, navigation, page_script};

/// Commands that a paused page answers; all others wait until it runs.
const WHILE_STANDING: [&str; 4] = [
    "Runtime.runIfWaitingForDebugger",
    "Network.enable",
    "Inspector.enable",
    "Fetch.enable",
];

/// Commands without a result or an effect.
const DONE_AT_ONCE: [&str; 27] = [
    "Fetch.continueWithAuth",
    "Fetch.disable",
    "Input.setInterceptDrags",
    "Page.setInterceptFileChooserDialog",
    "Log.enable",
    "Target.setAutoAttach",
    "Runtime.addBinding",
    "Runtime.releaseObjectGroup",
    "Page.bringToFront",
    "Runtime.releaseObject",
    "Emulation.setFocusEmulationEnabled",
    "Emulation.setTouchEmulationEnabled",
    "Emulation.setUserAgentOverride",
    "Emulation.setLocaleOverride",
    "Emulation.setTimezoneOverride",
    "Emulation.setGeolocationOverride",
    "Emulation.clearGeolocationOverride",
    "Emulation.setEmulatedMedia",
    "Emulation.setDefaultBackgroundColorOverride",
    "Network.emulateNetworkConditions",
    "Network.setExtraHTTPHeaders",
    "Page.removeScriptToEvaluateOnNewDocument",
    "IO.close",
    "Page.setLifecycleEventsEnabled",
    "Input.insertText",
    "Input.dispatchKeyEvent",
    "Input.dispatchMouseEvent",
];

/// Commands that a page answers while a dialog is open.
const WHILE_DIALOG: [&str; 1] = ["Page.handleJavaScriptDialog"];

pub(super) fn perform(state: &mut State, id: &str, call: &Call) {
    let Some(target) = state.targets.get_mut(id) else {
        return;
    };
    let method = call.method.as_str();
    if target.crashed {
        // A crashed renderer answers nothing.
        return;
    }
    if method == "Runtime.terminateExecution" && target.hangs != Some(Hang::ForGood) {
        target.hangs = None;
        state.answer(call, &json!({}));
        return unpark(state, id);
    }
    if target.hangs.is_some()
        || target.stands_still && !WHILE_STANDING.contains(&method)
        || target.dialog && !WHILE_DIALOG.contains(&method)
    {
        target.parked.push(call.clone());
        return;
    }
    match method {
        "Page.enable" => enable(target, "Page"),
        "Network.enable" => enable(target, "Network"),
        "Network.disable" => _ = target.domains.remove("Network"),
        "Inspector.enable" => enable(target, "Inspector"),
        "Emulation.setDeviceMetricsOverride" => {
            let number = |name: &str| call.params[name].as_f64().unwrap_or_default();
            target.metrics = Some(Metrics {
                width: number("width"),
                height: number("height"),
                scale: number("deviceScaleFactor"),
            });
        }
        "Fetch.enable" => enable(target, "Fetch"),
        "Fetch.continueRequest" => return navigation::go_on(state, id, call),
        "Runtime.enable" => listen(target, call),
        method if DONE_AT_ONCE.contains(&method) => {}
        "Page.addScriptToEvaluateOnNewDocument" => {
            return state.answer(call, &json!({"identifier": "1"}));
        }
        "Page.printToPDF" | "IO.read" => return state.answer(call, &paper(method)),
        "Page.getNavigationHistory" => {
            let history = json!({"currentIndex": 0, "entries": [{"id": 1, "url": target.url}]});
            return state.answer(call, &history);
        }
        "Page.createIsolatedWorld" => return state.answer(call, &page_script::world()),
        "Runtime.runIfWaitingForDebugger" => return run(state, id, call),
        "Page.handleJavaScriptDialog" => return end_dialog(state, id, call),
        "Page.navigate" => return navigation::navigate(state, id, call),
        "Page.stopLoading" => navigation::stop(state, id),
        "Page.getLayoutMetrics" => {
            let metrics = capture::layout_metrics(target);
            return state.answer(call, &metrics);
        }
        "Page.captureScreenshot" => {
            let picture = capture::screenshot(target, call);
            return state.answer(call, &picture);
        }
        // The title of a page does not change.
        "Runtime.evaluate" if page_script::is_title_watch(call) => return,
        "Runtime.evaluate" if page_script::waits(call) => return,
        "Runtime.evaluate" => {
            let script = page_script::script(call, &target.url);
            let result = script.unwrap_or_else(|| capture::evaluate(target, call));
            return state.answer(call, &result);
        }
        "Runtime.callFunctionOn" => {
            let result = capture::piece(target, call);
            return state.answer(call, &result);
        }
        "DOMSnapshot.captureSnapshot" => {
            let snapshot = capture::snapshot(target);
            return state.answer(call, &snapshot);
        }
        _ => {
            let message = format!("'{method}' wasn't found");
            return state.error(call, -32601, &message);
        }
    }
    state.answer(call, &json!({}));
}

/// The stream of a printed page, and all of what can be read from it.
fn paper(method: &str) -> Value {
    match method {
        "Page.printToPDF" => json!({"stream": "1"}),
        _ => json!({"data": "%PDF-", "base64Encoded": false, "eof": true}),
    }
}

/// `Runtime.enable` on an additional session: subscribes to console messages.
fn listen(target: &mut Target, call: &Call) {
    let session = call.session.as_deref().unwrap_or_default();
    if let Some(listens) = target.further.get_mut(session) {
        *listens = true;
    }
}

fn enable(target: &mut Target, domain: &'static str) {
    target.domains.insert(domain);
}

fn run(state: &mut State, id: &str, call: &Call) {
    let Some(target) = state.targets.get_mut(id) else {
        return;
    };
    target.stands_still = false;
    let destination = target.destination.take();
    state.answer(call, &json!({}));
    unpark(state, id);
    if let Some(url) = destination {
        navigation::visit(state, id, &url);
    }
}

fn end_dialog(state: &mut State, id: &str, call: &Call) {
    let Some(target) = state.targets.get_mut(id) else {
        return;
    };
    if !std::mem::take(&mut target.dialog) {
        return state.error(call, -32602, "No dialog is showing");
    }
    state.answer(call, &json!({}));
    let accept = &call.params["accept"];
    let closed = json!({"result": accept, "userInput": ""});
    state.page_event(id, "Page.javascriptDialogClosed", &closed);
    unpark(state, id);
}

fn unpark(state: &mut State, id: &str) {
    let parked = state
        .targets
        .get_mut(id)
        .map(|target| std::mem::take(&mut target.parked));
    for call in parked.unwrap_or_default() {
        state.perform(&call);
    }
}

/// Opens a dialog. Before `Page.enable` it is not reported.
pub(super) fn open_dialog(state: &mut State, id: &str, kind: &str, message: &str) {
    let Some(target) = state.targets.get_mut(id) else {
        return;
    };
    target.dialog = true;
    if target.reports("Page") {
        let opening = json!({"url": target.url, "message": message, "type": kind});
        state.page_event(id, "Page.javascriptDialogOpening", &opening);
    }
}

/// Crashes the renderer of a page.
pub(super) fn crash(state: &mut State, id: &str) {
    let Some(target) = state.targets.get_mut(id) else {
        return;
    };
    target.crashed = true;
    target.parked.clear();
    target.hanging = None;
    target.paused = None;
    let (inspector, session) = (target.reports("Inspector"), target.session.clone());
    if let Some(session) = session {
        state.rules.forget_session(&session);
    }
    if inspector {
        state.page_event(id, "Inspector.targetCrashed", &json!({}));
    }
    if state.discover {
        let crashed = json!({"targetId": id, "status": "crashed", "errorCode": 5});
        state.event("Target.targetCrashed", &crashed);
    }
}
