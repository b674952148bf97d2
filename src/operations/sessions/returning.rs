//! Sessions of an earlier process that come back, and those of this one that are to.

use std::collections::HashMap;

use futures::future::join_all;
use tokio::time::Instant;

use super::creating::setup_of;
use super::service::{Sessions, moment};
use super::{EndReason, SessionId};
use crate::sessions::{KeptSession, SessionTable, SessionUsage};
use crate::tabs::{Scope, ScopeSetup};

/// A session that comes back, and what its tabs start with.
pub(in crate::operations) type ScopePlan = (Scope, ScopeSetup);

impl Sessions {
    /// A session as it is to be kept.
    pub(in crate::operations) fn kept(&self, id: SessionId) -> Option<KeptSession> {
        let kept = self.table(|table| table.kept(id, Instant::now()));
        kept.map(|mut kept| {
            // Its bytes are counted elsewhere while it lives.
            kept.usage.egress_bytes += self.services.traffic.bytes(&kept.scope());
            kept
        })
    }

    /// The same of what sessions have used.
    pub(in crate::operations) fn with_traffic(
        &self,
        mut uses: HashMap<SessionId, (u64, SessionUsage)>,
    ) -> HashMap<SessionId, (u64, SessionUsage)> {
        for (id, (_, usage)) in &mut uses {
            if let Some(scope) = self.table(|table| table.scope(*id)) {
                usage.egress_bytes += self.services.traffic.bytes(&scope);
            }
        }
        uses
    }

    /// Prepares the return of a session; an error if it has to end.
    pub(in crate::operations) fn plan_return(
        &self,
        kept: &KeptSession,
    ) -> Result<ScopePlan, EndReason> {
        if let Some(reason) = kept.overdue(moment()) {
            return Err(reason);
        }
        let scope = kept.scope();
        self.services
            .policy
            .narrow(&scope, &kept.options)
            .map_err(|error| {
                // Without its own rules it may not come back.
                tracing::error!(session = %kept.id, %error, "a kept session does not fit the configuration any more, and ends");
                EndReason::Failed
            })?;
        Ok((scope, setup_of(&kept.options)))
    }

    /// A session of an earlier process is there again. It ends at once where there is a reason.
    pub(in crate::operations) fn return_from_store(
        &self,
        kept: &KeptSession,
        ends: Option<EndReason>,
    ) {
        let id = kept.id;
        if !self.table(|table| table.restore(kept, moment())) {
            return;
        }
        self.opened(id);
        if let Some(reason) = ends {
            drop(self.begin_end(id, reason, None));
        } else {
            let ready = |table: &mut SessionTable<_>| table.ready(id);
            self.tell(id, None, ready, None);
        }
    }

    /// The bridge stops: ends the sessions that do not come back, and waits for those that are ending.
    pub(in crate::operations) async fn end_unkept(&self) {
        let going: Vec<_> = self.table(|table| {
            let kept = table.ids_of_kept();
            let mut all = table.ids_of_live();
            all.retain(|id| !kept.contains(id));
            all
        });
        let reason = EndReason::Shutdown;
        join_all(going.into_iter().map(|id| self.begin_end(id, reason, None))).await;
    }
}
