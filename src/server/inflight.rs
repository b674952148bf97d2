//! The unanswered requests of one session: their ids, which are its own, and their number, which
//! counts among those of its client.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard};

use cdp_bridge_protocol::RequestId;

use super::allowance::{Allowance, Exhausted, Unanswered};
use crate::lock::lock;

/// The unanswered requests of one session. Cheap to clone.
#[derive(Debug, Clone)]
pub struct InFlight {
    open: Arc<Mutex<Open>>,
    allowance: Arc<Allowance>,
}

#[derive(Debug, Default)]
struct Open {
    ids: HashSet<RequestId>,
    /// Requests whose answers are being put on their way.
    answered: Vec<RequestId>,
}

/// A request's place among the unanswered ones. It is given up when the answer is ready, and this
/// is dropped when the answer is on its way.
#[derive(Debug)]
pub struct Ticket {
    of: InFlight,
    id: Option<RequestId>,
    /// None once the answer is ready.
    place: Option<Unanswered>,
}

/// Why a request gets no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAdmitted {
    /// Another one of this id is unanswered on the connection.
    Duplicate,
    /// Too many of the client are unanswered.
    Full(Exhausted),
}

impl InFlight {
    /// Nothing is unanswered in a session of this client.
    pub fn new(allowance: Arc<Allowance>) -> Self {
        Self {
            open: Arc::default(),
            allowance,
        }
    }

    /// Gives a request a place, if none of the session has its id and the client may have one
    /// more. `most` says how many it may have then, given its limit.
    pub fn admit(
        &self,
        id: Option<&RequestId>,
        most: impl FnOnce(usize) -> usize,
    ) -> Result<Ticket, NotAdmitted> {
        let mut open = self.open();
        if id.is_some_and(|id| open.ids.contains(id)) {
            return Err(NotAdmitted::Duplicate);
        }
        let place = self.allowance.admit(most).map_err(NotAdmitted::Full)?;
        open.ids.extend(id.cloned());
        drop(open);
        Ok(Ticket {
            of: self.clone(),
            id: id.cloned(),
            place: Some(place),
        })
    }

    /// The requests whose answers are not on their way yet.
    pub fn ids(&self) -> Vec<RequestId> {
        let open = self.open();
        open.ids.iter().chain(&open.answered).cloned().collect()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        lock(&self.open)
    }
}

impl Ticket {
    /// The answer is ready: the place and the id are free. That is before the answer can be read,
    /// so that the client may use the id again as soon as it has it.
    pub fn answered(&mut self) {
        if self.place.take().is_none() {
            return;
        }
        if let Some(id) = &self.id {
            let mut open = self.of.open();
            open.ids.remove(id);
            open.answered.push(id.clone());
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.answered();
        let Some(id) = &self.id else { return };
        let mut open = self.of.open();
        if let Some(at) = open.answered.iter().position(|answered| answered == id) {
            open.answered.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::server::ClientLimits;

    fn allowance(max_inflight: usize) -> Arc<Allowance> {
        let limits = ClientLimits {
            max_tabs: 1,
            max_inflight,
            rate_per_second: 0,
            max_connections: 1,
        };
        Allowance::new(limits, Instant::now())
    }

    #[test]
    fn an_id_is_free_again_once_its_request_is_answered() {
        let inflight = InFlight::new(allowance(9));
        let id = RequestId::from("a");
        let ticket = inflight.admit(Some(&id), |max| max).unwrap();
        assert_eq!(
            inflight.admit(Some(&id), |max| max).unwrap_err(),
            NotAdmitted::Duplicate
        );
        drop(ticket);
        assert!(inflight.admit(Some(&id), |max| max).is_ok());
        assert_eq!(inflight.ids(), []);
    }

    #[test]
    fn an_answer_that_is_not_on_its_way_yet_is_in_flight_though_its_id_is_free() {
        let inflight = InFlight::new(allowance(1));
        let id = RequestId::from("a");
        let mut ticket = inflight.admit(Some(&id), |max| max).unwrap();
        ticket.answered();
        assert_eq!(inflight.ids(), ["a".into()]);
        let again = inflight.admit(Some(&id), |max| max).unwrap();
        drop(ticket);
        assert_eq!(inflight.ids(), ["a".into()]);
        drop(again);
        assert_eq!(inflight.ids(), []);
    }

    #[test]
    fn the_number_one_and_the_text_one_are_different_ids() {
        let inflight = InFlight::new(allowance(9));
        let (number, text) = (RequestId::from(1), RequestId::from("1"));
        let _number = inflight.admit(Some(&number), |max| max).unwrap();
        assert!(inflight.admit(Some(&text), |max| max).is_ok());
    }

    #[test]
    fn requests_without_an_id_count_too() {
        let inflight = InFlight::new(allowance(2));
        let _tickets = [
            inflight.admit(None, |max| max).unwrap(),
            inflight.admit(None, |max| max).unwrap(),
        ];
        assert_eq!(
            inflight.admit(None, |max| max).unwrap_err(),
            NotAdmitted::Full(Exhausted { limit: 2 })
        );
    }

    #[test]
    fn connections_of_a_client_share_the_number_but_not_the_ids() {
        let allowance = allowance(2);
        let [one, other] = [(); 2].map(|()| InFlight::new(Arc::clone(&allowance)));
        let id = RequestId::from("a");
        let ticket = one.admit(Some(&id), |max| max).unwrap();
        let _other = other.admit(Some(&id), |max| max).unwrap();
        assert!(matches!(
            other.admit(None, |max| max),
            Err(NotAdmitted::Full(_))
        ));
        drop(ticket);
        assert!(other.admit(None, |max| max).is_ok());
    }
}
