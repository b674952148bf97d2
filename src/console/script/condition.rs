//! Conditions of `expect` (pure).

use std::fmt;

use cdp_bridge_protocol::{Event, TabId};
use serde_json::Value;

use crate::console::text::shown;
use crate::console::verbs::{LAST_TAB, NoTabYet};

/// An event's name and conditions on its fields, all of which must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expectation {
    pub(super) event: String,
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    path: String,
    relation: Relation,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Is,
    IsNot,
    Contains,
    AtLeast,
    AtMost,
}

/// The words after `expect` cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpectationProblem {
    /// There is no word.
    #[error("no event; usage: expect EVENT [path=value …]")]
    NoEvent,
    /// The protocol has no such event, so waiting for it could not succeed.
    #[error("unknown event `{0}`, expected one of {names}", names = Event::NAMES.join(", "))]
    UnknownEvent(String),
    /// A word without a relation such as `=`.
    #[error(
        "invalid condition `{0}`; expected path=value, path!=value, path~=part, path>=number or path<=number"
    )]
    Condition(String),
    /// `>=` or `<=` with a value that is not a number.
    #[error("`{0}` compares with something that is not a number")]
    NotANumber(String),
}

/// Parses the words after `expect`.
pub(super) fn parse(words: &[String]) -> Result<Expectation, ExpectationProblem> {
    let (event, conditions) = words.split_first().ok_or(ExpectationProblem::NoEvent)?;
    if !Event::NAMES.contains(&event.as_str()) {
        return Err(ExpectationProblem::UnknownEvent(event.clone()));
    }
    Ok(Expectation {
        event: event.clone(),
        conditions: conditions
            .iter()
            .map(|word| condition(word))
            .collect::<Result<_, _>>()?,
    })
}

fn condition(word: &str) -> Result<Condition, ExpectationProblem> {
    let wrong = || ExpectationProblem::Condition(word.to_owned());
    let (left, text) = word.split_once('=').ok_or_else(wrong)?;
    let relations = [
        ('!', Relation::IsNot),
        ('~', Relation::Contains),
        ('>', Relation::AtLeast),
        ('<', Relation::AtMost),
    ];
    let (path, relation) = relations
        .iter()
        .find_map(|(mark, relation)| Some((left.strip_suffix(*mark)?, *relation)))
        .unwrap_or((left, Relation::Is));
    if path.is_empty() || !path.chars().all(|c| c.is_ascii_alphanumeric() || c == '.') {
        return Err(wrong());
    }
    let compares = matches!(relation, Relation::AtLeast | Relation::AtMost);
    if compares && text.parse::<f64>().is_err() {
        return Err(ExpectationProblem::NotANumber(word.to_owned()));
    }
    Ok(Condition {
        path: path.to_owned(),
        relation,
        text: text.to_owned(),
    })
}

impl Expectation {
    /// The same with `$` replaced by the tab created last.
    pub(super) fn resolve(&self, last_tab: Option<TabId>) -> Result<Self, NoTabYet> {
        let mut resolved = self.clone();
        for condition in &mut resolved.conditions {
            if condition.text == LAST_TAB {
                condition.text = last_tab.ok_or(NoTabYet)?.to_string();
            }
        }
        Ok(resolved)
    }

    /// Whether an event matches.
    pub(super) fn matches(&self, event: &Value) -> bool {
        event["type"] == self.event.as_str()
            && self
                .conditions
                .iter()
                .all(|condition| condition.holds(event))
    }
}

impl Condition {
    fn holds(&self, event: &Value) -> bool {
        let found = lookup(event, &self.path);
        match self.relation {
            Relation::Is => found.is_some_and(|value| equal(&value, &self.text)),
            Relation::IsNot => !found.is_some_and(|value| equal(&value, &self.text)),
            Relation::Contains => found.is_some_and(|value| match value {
                Value::String(text) => text.contains(&self.text),
                other => other.to_string().contains(&self.text),
            }),
            Relation::AtLeast => self.compare(found).is_some_and(|(a, b)| a >= b),
            Relation::AtMost => self.compare(found).is_some_and(|(a, b)| a <= b),
        }
    }

