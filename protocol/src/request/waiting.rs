//! What requests wait for: the document that a navigation leads to, and conditions.

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::RequestBody;
use super::parse::{FieldError, Validate, broken};
use crate::ids::TabRef;

/// How far the document of a navigation shall be before the request is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaitUntil {
    /// It is there.
    #[default]
    Commit,
    /// Its HTML has been read.
    DomContentLoaded,
    /// What belongs to it has been loaded.
    Load,
    /// It has asked for nothing for half a second since; `WebSocket`s do not count.
    NetworkIdle,
}

impl WaitUntil {
    /// The name as it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::DomContentLoaded => "domcontentloaded",
            Self::Load => "load",
            Self::NetworkIdle => "networkidle",
        }
    }

    /// What is waited for once the document is there.
    pub fn load_state(self) -> Option<LoadState> {
        match self {
            Self::Commit => None,
            Self::DomContentLoaded => Some(LoadState::DomContentLoaded),
            Self::Load => Some(LoadState::Load),
            Self::NetworkIdle => Some(LoadState::NetworkIdle),
        }
    }
}

impl From<LoadState> for WaitUntil {
    fn from(state: LoadState) -> Self {
        match state {
            LoadState::DomContentLoaded => Self::DomContentLoaded,
            LoadState::Load => Self::Load,
            LoadState::NetworkIdle => Self::NetworkIdle,
        }
    }
}

/// What an element shall be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum WaitState {
    /// In the page, with a box, and not hidden.
    #[default]
    Visible,
    /// Not in the page, or without a box, or hidden.
    Hidden,
    /// In the page.
    Attached,
    /// Not in the page.
    Detached,
}

/// How far a page shall have loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LoadState {
    /// Its HTML has been read.
    DomContentLoaded,
    /// What belongs to it has been loaded.
    Load,
    /// It has asked for nothing for half a second since; `WebSocket`s do not count.
    NetworkIdle,
}

/// The most conditions of `any`.
const MAX_ANY: usize = 10;

/// The longest regular expression, in characters.
const MAX_REGEX: usize = 1000;

/// A struct with the fields of a condition, of which exactly one is given. `any`: it may also have several conditions.
macro_rules! condition {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$before:meta])* $field:ident: $type:ty,)* } $(with $any:ident)?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        #[schemars(transform = one_condition)]
        pub struct $name {
            $($(#[$before])* pub $field: $type,)*
            /// The element.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub selector: Option<String>,
            /// What the element shall be; `visible` if absent.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub state: Option<WaitState>,
            /// How far the page shall have loaded.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub load_state: Option<LoadState>,
            /// Where the tab shall be: a glob, in which `*` stands for anything but `/`, `**` for anything
            /// and `?` for one character.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub url: Option<String>,
            /// Where the tab shall be: a regular expression that matches a part of the URL. It has the syntax of the
            /// Rust crate `regex`, which is that of JavaScript without look-around and back-references.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub url_regex: Option<String>,
            /// Text that shall be visible somewhere in the page; white space and case do not count.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub text: Option<String>,
            /// A script as that of `evaluate`, whose value shall be true in the sense of JavaScript. It is run again and
            /// again in the page, and in those that follow.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub expression: Option<String>,
            /// What the function in `expression` is called with.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub args: Option<Vec<Value>>,
            $(
                /// Several conditions, of which one shall be so.
                #[serde(skip_serializing_if = "Option::is_none")]
                #[schemars(length(min = 1, max = 10))]
                pub $any: Option<Vec<Condition>>,
            )?
        }

        impl $name {
            /// The condition, if there is only one.
            fn condition(&self) -> Condition {
                Condition {
                    selector: self.selector.clone(),
                    state: self.state,
                    load_state: self.load_state,
                    url: self.url.clone(),
                    url_regex: self.url_regex.clone(),
                    text: self.text.clone(),
                    expression: self.expression.clone(),
                    args: self.args.clone(),
                }
            }

            /// The conditions of which one shall be so.
            pub fn conditions(&self) -> Vec<Condition> {
                $(if let Some(any) = &self.$any {
                    return any.clone();
                })?
                vec![self.condition()]
            }

            fn has_any(&self) -> Option<&[Condition]> {
                let any = None;
                $(let any = any.or(self.$any.as_deref());)?
                any
            }

            /// Whether it runs a script of the client in the page.
            pub fn runs_script(&self) -> bool {
                let inner = self.has_any().unwrap_or_default();
                self.expression.is_some() || inner.iter().any(|one| one.expression.is_some())
            }
        }
    };
}

