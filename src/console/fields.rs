//! Turns the words after a verb into the fields of a request (pure).

use cdp_bridge_protocol::RequestKind::{
    self, Click, CreateTab, GetAxSnapshot, GetScreenshot, WaitFor,
};
use serde_json::{Map, Value, json};

use super::shape::{self, FieldType, Shape};

/// A word that cannot become a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// All positional fields are taken.
    #[error("unexpected word `{0}`")]
    Unexpected(String),
    /// `--name` is not an option of this verb.
    #[error("unknown option `{0}`")]
    UnknownOption(String),
    /// The option needs a value and is the last word.
    #[error("`{0}` needs a value")]
    NoValue(String),
}

/// The positional fields, in order: the required ones, except for verbs whose common fields are others.
pub(super) fn positional(kind: RequestKind) -> Vec<&'static str> {
    let fields: &[&str] = match kind {
        CreateTab => &["url"],
        RequestKind::CreateSession => &["startUrl"],
        RequestKind::ListSessions => &["status"],
        RequestKind::ListTabs => &["sessionId"],
        RequestKind::GetDomSnapshot => &["tabId", "format"],
        Click | RequestKind::Upload | WaitFor | GetAxSnapshot => &["tabId", "selector"],
        RequestKind::Type => &["tabId", "text", "selector"],
        RequestKind::Press => &["tabId", "key", "selector"],
        RequestKind::Scroll => &["tabId", "to", "selector"],
        RequestKind::Query => &["tabId", "what", "selector"],
        RequestKind::Evaluate => &["tabId", "expression", "selector"],
        RequestKind::GetContent => &["tabId", "format", "selector"],
        RequestKind::Mouse => &["tabId", "action", "x", "y"],
        RequestKind::Keyboard => &["tabId", "action", "key"],
        RequestKind::AnswerAuth => &["tabId", "authId", "username", "password"],
        RequestKind::StageFile => &["name", "size", "data"],
        _ => {
            return shape::of(kind)
                .into_iter()
                .flat_map(Shape::required)
                .collect();
        }
    };
    fields.to_vec()
}

/// Reads the words. Validation is left to the protocol's parser, so that the console is neither stricter nor laxer than
/// the bridge.
pub(super) fn read(
    kind: RequestKind,
    words: &[String],
) -> Result<Map<String, Value>, FieldProblem> {
    let mut fields = Map::new();
    let mut places = positional(kind).into_iter();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if let Some(option) = word.strip_prefix("--") {
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (option, None),
            };
            let known = OPTIONS
                .iter()
                .find(|option| (option.0, option.1) == (kind, name));
            let Some((.., field, default)) = known else {
                return Err(FieldProblem::UnknownOption(word.clone()));
            };
            let value = value
                .or(*default)
                .or_else(|| words.next().map(String::as_str))
                .ok_or_else(|| FieldProblem::NoValue(word.clone()))?;
            fields.insert((*field).to_owned(), typed(kind, field, value));
        } else if let Some((name, value)) = named(kind, word) {
            put(kind, &mut fields, full_name(kind, name), value);
        } else if let Some((field, value)) = flag(kind, word) {
            fields.insert(field.to_owned(), value);
        } else if let Some(field) = places.find(|field| !fields.contains_key(*field)) {
            fields.insert(field.to_owned(), typed(kind, field, word));
        } else {
            return Err(FieldProblem::Unexpected(word.clone()));
        }
    }
    Ok(fields)
}

/// Splits `key=value`. A URL with a query is not split, since its part before `=` is not a valid key; nor is a locator
/// such as `text=Sign in`, except that `text` is a field of `type`, `keyboard` and `waitFor`.
fn named(kind: RequestKind, word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let takes_text = matches!(kind, RequestKind::Type | RequestKind::Keyboard | WaitFor);
    if LOCATORS.contains(&name) && !(name == "text" && takes_text) {
        return None;
    }
    let key = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    key.then_some((name, value))
}

/// The prefixes of locators.
const LOCATORS: [&str; 9] = [
    "css",
    "text",
    "role",
    "label",
    "placeholder",
    "testid",
    "xpath",
    "nth",
    "ref",
];

/// Whether a word is a positional field.
pub(super) fn is_unnamed(kind: RequestKind, word: &str) -> bool {
    !word.starts_with("--") && named(kind, word).is_none() && flag(kind, word).is_none()
}

/// Options (`--name`) of a request: the field, and its value if none is given.
const OPTIONS: [(RequestKind, &str, &str, Option<&str>); 3] = [
    (CreateTab, "logged-out", "loggedOut", Some("true")),
    (CreateTab, "viewport", "viewport", None),
    (GetScreenshot, "full", "fullPage", Some("true")),
];

