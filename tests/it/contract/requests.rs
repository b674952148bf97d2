//! `request.schema.json` and the parser accept the same messages.

use std::collections::BTreeSet;
use std::time::Duration;

use cdp_bridge_protocol::{IdempotencyKey, Request, RequestBody, RequestId, RequestKind};
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{instances, schemas};

#[test]
fn there_is_an_instance_of_every_request() {
    let expected: BTreeSet<&str> = RequestKind::ALL.iter().map(|kind| kind.as_str()).collect();
    for full in [true, false] {
        let requests = instances::requests(full);
        let found: BTreeSet<&str> = requests.iter().map(|body| body.kind().as_str()).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn every_request_is_valid_and_is_read_as_it_was_written() {
    let schema = schemas::request();
    let ids = [
        None,
        Some(RequestId::Text("ä".repeat(RequestId::MAX_CHARS))),
        Some(u64::MAX.into()),
        Some(RequestId::Negative(i64::MIN)),
    ];
    let timeouts = [None, Some(100), Some(120_000)];
    let longest = "ä".repeat(IdempotencyKey::MAX_CHARS);
    let key = Some(IdempotencyKey::try_from(longest.as_str()).unwrap());
    for body in [instances::requests(true), instances::requests(false)].concat() {
        for (request_id, timeout) in ids.iter().flat_map(|id| timeouts.map(|ms| (id, ms))) {
            let request = Request {
                request_id: request_id.clone(),
                timeout: timeout.map(Duration::from_millis),
                idempotency_key: key.clone().filter(|_| body.kind().takes_idempotency_key()),
                body: body.clone(),
            };
            let text = request.to_json();
            assert_eq!(schemas::faults(&schema, &text), [""; 0], "{text}");
            assert_eq!(Request::parse(&text), Ok(request), "{text}");
        }
    }
}

/// Asks both and says where they differ.
fn agree(schema: &Validator, message: &Value) -> Result<bool, String> {
    let parsed = Request::parse(&message.to_string());
    match (&parsed, schema.is_valid(message)) {
        (Ok(_), true) => Ok(true),
        (Err(_), false) => Ok(false),
        (Ok(_), false) => Err(format!("only the schema refuses {message}")),
        (Err(error), true) => Err(format!("only the parser refuses {message}: {error}")),
    }
}

/// A part of a page.
fn clip() -> Value {
    json!({ "x": 0, "y": 0, "width": 1, "height": 1 })
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a list")]
fn what_the_schema_refuses_the_parser_refuses() {
    let schema = schemas::request();
    let long = "x".repeat(65);
    for message in [
        json!(null),
        json!([]),
        json!("ping"),
        json!({}),
        json!({ "type": null }),
        json!({ "type": "jump" }),
        json!({ "type": "Ping" }),
        json!({ "type": "ping", "tabId": "t1" }),
        json!({ "type": "ping", "requestId": null }),
        json!({ "type": "ping", "requestId": "" }),
        json!({ "type": "ping", "requestId": long }),
        json!({ "type": "ping", "requestId": 1.5 }),
        json!({ "type": "ping", "requestId": true }),
        json!({ "type": "ping", "timeoutMs": 99 }),
        json!({ "type": "ping", "timeoutMs": 120_001 }),
        json!({ "type": "ping", "timeoutMs": "500" }),
        json!({ "type": "ping", "timeoutMs": null }),
        json!({ "type": "ping", "idempotencyKey": "k" }),
        json!({ "type": "startScreencast", "tabId": "t1", "idempotencyKey": "k" }),
        json!({ "type": "createTab", "idempotencyKey": "" }),
        json!({ "type": "createTab", "idempotencyKey": null }),
        json!({ "type": "createTab", "idempotencyKey": 1 }),
        json!({ "type": "createTab", "idempotencyKey": long }),
        json!({ "type": "closeTab" }),
        json!({ "type": "closeTab", "tabId": null }),
        json!({ "type": "closeTab", "tabId": 1 }),
        json!({ "type": "closeTab", "id": "t1" }),
        json!({ "type": "navigate", "tabId": "t1" }),
        json!({ "type": "navigate", "tabId": "t1", "url": null }),
        json!({ "type": "navigate", "tabId": "t1", "url": "x", "wait": true }),
        json!({ "type": "setLoggedOutMode", "tabId": "t1", "enabled": "true" }),
        json!({ "type": "getDomSnapshot", "tabId": "t1", "format": "text" }),
        json!({ "type": "getScreenshot", "tabId": "t1", "quality": 0 }),
        json!({ "type": "getScreenshot", "tabId": "t1", "quality": 101 }),
        json!({ "type": "getScreenshot", "tabId": "t1", "quality": 300 }),
        json!({ "type": "getScreenshot", "tabId": "t1", "quality": 70.5 }),
        json!({ "type": "getScreenshot", "tabId": "t1", "format": "gif" }),
        json!({ "type": "createTab", "viewport": {} }),
        json!({ "type": "createTab", "viewport": { "width": 1 } }),
        json!({ "type": "createTab", "viewport": { "width": 0, "height": 1 } }),
        json!({ "type": "createTab", "viewport": { "width": 1, "height": 8193 } }),
        json!({ "type": "createTab", "viewport": { "width": -1, "height": 1 } }),
        json!({ "type": "createTab", "viewport": { "width": 1, "height": 1, "depth": 1 } }),
        json!({ "type": "createTab", "viewport": { "width": 1, "height": 1, "deviceScaleFactor": 0.05 } }),
        json!({ "type": "startScreencast", "tabId": "t1", "maxFps": 61 }),
        json!({ "type": "startScreencast", "tabId": "t1", "maxWidth": 8193 }),
        json!({ "type": "getScreenshot", "tabId": "t1", "selector": "a", "fullPage": true }),
        json!({ "type": "getScreenshot", "tabId": "t1", "selector": "a", "clip": clip() }),
        json!({ "type": "getScreenshot", "tabId": "t1", "fullPage": true, "clip": clip() }),
        json!({ "type": "getScreenshot", "tabId": "t1", "clip": {"x": -1, "y": 0, "width": 1, "height": 1} }),
        json!({ "type": "getScreenshot", "tabId": "t1", "clip": {"x": 0, "y": 0, "width": 0, "height": 1} }),
        json!({ "type": "click", "tabId": "t1" }),
        json!({ "type": "click", "tabId": "t1", "selector": null }),
        json!({ "type": "click", "tabId": "t1", "selector": "a", "x": 1, "y": 1 }),
        json!({ "type": "click", "tabId": "t1", "selector": "a", "y": 1 }),
        json!({ "type": "click", "tabId": "t1", "x": 1 }),
        json!({ "type": "click", "tabId": "t1", "y": 1 }),
        json!({ "type": "click", "tabId": "t1", "x": 1, "y": 1, "position": { "x": 1, "y": 1 } }),
        json!({ "type": "click", "tabId": "t1", "selector": "a", "clickCount": 4 }),
        json!({ "type": "click", "tabId": "t1", "selector": "a", "button": "main" }),
        json!({ "type": "click", "tabId": "t1", "selector": "a", "modifiers": ["Hyper"] }),
        json!({ "type": "fill", "tabId": "t1", "selector": "a" }),
        json!({ "type": "fill", "tabId": "t1", "selector": "a", "value": 5 }),
        json!({ "type": "type", "tabId": "t1", "text": "a", "delayMs": 1001 }),
        json!({ "type": "press", "tabId": "t1" }),
        json!({ "type": "select", "tabId": "t1", "selector": "a", "values": "b" }),
        json!({ "type": "select", "tabId": "t1", "selector": "a", "values": [-1] }),
        json!({ "type": "scroll", "tabId": "t1" }),
        json!({ "type": "scroll", "tabId": "t1", "to": null }),
        json!({ "type": "scroll", "tabId": "t1", "to": "left" }),
        json!({ "type": "scroll", "tabId": "t1", "to": "top", "by": { "x": 1, "y": 1 } }),
        json!({ "type": "press", "tabId": "t1", "key": "a", "holdMs": 60_001 }),
        json!({ "type": "mouse", "tabId": "t1" }),
        json!({ "type": "mouse", "tabId": "t1", "action": "click" }),
        json!({ "type": "mouse", "tabId": "t1", "action": "move" }),
        json!({ "type": "mouse", "tabId": "t1", "action": "move", "x": 1 }),
        json!({ "type": "mouse", "tabId": "t1", "action": "move", "x": 1, "y": 1, "steps": 0 }),
        json!({ "type": "mouse", "tabId": "t1", "action": "move", "x": 1, "y": 1, "steps": 1001 }),
        json!({ "type": "mouse", "tabId": "t1", "action": "move", "x": 1, "y": 1, "button": "left" }),
        json!({ "type": "mouse", "tabId": "t1", "action": "move", "x": 1, "y": 1, "clickCount": 1 }),
        json!({ "type": "mouse", "tabId": "t1", "action": "move", "x": 1, "y": 1, "deltaX": 1 }),
        json!({ "type": "mouse", "tabId": "t1", "action": "down", "x": 1 }),
        json!({ "type": "mouse", "tabId": "t1", "action": "down", "steps": 2 }),
        json!({ "type": "mouse", "tabId": "t1", "action": "down", "deltaY": 2 }),
        json!({ "type": "mouse", "tabId": "t1", "action": "up", "clickCount": 4 }),
        json!({ "type": "mouse", "tabId": "t1", "action": "wheel" }),
        json!({ "type": "mouse", "tabId": "t1", "action": "wheel", "deltaY": 1 }),
        json!({ "type": "mouse", "tabId": "t1", "action": "wheel", "deltaX": 0, "deltaY": 1, "y": 1 }),
        json!({ "type": "mouse", "tabId": "t1", "action": "wheel", "deltaX": 0, "deltaY": 1, "button": "left" }),
        json!({ "type": "keyboard", "tabId": "t1", "action": "down" }),
        json!({ "type": "keyboard", "tabId": "t1", "action": "press", "key": "a" }),
        json!({ "type": "keyboard", "tabId": "t1", "action": "down", "key": 1 }),
        json!({ "type": "keyboard", "tabId": "t1", "action": "up", "key": "a", "text": "a" }),
        json!({ "type": "keyboard", "tabId": "t1", "action": "insertText" }),
        json!({ "type": "keyboard", "tabId": "t1", "action": "insertText", "key": "a", "text": "a" }),
        json!({ "type": "answerDialog", "tabId": "t1", "dialogId": "g1" }),
        json!({ "type": "answerDialog", "tabId": "t1", "accept": true }),
        json!({ "type": "answerDialog", "tabId": "t1", "dialogId": "g1", "accept": false, "promptText": "a" }),
        json!({ "type": "answerAuth", "tabId": "t1", "authId": "a1" }),
        json!({ "type": "answerAuth", "tabId": "t1", "authId": "a1", "username": "a" }),
        json!({ "type": "answerAuth", "tabId": "t1", "authId": "a1", "password": "a" }),
        json!({ "type": "answerAuth", "tabId": "t1", "authId": "a1", "cancel": false }),
        json!({ "type": "answerAuth", "tabId": "t1", "authId": "a1", "username": "a", "password": "b", "cancel": true }),
        json!({ "type": "answerAuth", "tabId": "t1", "authId": "a1", "username": "a", "password": "b", "cancel": false }),
        json!({ "type": "setCredentials", "tabId": "t1" }),
        json!({ "type": "setCredentials", "tabId": "t1", "credentials": [{ "origin": "https://a.test" }] }),
        json!({ "type": "drag", "tabId": "t1", "from": "a" }),
        json!({ "type": "drag", "tabId": "t1", "from": "a", "to": { "x": 1 } }),
        json!({ "type": "upload", "tabId": "t1", "selector": "a", "files": [{ "name": "", "data": "" }] }),
        json!({ "type": "upload", "tabId": "t1", "selector": "a", "files": [{ "name": "a", "data": "?" }] }),
        json!({ "type": "upload", "tabId": "t1", "selector": "a", "files": [{}] }),
        json!({ "type": "upload", "tabId": "t1", "selector": "a", "files": [{ "name": "a" }] }),
        json!({ "type": "upload", "tabId": "t1", "selector": "a", "files": [{ "data": "" }] }),
        json!({ "type": "upload", "tabId": "t1", "selector": "a", "files": [{ "fileId": "u1", "name": "a" }] }),
        json!({ "type": "upload", "tabId": "t1", "selector": "a", "files": [{ "fileId": "u1", "mime": "a" }] }),
        json!({ "type": "upload", "tabId": "t1", "selector": "a", "files": [{ "fileId": "u1", "name": "a", "data": "" }] }),
        json!({ "type": "stageFile", "data": "" }),
        json!({ "type": "stageFile", "name": "a", "data": "" }),
        json!({ "type": "stageFile", "size": 0, "data": "" }),
        json!({ "type": "stageFile", "name": "a", "size": 0 }),
        json!({ "type": "stageFile", "name": "", "size": 0, "data": "" }),
        json!({ "type": "stageFile", "name": "a", "size": -1, "data": "" }),
        json!({ "type": "stageFile", "name": "a", "size": 0, "offset": 0, "data": "" }),
        json!({ "type": "stageFile", "name": "a", "size": 1, "data": "?" }),
        json!({ "type": "stageFile", "fileId": "u1", "data": "" }),
        json!({ "type": "stageFile", "fileId": "u1", "offset": 0, "size": 1, "data": "" }),
        json!({ "type": "stageFile", "fileId": "u1", "offset": 0, "name": "a", "data": "" }),
        json!({ "type": "stageFile", "fileId": "u1", "offset": 0, "mime": "a", "data": "" }),
        json!({ "type": "waitFor", "tabId": "t1" }),
        json!({ "type": "waitFor", "tabId": "t1", "selector": "a", "text": "b" }),
        json!({ "type": "waitFor", "tabId": "t1", "url": "a", "state": "visible" }),
        json!({ "type": "waitFor", "tabId": "t1", "loadState": "domContentLoaded" }),
        json!({ "type": "query", "tabId": "t1", "selector": "a", "what": "colour" }),
        json!({ "type": "getContent", "tabId": "t1" }),
        json!({ "type": "getDownload", "tabId": "t1" }),
        json!({ "type": "getDownload", "tabId": "t1", "downloadId": 1 }),
        json!({ "type": "getScreenshot", "tabId": "t1", "omitBackground": true }),
        json!({ "type": "getScreenshot", "tabId": "t1", "omitBackground": true, "format": "jpeg" }),
        json!({ "type": "getScreenshot", "tabId": "t1", "mask": "a" }),
        json!({ "type": "getScreenshot", "tabId": "t1", "mask": vec!["a"; 65] }),
        json!({ "type": "getScreenshot", "tabId": "t1", "maskColor": "red" }),
        json!({ "type": "getScreenshot", "tabId": "t1", "animations": "on" }),
        json!({ "type": "getScreenshot", "tabId": "t1", "caret": "show" }),
        json!({ "type": "emulate" }),
        json!({ "type": "emulate", "tabId": "t1", "device": "iPhone 3" }),
        json!({ "type": "emulate", "tabId": "t1", "viewport": { "width": 0, "height": 1 } }),
        json!({ "type": "emulate", "tabId": "t1", "viewport": { "width": 1, "height": 1, "deviceScaleFactor": 1 } }),
        json!({ "type": "emulate", "tabId": "t1", "deviceScaleFactor": 6 }),
        json!({ "type": "emulate", "tabId": "t1", "userAgent": "" }),
        json!({ "type": "emulate", "tabId": "t1", "userAgent": "a\nb" }),
        json!({ "type": "emulate", "tabId": "t1", "locale": "de_DE" }),
        json!({ "type": "emulate", "tabId": "t1", "timezoneId": "" }),
        json!({ "type": "emulate", "tabId": "t1", "geolocation": { "latitude": 91, "longitude": 0 } }),
        json!({ "type": "emulate", "tabId": "t1", "geolocation": { "latitude": 1 } }),
        json!({ "type": "emulate", "tabId": "t1", "colorScheme": "grey" }),
        json!({ "type": "emulate", "tabId": "t1", "offline": "yes" }),
        json!({ "type": "emulate", "tabId": "t1", "extraHeaders": { "hOST": "a" } }),
        json!({ "type": "emulate", "tabId": "t1", "extraHeaders": { "Proxy-Authorization": "a" } }),
        json!({ "type": "emulate", "tabId": "t1", "extraHeaders": { "Sec-CH-UA": "a" } }),
        json!({ "type": "emulate", "tabId": "t1", "extraHeaders": { "X Y": "a" } }),
        json!({ "type": "emulate", "tabId": "t1", "extraHeaders": { "X": "a\r\nb" } }),
        json!({ "type": "emulate", "tabId": "t1", "extraHeaders": { "X": 1 } }),
        json!({ "type": "emulate", "tabId": "t1", "language": "de" }),
        json!({ "type": "setPermissions", "tabId": "t1" }),
        json!({ "type": "setPermissions", "tabId": "t1", "permissions": ["root"] }),
        json!({ "type": "setPermissions", "tabId": "t1", "permissions": vec!["midi"; 33] }),
        json!({ "type": "addInitScript", "tabId": "t1" }),
        json!({ "type": "addInitScript", "tabId": "t1", "script": 1 }),
        json!({ "type": "removeInitScript", "tabId": "t1" }),
        json!({ "type": "printToPdf", "tabId": "t1", "paper": "a7" }),
        json!({ "type": "printToPdf", "tabId": "t1", "width": 0 }),
        json!({ "type": "printToPdf", "tabId": "t1", "scale": 2.5 }),
        json!({ "type": "printToPdf", "tabId": "t1", "margin": { "top": -1 } }),
        json!({ "type": "printToPdf", "tabId": "t1", "margin": { "all": 1 } }),
        json!({ "type": "subscribe", "tabId": "t1" }),
        json!({ "type": "subscribe", "tabId": "t1", "events": "consoleMessage" }),
        json!({ "type": "subscribe", "tabId": "t1", "events": ["navigated"] }),
        json!({ "type": "subscribe", "tabId": "t1", "events": vec!["consoleMessage"; 17] }),
        json!({ "type": "subscribe", "tabId": "t1", "events": [], "idempotencyKey": "k" }),
    ] {
        assert_eq!(agree(&schema, &message), Ok(false), "{message}");
    }
}

#[test]
fn what_the_schema_accepts_the_parser_accepts() {
    let schema = schemas::request();
    for message in [
        json!({ "type": "ping" }),
        json!({ "type": "ping", "requestId": 0, "timeoutMs": 100 }),
        json!({ "type": "ping", "requestId": "\u{1f600}".repeat(64) }),
        json!({ "type": "closeTab", "tabId": "not a tab" }),
        json!({ "type": "createTab", "url": null, "loggedOut": null, "viewport": null }),
        json!({ "type": "createTab", "viewport": { "width": 1, "height": 1, "deviceScaleFactor": null } }),
        json!({ "type": "createTab", "viewport": { "width": 1, "height": 1, "deviceScaleFactor": 5 } }),
        json!({ "type": "createTab", "viewport": { "width": 8192, "height": 8192, "deviceScaleFactor": 0.1 } }),
        json!({ "type": "getScreenshot", "tabId": "t1", "quality": null, "fullPage": false }),
        json!({ "type": "getScreenshot", "tabId": "t1", "selector": "a", "fullPage": false, "clip": null }),
        json!({ "type": "getScreenshot", "tabId": "t1", "omitBackground": false, "mask": [], "maskColor": null }),
        json!({ "type": "getScreenshot", "tabId": "t1", "omitBackground": true, "format": "png" }),
        json!({ "type": "emulate", "tabId": "t1" }),
        json!({ "type": "emulate", "tabId": "t1", "device": null, "viewport": null, "extraHeaders": null, "offline": null }),
        json!({ "type": "emulate", "tabId": "t1", "extraHeaders": { "X-Host": "a b\tc", "Sec": "" } }),
        json!({ "type": "emulate", "tabId": "t1", "geolocation": { "latitude": -90, "longitude": 180, "accuracy": null } }),
        json!({ "type": "setPermissions", "tabId": "t1", "permissions": [], "origin": null }),
        json!({ "type": "printToPdf", "tabId": "t1", "margin": { "top": null }, "paper": null }),
        json!({ "type": "click", "tabId": "t1", "selector": "a", "x": null, "y": null }),
        json!({ "type": "click", "tabId": "t1", "selector": null, "x": 0, "y": -1.5, "position": null }),
        json!({ "type": "scroll", "tabId": "t1", "to": { "x": 0, "y": 1 }, "by": null }),
        json!({ "type": "waitFor", "tabId": "t1", "text": "a", "selector": null, "state": null }),
        json!({ "type": "mouse", "tabId": "t1", "action": "down", "x": null, "y": null, "deltaX": null }),
        json!({ "type": "mouse", "tabId": "t1", "action": "up", "x": -1.5, "y": 0, "button": "right" }),
        json!({ "type": "mouse", "tabId": "t1", "action": "wheel", "deltaX": 0, "deltaY": 0, "x": null, "y": null }),
        json!({ "type": "keyboard", "tabId": "t1", "action": "down", "key": "a", "text": null }),
        json!({ "type": "answerDialog", "tabId": "t1", "dialogId": "g1", "accept": false, "promptText": null }),
        json!({ "type": "answerAuth", "tabId": "t1", "authId": "a1", "cancel": true, "username": null, "password": null }),
        json!({ "type": "answerAuth", "tabId": "t1", "authId": "a1", "username": "", "password": "", "cancel": null }),
        json!({ "type": "upload", "tabId": "t1", "selector": "a", "files": [] }),
        json!({ "type": "upload", "tabId": "t1", "selector": "a", "files": [{ "fileId": "u1", "name": null }, { "name": "a", "data": "", "fileId": null }] }),
        json!({ "type": "stageFile", "name": "a", "size": 0, "fileId": null, "data": "", "idempotencyKey": "k" }),
        json!({ "type": "stageFile", "fileId": "u1", "offset": 0, "data": "QQ==", "name": null, "mime": null, "size": null }),
    ] {
        assert_eq!(agree(&schema, &message), Ok(true), "{message}");
    }
}

/// A number that JSON Schema counts as an integer although it is written with a fraction (`1.0`),
/// which the parser does not: the one thing the schema cannot say.
fn is_whole_but_written_as_fraction(value: &Value) -> bool {
    let Value::Number(number) = value else {
        return false;
    };
    number.is_f64() && number.as_f64().is_some_and(|number| number.fract() == 0.0)
}

/// A value that some field may take, or none may.
fn any_value() -> impl Strategy<Value = Value> {
    let viewport_field = prop_oneof![
        (-1_i64..9000).prop_map(Value::from),
        (0.0..6.0_f64).prop_map(Value::from),
        Just(Value::Null),
    ];
    let names = prop::sample::select(vec!["width", "height", "deviceScaleFactor", "depth"]);
    let viewport = prop::collection::vec((names, viewport_field), 0..5);
    let words = vec![
        "",
        "html",
        "structured",
        "jpeg",
        "png",
        "webp",
        "t1",
        "https://a.test/",
        "markdown",
        "visible",
        "load",
        "top",
        "count",
    ];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..130).prop_map(Value::from),
        prop::sample::select(vec![99, 100, 8192, 8193, 120_000, 120_001]).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(words).prop_map(Value::from),
        viewport.prop_map(|fields| object(&fields)),
        Just(json!([])),
    ]
    .prop_filter("the schema cannot tell 1.0 from 1", |value| {
        !is_whole_but_written_as_fraction(value)
            && !value.as_object().is_some_and(|fields| {
                // A scale is a fraction by its type, and may be whole.
                let sides = fields
                    .iter()
                    .filter(|(name, _)| *name != "deviceScaleFactor");
                sides
                    .map(|(_, value)| value)
                    .any(is_whole_but_written_as_fraction)
            })
    })
}

fn object(fields: &[(&str, Value)]) -> Value {
    let fields = fields.iter();
    Value::Object(
        fields
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    )
}

/// A request of some kind to which something is done: fields set to other values, or taken away.
fn changed_request() -> impl Strategy<Value = Value> {
    let fields = vec![
        "type",
        "requestId",
        "timeoutMs",
        "tabId",
        "url",
        "loggedOut",
        "viewport",
        "format",
        "fullPage",
        "quality",
        "enabled",
        "maxFps",
        "maxWidth",
        "maxHeight",
        "selector",
        "x",
        "y",
        "clickCount",
        "position",
        "clip",
        "value",
        "text",
        "delayMs",
        "key",
        "values",
        "by",
        "to",
        "from",
        "smooth",
        "state",
        "loadState",
        "what",
        "interactiveOnly",
        "action",
        "steps",
        "deltaX",
        "promptText",
        "username",
        "cancel",
        "other",
    ];
    let bodies: Vec<RequestBody> = [instances::requests(true), instances::requests(false)].concat();
    let change = (
        prop::sample::select(fields),
        prop::option::weighted(0.8, any_value()),
    );
    (
        prop::sample::select(bodies),
        prop::collection::vec(change, 0..3),
    )
        .prop_map(|(body, changes)| {
            let text = Request::from(body).to_json();
            let mut message: Map<String, Value> =
                serde_json::from_str(&text).expect("a request is a JSON object");
            for (field, value) in changes {
                match value {
                    Some(value) => message.insert(field.to_owned(), value),
                    None => message.remove(field),
                };
            }
            Value::Object(message)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_schema_and_the_parser_agree_on_requests_that_something_was_done_to(
        message in changed_request(),
    ) {
        thread_local!(static SCHEMA: Validator = schemas::request());
        let verdict = SCHEMA.with(|schema| agree(schema, &message));
        prop_assert!(verdict.is_ok(), "{}", verdict.unwrap_err());
    }
}
