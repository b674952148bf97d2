//! The unanswered requests of one session.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cdp_bridge_protocol::RequestId;

/// The unanswered requests of one session. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct InFlight {
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    ids: HashSet<RequestId>,
    count: usize,
    /// Requests whose answers are being put on their way.
    answered: Vec<RequestId>,
}

/// A request's place among the unanswered ones. It is given up when the answer is ready, and this
/// is dropped when the answer is on its way.
#[derive(Debug)]
pub struct Ticket {
    open: InFlight,
    id: Option<RequestId>,
    is_answered: bool,
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
            is_answered: false,
        })
    }

    /// The requests whose answers are not on their way yet.
    pub fn ids(&self) -> Vec<RequestId> {
        let open = self.open();
        open.ids.iter().chain(&open.answered).cloned().collect()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// The answer is ready: the place and the id are free. That is before the answer can be read,
    /// so that the client may use the id again as soon as it has it.
    pub fn answered(&mut self) {
        if std::mem::replace(&mut self.is_answered, true) {
            return;
        }
        let mut open = self.open.open();
        open.count -= 1;
        if let Some(id) = &self.id {
            open.ids.remove(id);
            open.answered.push(id.clone());
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.answered();
        let Some(id) = &self.id else { return };
        let mut open = self.open.open();
        if let Some(at) = open.answered.iter().position(|answered| answered == id) {
            open.answered.swap_remove(at);
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
        assert_eq!(inflight.ids(), []);
    }

    #[test]
    fn an_answer_that_is_not_on_its_way_yet_is_in_flight_though_its_id_is_free() {
        let inflight = InFlight::default();
        let id = RequestId::from("a");
        let mut ticket = inflight.admit(Some(&id), 1).unwrap();
        ticket.answered();
        assert_eq!(inflight.ids(), ["a".into()]);
        let again = inflight.admit(Some(&id), 1).unwrap();
        drop(ticket);
        assert_eq!(inflight.ids(), ["a".into()]);
        drop(again);
        assert_eq!(inflight.ids(), []);
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
