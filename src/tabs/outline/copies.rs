//! The outlines that are kept for a caller, so that it can receive what has changed since, or a further page.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use cdp_bridge_protocol::TabId;

use super::request::OutlineForm;
use super::text::Outline;
use crate::lock::lock;

/// The maximum number of tabs of which outlines are kept. Those of the tab that was outlined longest ago are
/// dropped for others.
const MAX_TABS: usize = 8;

/// The maximum size of the outlines of one tab, in bytes.
const MAX_BYTES: usize = 512 * 1024;

/// The maximum number of outlines of one tab.
const MAX_COPIES: usize = 4;

/// The number of an outline among those of a caller.
pub type Revision = u64;

/// The kept outlines of one caller.
pub struct OutlineCopies(Mutex<Kept>);

/// Without the outlines, which have the texts and values of pages.
impl fmt::Debug for OutlineCopies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutlineCopies")
    }
}

/// The same, for one tab.
#[derive(Debug, Clone)]
pub struct KeptOutlines {
    copies: Arc<OutlineCopies>,
    tab: TabId,
}

struct Kept {
    last_revision: Revision,
    /// The tab that was outlined last is the last.
    tabs: VecDeque<(TabId, VecDeque<Copy>)>,
}

struct Copy {
    revision: Revision,
    form: OutlineForm,
    outline: Arc<Outline>,
    size: usize,
}

impl OutlineCopies {
    /// Numbers begin after `start`. Another caller's numbers should be others, so that one that a client still
    /// has from a lost connection names no outline of its next one.
    pub fn new(start: Revision) -> Self {
        Self(Mutex::new(Kept {
            last_revision: start,
            tabs: VecDeque::new(),
        }))
    }

    /// The outlines of one tab.
    pub fn of(self: &Arc<Self>, tab: TabId) -> KeptOutlines {
        KeptOutlines {
            copies: Arc::clone(self),
            tab,
        }
    }
}

impl KeptOutlines {
    /// A kept outline of this form. `None` if it is not kept any more.
    pub fn get(&self, revision: Revision, form: &OutlineForm) -> Option<Arc<Outline>> {
        let kept = lock(&self.copies.0);
        let (_, copies) = kept.tabs.iter().find(|(tab, _)| *tab == self.tab)?;
        let copy = copies.iter().find(|copy| copy.revision == revision)?;
        (copy.form == *form).then(|| Arc::clone(&copy.outline))
    }

    /// Keeps an outline. `None` if it is too large for that.
    pub fn keep(&self, form: OutlineForm, outline: Arc<Outline>) -> Option<Revision> {
        let size = outline.size();
        if size > MAX_BYTES {
            return None;
        }
        let mut kept = lock(&self.copies.0);
        kept.last_revision += 1;
        let revision = kept.last_revision;
        let known = kept.tabs.iter().position(|(tab, _)| *tab == self.tab);
        let known = known.and_then(|at| kept.tabs.remove(at));
        let (_, mut copies) = known.unwrap_or((self.tab, VecDeque::new()));
        copies.push_back(Copy {
            revision,
            form,
            outline,
            size,
        });
        let total = |copies: &VecDeque<Copy>| copies.iter().map(|copy| copy.size).sum::<usize>();
        while copies.len() > MAX_COPIES || total(&copies) > MAX_BYTES {
            copies.pop_front();
        }
        kept.tabs.push_back((self.tab, copies));
        if kept.tabs.len() > MAX_TABS {
            kept.tabs.pop_front();
        }
        Some(revision)
    }
}

#[cfg(test)]
mod tests {
    use super::super::node::Node;
    use super::super::request::Selection;
    use super::*;

    fn outline(bytes: usize) -> Arc<Outline> {
        let node = Node {
            role: "x".repeat(bytes),
            ..Node::default()
        };
        let form = OutlineForm::default();
        Arc::new(Outline::new(String::new(), vec![node], 0, &form))
    }

    fn copies() -> Arc<OutlineCopies> {
        Arc::new(OutlineCopies::new(100))
    }

    #[test]
    fn an_outline_is_kept_for_its_tab_and_its_form() {
        let copies = copies();
        let form = OutlineForm::default();
        let tab = copies.of(TabId::new(1));
        let revision = tab.keep(form.clone(), outline(10)).unwrap();
        assert_eq!(revision, 101);
        assert!(tab.get(revision, &form).is_some());
        assert!(tab.get(revision + 1, &form).is_none());
        assert!(copies.of(TabId::new(2)).get(revision, &form).is_none());
        let controls = OutlineForm {
            selection: Selection::Controls,
            ..form
        };
        assert!(tab.get(revision, &controls).is_none());
    }

    #[test]
    fn the_oldest_outlines_of_a_tab_are_dropped_for_new_ones() {
        let copies = copies();
        let form = OutlineForm::default();
        let tab = copies.of(TabId::new(1));
        let keep = |bytes| tab.keep(form.clone(), outline(bytes));
        let small: Vec<_> = (0..=MAX_COPIES).filter_map(|_| keep(10)).collect();
        assert!(tab.get(small[0], &form).is_none());
        assert!(small[1..].iter().all(|it| tab.get(*it, &form).is_some()));
        let large = keep(MAX_BYTES - 1000).unwrap();
        assert!(tab.get(large, &form).is_some());
        let next = keep(2000).unwrap();
        assert!(tab.get(large, &form).is_none());
        assert!(tab.get(next, &form).is_some());
        // It is not kept, and nothing is dropped for it.
        assert_eq!(keep(MAX_BYTES + 1), None);
        assert!(tab.get(next, &form).is_some());
    }

    #[test]
    fn the_tab_that_was_outlined_longest_ago_is_dropped_for_others() {
        let copies = copies();
        let form = OutlineForm::default();
        let keep = |tab| copies.of(TabId::new(tab)).keep(form.clone(), outline(1));
        let first = keep(1).unwrap();
        let second = keep(2).unwrap();
        for tab in 3..=8 {
            keep(tab);
        }
        let again = keep(1).unwrap();
        keep(9);
        assert!(copies.of(TabId::new(1)).get(first, &form).is_some());
        assert!(copies.of(TabId::new(1)).get(again, &form).is_some());
        assert!(copies.of(TabId::new(2)).get(second, &form).is_none());
    }
}
