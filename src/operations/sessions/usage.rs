//! What the pages of each session have used, counted from facts.

use std::sync::{Arc, Weak};

use super::service::Sessions;
use crate::operations::{FactKind, FactListener, Operations, Published};

#[derive(Debug)]
struct UsageCounter(Weak<Sessions>);

impl Operations {
    /// Counts what the pages of each session use, as a listener on the bus.
    pub fn usage_counter(&self) -> Arc<dyn FactListener> {
        Arc::new(UsageCounter(Arc::downgrade(&self.sessions)))
    }
}

impl FactListener for UsageCounter {
    fn on_fact(&self, published: &Arc<Published>) {
        let fact = &published.fact;
        let (pages, blocked) = match fact.kind {
            FactKind::TabCreated { .. } => (1, 0),
            FactKind::RequestBlocked { count, .. } => (0, count),
            _ => return,
        };
        if let (Some(scope), Some(sessions)) = (fact.audience.scope(), self.0.upgrade()) {
            sessions.table(|table| {
                table.add_usage(scope, |usage| {
                    usage.pages += pages;
                    usage.blocked_requests += blocked;
                });
            });
        }
    }

    fn has_ended(&self) -> bool {
        self.0.strong_count() == 0
    }
}
