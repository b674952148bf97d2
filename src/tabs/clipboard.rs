//! The clipboard of each scope. No I/O.
//!
//! Chromium has one clipboard and one primary selection for the whole browser; browser contexts do not
//! separate them. A lock around copying and pasting would not either: a page can copy by script in the
//! seconds after any click, so that another client would paste it. Listeners in the pages that keep it
//! from Chromium's clipboard would not hold either, since `document.open()` removes them.
//!
//! Therefore no tab pastes from Chromium's clipboard: keys that would paste carry another editor command
//! (`page_actions/clipboard_keys.rs`), pages have no permission to read it, and pasting with the middle
//! button is switched off (`browser/flags.rs`). What reaches it is never read. The bridge pastes instead:
//! the script in the isolated worlds of a page reports what the page copies, and this is pasted into tabs
//! of the same scope only. A page that evades the script loses only its own copies.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, Weak};

use serde_json::value::RawValue;

use super::identity::Scope;
use crate::lock::lock;
use crate::metrics;

/// The maximum size of what is kept, in bytes of JSON. The script in the page limits the number of
/// characters; this bound holds for a renderer that runs something else.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What was copied: an object with the text of each MIME type.
pub(crate) type ClipboardData = Arc<RawValue>;

/// The clipboard that the tabs of one scope share.
#[derive(Default)]
pub(crate) struct ScopeClipboard(Mutex<Option<ClipboardData>>);

/// Without the content, which must not reach a log.
impl fmt::Debug for ScopeClipboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScopeClipboard")
    }
}

impl ScopeClipboard {
    /// Replaces the content by what a page of the scope has copied; `null` is a copy that was too long.
    pub(crate) fn replace(&self, copied: Box<RawValue>) {
        let kept = copied.get().starts_with('{') && copied.get().len() <= MAX_BYTES;
        if !kept {
            metrics::dropped("clipboard", "tooLarge");
        }
        *lock(&self.0) = kept.then(|| copied.into());
    }

    /// Parses and takes over a report of the script in a page.
    pub(crate) fn on_report(&self, report: &str) {
        // The error is not logged: it may contain a part of what was copied.
        if let Ok(copied) = RawValue::from_string(report.to_owned()) {
            self.replace(copied);
        } else {
            tracing::warn!("a page reported a copy that is not JSON");
        }
    }

    pub(crate) fn data(&self) -> Option<ClipboardData> {
        lock(&self.0).clone()
    }
}

/// The clipboards of all scopes. Each lasts as long as the scope has a tab.
#[derive(Default)]
pub(crate) struct Clipboards(Mutex<HashMap<Scope, Weak<ScopeClipboard>>>);

impl Clipboards {
    pub(crate) fn of(&self, scope: &Scope) -> Arc<ScopeClipboard> {
        let mut clipboards = lock(&self.0);
        if let Some(clipboard) = clipboards.get(scope).and_then(Weak::upgrade) {
            return clipboard;
        }
        clipboards.retain(|_, clipboard| clipboard.strong_count() > 0);
        let clipboard = Arc::new(ScopeClipboard::default());
        clipboards.insert(scope.clone(), Arc::downgrade(&clipboard));
        clipboard
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tabs::identity::ClientSessionId;

    fn content(clipboard: &ScopeClipboard) -> Option<String> {
        clipboard.data().map(|data| data.get().to_owned())
    }

    #[test]
    fn tabs_of_a_scope_share_a_clipboard_and_other_scopes_do_not() {
        let clipboards = Clipboards::default();
        let (one, same) = (clipboards.of(&"a".into()), clipboards.of(&"a".into()));
        let session = Scope {
            session: ClientSessionId::new(7),
            ..Scope::from("a")
        };
        let others = [clipboards.of(&"b".into()), clipboards.of(&session)];
        one.on_report(r#"{"text/plain":"x"}"#);
        assert_eq!(content(&same).as_deref(), Some(r#"{"text/plain":"x"}"#));
        assert!(others.iter().all(|other| other.data().is_none()));
    }

    #[test]
    fn a_clipboard_ends_with_the_last_tab_of_its_scope() {
        let clipboards = Clipboards::default();
        let first = clipboards.of(&"a".into());
        first.on_report(r#"{"text/plain":"x"}"#);
        drop(first);
        assert_eq!(content(&clipboards.of(&"a".into())), None);
        let _other = clipboards.of(&"b".into());
        assert_eq!(clipboards.0.lock().unwrap().len(), 1, "no entry is left");
    }

    #[test]
    fn a_copy_that_is_too_long_leaves_nothing_to_paste() {
        let clipboard = ScopeClipboard::default();
        for too_long in [
            "null".to_owned(),
            format!(r#"{{"t":"{}"}}"#, "x".repeat(MAX_BYTES)),
        ] {
            clipboard.on_report(r#"{"text/plain":"x"}"#);
            clipboard.on_report(&too_long);
            assert_eq!(content(&clipboard), None);
        }
    }

    #[test]
    fn a_report_that_is_not_json_changes_nothing() {
        let clipboard = ScopeClipboard::default();
        clipboard.on_report(r#"{"text/plain":"x"}"#);
        clipboard.on_report("{} + evil()");
        assert_eq!(
            content(&clipboard).as_deref(),
            Some(r#"{"text/plain":"x"}"#)
        );
    }
}
