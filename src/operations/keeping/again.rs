//! Answers a request that is repeated after a restart with what was made before.

use cdp_bridge_protocol::TabId;
use tokio::time::Instant;

use super::kept_keys::KeyIsAnothers;
use super::once_key::{Made, OnceKey};
use crate::operations::responder::Responder;
use crate::operations::sessions::{CreatedSession, SessionError, StartPage};
use crate::operations::{
    Answer, AnswerKind, Caller, ClientId, Fact, FactKind, OperationError, Operations, Principal,
    Success,
};
use crate::sessions::SessionId;
use crate::tabs::{Scope, TabError};

impl Operations {
    /// What was made under this key before the bridge was started again.
    pub fn made_before(&self, once: &OnceKey) -> Option<Result<Made, KeyIsAnothers>> {
        self.idempotency.kept.find(once, Instant::now())
    }

    /// A session that was made before, for a request that is repeated: with a new token.
    pub fn session_again(
        &self,
        principal: &Principal,
        id: SessionId,
    ) -> Result<CreatedSession, SessionError> {
        let client = &principal.scope.client;
        let options = self.sessions.table(|table| table.options(id).cloned());
        let start = options.and_then(|options| options.start_url).map(|url| {
            let scope = Scope {
                client: client.clone(),
                session: id.into(),
            };
            let tabs = self.services.registry.of(&scope);
            StartPage {
                url,
                tab: tabs.iter().map(|tab| tab.id).min(),
                error: None,
            }
        });
        self.created(principal, id, true, start)
    }

    /// Answers a request of the protocol with what was made before. `None`: it is to be carried out.
    pub(in crate::operations) fn answer_again(
        &self,
        caller: &Caller,
        responder: Responder,
    ) -> Option<Responder> {
        let Some(once) = responder.once() else {
            return Some(responder);
        };
        let client = &caller.scope().client;
        let outcome = match self.made_before(&once) {
            None => return Some(responder),
            Some(Err(KeyIsAnothers)) => {
                let key = responder.call().idempotency_key.clone();
                key.map_or(Err(TabError::Lost.into()), |key| {
                    Err(OperationError::KeyReused { key })
                })
            }
            Some(Ok(Made::Session(id))) => {
                let again = self.session_again(caller.principal(), id);
                if let (Ok(created), Some(streams)) = (&again, &caller.streams) {
                    streams.follow(created.view.scope());
                }
                again
                    .map(|created| Success::SessionCreated(Box::new(created)))
                    .map_err(OperationError::Session)
            }
            Some(Ok(Made::Tab(id))) => self.tab_again(client, id).map(Success::Tab),
        };
        responder.answer(outcome);
        None
    }

    fn tab_again(&self, client: &ClientId, id: TabId) -> Result<Answer, OperationError> {
        let tab = self.services.registry.of_client(client, id);
        let view = tab.ok_or(TabError::Closed)?.view();
        let created = FactKind::TabCreated {
            url: view.url,
            logged_out: view.logged_out,
            opener: view.opener,
        };
        let fact = Fact::of_tab(&view.scope, id, created);
        Ok(Answer {
            tab: id,
            kind: AnswerKind::Fact(fact),
        })
    }
}
