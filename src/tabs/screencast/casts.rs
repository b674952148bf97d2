//! Who watches a tab, and which casts run for them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use cdp_bridge_protocol::TabId;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::Instant;

use super::cast::{CastSpec, CastStart, Join, Watcher, start};
use crate::tabs::error::TabError;
use crate::tabs::identity::CallerId;
use crate::tabs::reply::{AnswerKind, Reply};
use crate::tabs::supervisor::SupervisorHandle;
use crate::tabs::target::Target;

/// A watcher, with what it wants to see.
#[derive(Debug, Clone)]
struct Watch {
    spec: CastSpec,
    watcher: Watcher,
}

/// A cast that was started.
#[derive(Debug)]
struct Running {
    joins: mpsc::Sender<Join>,
    frame_no: Arc<AtomicU64>,
}

/// The screencasts of one tab.
#[derive(Debug)]
pub struct Casts {
    tab: TabId,
    supervisor: SupervisorHandle,
    watching: Vec<Watch>,
    running: HashMap<CastSpec, Running>,
    /// Those who asked while the tab had no page to show.
    waiting: Vec<(CastSpec, Watcher, Reply)>,
}

impl Casts {
    /// Nobody watches.
    pub fn new(tab: TabId, supervisor: SupervisorHandle) -> Self {
        Self {
            tab,
            supervisor,
            watching: Vec::new(),
            running: HashMap::new(),
            waiting: Vec::new(),
        }
    }

    /// Somebody wants to watch. A connection that watches already gets the new stream instead.
    pub fn watch(
        &mut self,
        spec: CastSpec,
        watcher: Watcher,
        reply: Reply,
        target: Option<&Target>,
    ) {
        self.forget(watcher.caller);
        match target {
            Some(target) => {
                self.watching.push(Watch {
                    spec,
                    watcher: watcher.clone(),
                });
                self.join(
                    spec,
                    Join {
                        watcher,
                        reply: Some(reply),
                    },
                    target,
                );
            }
            None => self.waiting.push((spec, watcher, reply)),
        }
    }

    /// Somebody watches no more, or never did: the answer is the same.
    pub fn unwatch(&mut self, reply: Reply) {
        self.forget(reply.call.caller);
        reply.answer(self.tab, AnswerKind::ScreencastStopped);
    }

    /// The tab lives in another target: everybody goes on watching that.
    pub fn moved(&mut self, target: &Target) {
        self.watching
            .retain(|watch| !watch.watcher.slot.is_closed());
        for running in self.running.values_mut() {
            // The old casts end with their pages; nobody joins them any more.
            running.joins = mpsc::channel(1).0;
        }
        for Watch { spec, watcher } in self.watching.clone() {
            self.join(
                spec,
                Join {
                    watcher,
                    reply: None,
                },
                target,
            );
        }
        for (spec, watcher, reply) in std::mem::take(&mut self.waiting) {
            self.watch(spec, watcher, reply, Some(target));
        }
    }

    /// Those whose time is over before the tab had a page to show.
    pub fn expire(&mut self, now: Instant) {
        for (_, watcher, reply) in self
            .waiting
            .extract_if(.., |(.., reply)| reply.deadline <= now)
        {
            watcher.slot.close();
            let error = reply.timed_out("the tab's page");
            reply.fail(error);
        }
    }

    /// When the first of them runs out of time.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.waiting.iter().map(|(.., reply)| reply.deadline).min()
    }

    /// Ends everything but the waiting.
    pub fn end(&mut self) {
        for watch in self.watching.drain(..) {
            watch.watcher.slot.close();
        }
        self.running.clear();
    }

    /// Those who wait for a page to show come back to be answered.
    pub fn give_up_waiting(&mut self) -> Vec<Reply> {
        let waiting = self.waiting.drain(..);
        let replies = waiting.map(|(_, watcher, reply)| {
            watcher.slot.close();
            reply
        });
        replies.collect()
    }

    fn forget(&mut self, caller: CallerId) {
        let is_its = |watch: &mut Watch| watch.watcher.caller == caller;
        for watch in self.watching.extract_if(.., is_its) {
            watch.watcher.slot.close();
        }
        let its = |waiting: &mut (CastSpec, Watcher, Reply)| waiting.1.caller == caller;
        for (_, watcher, reply) in self.waiting.extract_if(.., its) {
            watcher.slot.close();
            reply.fail(TabError::Dropped);
        }
    }

    fn join(&mut self, spec: CastSpec, mut join: Join, target: &Target) {
        let mut frame_no = Arc::default();
        if let Some(running) = self.running.get(&spec) {
            match running.joins.try_send(join) {
                Ok(()) => return,
                Err(TrySendError::Full(back) | TrySendError::Closed(back)) => join = back,
            }
            // That cast has ended; this one goes on counting where it stopped.
            frame_no = Arc::clone(&running.frame_no);
        }
        let joins = start(CastStart {
            tab: self.tab,
            spec,
            target: target.id.clone(),
            browser: target.browser.clone(),
            supervisor: self.supervisor.clone(),
            frame_no: Arc::clone(&frame_no),
        });
        // A new mailbox has room.
        let _ = joins.try_send(join);
        self.running.insert(spec, Running { joins, frame_no });
    }
}
