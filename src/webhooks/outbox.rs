//! The handle of webhooks, and the task that sends them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::attempt::{Attempt, Failure, Sender};
use super::kept::KeptMessages;
use super::message::{Kept, WebhookEvent};
use super::queue::{MOST, Queue};
use super::rules::{UrlRefused, WebhookRules};
use super::schedule::Schedule;
use super::signature::Signer;
use crate::clock::epoch_ms;
use crate::egress::OutgoingDialer;
use crate::metrics;
use crate::sealing::MasterKey;
use crate::store::StoreHandle;

/// Tells of what has happened. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Webhooks(Option<Arc<Outbox>>);

#[derive(Debug)]
struct Outbox {
    rules: WebhookRules,
    kept: KeptMessages,
    schedule: Schedule,
    orders: mpsc::Sender<Order>,
}

#[derive(Debug)]
enum Order {
    Send(Kept),
    /// Answered once nothing is being sent, or is to be sent now.
    Settle(oneshot::Sender<()>),
}

impl Webhooks {
    /// Tells nobody, and refuses every URL.
    pub fn off() -> Self {
        Self(None)
    }

    /// Sends to URLs that these rules allow, beginning with what an earlier process has left in the store.
    pub fn start(
        rules: WebhookRules,
        signer: Signer,
        dialer: OutgoingDialer,
        store: StoreHandle,
        key: Option<&MasterKey>,
    ) -> Self {
        let kept = KeptMessages::new(store, key);
        Self::with_schedule(rules, signer, dialer, kept, Schedule::default())
    }

    pub(super) fn with_schedule(
        rules: WebhookRules,
        signer: Signer,
        dialer: OutgoingDialer,
        kept: KeptMessages,
        schedule: Schedule,
    ) -> Self {
        let (orders, received) = mpsc::channel(MOST);
        let sender = Sender {
            rules: rules.clone(),
            signer,
            dialer,
            attempt: schedule.attempt,
        };
        let task = Task {
            sender: Arc::new(sender),
            kept: kept.clone(),
            schedule,
            queue: Queue::default(),
            running: JoinSet::new(),
            settling: Vec::new(),
        };
        tokio::spawn(task.run(received));
        Self(Some(Arc::new(Outbox {
            rules,
            kept,
            schedule,
            orders,
        })))
    }

    /// Whether this URL may be given, as far as is known without DNS.
    pub fn check(&self, url: &str) -> Result<(), UrlRefused> {
        let outbox = self.0.as_ref().ok_or(UrlRefused::Off)?;
        outbox.rules.check(url).map(drop)
    }

    /// Keeps a message where there is a store, so that it is told although the process ends. Sends nothing yet.
    pub async fn keep(&self, event: WebhookEvent) -> Option<Kept> {
        let outbox = self.0.as_ref()?;
        let kept = Kept::new(&event, &outbox.schedule, epoch_ms());
        if let Err(error) = outbox.kept.keep(&kept).await {
            tracing::warn!(
                event = kept.kind, webhook = kept.id, %error,
                "a webhook is not kept: it is lost if the bridge stops before it is delivered"
            );
        }
        Some(kept)
    }

    /// Sends a message as soon as there is time. Never waits.
    pub fn send(&self, kept: Kept) {
        let Some(outbox) = &self.0 else {
            return;
        };
        if let Err(error) = outbox.orders.try_send(Order::Send(kept))
            && let Order::Send(kept) = error.into_inner()
        {
            outbox.kept.remove(&kept);
            dropped(&kept);
        }
    }

    /// Both, for what is not part of a longer order.
    pub async fn tell(&self, event: WebhookEvent) {
        if let Some(kept) = self.keep(event).await {
            self.send(kept);
        }
    }

