//! Commands to the browser itself.

use serde_json::json;

use super::browser::{Call, State};
use super::target::Target;

const NO_TARGET: &str = "No target with given id found";

pub(super) fn perform(state: &mut State, call: &Call) {
    match call.method.as_str() {
        "Browser.getVersion" => {
            let name = state.name.unwrap_or("HeadlessChrome");
            let product = format!("{name}/156.0.0.0");
            let version = json!({"protocolVersion": "1.3", "product": product});
            state.answer(call, &version);
        }
        "Browser.close" => {
            state.answer(call, &json!({}));
            state.hung_up = true;
        }
        "Browser.setDownloadBehavior" | "Browser.grantPermissions" | "Target.createTarget"
            if call
                .text("browserContextId")
                .is_some_and(|context| !state.contexts.contains(context)) =>
        {
            state.error(call, -32000, "Failed to find browser context with id");
        }
        "Browser.setDownloadBehavior" | "Browser.grantPermissions" | "Browser.cancelDownload" => {
            state.answer(call, &json!({}));
        }
        "Target.setDiscoverTargets" => {
            state.discover = true;
            state.answer(call, &json!({}));
        }
        "Target.setAutoAttach" => {
            state.auto_attach = true;
            let there: Vec<_> = state.targets.keys().cloned().collect();
            for id in there {
                state.attach(&id);
            }
            state.answer(call, &json!({}));
        }
        "Target.createBrowserContext" => {
            let context = state.fresh("C");
            state.contexts.insert(context.clone());
            state.answer(call, &json!({"browserContextId": context}));
        }
        "Target.disposeBrowserContext" => dispose(state, call),
        "Target.createTarget" => create_target(state, call),
        "Target.closeTarget" | "Target.activateTarget" => {
            let id = call.text("targetId").unwrap_or_default();
            if !state.targets.contains_key(id) {
                return state.error(call, -32602, NO_TARGET);
            }
            state.answer(call, &json!({"success": true}));
            if call.method == "Target.closeTarget" {
                state.close(id);
            }
        }
        "Target.getTargetInfo" => {
            let id = call.text("targetId").unwrap_or_default();
            match state.targets.get(id).map(Target::info) {
                Some(info) => state.answer(call, &json!({"targetInfo": info})),
                None => state.error(call, -32602, NO_TARGET),
            }
        }
        "Target.detachFromTarget" => detach(state, call),
        "Target.attachToTarget" => {
            let id = call.text("targetId").unwrap_or_default();
            match state.attach_further(id) {
                Some(session) => state.answer(call, &json!({"sessionId": session})),
                None => state.error(call, -32602, NO_TARGET),
            }
        }
        method => {
            let message = format!("'{method}' wasn't found");
            state.error(call, -32601, &message);
        }
    }
}

fn detach(state: &mut State, call: &Call) {
    let session = call.text("sessionId").unwrap_or_default();
    let found = state
        .targets
        .values()
        .find(|target| target.has_session(session))
        .map(|target| (target.id.clone(), target.further.contains_key(session)));
    let Some((id, is_further)) = found else {
        return state.error(call, -32602, "No session with given id");
    };
    state.answer(call, &json!({}));
    if is_further {
        state.detach_further(&id, session);
    } else {
        state.detach(&id);
    }
}

fn create_target(state: &mut State, call: &Call) {
    let id = state.open(Target {
        context: call.text("browserContextId").map(str::to_owned),
        ..Target::default()
    });
    state.answer(call, &json!({"targetId": id}));
    if let Some(target) = state.targets.get_mut(&id) {
        target.url = "about:blank".to_owned();
        target.title = "about:blank".to_owned();
        let url = call.text("url").unwrap_or_default();
        target.destination = (url != "about:blank").then(|| url.to_owned());
    }
    state.info_changed(&id);
}

fn dispose(state: &mut State, call: &Call) {
    let context = call.text("browserContextId").unwrap_or_default();
    if !state.contexts.remove(context) {
        return state.error(call, -32602, "Failed to find context with id");
    }
    state.answer(call, &json!({}));
    let pages: Vec<_> = state
        .targets
        .values()
        .filter(|target| target.context.as_deref() == Some(context))
        .map(|target| target.id.clone())
        .collect();
    for id in pages {
        state.close(&id);
    }
}
