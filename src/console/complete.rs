//! Completion of verbs and tabs, with the editor's helper around it.

use std::sync::{Arc, Mutex};

use rustyline::completion::Completer;
use rustyline::{Context, Helper, Highlighter, Hinter, Validator};

use super::verbs;

/// The tabs that can be completed: written as events come, read at the prompt.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownTabs(Arc<Mutex<Vec<String>>>);

impl KnownTabs {
    /// Replaces them.
    pub(super) fn set(&self, tabs: Vec<String>) {
        // A thread that died while it held the lock left a whole list behind.
        *self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = tabs;
    }

    fn get(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }
}

/// What the line editor asks.
#[derive(Debug, Helper, Highlighter, Hinter, Validator)]
pub(super) struct Prompt {
    pub(super) tabs: KnownTabs,
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

/// Where the word under the cursor starts, and what it can become: verbs at the start of a line,
/// tabs after them.
fn candidates(before: &str, tabs: &[String]) -> (usize, Vec<String>) {
    let start = before
        .rfind(char::is_whitespace)
        .map_or(0, |blank| blank + 1);
    let word = &before[start..];
    let all: Vec<String> = if before[..start].trim().is_empty() {
        verbs::first_words().map(str::to_owned).collect()
    } else {
        tabs.to_vec()
    };
    let mut fitting: Vec<_> = all
        .into_iter()
        .filter(|candidate| candidate.starts_with(word))
        .map(|candidate| candidate + " ")
        .collect();
    fitting.sort();
    fitting.dedup();
    (start, fitting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_completed_first_and_tabs_after_them() {
        let tabs = ["t1".to_owned(), "t12".to_owned()];
        assert_eq!(candidates("nav", &tabs), (0, vec!["navigate ".to_owned()]));
        assert_eq!(candidates("create", &tabs).1, ["create ", "createTab "]);
        assert_eq!(
            candidates("close t", &tabs),
            (6, vec!["t1 ".to_owned(), "t12 ".to_owned()])
        );
        assert_eq!(candidates("close t12", &tabs).1, ["t12 "]);
        assert_eq!(
            candidates("navigate t1 http", &tabs).1,
            Vec::<String>::new()
        );
    }
}