    /// Waits until what is due was tried, for so long at most.
    pub async fn settle(&self, limit: Duration) {
        let Some(outbox) = &self.0 else {
            return;
        };
        let (done, settled) = oneshot::channel();
        let asked = async {
            if outbox.orders.send(Order::Settle(done)).await.is_ok() {
                // It is dropped with the task.
                let _ = settled.await;
            }
        };
        if timeout(limit, asked).await.is_err() {
            tracing::info!("some webhooks were not delivered before the bridge stopped");
        }
    }
}

fn dropped(kept: &Kept) {
    metrics::webhook(&kept.kind, "dropped");
    tracing::warn!(
        event = kept.kind,
        webhook = kept.id,
        client = kept.client,
        "a webhook is dropped, because too many wait"
    );
}

struct Task {
    sender: Arc<Sender>,
    kept: KeptMessages,
    schedule: Schedule,
    queue: Queue,
    running: JoinSet<(Kept, Attempt)>,
    settling: Vec<oneshot::Sender<()>>,
}

impl Task {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        match self.kept.load(MOST).await {
            Ok(left) => left.into_iter().for_each(|kept| self.accept(kept)),
            Err(error) => {
                tracing::warn!(%error, "webhooks of an earlier run are not sent: the store cannot be read");
            }
        }
        loop {
            let now = epoch_ms();
            while let Some(kept) = self.queue.take_due(now) {
                let sender = Arc::clone(&self.sender);
                self.running.spawn(async move {
                    let attempt = sender.send(&kept).await;
                    (kept, attempt)
                });
            }
            metrics::webhooks_waiting(self.queue.len());
            if !self.queue.is_busy(now) {
                for done in self.settling.drain(..) {
                    // Nobody waits any more.
                    let _ = done.send(());
                }
            }
            let due = self.queue.next_ms(now);
            let wait = due.map(|due| Duration::from_millis(due.saturating_sub(now)));
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Send(kept)) => self.accept(kept),
                    Some(Order::Settle(done)) => self.settling.push(done),
                    None => return,
                },
                Some(Ok((kept, attempt))) = self.running.join_next() => self.judge(kept, attempt),
                () = sleep(wait.unwrap_or_default()), if wait.is_some() => {}
            }
        }
    }

    fn accept(&mut self, kept: Kept) {
        if let Err(kept) = self.queue.push(kept) {
            self.kept.remove(&kept);
            dropped(&kept);
        }
    }

    fn judge(&mut self, mut kept: Kept, attempt: Attempt) {
        self.queue.finished(&kept.client);
        kept.attempts += 1;
        let (why, next) = match attempt {
            Attempt::Delivered => {
                metrics::webhook(&kept.kind, "delivered");
                tracing::debug!(
                    event = kept.kind,
                    webhook = kept.id,
                    attempts = kept.attempts,
                    "a webhook is delivered"
                );
                self.kept.remove(&kept);
                return;
            }
            Attempt::Failed { why, retry_after } => {
                let (now, random) = (epoch_ms(), fastrand::f64());
                let end = kept.give_up_ms;
                let next = self
                    .schedule
                    .next_ms(kept.attempts, now, end, retry_after, random);
                (why, next)
            }
            Attempt::Final(why) => (why, None),
        };
        if let Some(next_ms) = next {
            kept.next_ms = next_ms;
            metrics::webhook(&kept.kind, "retried");
            log(
                &kept,
                &why,
                "a webhook was not delivered, and is tried again",
            );
            self.kept.update(&kept);
            self.accept(kept);
        } else {
            metrics::webhook(&kept.kind, "failed");
            log(&kept, &why, "a webhook is given up");
            self.kept.remove(&kept);
        }
    }
}

/// Without the path and the query of its URL, which may hold a secret.
fn log(kept: &Kept, why: &Failure, what: &'static str) {
    let url = url::Url::parse(&kept.content.url).ok();
    let host = url
        .as_ref()
        .and_then(url::Url::host_str)
        .unwrap_or_default();
    tracing::warn!(
        event = kept.kind,
        webhook = kept.id,
        client = kept.client,
        host,
        attempts = kept.attempts,
        error = %why,
        "{what}"
    );
}
