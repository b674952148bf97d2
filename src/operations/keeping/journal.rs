//! Which tabs are new, changed or gone since they were written. No I/O.

use std::collections::{BTreeSet, HashMap};

use cdp_bridge_protocol::TabId;
use tokio::time::Instant;

use super::once_key::Making;
use super::rows;
use crate::sealing::Sealer;
use crate::store::{ScopeKey, Write};
use crate::tabs::{Scope, TabView};

/// The present by both clocks.
pub(super) type Now = (Instant, u64);

/// So many owners more than needed are remembered.
const FEW: usize = 64;

/// How much of the tabs is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Depth {
    /// Which of them there are.
    Number,
    /// Where they are, and what they start with.
    State,
    /// When they were used, too.
    Use,
}

/// The tabs as they were written.
#[derive(Debug, Default)]
pub(super) struct Journal {
    written: HashMap<(Scope, TabId), TabView>,
    /// All owners of tabs so far, of which rows may be there that should not.
    scopes: BTreeSet<ScopeKey>,
    /// Something could not be written: all is written again.
    is_behind: bool,
    /// Keys under which tabs were made, until they are written.
    keys: Vec<Write>,
}

impl Journal {
    /// Tabs of these scopes were written by an earlier process. `has_strays`: not all of them have come back, and their rows
    /// are to go, so that a later process does not open them either.
    pub(super) fn over(scopes: impl IntoIterator<Item = ScopeKey>, has_strays: bool) -> Self {
        Self {
            scopes: scopes.into_iter().collect(),
            is_behind: has_strays,
            ..Self::default()
        }
    }

    /// The last changes are written.
    pub(super) fn done(&mut self) {
        self.keys.clear();
        // Nothing is left of the owners whose tabs are gone. They are not looked for each time.
        if !self.is_behind && self.scopes.len() > 2 * self.written.len() + FEW {
            let owners = self.written.keys();
            self.scopes = owners.map(|(scope, _)| rows::scope_key(scope)).collect();
        }
    }

    /// The last changes could not be written.
    pub(super) fn lost(&mut self) {
        self.is_behind = true;
    }

    /// What has to be written, now that these tabs are there.
    pub(super) fn changes(
        &mut self,
        tabs: Vec<TabView>,
        (sealer, making): (&Sealer, &Making),
        depth: Depth,
        now: Now,
    ) -> Vec<Write> {
        let mut writes = Vec::new();
        if std::mem::take(&mut self.is_behind) {
            self.written.clear();
            writes.extend(self.scopes.iter().cloned().map(Write::RemoveTabs));
        }
        let mut used: HashMap<ScopeKey, Vec<(u64, u64)>> = HashMap::new();
        let mut gone = std::mem::take(&mut self.written);
        for tab in tabs {
            let key = (tab.scope.clone(), tab.id);
            let before = gone.remove(&key);
            let is_current = before
                .as_ref()
                .is_some_and(|before| depth < Depth::State || before.is_kept_like(&tab));
            if is_current {
                let before = before.unwrap_or_else(|| tab.clone());
                let is_used = depth == Depth::Use && before.last_used != tab.last_used;
                if is_used {
                    let of_scope = used.entry(rows::scope_key(&tab.scope)).or_default();
                    of_scope.push((tab.id.number(), tab.last_used_ms(now)));
                }
                self.written.insert(key, if is_used { tab } else { before });
                continue;
            }
            match rows::tab(sealer, &tab.kept(now)) {
                Ok(row) => {
                    self.scopes.insert(row.scope.clone());
                    writes.push(Write::PutTab(row));
                }
                Err(error) => {
                    tracing::error!(tab = %tab.id, %error, "a tab is not kept");
                    self.is_behind = true;
                }
            }
            let made = before.is_none().then_some(tab.created_by).flatten();
            self.keys
                .extend(made.and_then(|call| making.key_of(call, tab.id)));
            self.written.insert(key, tab);
        }
        for (scope, tab) in gone.into_keys() {
            writes.push(Write::RemoveTab(rows::scope_key(&scope), tab.number()));
        }
        self.keys.extend(making.take_void());
        writes.extend(self.keys.iter().cloned());
        let used = used.into_iter();
        writes.extend(used.map(|(scope, uses)| Write::TabsUsed(scope, uses)));
        writes
    }
}
