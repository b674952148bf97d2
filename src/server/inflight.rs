//! The unanswered requests of one connection.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cdp_bridge_protocol::RequestId;

/// The unanswered requests of one connection. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct InFlight {
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    ids: HashSet<RequestId>,
    count: usize,
}

/// A request's place among the unanswered ones; it is free again when this is dropped.
#[derive(Debug)]
pub struct Ticket {
    open: InFlight,
    id: Option<RequestId>,
}

/// Why a request gets no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAdmitted {
    /// Another one of this id is unanswered.
    Duplicate,
    /// Too many are unanswered.
    Full,
}

impl InFlight {
    /// Gives a request a place, if there are fewer than `limit` and none has its id.
    pub fn admit(&self, id: Option<&RequestId>, limit: usize) -> Result<Ticket, NotAdmitted> {
        let mut open = self.open();
        if id.is_some_and(|id| open.ids.contains(id)) {
            return Err(NotAdmitted::Duplicate);
        }
        if open.count >= limit {
            return Err(NotAdmitted::Full);
        }
        open.count += 1;
        open.ids.extend(id.cloned());
        drop(open);
        Ok(Ticket {
            open: self.clone(),
            id: id.cloned(),
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut open = self.open.open();
        open.count -= 1;
        if let Some(id) = &self.id {
            open.ids.remove(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_free_again_once_its_request_is_answered() {
        let inflight = InFlight::default();
        let id = RequestId::from("a");
        let ticket = inflight.admit(Some(&id), 9).unwrap();
        assert_eq!(
            inflight.admit(Some(&id), 9).unwrap_err(),
            NotAdmitted::Duplicate
        );
        drop(ticket);
        assert!(inflight.admit(Some(&id), 9).is_ok());
    }

    #[test]
    fn the_number_one_and_the_text_one_are_different_ids() {
        let inflight = InFlight::default();
        let _number = inflight.admit(Some(&RequestId::from(1)), 9).unwrap();
        assert!(inflight.admit(Some(&RequestId::from("1")), 9).is_ok());
    }

    #[test]
    fn requests_without_an_id_count_too() {
        let inflight = InFlight::default();
        let _tickets = [
            inflight.admit(None, 2).unwrap(),
            inflight.admit(None, 2).unwrap(),
        ];
        assert_eq!(inflight.admit(None, 2).unwrap_err(), NotAdmitted::Full);
    }
}
