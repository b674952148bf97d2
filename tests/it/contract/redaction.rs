//! No row of the history has what a client typed, looked for, ran or sent, whatever the request.

use cdp_bridge::operations::history::detail;
use cdp_bridge_protocol::{Request, RequestBody};
use serde_json::{Map, Value};

use super::instances;

/// Stands for a secret. Behind a URL it is in the query and in the fragment, where it may not stay either.
const CANARY: &str = "?q=CANARY#CANARY";

/// Every text of a request, with its place.
fn texts(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                texts(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                texts(field, &format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

fn fields(body: &RequestBody) -> Map<String, Value> {
    let request = Request {
        request_id: None,
        timeout: None,
        idempotency_key: None,
        body: body.clone(),
    };
    serde_json::from_str(&request.to_json()).unwrap()
}

#[test]
fn a_canary_in_any_text_of_any_request_is_in_no_row() {
    let (mut planted, mut closed) = (0, Vec::new());
    for body in [instances::requests(true), instances::requests(false)].concat() {
        let whole = Value::Object(fields(&body));
        let mut places = Vec::new();
        texts(&whole, "", &mut places);
        for place in places.iter().filter(|place| *place != "/type") {
            let mut changed = whole.clone();
            let text = changed.pointer_mut(place).unwrap();
            *text = Value::String(format!("{}{CANARY}", text.as_str().unwrap()));
            let Value::Object(fields) = changed else {
                unreachable!("it was an object")
            };
            // What does not parse is a word of the protocol, in which no secret can be.
            let Ok(request) = Request::of_fields(fields) else {
                closed.push(format!("{}{place}", body.kind().as_str()));
                continue;
            };
            planted += 1;
            let row = detail::detail(&request.body).map(Value::Object);
            let row = row.unwrap_or_default().to_string();
            assert!(
                !row.contains("CANARY"),
                "{} {place}: {row}",
                body.kind().as_str()
            );
        }
    }
    assert!(planted > 100, "{planted} were planted; refused: {closed:?}");
}

#[test]
fn what_leaves_no_row_is_known_by_its_kind() {
    for body in instances::requests(true) {
        let kind = body.kind();
        let is_recorded = detail::detail(&body).is_some();
        assert_eq!(is_recorded, detail::is_recorded(kind), "{}", kind.as_str());
    }
}

#[test]
fn numbers_of_points_and_of_what_is_typed_are_in_no_row() {
    // A keyboard on the screen is pressed by points, and a length says much of a password.
    for message in [
        r#"{"type": "click", "tabId": "t1", "x": 4711, "y": 4711}"#,
        r#"{"type": "mouse", "tabId": "t1", "action": "move", "x": 4711, "y": 4711}"#,
        r#"{"type": "drag", "tabId": "t1", "from": {"x": 4711, "y": 1}, "to": {"x": 4711, "y": 1}}"#,
        r#"{"type": "scroll", "tabId": "t1", "to": {"x": 4711, "y": 4711}}"#,
        r#"{"type": "evaluate", "tabId": "t1", "expression": "a", "args": [4711]}"#,
    ] {
        let body = Request::parse(message).unwrap().body;
        let row = Value::Object(detail::detail(&body).unwrap()).to_string();
        assert!(!row.contains("4711"), "{row}");
    }
}
