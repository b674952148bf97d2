//! The unanswered requests of one connection: their ids, which are its own, and their number,
//! which counts among those of its client.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cdp_bridge_protocol::RequestId;

use super::allowance::{Allowance, Exhausted, Unanswered};

/// The unanswered requests of one connection. Cheap to clone.
#[derive(Debug, Clone)]
pub struct InFlight {
    ids: Arc<Mutex<HashSet<RequestId>>>,
    allowance: Arc<Allowance>,
}

/// A request's place among the unanswered ones; it is free again when this is dropped.
#[derive(Debug)]
pub struct Ticket {
    of: InFlight,
    id: Option<RequestId>,
    _place: Unanswered,
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
    /// Nothing is unanswered on a connection of this client.
    pub fn new(allowance: Arc<Allowance>) -> Self {
        Self {
            ids: Arc::default(),
            allowance,
        }
    }

    /// Gives a request a place, if none of the connection has its id and the client may have one
    /// more. `most` says how many it may have then, given its limit.
    pub fn admit(
        &self,
        id: Option<&RequestId>,
        most: impl FnOnce(usize) -> usize,
    ) -> Result<Ticket, NotAdmitted> {
        let mut ids = self.ids();
        if id.is_some_and(|id| ids.contains(id)) {
            return Err(NotAdmitted::Duplicate);
        }
        let place = self.allowance.admit(most).map_err(NotAdmitted::Full)?;
        ids.extend(id.cloned());
        drop(ids);
        Ok(Ticket {
            of: self.clone(),
            id: id.cloned(),
            _place: place,
        })
    }

    fn ids(&self) -> MutexGuard<'_, HashSet<RequestId>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(id) = &self.id {
            self.of.ids().remove(id);
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
