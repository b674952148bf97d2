//! In which order tabs get a new target, and how many of them at a time. No I/O.
//!
//! After a browser's death all its tabs want one at once. A browser that has just started would do
//! all of it slowly; so a few have their turn, those first that were used last.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;

/// How many tabs have their turn at a time. Two cores open four targets as fast as eight.
const AT_A_TIME: usize = 4;

/// The right to ask for a new target now. It ends when this is dropped.
#[derive(Debug)]
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// A tab that waits for its turn; until nobody waits for the reply any more.
#[derive(Debug)]
pub(super) struct TurnRequest {
    pub(super) last_used: Instant,
    pub(super) reply: oneshot::Sender<Turn>,
}

/// Those who wait, and the turns that are free.
#[derive(Debug)]
pub(super) struct Turns {
    waiting: Vec<TurnRequest>,
    free: Arc<Semaphore>,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            waiting: Vec::new(),
            free: Arc::new(Semaphore::new(AT_A_TIME)),
        }
    }
}

impl Turns {
    pub(super) fn push(&mut self, request: TurnRequest) {
        self.waiting.push(request);
    }

    /// Waits until somebody waits for a turn and one is free. Never ends while nobody waits, and
    /// may be dropped at any time.
    pub(super) async fn free(&self) -> Turn {
        if !self.waiting.is_empty()
            && let Ok(permit) = Arc::clone(&self.free).acquire_owned().await
        {
            return Turn { _permit: permit };
        }
        // The semaphore is never closed, so nobody waits.
        std::future::pending().await
    }

    /// Gives a turn to the tab that was used last.
    pub(super) fn give(&mut self, mut turn: Turn) {
        self.waiting.sort_by_key(|request| request.last_used);
        while let Some(TurnRequest { reply, .. }) = self.waiting.pop() {
            match reply.send(turn) {
                Ok(()) => return,
                // That tab has been closed meanwhile.
                Err(back) => turn = back,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use std::time::Duration;

    fn wait(turns: &mut Turns, last_used: Instant) -> oneshot::Receiver<Turn> {
        let (reply, turn) = oneshot::channel();
        turns.push(TurnRequest { last_used, reply });
        turn
    }

    fn give_all(turns: &mut Turns) {
        while let Some(turn) = turns.free().now_or_never() {
            turns.give(turn);
        }
    }

    #[test]
    fn the_tab_that_was_used_last_comes_first_and_few_have_their_turn_at_a_time() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        let mut tabs: Vec<_> = (0..6)
            .map(|age| wait(&mut turns, now - Duration::from_secs(age)))
            .collect();
        give_all(&mut turns);
        let mut given: Vec<_> = tabs.iter_mut().map(|tab| tab.try_recv().ok()).collect();
        let whose =
            |given: &[Option<Turn>]| -> Vec<_> { given.iter().map(Option::is_some).collect() };
        assert_eq!(whose(&given), [true, true, true, true, false, false]);
        given[1] = None;
        give_all(&mut turns);
        assert!(tabs[4].try_recv().is_ok() && tabs[5].try_recv().is_err());
    }

    #[test]
    fn a_tab_that_waits_no_more_takes_nobodys_turn() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        drop(wait(&mut turns, now));
        let mut tab = wait(&mut turns, now - Duration::from_secs(1));
        give_all(&mut turns);
        assert!(tab.try_recv().is_ok());
        assert!(turns.free().now_or_never().is_none(), "nobody waits");
    }
}
