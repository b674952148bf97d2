//! The unanswered requests of one caller: their ids are unique within the caller, and their number counts
//! against the limit of its client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use cdp_bridge_protocol::RequestId;

use super::client_quota::{ClientQuota, QuotaPermit};
use super::{CallId, OperationError};
use crate::lock::lock;
use crate::metrics;

/// The unanswered requests of one caller. Cheap to clone.
#[derive(Debug, Clone)]
pub struct InFlight {
    ids: Arc<Mutex<RequestIds>>,
    quota: Arc<ClientQuota>,
}

#[derive(Debug, Default)]
struct RequestIds {
    open: HashMap<RequestId, CallId>,
    /// Requests that are answered, but whose answers are not queued for sending yet.
    answered: Vec<RequestId>,
}

/// One unanswered request. Its place is freed when the answer is ready; the ticket is dropped when the answer
/// is queued for sending.
#[derive(Debug)]
pub struct InFlightTicket {
    in_flight: InFlight,
    id: Option<RequestId>,
    /// None once the answer is ready.
    permit: Option<QuotaPermit>,
}

impl InFlight {
    /// A caller of this client, without requests.
    pub fn new(quota: Arc<ClientQuota>) -> Self {
        Self {
            ids: Arc::default(),
            quota,
        }
    }

    /// Admits a request if no other of the caller has its id and the client's limit allows it. `limit_of`
    /// adjusts that limit for this request.
    pub fn admit(
        &self,
        id: Option<&RequestId>,
        call: CallId,
        limit_of: impl FnOnce(usize) -> usize,
    ) -> Result<InFlightTicket, OperationError> {
        let mut ids = self.ids_locked();
        if let Some(id) = id.filter(|id| ids.open.contains_key(*id)) {
            return Err(OperationError::DuplicateRequestId { id: id.clone() });
        }
        let permit = self.quota.admit(limit_of).map_err(|exhausted| {
            metrics::client_limit("inflight");
            OperationError::TooManyInFlight(exhausted)
        })?;
        ids.open.extend(id.map(|id| (id.clone(), call)));
        drop(ids);
        Ok(InFlightTicket {
            in_flight: self.clone(),
            id: id.cloned(),
            permit: Some(permit),
        })
    }

    /// The requests whose answers are not queued for sending yet.
    pub fn ids(&self) -> Vec<RequestId> {
        let ids = self.ids_locked();
        ids.open.keys().chain(&ids.answered).cloned().collect()
    }

    /// The unanswered call whose request has this id.
    pub fn call_of(&self, id: &RequestId) -> Option<CallId> {
        self.ids_locked().open.get(id).copied()
    }

    fn ids_locked(&self) -> MutexGuard<'_, RequestIds> {
        lock(&self.ids)
    }
}

impl InFlightTicket {
    /// Frees the place and the id, because the answer is ready. That is before the client can read the answer,
    /// so that it may reuse the id as soon as it has.
    pub fn answered(&mut self) {
        if self.permit.take().is_none() {
            return;
        }
        if let Some(id) = &self.id {
            let mut ids = self.in_flight.ids_locked();
            ids.open.remove(id);
            ids.answered.push(id.clone());
        }
    }
}

impl Drop for InFlightTicket {
    fn drop(&mut self) {
        self.answered();
        let Some(id) = &self.id else { return };
        let mut ids = self.in_flight.ids_locked();
        if let Some(at) = ids.answered.iter().position(|answered| answered == id) {
            ids.answered.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::operations::{CallerId, ClientLimits};

    const CALL: CallId = CallId {
        caller: CallerId(1),
        number: 1,
    };

    fn quota(max_inflight: usize) -> Arc<ClientQuota> {
        let limits = ClientLimits {
            max_tabs: 1,
            max_inflight,
            rate_per_second: 0,
            max_connections: 1,
        };
        ClientQuota::new(limits, Instant::now())
    }

    #[test]
    fn an_id_is_free_again_once_its_request_is_answered() {
        let inflight = InFlight::new(quota(9));
        let id = RequestId::from("a");
        let ticket = inflight.admit(Some(&id), CALL, |max| max).unwrap();
        assert!(matches!(
            inflight.admit(Some(&id), CALL, |max| max),
            Err(OperationError::DuplicateRequestId { id: refused }) if refused == id
        ));
        assert_eq!(inflight.call_of(&id), Some(CALL));
        drop(ticket);
        assert_eq!(inflight.call_of(&id), None);
        assert!(inflight.admit(Some(&id), CALL, |max| max).is_ok());
        assert_eq!(inflight.ids(), []);
    }

    #[test]
    fn an_answer_that_is_not_on_its_way_yet_is_in_flight_though_its_id_is_free() {
        let inflight = InFlight::new(quota(1));
        let id = RequestId::from("a");
        let mut ticket = inflight.admit(Some(&id), CALL, |max| max).unwrap();
        ticket.answered();
        assert_eq!(inflight.ids(), ["a".into()]);
        let again = inflight.admit(Some(&id), CALL, |max| max).unwrap();
        drop(ticket);
        assert_eq!(inflight.ids(), ["a".into()]);
        drop(again);
        assert_eq!(inflight.ids(), []);
    }

    #[test]
    fn the_number_one_and_the_text_one_are_different_ids() {
        let inflight = InFlight::new(quota(9));
        let (number, text) = (RequestId::from(1), RequestId::from("1"));
        let _number = inflight.admit(Some(&number), CALL, |max| max).unwrap();
        assert!(inflight.admit(Some(&text), CALL, |max| max).is_ok());
    }

    #[test]
    fn requests_without_an_id_count_too() {
        let inflight = InFlight::new(quota(2));
        let _tickets = [
            inflight.admit(None, CALL, |max| max).unwrap(),
            inflight.admit(None, CALL, |max| max).unwrap(),
        ];
        assert!(matches!(
            inflight.admit(None, CALL, |max| max),
            Err(OperationError::TooManyInFlight(exhausted)) if exhausted.limit == 2
        ));
    }

    #[test]
    fn connections_of_a_client_share_the_number_but_not_the_ids() {
        let quota = quota(2);
        let [one, other] = [(); 2].map(|()| InFlight::new(Arc::clone(&quota)));
        let id = RequestId::from("a");
        let ticket = one.admit(Some(&id), CALL, |max| max).unwrap();
        let _other = other.admit(Some(&id), CALL, |max| max).unwrap();
        assert!(matches!(
            other.admit(None, CALL, |max| max),
            Err(OperationError::TooManyInFlight(_))
        ));
        drop(ticket);
        assert!(other.admit(None, CALL, |max| max).is_ok());
    }
}
