//! Which client each browser context belongs to. No I/O.
//!
//! Each client has one context that its logged-in tabs share, created when the first of them is
//! opened; each logged-out tab has its own, which its popups share and which is disposed of with
//! the last of them.

use std::collections::HashMap;

use super::identity::Scope;
use super::target::OpenRequest;
use crate::cdp::BrowserContextId;

/// The contexts of one browser.
#[derive(Debug, Default)]
pub struct Contexts {
    shared: HashMap<Scope, SharedState>,
    owners: HashMap<BrowserContextId, ContextOwner>,
}

#[derive(Debug)]
enum SharedState {
    /// It is being created; these requests wait for it.
    Pending(Vec<OpenRequest>),
    Ready(BrowserContextId),
}

/// The owner of a context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextOwner {
    pub scope: Scope,
    /// How many tabs use it; `None` for a client's shared context.
    own: Option<usize>,
}

impl ContextOwner {
    /// Whether the context belongs to a logged-out tab.
    pub fn is_own(&self) -> bool {
        self.own.is_some()
    }
}

/// What to do for a request for a client's shared context.
#[derive(Debug)]
pub enum SharedContext {
    Ready(BrowserContextId, OpenRequest),
    /// It must be created now; the request waits here until [`Contexts::shared_created`].
    Create,
    /// It is being created already; the request waits.
    Wait,
}

impl Contexts {
    /// Looks up the shared context of the request's client.
    pub fn shared(&mut self, request: OpenRequest) -> SharedContext {
        match self.shared.get_mut(&request.scope) {
            Some(SharedState::Ready(context)) => SharedContext::Ready(context.clone(), request),
            Some(SharedState::Pending(waiting)) => {
                waiting.push(request);
                SharedContext::Wait
            }
            None => {
                self.shared
                    .insert(request.scope.clone(), SharedState::Pending(vec![request]));
                SharedContext::Create
            }
        }
    }

    /// The shared context of a client was created, or could not be. Returns the requests that waited.
    pub fn shared_created(
        &mut self,
        scope: &Scope,
        context: Option<&BrowserContextId>,
    ) -> Vec<OpenRequest> {
        let waiting = match self.shared.remove(scope) {
            Some(SharedState::Pending(waiting)) => waiting,
            _ => Vec::new(),
        };
        if let Some(context) = context {
            self.shared
                .insert(scope.clone(), SharedState::Ready(context.clone()));
            let owner = ContextOwner {
                scope: scope.clone(),
                own: None,
            };
            self.owners.insert(context.clone(), owner);
        }
        waiting
    }

    /// The scope has ended: takes out the context that its tabs shared, which must be disposed of.
    pub fn end_shared(&mut self, scope: &Scope) -> Option<BrowserContextId> {
        let Some(SharedState::Ready(context)) = self.shared.get(scope) else {
            return None;
        };
        let context = context.clone();
        self.shared.remove(scope);
        self.owners.remove(&context);
        Some(context)
    }

    /// Whether this scope has a context, or waits for one.
    pub fn has(&self, scope: &Scope) -> bool {
        self.shared.contains_key(scope) || self.owners.values().any(|owner| owner.scope == *scope)
    }

    /// A context was created for one tab.
    pub fn own_created(&mut self, scope: &Scope, context: &BrowserContextId) {
        let owner = ContextOwner {
            scope: scope.clone(),
            own: Some(1),
        };
        self.owners.insert(context.clone(), owner);
    }

    /// `None` if the bridge did not create the context.
    pub fn owner(&self, context: &BrowserContextId) -> Option<&ContextOwner> {
        self.owners.get(context)
    }

    /// A popup uses the context of a logged-out tab.
    pub fn join(&mut self, context: &BrowserContextId) {
        if let Some(ContextOwner {
            own: Some(users), ..
        }) = self.owners.get_mut(context)
        {
            *users += 1;
        }
    }

    /// A tab has stopped using its own context. If it was the last, the context must be disposed of; it belonged to
    /// this scope.
    pub fn leave(&mut self, context: &BrowserContextId) -> Option<Scope> {
        let Some(ContextOwner {
            own: Some(users), ..
        }) = self.owners.get_mut(context)
        else {
            return None;
        };
        *users -= 1;
        let is_used = *users > 0;
        if is_used {
            return None;
        }
        self.owners.remove(context).map(|owner| owner.scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tabs::target::ContextChoice;
    use cdp_bridge_protocol::TabId;
    use tokio::sync::oneshot;
    use tokio::time::Instant;

    fn request(scope: &str) -> OpenRequest {
        let (reply, _) = oneshot::channel();
        let (tab, deadline) = (TabId::new(1), Instant::now());
        OpenRequest {
            tab,
            scope: scope.into(),
            context: ContextChoice::Shared,
            deadline,
            reply,
            permit: None,
        }
    }

    #[test]
    fn a_clients_shared_context_is_created_once() {
        let mut contexts = Contexts::default();
        assert!(matches!(
            contexts.shared(request("a")),
            SharedContext::Create
        ));
        assert!(matches!(contexts.shared(request("a")), SharedContext::Wait));
        assert!(
            matches!(contexts.shared(request("b")), SharedContext::Create),
            "each has its own"
        );
        assert_eq!(
            contexts
                .shared_created(&"a".into(), Some(&"C".into()))
                .len(),
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
    fn a_context_that_could_not_be_created_is_tried_again() {
        let mut contexts = Contexts::default();
        assert!(matches!(
            contexts.shared(request("a")),
            SharedContext::Create
        ));
        assert_eq!(contexts.shared_created(&"a".into(), None).len(), 1);
        assert!(matches!(
            contexts.shared(request("a")),
            SharedContext::Create
        ));
    }

    #[test]
    fn a_tabs_own_context_ends_with_its_last_user() {
        let mut contexts = Contexts::default();
        let context = BrowserContextId::from("O");
        contexts.own_created(&"a".into(), &context);
        contexts.join(&context);
        assert_eq!(contexts.leave(&context), None);
        assert_eq!(contexts.leave(&context), Some("a".into()));
        assert_eq!(contexts.leave(&context), None);
        assert!(contexts.owner(&context).is_none());
    }
}
