//! What uses sessions, and what is changed in them meanwhile.

use tokio::time::Instant;

use super::{SessionTable, Unusable};
use crate::sessions::implicit::ImplicitSession;
use crate::sessions::session::Use;
use crate::sessions::view::{HoldKind, SessionUsage};
use crate::sessions::{SessionId, SessionUpdate};
use crate::tabs::{ClientId, Scope};

/// Something that uses a session until it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UseKind {
    /// A request that is being carried out.
    Call,
    /// A connection that is open.
    Hold(HoldKind),
}

impl UseKind {
    /// Whether it holds the idle clock.
    fn holds(self) -> bool {
        self != Self::Hold(HoldKind::Watch)
    }
}

impl<W> SessionTable<W> {
    /// Begins a use of the session of this scope.
    pub fn begin_use(
        &mut self,
        scope: &Scope,
        kind: UseKind,
        now: Instant,
    ) -> Result<(), Unusable> {
        let id = SessionId::of(scope);
        let use_of = if id.is_default() {
            let started = self.started;
            let implicit = self.implicit.entry(scope.client.clone());
            let implicit = implicit.or_insert_with(|| ImplicitSession::new(started));
            implicit.used(now);
            &mut implicit.use_of
        } else {
            let session = self.usable(&scope.client, id)?;
            if kind.holds() {
                session.clocks.used(now);
                session.life.used();
            }
            &mut session.use_of
        };
        match kind {
            UseKind::Call => {
                use_of.calls += 1;
                use_of.usage.requests += 1;
            }
            UseKind::Hold(kind) => *use_of.connections.of(kind) += 1,
        }
        Ok(())
    }

    /// Ends a use that has begun.
    pub fn end_use(&mut self, scope: &Scope, kind: UseKind, now: Instant) {
        let id = SessionId::of(scope);
        let use_of = if id.is_default() {
            self.implicit.get_mut(&scope.client).map(|implicit| {
                implicit.used(now);
                &mut implicit.use_of
            })
        } else {
            self.sessions.get_mut(&id).map(|session| {
                if kind.holds() {
                    session.clocks.used(now);
                    session.life.released();
                }
                &mut session.use_of
            })
        };
        match (use_of, kind) {
            (Some(use_of), UseKind::Call) => use_of.calls -= 1,
            (Some(use_of), UseKind::Hold(kind)) => *use_of.connections.of(kind) -= 1,
            (None, _) => {}
        }
    }

    /// The session is used for a moment, as by a request of another door.
    pub fn touch(
        &mut self,
        client: &ClientId,
        id: SessionId,
        now: Instant,
    ) -> Result<(), Unusable> {
        if !id.is_default() {
            self.usable(client, id)?.clocks.used(now);
        }
        Ok(())
    }

    /// A heartbeat came.
    pub fn heartbeat(
        &mut self,
        client: &ClientId,
        id: SessionId,
        now: Instant,
    ) -> Result<(), Unusable> {
        if !id.is_default() {
            self.usable(client, id)?.clocks.heartbeat(now);
        }
        Ok(())
    }

    /// Changes a session.
    pub fn update(
        &mut self,
        client: &ClientId,
        id: SessionId,
        update: SessionUpdate,
    ) -> Result<(), Unusable> {
        let session = self.usable(client, id)?;
        session
            .clocks
            .change(update.max_duration, update.idle_timeout);
        if let Some(metadata) = update.metadata {
            session.options.metadata = metadata;
        }
        Ok(())
    }

    /// Counts what the pages of a scope have used.
    pub fn add_usage(&mut self, scope: &Scope, add: impl FnOnce(&mut SessionUsage)) {
        let id = SessionId::of(scope);
        let use_of = if id.is_default() {
            self.implicit
                .get_mut(&scope.client)
                .map(|it| &mut it.use_of)
        } else {
            self.sessions.get_mut(&id).map(|it| &mut it.use_of)
        };
        if let Some(use_of) = use_of {
            add(&mut use_of.usage);
        }
    }

    /// How many requests are being carried out in a session.
    pub fn calls(&self, id: SessionId) -> usize {
        self.use_of(id).calls
    }

    /// How many connections are open in a session.
    pub fn connections(&self, id: SessionId) -> usize {
        let connections = self.use_of(id).connections;
        connections.json + connections.cdp + connections.watch
    }

    fn use_of(&self, id: SessionId) -> Use {
        self.sessions
            .get(&id)
            .map(|session| session.use_of)
            .unwrap_or_default()
    }
}
