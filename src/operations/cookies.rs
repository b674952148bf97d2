//! Sets the cookies of a tab's browser context. There is no request of the protocol for it.

use cdp_bridge_protocol::{RequestKind, TabId, TabRef};
use tokio::sync::oneshot;

use super::{Caller, OperationError, Operations, Permission};
use crate::tabs::{Change, PageCookie, Reply, SetupRequest, TabError, TabMessage};

/// It counts as this request, whose place in the order of a tab and whose time limit it has.
const KIND: RequestKind = RequestKind::Emulate;

impl Operations {
    /// Sets cookies in the browser context of a tab.
    pub async fn set_cookies(
        &self,
        caller: &Caller,
        tab: TabId,
        cookies: Vec<PageCookie>,
    ) -> Result<(), OperationError> {
        let needed = Permission::needed_by(KIND);
        if !caller.principal().permissions.allow(needed) {
            return Err(OperationError::NotPermitted { kind: KIND, needed });
        }
        let unknown = || OperationError::UnknownTab {
            tab: TabRef::from(tab),
        };
        let handle = self.services.registry.get(caller.scope(), tab);
        let handle = handle.ok_or_else(unknown)?;
        let arrival = caller.message_arrived();
        let deadline = arrival.at + self.settings.timeouts.of(KIND);
        let (sender, outcome) = oneshot::channel();
        let deliver = move |outcome| {
            // The receiver is gone where the caller's future was dropped.
            let _ = sender.send(outcome);
        };
        let call = self.next_call(caller);
        let reply = Reply::new(KIND, call, false, arrival.at, deadline, deliver);
        let request = Box::new(SetupRequest::SetCookies(cookies));
        handle.send(TabMessage::Change(Change::SetUp(request), reply));
        match outcome.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(failure)) => Err(OperationError::Failed(failure)),
            Err(_) => Err(TabError::Lost.into()),
        }
    }
}
