//! The task that ends sessions whose time is over. It runs while there is a session or a record of one.

use std::sync::{Arc, Weak};

use tokio::time::{Instant, sleep_until};

use super::service::Sessions;

pub(super) async fn run(sessions: Weak<Sessions>) {
    loop {
        let Some(shared) = sessions.upgrade() else {
            return;
        };
        for (id, reason) in shared.table(|table| table.overdue(Instant::now())) {
            drop(shared.begin_end(id, reason, None));
        }
        let (due, clock) = (shared.next_due(), Arc::clone(&shared.clock));
        // Not kept alive by this task.
        drop(shared);
        let Some(due) = due else {
            return;
        };
        tokio::select! {
            () = sleep_until(due) => {}
            () = clock.notified() => {}
        }
    }
}
