//! The task that writes tabs as they come, change and go, and when sessions and tabs were used.
//!
//! No tab waits for it. A new tab, and one that is gone, is written at once; where a tab is, at most a second later; when
//! it was used, and when its session was, at most every 5 s, in one transaction. What the store did not take is
//! written again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::journal::{Depth, Journal};
use super::keep::Inner;
use super::rows;
use crate::clock::epoch_ms;
use crate::lock::lock;
use crate::operations::sessions::Sessions;
use crate::sessions::{SessionId, SessionUsage};
use crate::store::{Sealed, Write};
use crate::tabs::{Registry, TabHandle, TabView};

/// How often it is looked where tabs are.
const TICK: Duration = Duration::from_secs(1);

/// In so many ticks it is written once when tabs and sessions were used.
const USES: u32 = 5;

/// The setting that says whether the last process has written everything.
pub(super) const STOPPED: &str = "stopped";

/// The running task.
#[derive(Debug, Default)]
pub(in crate::operations) struct Keeper(Mutex<Option<Running>>);

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

struct Task {
    inner: Arc<Inner>,
    registry: Registry,
    sessions: Weak<Sessions>,
    journal: Journal,
    /// The uses of sessions as they were written.
    uses: HashMap<SessionId, (u64, SessionUsage)>,
}

impl Keeper {
    /// Starts the task, over the tabs that are in the store already.
    pub(super) fn start(
        &self,
        inner: Arc<Inner>,
        registry: Registry,
        sessions: &Arc<Sessions>,
        journal: Journal,
    ) {
        let task = Task {
            inner,
            registry,
            sessions: Arc::downgrade(sessions),
            journal,
            uses: HashMap::new(),
        };
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(task.run(stopped));
        *lock(&self.0) = Some(Running { stop, task });
    }

    /// Writes everything once more, and then nothing: what ends from now on comes back. False if it is not running.
    pub(in crate::operations) async fn finish(&self) -> bool {
        let running = lock(&self.0).take();
        let Some(Running { stop, task }) = running else {
            return false;
        };
        drop(stop);
        // It does not panic, and is aborted by nothing.
        let _ = task.await;
        true
    }
}

impl Task {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut count = 0;
        self.tell_stopped(false).await;
        loop {
            let registry = self.registry.clone();
            let depth = tokio::select! {
                _ = &mut stopped => break,
                () = registry.changed() => Depth::Number,
                _ = ticks.tick() => {
                    count += 1;
                    if count % USES == 0 { Depth::Use } else { Depth::State }
                }
            };
            if self.sessions.strong_count() == 0 {
                return;
            }
            self.write(depth).await;
        }
        self.write(Depth::Use).await;
        self.tell_stopped(true).await;
    }

    async fn write(&mut self, depth: Depth) {
        let mut writes = self.changes_of_tabs(depth);
        let uses = if depth == Depth::Use {
            self.inner.catch_up().await;
            self.uses_of_sessions()
        } else {
            Vec::new()
        };
        writes.extend(uses.iter().map(|(_, write)| write.clone()));
        if writes.is_empty() {
            return;
        }
        match self.inner.store.write(writes).await {
            Ok(()) => self.journal.done(),
            Err(error) => {
                tracing::warn!(%error, "changes of tabs are not kept yet");
                self.journal.lost();
                for (id, _) in uses {
                    self.uses.remove(&id);
                }
            }
        }
    }

    fn changes_of_tabs(&mut self, depth: Depth) -> Vec<Write> {
        let Some(sessions) = self.sessions.upgrade() else {
            return Vec::new();
        };
        let tabs = self.registry.all();
        let tabs: Vec<TabView> = tabs.iter().map(TabHandle::view).collect();
        let kept = sessions.table(|table| {
            let kept = tabs.into_iter().filter(|tab| table.keeps(&tab.scope));
            kept.collect()
        });
        let with = (&self.inner.tabs, &self.inner.making);
        self.journal
            .changes(kept, with, depth, (Instant::now(), epoch_ms()))
    }

    /// What has changed of the uses of sessions since they were written.
    fn uses_of_sessions(&mut self) -> Vec<(SessionId, Write)> {
        let Some(sessions) = self.sessions.upgrade() else {
            return Vec::new();
        };
        let now = Instant::now();
        let present: HashMap<_, _> = sessions.table(|table| {
            let ids = table.ids_of_kept().into_iter();
            ids.filter_map(|id| Some((id, table.last_use(id, now)?)))
                .collect()
        });
        let present = sessions.with_traffic(present);
        let changed = present
            .iter()
            .filter(|(id, it)| self.uses.get(id) != Some(it));
        let writes = changed.map(|(id, (last_active_ms, usage))| {
            let write = Write::SessionUsed {
                id: id.to_string(),
                last_active_ms: *last_active_ms,
                usage: rows::usage(*usage),
            };
            (*id, write)
        });
        let writes = writes.collect();
        self.uses = present;
        writes
    }

    async fn tell_stopped(&self, stopped: bool) {
        let value: &[u8] = if stopped { b"yes" } else { b"no" };
        let Ok(value) = self.inner.sessions.seal(STOPPED, value) else {
            return;
        };
        let write = Write::PutSetting {
            name: STOPPED.to_owned(),
            value: Sealed(value),
        };
        if let Err(error) = self.inner.store.write(vec![write]).await {
            tracing::debug!(%error, "it is not kept whether the bridge has stopped in order");
        }
    }
}