/// Words of a request that stand for a field and its value.
const FLAGS: [(RequestKind, &str, &str, &str); 17] = [
    (GetScreenshot, "full", "fullPage", "true"),
    (GetScreenshot, "png", "format", "png"),
    (GetScreenshot, "jpeg", "format", "jpeg"),
    (GetScreenshot, "webp", "format", "webp"),
    (GetAxSnapshot, "interactive", "interactiveOnly", "true"),
    (GetAxSnapshot, "controls", "mode", "controls"),
    (GetAxSnapshot, "compact", "compact", "true"),
    (Click, "right", "button", "right"),
    (Click, "middle", "button", "middle"),
    (Click, "double", "clickCount", "2"),
    (WaitFor, "load", "loadState", "load"),
    (WaitFor, "domcontentloaded", "loadState", "domcontentloaded"),
    (WaitFor, "networkidle", "loadState", "networkidle"),
    (WaitFor, "visible", "state", "visible"),
    (WaitFor, "hidden", "state", "hidden"),
    (WaitFor, "attached", "state", "attached"),
    (WaitFor, "detached", "state", "detached"),
];

/// Flags and options of a verb, for completion.
pub(super) fn flags(kind: RequestKind) -> Vec<String> {
    let flags = FLAGS.iter().filter(|flag| flag.0 == kind);
    let options = OPTIONS.iter().filter(|option| option.0 == kind);
    let options = options.map(|option| format!("--{}", option.1));
    flags.map(|flag| flag.1.to_owned()).chain(options).collect()
}

/// The field and value that a flag stands for.
fn flag(kind: RequestKind, word: &str) -> Option<(&'static str, Value)> {
    let word = if word == "jpg" { "jpeg" } else { word };
    let (.., field, value) = FLAGS.iter().find(|flag| (flag.0, flag.1) == (kind, word))?;
    Some((*field, typed(kind, field, value)))
}

/// The field behind a short name.
pub(super) fn full_name(kind: RequestKind, name: &str) -> &str {
    match (kind, name) {
        (_, "tab") => "tabId",
        (GetAxSnapshot, "interactive") => "interactiveOnly",
        (WaitFor, "load") => "loadState",
        (RequestKind::StartScreencast, "fps") => "maxFps",
        (RequestKind::StartScreencast, "width") => "maxWidth",
        (RequestKind::StartScreencast, "height") => "maxHeight",
        _ => name,
    }
}

/// Sets a field, or a field of an object (`viewport.width=800`).
fn put(kind: RequestKind, fields: &mut Map<String, Value>, name: &str, value: &str) {
    if let Some((outer, inner)) = name.split_once('.') {
        let slot = fields.entry(outer).or_insert_with(|| json!({}));
        if let Value::Object(object) = slot {
            let value = number(value).unwrap_or_else(|| value.into());
            object.insert(inner.to_owned(), value);
            return;
        }
    }
    fields.insert(name.to_owned(), typed(kind, name, value));
}

/// Converts text to the field's type. Text that cannot be converted stays text, and the protocol's parser reports what it
/// expected.
fn typed(kind: RequestKind, name: &str, text: &str) -> Value {
    let field = shape::of(kind).and_then(|shape| shape.field(name));
    let value = match (field.map_or(FieldType::Other, |field| field.kind), name) {
        (FieldType::Boolean, _) => match text {
            "on" | "true" | "yes" => Some(true.into()),
            "off" | "false" | "no" => Some(false.into()),
            _ => None,
        },
        (FieldType::Number, _) => number(text),
        (FieldType::Other, name) => by_name(name, text),
    };
    value.unwrap_or_else(|| text.into())
}

/// Fields with a short form, such as `10,-20` for a point.
fn by_name(field: &str, text: &str) -> Option<Value> {
    match field {
        "values" if !text.starts_with('[') => Some(json!([text])),
        "events" if !text.starts_with('[') => Some(names(text)),
        "values" | "events" | "files" | "args" | "modifiers" | "credentials" => {
            serde_json::from_str(text).ok()
        }
        "by" | "from" | "to" | "position" => point(text),
        "clip" => area(text),
        "viewport" => viewport(text),
        _ => None,
    }
}

/// `consoleMessage,other`; `none` is an empty list.
fn names(text: &str) -> Value {
    text.split(',')
        .filter(|name| !name.is_empty() && *name != "none")
        .collect()
}

fn number(text: &str) -> Option<Value> {
    let whole = text.parse::<i64>().ok().map(Value::from);
    whole.or_else(|| Some(serde_json::Number::from_f64(text.parse().ok()?)?.into()))
}

/// `10,-20`.
fn point(text: &str) -> Option<Value> {
    let (x, y) = text.split_once(',')?;
    Some(json!({ "x": number(x)?, "y": number(y)? }))
}