    fn compare(&self, found: Option<Value>) -> Option<(f64, f64)> {
        Some((found?.as_f64()?, self.text.parse().ok()?))
    }
}

/// The value at a path of an event, as text; `None` if the path does not exist.
pub(super) fn text_at(event: &Value, path: &str) -> Option<String> {
    match lookup(event, path)? {
        Value::String(text) => Some(text),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

/// Follows a dotted path; `length` of an array is its number of elements.
fn lookup(event: &Value, path: &str) -> Option<Value> {
    let mut here = event;
    for key in path.split('.') {
        here = match here {
            Value::Object(object) => object.get(key)?,
            Value::Array(array) if key == "length" => return Some(array.len().into()),
            Value::Array(array) => array.get(key.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(here.clone())
}

fn equal(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value == text,
        Value::Number(number) => {
            // Compared as numbers, so that 2 equals 2.0, and as text, so that large integers keep their precision.
            let same = |a: f64, b: f64| a.total_cmp(&b).is_eq();
            number.to_string() == text
                || matches!((number.as_f64(), text.parse()), (Some(a), Ok(b)) if same(a, b))
        }
        other => {
            let written = other.to_string();
            written == text
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an event `{}`", self.event)?;
        for (place, condition) in self.conditions.iter().enumerate() {
            let and = if place == 0 { " with" } else { " and" };
            let relation = match condition.relation {
                Relation::Is => "=",
                Relation::IsNot => "!=",
                Relation::Contains => "~=",
                Relation::AtLeast => ">=",
                Relation::AtMost => "<=",
            };
            let text = shown(&condition.text, 200);
            write!(f, "{and} {}{relation}{text}", condition.path)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn matches(expectation: &str, event: &Value) -> bool {
        parse(&words(expectation)).unwrap().matches(event)
    }

    #[test]
    fn every_condition_must_hold() {
        let event = json!({
            "type": "navigated", "id": "t1", "url": "http://a/?b=c", "status": 200, "sameDocument": true,
        });
        for holds in [
            "navigated",
            "navigated id=t1 status=200",
            "navigated status>=200 status<=299 status=200.0",
            "navigated url~=?b=",
            "navigated url=http://a/?b=c",
            "navigated sameDocument=true status!=404 absent!=x status~=20",
        ] {
            assert!(matches(holds, &event), "{holds}");
        }
        for fails in [
            "tabClosed",
            "navigated id=t2",
            "navigated id=t1 status=404",
            "navigated status>=201",
            "navigated id>=1",
            "navigated absent=x",
            "navigated url.deeper=x",
            "navigated status!=200",
        ] {
            assert!(!matches(fails, &event), "{fails}");
        }
    }

    #[test]
    fn a_path_goes_into_objects_and_arrays() {
        let event = json!({"type": "tabs", "tabs": [{"id": "t1"}, {"id": "t2"}]});
        assert!(matches(
            "tabs tabs.1.id=t2 tabs.length=2 tabs.length>=1",
            &event
        ));
        assert!(!matches("tabs tabs.2.id=t3", &event));
    }

    #[test]
    fn what_is_no_expectation_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "no event"),
            (
                "navigate",
                "unknown event `navigate`, expected one of welcome, tabCreated",
            ),
            ("navigated id", "invalid condition `id`"),
            ("navigated =x", "invalid condition `=x`"),
            ("navigated status>=ok", "not a number"),
        ] {
            let error = parse(&words(text)).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn the_last_tab_is_filled_in_and_the_expectation_is_readable() {
        let expectation = parse(&words("navigated id=$ url~=$x")).unwrap();
        assert_eq!(expectation.resolve(None), Err(NoTabYet));
        let resolved = expectation.resolve(Some(TabId::new(3))).unwrap();
        assert_eq!(
            resolved.to_string(),
            "an event `navigated` with id=t3 and url~=$x"
        );
    }
}
