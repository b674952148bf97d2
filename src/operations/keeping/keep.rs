//! Writes sessions as they begin, change and end.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::timeout;

use super::backlog::Backlog;
use super::once_key::{Made, Making, OnceKey, expiry};
use super::rows;
use crate::lock::lock;
use crate::metrics;
use crate::sealing::{MasterKey, Sealer};
use crate::sessions::{KeptSession, SessionId};
use crate::store::{StoreError, StoreHandle, Transaction, Write};

/// How long a session that begins, changes or ends waits for the store.
const LIMIT: Duration = Duration::from_secs(3);

/// Keeps what is to outlive the process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Keeping(Option<Arc<Inner>>);

pub(super) struct Inner {
    pub(super) store: StoreHandle,
    pub(super) sessions: Sealer,
    pub(super) tabs: Sealer,
    /// Nothing is begun that cannot be kept.
    required: bool,
    pub(super) backlog: Mutex<Backlog>,
    pub(in crate::operations) making: Making,
    /// What an earlier process has kept could not be read, so that nothing is written over it.
    is_off: AtomicBool,
}

impl fmt::Debug for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keeping").field(&self.is_on()).finish()
    }
}

impl Keeping {
    /// Keeps nothing: what there is ends with the process.
    pub fn off() -> Self {
        Self(None)
    }

    /// Keeps it in this store, encrypted with this key. `required`: a session that cannot be kept is not made.
    pub fn new(store: StoreHandle, key: &MasterKey, required: bool) -> Self {
        if !store.is_on() {
            return Self::off();
        }
        Self(Some(Arc::new(Inner {
            store,
            sessions: key.sealer("sessions"),
            tabs: key.sealer("tabs"),
            required,
            backlog: Mutex::default(),
            making: Making::default(),
            is_off: AtomicBool::new(false),
        })))
    }

    /// Whether anything is kept.
    pub fn is_on(&self) -> bool {
        self.inner().is_some()
    }

    /// From now on nothing is read or written.
    pub fn turn_off(&self) {
        if let Some(inner) = &self.0 {
            inner.is_off.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn inner(&self) -> Option<&Arc<Inner>> {
        let inner = self.0.as_ref()?;
        (!inner.is_off.load(Ordering::Relaxed)).then_some(inner)
    }

    /// The calls that make something under a key; `None` if nothing is kept.
    pub(in crate::operations) fn making(&self) -> Option<&Making> {
        Some(&self.inner()?.making)
    }

    /// A session is made, under this key, which is remembered for this duration. An error means that it must not be.
    pub(in crate::operations) async fn created(
        &self,
        session: &KeptSession,
        once: Option<(&OnceKey, Duration)>,
    ) -> Result<(), StoreError> {
        let Some(inner) = self.inner().filter(|_| session.options.is_kept) else {
            return Ok(());
        };
        let key =
            once.map(|(once, window)| rows::key(once, Made::Session(session.id), expiry(window)));
        let row = rows::session(&inner.sessions, session).map(Write::PutSession);
        let writes = row.map(|row| std::iter::once(row).chain(key).collect());
        match inner.write(session.id, writes).await {
            Err(error) if inner.required => Err(error),
            _ => Ok(()),
        }
    }

    /// A session was changed.
    pub(in crate::operations) async fn updated(&self, session: &KeptSession) {
        if let Some(inner) = self.inner().filter(|_| session.options.is_kept) {
            let row = rows::session(&inner.sessions, session);
            let writes = row.map(|row| vec![Write::PutSession(row)]);
            // A failure is logged there, and it is tried again.
            let _ = inner.write(session.id, writes).await;
        }
    }

    /// A session has ended, and nothing of it is left.
    pub(in crate::operations) async fn ended(&self, session: &KeptSession) {
        let kept = self.inner().filter(|_| session.options.is_kept);
        let (Some(inner), Some(end)) = (kept, session.end) else {
            return;
        };
        // The whole row, too: the store may not have taken the session when it began.
        let row = rows::session(&inner.sessions, session);
        let end = Write::EndSession {
            id: session.id.to_string(),
            end: rows::end(end),
            usage: rows::usage(session.usage),
        };
        let writes = row.map(|row| vec![Write::PutSession(row), end]);
        // The same.
        let _ = inner.write(session.id, writes).await;
    }
}

impl Inner {
    /// Writes what concerns a session. What the store does not take is logged, and waits in the backlog.
    async fn write(
        &self,
        id: SessionId,
        writes: Result<Transaction, StoreError>,
    ) -> Result<(), StoreError> {
        let writes = writes.inspect_err(|error| lost(id, error))?;
        if lock(&self.backlog).has(id) {
            // In their order.
            self.wait(id, writes);
            return Err(StoreError::Unavailable(
                "earlier changes of the session are not written yet".to_owned(),
            ));
        }
        let written = timeout(LIMIT, self.store.write(writes.clone())).await;
        let late = |_| {
            Err(StoreError::Unavailable(format!(
                "no answer within {LIMIT:?}"
            )))
        };
        let outcome = written.unwrap_or_else(late);
        if let Err(error) = &outcome {
            lost(id, error);
            if !matches!(error, StoreError::Off) {
                self.wait(id, writes);
            }
        }
        outcome
    }

    fn wait(&self, id: SessionId, writes: Transaction) {
        if !lock(&self.backlog).add(id, writes) {
            metrics::dropped("store", "session");
        }
    }

    /// Tries again what the store did not take.
    pub(super) async fn catch_up(&self) {
        let waiting = lock(&self.backlog).waiting();
        for (id, writes) in waiting {
            match self.store.write(writes.clone()).await {
                Err(error) if error.is_transient() => return,
                Err(error) => {
                    tracing::error!(session = %id, %error, "a change of a session is given up");
                    metrics::dropped("store", "session");
                }
                Ok(()) => {}
            }
            lock(&self.backlog).written(id, &writes);
        }
    }
}

fn lost(id: SessionId, error: &StoreError) {
    tracing::warn!(session = %id, %error, "a change of a session is not kept yet");
}
