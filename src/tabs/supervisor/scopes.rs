//! The sessions that clients have created: what their tabs start with, and how nothing is left of them.

use std::collections::HashMap;
use std::sync::Arc;

use cdp_bridge_protocol::event::CloseReason;
use cdp_bridge_protocol::request::Viewport;
use tokio::sync::oneshot;

use super::task::Supervisor;
use crate::tabs::error::TabError;
use crate::tabs::identity::{ClientSessionId, Scope};
use crate::tabs::message::TabMessage;
use crate::tabs::page_setup::UserPlace;

/// What the tabs of a session start with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScopeSetup {
    /// The size of a page's visible part, where a request asks for none; `None` for the configured size.
    pub viewport: Option<Viewport>,
    /// Whether its tabs live in the browser's default context, where the bridge keeps a profile.
    pub in_profile: bool,
    /// Where their user is.
    pub place: Arc<UserPlace>,
}

/// The scopes beside the implicit ones.
#[derive(Debug, Default)]
pub(super) struct OpenScopes(HashMap<Scope, ScopeState>);

#[derive(Debug)]
enum ScopeState {
    Open(ScopeSetup),
    /// Told once nothing of it is left.
    Ending(oneshot::Sender<()>),
}

impl OpenScopes {
    /// What the tabs of a scope start with; `None` if it takes no tabs any more.
    pub(super) fn setup(&self, scope: &Scope) -> Option<ScopeSetup> {
        if scope.session == ClientSessionId::DEFAULT {
            return Some(ScopeSetup {
                viewport: None,
                in_profile: true,
                place: Arc::default(),
            });
        }
        match self.0.get(scope) {
            Some(ScopeState::Open(setup)) => Some(setup.clone()),
            Some(ScopeState::Ending(_)) | None => None,
        }
    }

    /// A scope takes tabs, which start with this.
    pub(super) fn open(&mut self, scope: Scope, setup: ScopeSetup) {
        self.0.insert(scope, ScopeState::Open(setup));
    }
}

impl Supervisor {
    /// Where the user of a scope is.
    pub(super) fn place_of(&self, scope: &Scope) -> Arc<UserPlace> {
        let setup = self.scopes.setup(scope);
        setup.map(|setup| setup.place).unwrap_or_default()
    }

    pub(super) fn begin_scope(&mut self, scope: Scope, setup: ScopeSetup) -> Result<(), TabError> {
        if self.stopping {
            return Err(TabError::ShuttingDown);
        }
        if self.browser.is_none() {
            let reason = self.down.clone();
            return Err(TabError::BrowserDown { reason });
        }
        self.scopes.open(scope, setup);
        Ok(())
    }

    /// Closes the tabs of a scope, which gets no more, and disposes of its browser contexts.
    pub(super) fn end_scope(&mut self, scope: Scope, done: oneshot::Sender<()>) {
        for tab in self.registry.of(&scope) {
            tab.send(TabMessage::Close(CloseReason::Requested, None));
        }
        self.scopes.0.insert(scope, ScopeState::Ending(done));
    }

    /// Disposes of the contexts of scopes whose tabs have ended, and forgets the scopes of which nothing is left.
    pub(super) fn settle_scopes(&mut self) {
        let ending = self.scopes.0.iter();
        let ending = ending.filter(|(_, state)| matches!(state, ScopeState::Ending(_)));
        let without_tabs = ending.filter(|(scope, _)| !self.registry.has(scope));
        let scopes: Vec<_> = without_tabs.map(|(scope, _)| scope.clone()).collect();
        for scope in scopes {
            let is_clear = self
                .browser
                .as_mut()
                .is_none_or(|state| state.dispose_of(&scope));
            if is_clear && let Some(ScopeState::Ending(done)) = self.scopes.0.remove(&scope) {
                let _ = done.send(());
            }
        }
    }
}