condition! {
    /// One of several conditions: exactly one of its fields, where `state` goes with `selector` and `args` with `expression`.
    #[derive(Default)]
    Condition {}
}

condition! {
    /// Waits until something is so: exactly one of `selector`, `loadState`, `url`, `urlRegex`, `text`, `expression` and
    /// `any`. While the tab goes to another document, the conditions are about that one.
    WaitFor {
        /// The tab.
        tab_id: TabRef,
    } with any
}

condition! {
    /// What an action waits for when it has been done, as in `waitFor`. If it begins a navigation, the
    /// conditions are about the document that comes of it, never about the one before.
    #[derive(Default)]
    ActionWait {} with any
}

impl WaitFor {
    /// Waits for nothing yet: the condition is still to be set.
    pub fn of(tab: impl Into<TabRef>) -> Self {
        let tab_id = tab.into();
        let Condition {
            selector,
            state,
            load_state,
            url,
            url_regex,
            text,
            expression,
            args,
        } = Condition::default();
        Self {
            tab_id,
            selector,
            state,
            load_state,
            url,
            url_regex,
            text,
            expression,
            args,
            any: None,
        }
    }
}

/// The fields of which exactly one is given, with their types in JSON.
const ALTERNATIVES: [(&str, &str); 7] = [
    ("selector", "string"),
    ("loadState", "string"),
    ("url", "string"),
    ("urlRegex", "string"),
    ("text", "string"),
    ("expression", "string"),
    ("any", "array"),
];

/// Fields that only go with another one.
const COMPANIONS: [(&str, &str); 2] = [("state", "selector"), ("args", "expression")];

