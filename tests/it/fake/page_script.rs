//! Results of the bridge's script in a page, for a page where every action succeeds at once.

use serde_json::{Value, json};

use super::browser::Call;

/// The id of every isolated world.
const WORLD: u64 = 77;

/// `Page.createIsolatedWorld`.
pub(super) fn world() -> Value {
    json!({ "executionContextId": WORLD })
}

/// Whether the bridge waits for a change of the title.
pub(super) fn is_title_watch(call: &Call) -> bool {
    call.text("expression")
        .is_some_and(|expression| expression.contains("title !== known"))
}

/// Whether it is a call of the script that waits for an element which never appears.
pub(super) fn waits(call: &Call) -> bool {
    call.text("expression")
        .is_some_and(|expression| expression.contains("never-there"))
}

/// The result of a call of the script; `None` for other calls.
pub(super) fn script(call: &Call, url: &str) -> Option<Value> {
    if call.params["contextId"] != json!(WORLD) {
        return None;
    }
    let (_, called) = call.text("expression")?.rsplit_once("cdpBridge.")?;
    let (function, _) = called.split_once('(')?;
    let value = match function {
        "aim" => json!({"point": {"x": 10, "y": 20}, "held": 1, "turned": null}),
        "hit" | "disarm" => json!({"wrong": null, "arrived": true}),
        "giveUp" => json!(false),
        "fill" => json!({"held": 1, "empty": true}),
        "query" => json!({"value": "text"}),
        "waitElement" => json!({ "url": url }),
        _ => json!({}),
    };
    Some(json!({"result": {"type": "object", "value": value}}))
}
