//! The task that drives one stream of one page.

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::listeners::{FeedStep, ListenerSet};
use super::stream::{PageStream, StreamError, StreamListener};
use super::subscription::Subscription;
use crate::tabs::pending_call::take_done;
use crate::timer::sleep_until_opt;

/// How many commands may wait for the task, which takes them at once.
pub(super) const MAILBOX: usize = 64;

pub(super) enum FeedCommand<L: StreamListener> {
    Join(Arc<Subscription<L>>),
    /// A subscription was ended: this answers, after everything that was passed on to it.
    Answer(Box<dyn FnOnce() + Send>),
}

/// Starts a feed for these subscriptions. It ends with its page, or when the sender is dropped;
/// requests that are unanswered then are answered by the feed of the next page, or by the actor.
pub(super) fn start<S: PageStream>(
    stream: S,
    subscriptions: Vec<Arc<Subscription<S::Listener>>>,
) -> mpsc::Sender<FeedCommand<S::Listener>> {
    let (sender, commands) = mpsc::channel(MAILBOX);
    let mut feed = Feed {
        stream,
        commands,
        listeners: ListenerSet::new(),
        opening: None,
        departures: FuturesUnordered::new(),
    };
    for subscription in subscriptions {
        feed.join(subscription);
    }
    tokio::spawn(feed.run());
    sender
}

struct Feed<S: PageStream> {
    stream: S,
    commands: mpsc::Receiver<FeedCommand<S::Listener>>,
    listeners: ListenerSet<Arc<Subscription<S::Listener>>>,
    opening: Option<BoxFuture<'static, Result<S::Opened, StreamError>>>,
    /// Each resolves when a subscription is over.
    departures: FuturesUnordered<BoxFuture<'static, ()>>,
}

impl<S: PageStream> Feed<S> {
    async fn run(mut self) {
        loop {
            // A listener that joins right after the last one left finds the stream still open.
            while let Ok(command) = self.commands.try_recv() {
                self.execute(command);
            }
            let wake = self.advance();
            let ended = tokio::select! {
                // A listener that has left gets nothing more, and a flood delays no request.
                biased;
                command = self.commands.recv() => {
                    let Some(command) = command else { return };
                    self.execute(command);
                    Ok(())
                }
                Some(()) = self.departures.next() => Ok(()),
                () = sleep_until_opt(wake) => Ok(()),
                outcome = take_done(&mut self.opening) => self.on_opened(outcome),
                passed_on = self.stream.next(self.listeners.confirmed()) => passed_on,
            };
            if let Err(reason) = ended {
                return self.end(&reason).await;
            }
        }
    }

    fn execute(&mut self, command: FeedCommand<S::Listener>) {
        match command {
            FeedCommand::Join(subscription) => self.join(subscription),
            FeedCommand::Answer(answer) => answer(),
        }
    }

    fn join(&mut self, subscription: Arc<Subscription<S::Listener>>) {
        self.departures.push(subscription.clone().over().boxed());
        self.listeners.join(subscription);
    }

    /// Carries out every step that is due, and returns when the next one may be.
    fn advance(&mut self) -> Option<Instant> {
        loop {
            match self.listeners.next(Instant::now()) {
                FeedStep::Open => self.opening = Some(self.stream.open()),
                FeedStep::Close => {
                    self.opening = None;
                    self.stream.close();
                }
                FeedStep::Confirm(subscription) => {
                    self.stream.joined(&subscription.listener);
                    subscription.confirm();
                }
                FeedStep::Expire(subscription) => {
                    subscription.refuse(|reply| reply.timed_out(S::FIRST_CALL));
                }
                FeedStep::Remove(subscription) => {
                    self.stream.left(&subscription.listener);
                    // Otherwise the actor has ended it, and answers it.
                    if !subscription.is_ended() {
                        subscription.withdraw();
                    }
                }
                FeedStep::Sleep(wake) => return wake,
            }
        }
    }

    fn on_opened(&mut self, outcome: Result<S::Opened, StreamError>) -> Result<(), StreamError> {
        let error = match outcome {
            Ok(opened) => {
                self.stream.opened(opened);
                self.listeners.opened();
                return Ok(());
            }
            Err(error) => error,
        };
        let Some(pause) = self.stream.retry_after(&error) else {
            return Err(error);
        };
        self.refuse_waiting(&error);
        if !self.listeners.confirmed().is_empty() {
            let call = S::FIRST_CALL;
            tracing::warn!(%error, call, "a page's stream could not be opened; trying again");
        }
        self.listeners.pause(Instant::now() + pause);
        Ok(())
    }

    /// The page is gone, or its stream could not be opened. Commands sent before are still answered.
    async fn end(mut self, reason: &StreamError) {
        self.commands.close();
        while let Some(command) = self.commands.recv().await {
            self.execute(command);
        }
        if self.listeners.is_open() {
            // They continue in the page that replaces this one, as the earlier ones do.
            self.advance();
        }
        self.refuse_waiting(reason);
    }

    fn refuse_waiting(&mut self, reason: &StreamError) {
        for subscription in self.listeners.take_waiting() {
            subscription.refuse(|reply| reason.for_request(reply));
        }
    }
}
