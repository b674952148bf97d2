//! Which browser context belongs to whom. No I/O.
//!
//! Each client has one context that its logged-in tabs share, made when the first of them is
//! opened; each logged-out tab has one of its own, which its popups share and which is disposed
//! of with the last of them.

use std::collections::HashMap;

use super::identity::Scope;
use super::target::OpenRequest;
use crate::cdp::BrowserContextId;

/// The book of contexts of one browser.
#[derive(Debug, Default)]
pub struct Contexts {
    shared: HashMap<Scope, Shared>,
    owners: HashMap<BrowserContextId, Owner>,
}

#[derive(Debug)]
enum Shared {
    /// It is being made; these wait for it.
    Coming(Vec<OpenRequest>),
    Ready(BrowserContextId),
}

/// Whose a context is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The client.
    pub scope: Scope,
    /// How many tabs use it as their own; none for a shared one.
    own: Option<usize>,
}

impl Owner {
    /// Whether the context is a logged-out one.
    pub fn is_own(&self) -> bool {
        self.own.is_some()
    }
}

/// What to do for a request that wants its client's shared context.
#[derive(Debug)]
pub enum SharedContext {
    /// It is there.
    Ready(BrowserContextId, OpenRequest),
    /// It must be made now; the request waits here until [`Contexts::shared_made`].
    Make,
    /// It is being made already; the request waits.
    Wait,
}

impl Contexts {
    /// QueryQueue up the shared context of the request's client.
    pub fn shared(&mut self, request: OpenRequest) -> SharedContext {
        match self.shared.get_mut(&request.scope) {
            Some(Shared::Ready(context)) => SharedContext::Ready(context.clone(), request),
            Some(Shared::Coming(waiting)) => {
                waiting.push(request);
                SharedContext::Wait
            }
            None => {
                self.shared
                    .insert(request.scope.clone(), Shared::Coming(vec![request]));
                SharedContext::Make
            }
        }
    }

    /// The shared context of a client was made, or could not be; those who waited come back.
    pub fn shared_made(
        &mut self,
        scope: &Scope,
        context: Option<&BrowserContextId>,
    ) -> Vec<OpenRequest> {
        let waiting = match self.shared.remove(scope) {
            Some(Shared::Coming(waiting)) => waiting,
            _ => Vec::new(),
        };
        if let Some(context) = context {
            self.shared
                .insert(scope.clone(), Shared::Ready(context.clone()));
            let owner = Owner {
                scope: scope.clone(),
                own: None,
            };
            self.owners.insert(context.clone(), owner);
        }
        waiting
    }

    /// A context was made for one tab.
    pub fn own_made(&mut self, scope: &Scope, context: &BrowserContextId) {
        let owner = Owner {
            scope: scope.clone(),
            own: Some(1),
        };
        self.owners.insert(context.clone(), owner);
    }

    /// Whose a context is; none if it is none of the bridge's.
    pub fn owner(&self, context: &BrowserContextId) -> Option<&Owner> {
        self.owners.get(context)
    }

    /// One more tab, a popup, uses a context as its own.
    pub fn join(&mut self, context: &BrowserContextId) {
        if let Some(Owner {
            own: Some(users), ..
        }) = self.owners.get_mut(context)
        {
            *users += 1;
        }
    }

    /// A tab is done with its own context. True: it was the last, and the context is to be
    /// disposed of.
    pub fn leave(&mut self, context: &BrowserContextId) -> bool {
        let Some(Owner {
            own: Some(users), ..
        }) = self.owners.get_mut(context)
        else {
            return false;
        };
        *users -= 1;
        let last = *users == 0;
        if last {
            self.owners.remove(context);
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tabs::target::Place;
    use cdp_bridge_protocol::TabId;
    use tokio::sync::oneshot;
    use tokio::time::Instant;

    fn request(scope: &str) -> OpenRequest {
        let (reply, _) = oneshot::channel();
        let (tab, deadline) = (TabId::new(1), Instant::now());
        OpenRequest {
            tab,
            scope: scope.into(),
            place: Place::Shared,
            deadline,
            reply,
            slot: None,
        }
    }

    #[test]
    fn a_clients_shared_context_is_made_once() {
        let mut contexts = Contexts::default();
        assert!(matches!(contexts.shared(request("a")), SharedContext::Make));
        assert!(matches!(contexts.shared(request("a")), SharedContext::Wait));
        assert!(
            matches!(contexts.shared(request("b")), SharedContext::Make),
            "each has its own"
        );
        assert_eq!(
            contexts.shared_made(&"a".into(), Some(&"C".into())).len(),
            2
        );
        let SharedContext::Ready(context, _) = contexts.shared(request("a")) else {
            panic!("it is ready");
        };
        assert_eq!(context.as_str(), "C");
        assert!(
            contexts
                .owner(&context)
                .is_some_and(|owner| !owner.is_own())
        );
    }

    #[test]
    fn a_context_that_could_not_be_made_is_tried_again() {
        let mut contexts = Contexts::default();
        assert!(matches!(contexts.shared(request("a")), SharedContext::Make));
        assert_eq!(contexts.shared_made(&"a".into(), None).len(), 1);
        assert!(matches!(contexts.shared(request("a")), SharedContext::Make));
    }

    #[test]
    fn a_tabs_own_context_ends_with_its_last_user() {
        let mut contexts = Contexts::default();
        let context = BrowserContextId::from("O");
        contexts.own_made(&"a".into(), &context);
        contexts.join(&context);
        assert!(!contexts.leave(&context));
        assert!(contexts.leave(&context));
        assert!(!contexts.leave(&context) && contexts.owner(&context).is_none());
    }
}
