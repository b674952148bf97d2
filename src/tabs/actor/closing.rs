//! Closing a tab.

use std::time::Duration;

use cdp_bridge_protocol::event::CloseReason;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::Instant;

use super::Actor;
use crate::cdp::CallError;
use crate::tabs::error::TabError;
use crate::tabs::identity::CallId;
use crate::tabs::reply::Reply;

/// How long Chromium may take to close a target when no request waits for it.
pub(super) const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// Longer than the time limit of any request, so that it is the request that times out.
const LONGEST: Duration = Duration::from_mins(2);

/// A close that is in progress.
pub(super) struct Closing {
    /// With the requests to close the tab so far.
    end: End,
    /// When the tab ends even if Chromium has not closed it: set if the close was not a request,
    /// because then no client would repeat it.
    force_at: Option<Instant>,
    done: BoxFuture<'static, Result<(), CallError>>,
}

impl Closing {
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let replies = self.end.replies.iter().map(|reply| reply.deadline);
        replies.chain(self.force_at).min()
    }
}

/// Waits for the close that is in progress. Never ends while there is none.
pub(super) async fn closing(closing: &mut Option<Closing>) -> Result<(), CallError> {
    match closing {
        Some(closing) => (&mut closing.done).await,
        None => std::future::pending().await,
    }
}

pub(super) struct End {
    pub(super) reason: CloseReason,
    /// The requests to close the tab.
    pub(super) replies: Vec<Reply>,
}

impl End {
    pub(super) fn of(reason: CloseReason) -> Self {
        let replies = Vec::new();
        Self { reason, replies }
    }

    /// The error of all other requests when a tab ends for this reason.
    pub(super) fn error(reason: CloseReason) -> TabError {
        match reason {
            CloseReason::BrowserExited => TabError::BrowserDown {
                reason: "it ended, and is not started any more; /health says why".to_owned(),
            },
            CloseReason::Shutdown => TabError::ShuttingDown,
            CloseReason::Page => TabError::Detached,
            CloseReason::Crashed => TabError::Crashed,
            CloseReason::Requested | CloseReason::Idle => TabError::Closed,
        }
    }

    /// The first target could not be opened.
    pub(super) fn never_opened() -> Self {
        Self::of(CloseReason::Requested)
    }
}

impl Actor {
    /// Starts closing the tab at once; active and pending requests fail now.
    pub(super) fn close(&mut self, reason: CloseReason, reply: Option<Reply>) {
        let force_at = reply.is_none().then(|| Instant::now() + CLOSE_LIMIT);
        if let Some(closing) = &mut self.closing {
            closing.end.replies.extend(reply);
            closing.force_at = closing.force_at.or(force_at);
            return;
        }
        self.recovery.cancel();
        self.fail_all(&End::error(reason));
        let done: BoxFuture<'static, _> = match &self.attached {
            Some(attached) if !attached.lost_browser() => attached.target.close(LONGEST).boxed(),
            _ => std::future::ready(Ok(())).boxed(),
        };
        let replies = reply.into_iter().collect();
        self.closing = Some(Closing {
            end: End { reason, replies },
            force_at,
            done,
        });
    }

    pub(super) fn on_closed(&mut self, outcome: Result<(), CallError>) -> Option<End> {
        let Closing {
            mut end, force_at, ..
        } = self.closing.take()?;
        match outcome {
            Err(CallError::Closed { .. }) => end.reason = CloseReason::BrowserExited,
            Err(error) => {
                tracing::warn!(tab = %self.tab.id, %error, "Chromium did not close the tab");
                if force_at.is_none() {
                    for reply in end.replies {
                        reply.fail(self.failure(TabError::Refused(error.clone())));
                    }
                    return self.recover();
                }
            }
            Ok(()) => {}
        }
        Some(end)
    }

    /// Fails the close requests that have timed out. The tab stays open if none is left.
    pub(super) fn on_close_timeout(&mut self, now: Instant) -> Option<End> {
        let closing = self.closing.as_mut()?;
        if closing.force_at.is_some_and(|force_at| force_at <= now) {
            tracing::warn!(tab = %self.tab.id, "Chromium did not close the tab in time");
            return self.finish_close();
        }
        let is_over = |reply: &mut Reply| reply.deadline <= now;
        let over: Vec<_> = closing.end.replies.extract_if(.., is_over).collect();
        let stays = closing.end.replies.is_empty() && closing.force_at.is_none();
        for reply in over {
            let error = reply.timed_out("Target.closeTarget");
            reply.fail(self.failure(error));
        }
        if !stays {
            return None;
        }
        self.closing = None;
        self.recover()
    }

    /// Takes out a request to close the tab. The tab closes nevertheless.
    pub(super) fn take_close_request(&mut self, call: CallId) -> Option<Reply> {
        let closing = self.closing.as_mut()?;
        let replies = &mut closing.end.replies;
        let at = replies.iter().position(|reply| reply.call == call)?;
        closing
            .force_at
            .get_or_insert_with(|| Instant::now() + CLOSE_LIMIT);
        Some(replies.remove(at))
    }

    /// The end of a close that is in progress.
    pub(super) fn finish_close(&mut self) -> Option<End> {
        self.closing.take().map(|closing| closing.end)
    }
}