/// Adds to a schema that exactly one of the alternatives is given.
fn one_condition(schema: &mut Schema) {
    let has = |name: &str| schema.pointer(&format!("/properties/{name}")).is_some();
    let names = ALTERNATIVES.iter().filter(|(name, _)| has(name));
    let choices = names.clone().map(|(given, r#type)| {
        let mut properties = Map::new();
        properties.insert((*given).to_owned(), json!({ "type": r#type }));
        let others = names
            .clone()
            .map(|(name, _)| name)
            .filter(|it| *it != given);
        let companions = COMPANIONS.iter().filter(|(_, of)| of != given);
        for name in others.chain(companions.map(|(name, _)| name)) {
            properties.insert((*name).to_owned(), json!({ "type": "null" }));
        }
        json!({ "required": [given], "properties": properties })
    });
    let choices: Vec<Value> = choices.collect();
    schema.insert("oneOf".to_owned(), choices.into());
}

/// Checks the fields of a condition. `prefix` stands before the names of its fields in errors.
fn check(prefix: &str, one: &Condition, any: Option<&[Condition]>) -> Result<(), FieldError> {
    let given = [
        one.selector.is_some(),
        one.load_state.is_some(),
        one.url.is_some(),
        one.url_regex.is_some(),
        one.text.is_some(),
        one.expression.is_some(),
        any.is_some(),
    ];
    let path_of = |name: &str| format!("{prefix}{name}");
    let all = || {
        let names = ALTERNATIVES.iter().map(|(name, _)| *name);
        let names = names.filter(|name| *name != "any" || !prefix.contains('['));
        names.collect::<Vec<_>>().join(", ")
    };
    let mut names = ALTERNATIVES
        .iter()
        .zip(given)
        .filter_map(|((name, _), given)| given.then_some(*name));
    let first = match (names.next(), names.next()) {
        (None, _) => return broken(&path_of("selector"), &format!("expected one of {}", all())),
        (Some(_), Some(second)) => {
            return broken(&path_of(second), &format!("only one of {}", all()));
        }
        (Some(first), None) => first,
    };
    if first != "selector" && one.state.is_some() {
        return broken(&path_of("state"), "a state goes with a selector");
    }
    if first != "expression" && one.args.is_some() {
        return broken(&path_of("args"), "they go with an expression");
    }
    if one
        .url_regex
        .as_ref()
        .is_some_and(|regex| regex.chars().count() > MAX_REGEX)
    {
        let problem = format!("a regular expression has at most {MAX_REGEX} characters");
        return broken(&path_of("urlRegex"), &problem);
    }
    let Some(any) = any else { return Ok(()) };
    if any.is_empty() || any.len() > MAX_ANY {
        return broken(
            &path_of("any"),
            &format!("expected 1 to {MAX_ANY} conditions"),
        );
    }
    for (number, one) in any.iter().enumerate() {
        check(&format!("{prefix}any[{number}]."), one, None)?;
    }
    Ok(())
}

impl Validate for WaitFor {
    fn validate(&self) -> Result<(), FieldError> {
        check("", &self.condition(), self.has_any())
    }
}

impl RequestBody {
    /// What an action waits for afterwards.
    pub fn action_wait(&self) -> Option<&ActionWait> {
        match self {
            Self::Click(it) => it.wait_for.as_ref(),
            Self::Hover(it) => it.wait_for.as_ref(),
            Self::Check(it) => it.wait_for.as_ref(),
            Self::Uncheck(it) => it.wait_for.as_ref(),
            Self::Fill(it) => it.wait_for.as_ref(),
            Self::Type(it) => it.wait_for.as_ref(),
            Self::Press(it) => it.wait_for.as_ref(),
            Self::Select(it) => it.wait_for.as_ref(),
            Self::Drag(it) => it.wait_for.as_ref(),
            Self::Upload(it) => it.wait_for.as_ref(),
            _ => None,
        }
    }

    /// Whether it runs a script of the client in a page.
    pub fn runs_script(&self) -> bool {
        match self {
            Self::Evaluate(_) | Self::AddInitScript(_) => true,
            Self::WaitFor(it) => it.runs_script(),
            it => it.action_wait().is_some_and(ActionWait::runs_script),
        }
    }
}

/// Checks what an action waits for; a trial does nothing that could be waited for.
pub(super) fn check_action(
    wait: Option<&ActionWait>,
    trial: Option<bool>,
) -> Result<(), FieldError> {
    match wait {
        Some(_) if trial == Some(true) => broken("waitFor", "nothing follows a trial"),
        Some(wait) => check("waitFor.", &wait.condition(), wait.has_any()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(json: Value) -> String {
        let wait: WaitFor = serde_json::from_value(json).unwrap();
        let Err(error) = wait.validate() else {
            return String::new();
        };
        error.to_string()
    }

    #[test]
    fn exactly_one_condition_is_given() {
        for (fields, message) in [
            (json!({}), "selector: expected one of"),
            (json!({"selector": "a", "any": []}), "any: only one of"),
            (
                json!({"url": "a", "urlRegex": "b"}),
                "urlRegex: only one of",
            ),
            (
                json!({"text": "a", "state": "hidden"}),
                "state: a state goes",
            ),
            (json!({"url": "a", "args": []}), "args: they go"),
            (json!({"any": []}), "any: expected 1 to 10"),
            (
                json!({"any": [{"text": "a"}, {}]}),
                "any[1].selector: expected one of",
            ),
            (
                json!({"urlRegex": "x".repeat(1001)}),
                "urlRegex: a regular expression",
            ),
            (
                json!({"any": [{"text": "a"}, {"expression": "1", "args": [1]}]}),
                "",
            ),
        ] {
            let mut wait = fields.clone();
            wait["tabId"] = json!("t1");
            let found = problem(wait);
            assert!(found.starts_with(message), "{fields}: {found}");
            assert_eq!(found.is_empty(), message.is_empty(), "{fields}: {found}");
        }
    }

    #[test]
    fn a_script_is_found_wherever_it_is() {
        let runs = |json| {
            let wait: ActionWait = serde_json::from_value(json).unwrap();
            wait.runs_script()
        };
        assert!(runs(json!({"expression": "1"})));
        assert!(runs(json!({"any": [{"text": "a"}, {"expression": "1"}]})));
        assert!(!runs(json!({"any": [{"text": "a"}]})));
    }
}