/// `0,100,640x480`.
fn area(text: &str) -> Option<Value> {
    let (x, rest) = text.split_once(',')?;
    let (y, size) = rest.split_once(',')?;
    let (width, height) = size.split_once(['x', 'X'])?;
    Some(json!({
        "x": number(x)?, "y": number(y)?, "width": number(width)?, "height": number(height)?,
    }))
}

/// `800x600` or `800x600@2`.
fn viewport(text: &str) -> Option<Value> {
    let (size, factor) = match text.split_once('@') {
        Some((size, factor)) => (size, Some(number(factor)?)),
        None => (text, None),
    };
    let (width, height) = size.split_once(['x', 'X'])?;
    let mut viewport = json!({ "width": number(width)?, "height": number(height)? });
    if let Some(factor) = factor {
        viewport["deviceScaleFactor"] = factor;
    }
    Some(viewport)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(kind: RequestKind, words: &str) -> Result<Value, FieldProblem> {
        let words: Vec<_> = words.split_whitespace().map(str::to_owned).collect();
        read(kind, &words).map(Value::Object)
    }

    #[test]
    fn words_find_their_fields() {
        use RequestKind::{CreateTab, GetScreenshot, Navigate, SetLoggedOutMode, StartScreencast};
        let cases = [
            (CreateTab, "", json!({})),
            (
                CreateTab,
                "http://a/?b=c --logged-out --viewport 800x600@1.5",
                json!({"url": "http://a/?b=c", "loggedOut": true,
                       "viewport": {"width": 800, "height": 600, "deviceScaleFactor": 1.5}}),
            ),
            (
                CreateTab,
                "viewport.width=8 viewport.height=6",
                json!({"viewport": {"width": 8, "height": 6}}),
            ),
            (
                Navigate,
                "t1 about:blank",
                json!({"tabId": "t1", "url": "about:blank"}),
            ),
            (
                GetScreenshot,
                "$ full png quality=5",
                json!({"tabId": "$", "fullPage": true, "format": "png", "quality": 5}),
            ),
            (
                GetScreenshot,
                "jpg t2",
                json!({"tabId": "t2", "format": "jpeg"}),
            ),
            (
                SetLoggedOutMode,
                "t1 on",
                json!({"tabId": "t1", "enabled": true}),
            ),
            (
                StartScreencast,
                "t1 fps=5",
                json!({"tabId": "t1", "maxFps": 5}),
            ),
            (
                Navigate,
                "tabId=t1 about:blank",
                json!({"tabId": "t1", "url": "about:blank"}),
            ),
            (
                StartScreencast,
                "tab=t1 timeoutMs=500",
                json!({"tabId": "t1", "timeoutMs": 500}),
            ),
        ];
        for (kind, words, expected) in cases {
            assert_eq!(fields(kind, words), Ok(expected), "{words}");
        }
    }

    #[test]
    fn words_of_page_actions_find_their_fields() {
        let cases = [
            (
                Click,
                "t1 text=Pay double",
                json!({"tabId": "t1", "selector": "text=Pay", "clickCount": 2}),
            ),
            (
                WaitFor,
                "t1 text=Paid",
                json!({"tabId": "t1", "text": "Paid"}),
            ),
            (
                RequestKind::Select,
                "t1 label=Size Large",
                json!({"tabId": "t1", "selector": "label=Size", "values": ["Large"]}),
            ),
            (
                RequestKind::Scroll,
                "t1 by=0,-100",
                json!({"tabId": "t1", "by": {"x": 0, "y": -100}}),
            ),
            (
                RequestKind::Subscribe,
                "t1 consoleMessage",
                json!({"tabId": "t1", "events": ["consoleMessage"]}),
            ),
            (
                RequestKind::Subscribe,
                "t1 none",
                json!({"tabId": "t1", "events": []}),
            ),
        ];
        for (kind, words, expected) in cases {
            assert_eq!(fields(kind, words), Ok(expected), "{words}");
        }
    }

    #[test]
    fn every_flag_that_is_completed_is_one() {
        for kind in RequestKind::ALL {
            for word in flags(*kind) {
                let is_option = word.starts_with("--");
                assert!(is_option || flag(*kind, &word).is_some(), "{kind:?} {word}");
                assert!(!is_unnamed(*kind, &word), "{kind:?} {word}");
            }
        }
    }

    #[test]
    fn words_without_a_place_are_refused() {
        let problem = |kind, words| fields(kind, words).unwrap_err();
        assert_eq!(
            problem(RequestKind::Ping, "t1"),
            FieldProblem::Unexpected("t1".to_owned())
        );
        assert_eq!(
            problem(RequestKind::CloseTab, "t1 --force"),
            FieldProblem::UnknownOption("--force".to_owned())
        );
        assert_eq!(
            problem(CreateTab, "--viewport"),
            FieldProblem::NoValue("--viewport".to_owned())
        );
    }
}
