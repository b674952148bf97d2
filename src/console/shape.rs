//! The fields of each request, read from the protocol's JSON Schema, for help and completion (pure).

use std::fmt::Write as _;
use std::sync::LazyLock;

use cdp_bridge_protocol::RequestKind;
use serde_json::Value;

#[derive(Debug)]
pub(super) struct Shape {
    pub(super) kind: RequestKind,
    pub(super) about: String,
    /// Required fields first, the envelope's last.
    pub(super) fields: Vec<Field>,
}

/// How a typed word becomes the value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldType {
    Boolean,
    Number,
    /// Text, or a short form of the field.
    Other,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: FieldType,
    /// The accepted values, such as `text`, `1 to 100`, or the choices.
    pub(super) takes: String,
    pub(super) required: bool,
    pub(super) about: String,
    /// All accepted values, if they can be listed.
    pub(super) choices: Vec<String>,
}

/// Fields of the envelope, in the order in which help shows them.
const COMMON: [&str; 3] = ["timeoutMs", "idempotencyKey", "requestId"];

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let schema = cdp_bridge_protocol::schema::requests();
    let shapes = RequestKind::ALL.iter();
    shapes.map(|kind| shape(*kind, &schema["$defs"])).collect()
});

pub(super) fn of(kind: RequestKind) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.kind == kind)
}

impl Shape {
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The required fields; `tabId` first.
    pub(super) fn required(&self) -> impl Iterator<Item = &str> {
        let required = self.fields.iter().filter(|field| field.required);
        required.map(|field| field.name.as_str())
    }

    /// A usage line, for requests without a hand-written one.
    pub(super) fn usage(&self) -> String {
        let mut usage = self.kind.as_str().to_owned();
        for field in &self.fields {
            let name = &field.name;
            // Writing to a string cannot fail.
            let _ = match name.as_str() {
                "tabId" => write!(usage, " TAB"),
                _ if field.required => write!(usage, " {}", name.to_uppercase()),
                common if COMMON.contains(&common) => Ok(()),
                _ => write!(usage, " [{name}={}]", field.takes),
            };
        }
        usage
    }
}

