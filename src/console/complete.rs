//! Completion of verbs, tabs, fields and their values, with the editor's helper around it.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::{Context, Helper, Validator};

use super::shape::{self, Shape};
use super::style::Style;
use super::verbs::{self, LAST_TAB, Verb};
use super::{fields, tokenizer};

/// Tab ids for completion: the connection writes them, the editor's thread reads them.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownTabs(Arc<Mutex<Vec<String>>>);

impl KnownTabs {
    pub(super) fn set(&self, tabs: Vec<String>) {
        // The list is replaced as a whole, so a poisoned lock still guards a consistent one.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = tabs;
    }

    fn get(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The line editor's helper: completion, usage hints and their colour.
#[derive(Debug, Helper, Validator)]
pub(super) struct Prompt {
    pub(super) tabs: KnownTabs,
    pub(super) style: Style,
}

impl Completer for Prompt {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(candidates(
            line.get(..position).unwrap_or(line),
            &self.tabs.get(),
        ))
    }
}

impl Hinter for Prompt {
    type Hint = String;

    fn hint(&self, line: &str, position: usize, _: &Context<'_>) -> Option<String> {
        // Without colours a hint cannot be told from typed text.
        (self.style.is_on() && position == line.len()).then(|| usage_after(line))?
    }
}

impl Highlighter for Prompt {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        self.style.dim(hint).into()
    }
}

/// The usage of the verb before the cursor, without the verb; shown once a space follows it.
fn usage_after(line: &str) -> Option<String> {
    let name = line.strip_suffix(' ')?.trim_start();
    let (_, rest) = verbs::find(name)?.usage.split_once(' ')?;
    Some(rest.to_owned())
}

/// The start of the word under the cursor, and its completions.
fn candidates(before: &str, tabs: &[String]) -> (usize, Vec<String>) {
    let start = before
        .rfind(char::is_whitespace)
        .map_or(0, |blank| blank + 1);
    let word = &before[start..];
    // An open quote cannot be split into words, so nothing is completed.
    let typed = tokenizer::split(&before[..start]).unwrap_or_default();
    let all = match typed.split_first() {
        None if before[..start].trim().is_empty() => followed_by(verbs::first_words(), " "),
        None => Vec::new(),
        Some((help, _)) if matches!(help.as_str(), "help" | "?") => {
            followed_by(verbs::request_words(), "")
        }
        Some((name, typed)) => match verbs::find(name) {
            Some(verb) => arguments(verb, typed, word, tabs),
            None => Vec::new(),
        },
    };
    let mut fitting: Vec<_> = all
        .into_iter()
        .filter(|candidate| candidate.starts_with(word) && candidate != word)
        .collect();
    fitting.sort();
    fitting.dedup();
    (start, fitting)
}

fn followed_by<'a>(words: impl Iterator<Item = &'a str>, end: &str) -> Vec<String> {
    words.map(|word| format!("{word}{end}")).collect()
}

/// Completions of `word` after a verb and the words typed so far.
fn arguments(verb: &Verb, typed: &[String], word: &str, tabs: &[String]) -> Vec<String> {
    let Some(shape) = shape::of(verb.kind) else {
        return Vec::new();
    };
    if let Some((name, _)) = word.split_once('=') {
        let values = values(shape, fields::full_name(verb.kind, name), tabs);
        return values
            .iter()
            .map(|value| format!("{name}={value} "))
            .collect();
    }
    let is_typed = |name: &str| {
        typed
            .iter()
            .any(|word| word.starts_with(&format!("{name}=")))
    };
    let mut all = Vec::new();
    let unnamed = typed
        .iter()
        .filter(|word| fields::is_unnamed(verb.kind, word));
    let places = fields::positional(verb.kind).into_iter();
    let mut places = places.filter(|field| !is_typed(field));
    let taken: Vec<&str> = places.by_ref().take(unnamed.count()).collect();
    if let Some(next) = places.next() {
        let values = values(shape, next, tabs);
        let fits = values.iter().any(|value| value.starts_with(word));
        all.extend(values.iter().map(|value| format!("{value} ")));
        if next == "tabId" && (fits || word.is_empty()) {
            // A tab id is required first; other candidates would only hide the ids.
            return all;
        }
    }
    let flags = fields::flags(verb.kind);
    all.extend(followed_by(flags.iter().map(String::as_str), " "));
    let is_taken = |name: &str| is_typed(name) || taken.contains(&name);
    let open = shape.fields.iter().filter(|field| !is_taken(&field.name));
    all.extend(open.map(|field| format!("{}=", field.name)));
    all
}

/// The values of a field that can be completed.
fn values(shape: &Shape, name: &str, tabs: &[String]) -> Vec<String> {
    if name == "tabId" {
        let last = (!tabs.is_empty()).then(|| LAST_TAB.to_owned());
        return tabs.iter().cloned().chain(last).collect();
    }
    let field = shape.fields.iter().find(|field| field.name == name);
    field.map_or_else(Vec::new, |field| field.choices.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(line: &str) -> Vec<String> {
        candidates(line, &["t1".to_owned(), "t12".to_owned()]).1
    }

    #[test]
    fn verbs_come_first() {
        assert_eq!(candidates("nav", &[]), (0, vec!["navigate ".to_owned()]));
        assert_eq!(
            completed("create"),
            ["create ", "createSession ", "createTab "]
        );
        assert_eq!(completed("help sho"), ["shot"]);
        assert_eq!(completed("nonsense t"), Vec::<String>::new());
    }

    #[test]
    fn tabs_come_where_a_tab_is_wanted_and_nowhere_else() {
        assert_eq!(
            candidates("close t1", &["t12".to_owned()]),
            (6, vec!["t12 ".to_owned()])
        );
        assert_eq!(completed("close "), ["$ ", "t1 ", "t12 "]);
        assert_eq!(completed("shot t"), ["t1 ", "t12 "], "and not `timeoutMs=`");
        assert_eq!(
            completed("close tabId="),
            ["tabId=$ ", "tabId=t1 ", "tabId=t12 "]
        );
        assert_eq!(completed("navigate t1 t"), ["timeoutMs="]);
        assert_eq!(completed("create t"), ["timeoutMs="]);
        assert_eq!(candidates("close ", &[]).1, Vec::<String>::new());
    }

    #[test]
    fn fields_and_what_they_may_be_come_after_the_tab() {
        assert_eq!(completed("shot t1 f"), ["format=", "full ", "fullPage="]);
        assert_eq!(
            completed("shot t1 format="),
            ["format=jpeg ", "format=png ", "format=webp "]
        );
        assert_eq!(
            completed("shot t1 full fullPage=o"),
            ["fullPage=off ", "fullPage=on "]
        );
        assert_eq!(completed("logged-out t1 o"), ["off ", "on "]);
        assert_eq!(completed("snapshot t1 s"), ["structured "]);
        assert_eq!(completed("query t1 che"), ["checked "]);
        assert_eq!(completed("until t1 load"), ["load ", "loadState="]);
        assert!(!completed("shot t1 quality=5 ").contains(&"quality=".to_owned()));
    }

    #[test]
    fn words_in_quotes_are_left_alone() {
        assert_eq!(completed("fill t1 \"label=E-mail ad"), Vec::<String>::new());
    }

    #[test]
    fn the_usage_is_hinted_once_a_verb_is_typed() {
        assert_eq!(usage_after("navigate "), Some("TAB URL".to_owned()));
        assert_eq!(usage_after("navigate"), None);
        assert_eq!(usage_after("navigate t1 "), None);
        assert_eq!(usage_after("ping "), None);
    }
}
