//! What the store did not take, by session: it is tried again until it does, so that a session that has ended does not
//! come back.

use std::collections::BTreeMap;

use crate::sessions::SessionId;
use crate::store::{Transaction, Write};

/// The most sessions whose changes wait. What is beyond is given up.
const MOST: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Backlog(BTreeMap<SessionId, Transaction>);

impl Backlog {
    /// These changes of a session could not be written. False if they are given up.
    pub(super) fn add(&mut self, id: SessionId, writes: Transaction) -> bool {
        if self.0.len() >= MOST && !self.0.contains_key(&id) {
            return false;
        }
        let waiting = self.0.entry(id).or_default();
        if waiting.iter().any(is_end) && !writes.iter().any(is_end) {
            // It is older, and only came later: of two writes that failed together, either may be first here.
            return true;
        }
        if writes.iter().any(is_whole) {
            // The newer row says all that the older one did.
            waiting.retain(|it| !is_whole(it));
        }
        waiting.extend(writes);
        true
    }

    /// Everything that waits. It stays until it is [written](Self::written), so that what comes meanwhile waits behind it.
    pub(super) fn waiting(&self) -> Vec<(SessionId, Transaction)> {
        let waiting = self.0.iter();
        waiting.map(|(id, writes)| (*id, writes.clone())).collect()
    }

    /// These changes of a session are written, or cannot be. What was added meanwhile waits on: writing the older ones
    /// again before it changes nothing.
    pub(super) fn written(&mut self, id: SessionId, writes: &Transaction) {
        if self.0.get(&id) == Some(writes) {
            self.0.remove(&id);
        }
    }

    /// Whether changes of this session wait.
    pub(super) fn has(&self, id: SessionId) -> bool {
        self.0.contains_key(&id)
    }
}

fn is_whole(write: &Write) -> bool {
    matches!(write, Write::PutSession(_))
}

fn is_end(write: &Write) -> bool {
    matches!(write, Write::EndSession { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{SessionEnd, UsageRow};

    fn id() -> SessionId {
        SessionId::new(1, 1)
    }

    fn end() -> Write {
        Write::EndSession {
            id: id().to_string(),
            end: SessionEnd {
                status: "destroyed".to_owned(),
                reason: "idle".to_owned(),
                ended_ms: 5,
            },
            usage: UsageRow::default(),
        }
    }

    #[test]
    fn what_comes_while_older_changes_are_written_waits_behind_them() {
        let mut backlog = Backlog::default();
        let removal = Write::RemoveJob("older".to_owned());
        assert!(backlog.add(id(), vec![removal.clone()]));
        let [(_, writes)] = &backlog.waiting()[..] else {
            panic!("one session waits")
        };
        assert!(backlog.add(id(), vec![end()]));
        backlog.written(id(), writes);
        assert!(backlog.has(id()));
        let both = vec![removal, end()];
        assert_eq!(backlog.waiting(), [(id(), both.clone())]);
        backlog.written(id(), &both);
        assert!(!backlog.has(id()));
    }

    #[test]
    fn a_change_that_comes_late_does_not_follow_the_end() {
        let mut backlog = Backlog::default();
        assert!(backlog.add(id(), vec![end()]));
        assert!(backlog.add(id(), vec![Write::RemoveJob("late".to_owned())]));
        assert_eq!(backlog.waiting(), [(id(), vec![end()])]);
        assert!(
            backlog.add(id(), vec![end()]),
            "the end with its last numbers"
        );
        assert_eq!(backlog.waiting(), [(id(), vec![end(), end()])]);
    }
}
