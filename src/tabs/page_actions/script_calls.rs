//! The calls of the script that one action makes, so that they end when the action is cancelled. A script
//! that waits for an element would act as soon as it is there, whether or not the bridge still waits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;

use super::world::World;
use crate::lock::lock;

/// How long a page may take to tell whether it has acted.
const GIVE_UP_LIMIT: Duration = Duration::from_secs(1);

/// Later actions have higher numbers.
static NEXT_ACTION: AtomicU64 = AtomicU64::new(1);

/// The calls of one action, or, without a number, of queries, which are not given up.
#[derive(Debug, Default)]
pub(super) struct ScriptCalls {
    action: Option<u64>,
    worlds: Mutex<Vec<Arc<World>>>,
}

impl ScriptCalls {
    pub(super) fn of_next_action() -> Self {
        Self {
            action: Some(NEXT_ACTION.fetch_add(1, Ordering::Relaxed)),
            worlds: Mutex::default(),
        }
    }

    /// The number of the action, which is about to call the script in this world.
    pub(super) fn in_world(&self, world: &Arc<World>) -> Option<u64> {
        let action = self.action?;
        let mut worlds = lock(&self.worlds);
        if !worlds.iter().any(|known| Arc::ptr_eq(known, world)) {
            worlds.push(Arc::clone(world));
        }
        Some(action)
    }

    /// Gives the action up in every world; resolves to whether it has acted in one, or may have.
    pub(super) fn give_up(&self) -> impl Future<Output = bool> + Send + use<> {
        let worlds = std::mem::take(&mut *lock(&self.worlds)).into_iter();
        let calls = self.action.map(|action| {
            let calls = worlds.map(|world| world.give_up(action, GIVE_UP_LIMIT));
            calls.collect::<Vec<_>>()
        });
        async move {
            let acted = join_all(calls.into_iter().flatten()).await;
            acted.contains(&true)
        }
    }
}
