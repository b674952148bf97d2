//! A change of what a target's documents start with. It is taken back if it fails, or if the request for it times out or is
//! cancelled.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use super::error::SetupError;
use super::overrides::Aspect;
use super::setup::PageSetup;
use super::target_setup::{PendingCall, TargetSetup};
use super::zone_check;
use crate::cdp::CallError;
use crate::runtime::spawn_from_drop;
use crate::tabs::unawaited::UNAWAITED_LIMIT;

/// Part of Chromium's message for a locale or a time zone if one holds already in the process.
const IN_EFFECT: &str = "already in effect";

/// A change that is being carried out. Dropped before it is done, it is taken back.
pub struct SetupChange {
    target: Arc<TargetSetup>,
    before: PageSetup,
    pending: Vec<PendingCall>,
    is_done: bool,
}

impl SetupChange {
    /// Queues all commands before this returns.
    pub fn begin(target: &Arc<TargetSetup>, to: &PageSetup, limit: Duration) -> Self {
        let before = target.current();
        Self {
            target: Arc::clone(target),
            before,
            pending: target.send(to, limit),
            is_done: false,
        }
    }

    /// Waits until all of it holds.
    pub async fn finish(mut self) -> Result<(), SetupError> {
        let mut shared = Vec::new();
        for call in std::mem::take(&mut self.pending) {
            match (call.answer.await, call.aspect) {
                (Ok(()), _) => {}
                (Err(error), Some(aspect)) if is_in_effect(&error) => shared.push(aspect),
                (Err(error), aspect) => return Err(refusal(error, aspect)),
            }
        }
        // Another session of the same process emulates one; it may be the same.
        for aspect in shared {
            if !zone_check::holds(&self.target, aspect).await? {
                let field = aspect.field();
                return Err(SetupError::Shared { field });
            }
        }
        self.is_done = true;
        Ok(())
    }

    /// Waits until as much of it holds as can, and has the target remember the first value that Chromium does not know.
    /// Fails only with the session.
    pub async fn finish_leniently(mut self) -> Result<(), CallError> {
        // Also if this is dropped: the target is new, and nothing else was in force there.
        self.is_done = true;
        // Scripts are queued ahead of every document of the target, and their answers may be awaited for long.
        let pending = std::mem::take(&mut self.pending).into_iter();
        for call in pending.filter(|call| !call.is_script) {
            match call.answer.await {
                Err(error) if error.is_refusal() => {
                    tracing::warn!(%error, "a part of the emulation of a tab could not be restored");
                    if !is_in_effect(&error) {
                        self.target.refused(refusal(error, call.aspect));
                    }
                }
                answer => answer?,
            }
        }
        Ok(())
    }
}

impl Drop for SetupChange {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let calls = self.target.send(&self.before, UNAWAITED_LIMIT);
        spawn_from_drop(async move {
            join_all(calls.into_iter().map(|call| call.answer)).await;
        });
    }
}

fn is_in_effect(error: &CallError) -> bool {
    matches!(error, CallError::Protocol { message, .. } if message.contains(IN_EFFECT))
}

fn refusal(error: CallError, aspect: Option<Aspect>) -> SetupError {
    match (&error, aspect) {
        (CallError::Protocol { message, .. }, Some(aspect)) => SetupError::Refused {
            field: aspect.field(),
            // The reason might repeat a header.
            reason: match aspect {
                Aspect::Headers => String::new(),
                _ => message.as_ref().to_owned(),
            },
        },
        _ => error.into(),
    }
}