fn shape(kind: RequestKind, definitions: &Value) -> Shape {
    let request = &definitions[kind.as_str()];
    let required = request["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|it| it == name));
    let properties = request["properties"].as_object();
    let own = properties.into_iter().flatten();
    let mut fields: Vec<Field> = own
        .filter(|(name, _)| *name != "type")
        .map(|(name, schema)| Field {
            name: name.clone(),
            kind: field_type(schema, definitions),
            takes: takes(schema, definitions),
            required: is_required(name),
            about: about(schema, definitions),
            choices: choices(schema, definitions),
        })
        .collect();
    let place = |field: &Field| COMMON.iter().position(|name| *name == field.name);
    fields.sort_by_key(|field| {
        let common = place(field).map_or(0, |place| place + 1);
        (common, !field.required, field.name != "tabId")
    });
    Shape {
        kind,
        about: text(&request["description"]),
        fields,
    }
}

fn text(description: &Value) -> String {
    let text = description.as_str().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn about(schema: &Value, definitions: &Value) -> String {
    match text(&schema["description"]) {
        own if own.is_empty() => text(&resolved(schema, definitions)["description"]),
        own => own,
    }
}

/// Resolves a `$ref`.
fn resolved<'a>(schema: &'a Value, definitions: &'a Value) -> &'a Value {
    let name = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next());
    name.map_or(schema, |name| &definitions[name])
}

/// The alternatives of a schema (`anyOf`, `oneOf`), without `null`. Those of an object only say which of its fields
/// go together.
fn forms<'a>(schema: &'a Value, definitions: &'a Value) -> Vec<&'a Value> {
    let schema = resolved(schema, definitions);
    if schema["properties"].is_object() {
        return vec![schema];
    }
    let several = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
    match several {
        None => vec![schema],
        Some(several) => {
            let several = several.iter().filter(|form| form["type"] != "null");
            several.flat_map(|form| forms(form, definitions)).collect()
        }
    }
}

fn choices(schema: &Value, definitions: &Value) -> Vec<String> {
    let forms = forms(schema, definitions);
    let words = forms
        .iter()
        .map(|form| form["const"].as_str().map(str::to_owned));
    words.collect::<Option<_>>().unwrap_or_else(|| {
        let only = forms.first().filter(|form| is(form, "boolean"));
        only.map_or_else(Vec::new, |_| vec!["on".to_owned(), "off".to_owned()])
    })
}

/// Whether the schema allows this JSON type.
fn is(schema: &Value, name: &str) -> bool {
    match &schema["type"] {
        Value::Array(types) => types.iter().any(|it| it == name),
        one => one == name,
    }
}

fn field_type(schema: &Value, definitions: &Value) -> FieldType {
    let forms = forms(schema, definitions);
    if forms.iter().all(|form| is(form, "boolean")) {
        FieldType::Boolean
    } else if forms
        .iter()
        .all(|form| is(form, "integer") || is(form, "number"))
    {
        FieldType::Number
    } else {
        FieldType::Other
    }
}

fn takes(schema: &Value, definitions: &Value) -> String {
    let forms = forms(schema, definitions);
    let mut words: Vec<String> = forms
        .iter()
        .map(|form| form_takes(form, definitions))
        .collect();
    words.dedup();
    let all_constant = forms.iter().all(|form| form["const"].is_string());
    words.join(if all_constant { "|" } else { " or " })
}

fn form_takes(form: &Value, definitions: &Value) -> String {
    if let Some(word) = form["const"].as_str() {
        return word.to_owned();
    }
    if is(form, "boolean") {
        return "on|off".to_owned();
    }
    if is(form, "integer") || is(form, "number") {
        return match (form["minimum"].as_f64(), form["maximum"].as_f64()) {
            (Some(least), Some(most)) => format!("{least} to {most}"),
            _ => "number".to_owned(),
        };
    }
    if is(form, "array") {
        return format!("[{}, …]", takes(&form["items"], definitions));
    }
    if let Some(fields) = form["properties"].as_object() {
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        return format!("{{{}}}", names.join(", "));
    }
    if is(form, "string") {
        "text"
    } else {
        "any JSON"
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: RequestKind, name: &str) -> &'static Field {
        of(kind).unwrap().field(name).unwrap()
    }

    #[test]
    fn every_field_of_every_request_says_what_it_takes_and_what_it_is() {
        for kind in RequestKind::ALL {
            let shape = of(*kind).unwrap();
            assert!(!shape.about.is_empty(), "{kind:?}");
            for field in &shape.fields {
                let name = &field.name;
                assert!(!field.takes.is_empty(), "{kind:?} {name}");
                assert!(!field.about.is_empty(), "{kind:?} {name}");
            }
            assert_eq!(shape.fields.last().unwrap().name, "requestId");
        }
    }

    #[test]
    fn types_are_written_as_they_are_typed() {
        use RequestKind::{
            Click, CreateTab, GetScreenshot, Scroll, Select, SetLoggedOutMode, Upload,
        };
        for (kind, name, takes) in [
            (GetScreenshot, "format", "jpeg|png|webp"),
            (GetScreenshot, "quality", "1 to 100"),
            (GetScreenshot, "clip", "{height, width, x, y}"),
            (GetScreenshot, "selector", "text"),
            (SetLoggedOutMode, "enabled", "on|off"),
            (Click, "x", "number"),
            (Click, "modifiers", "[Alt|Control|Meta|Shift, …]"),
            (Scroll, "to", "top or bottom or {x, y}"),
            (Select, "values", "[0 to 4294967295 or text, …]"),
            (CreateTab, "viewport", "{deviceScaleFactor, height, width}"),
            (Upload, "files", "[{data, fileId, mime, name}, …]"),
        ] {
            let found = &field(kind, name).takes;
            if name == "values" {
                assert!(found.ends_with("text, …]"), "{found}");
            } else {
                assert_eq!(found, takes, "{kind:?} {name}");
            }
        }
    }

    #[test]
    fn a_usage_shows_the_fields_of_the_request_and_not_those_of_every_request() {
        assert_eq!(
            of(RequestKind::ScrollIntoView).unwrap().usage(),
            "scrollIntoView TAB SELECTOR"
        );
        assert_eq!(
            of(RequestKind::GetDomSnapshot).unwrap().usage(),
            "getDomSnapshot TAB [format=html|structured]"
        );
    }

    #[test]
    fn what_can_be_chosen_from_is_known() {
        assert_eq!(
            field(RequestKind::GetScreenshot, "format").choices,
            ["jpeg", "png", "webp"]
        );
        assert_eq!(
            field(RequestKind::SetLoggedOutMode, "enabled").choices,
            ["on", "off"]
        );
        assert!(
            field(RequestKind::Scroll, "to").choices.is_empty(),
            "a point too"
        );
        assert!(field(RequestKind::Navigate, "url").choices.is_empty());
        let tab = &of(RequestKind::Navigate).unwrap().fields[0];
        assert!(tab.required && tab.name == "tabId");
    }
}
