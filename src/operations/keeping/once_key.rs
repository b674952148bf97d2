//! The idempotency keys under which sessions and tabs are made, so that a request that is repeated after a restart makes
//! no second one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cdp_bridge_protocol::TabId;

use crate::clock::epoch_ms;
use crate::lock::lock;
use crate::operations::CallId;
use crate::sessions::SessionId;
use crate::store::Write;
use crate::tabs::Scope;

use super::rows;

/// A key that a door has taken, with what tells its request from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnceKey {
    /// Whose key it is.
    pub scope: Scope,
    /// The door that it came through. The same key at two doors is two keys.
    pub door: &'static str,
    /// As the client has written it.
    pub key: String,
    /// Of the request.
    pub print: [u8; 32],
}

/// What was made under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    Session(SessionId),
    Tab(TabId),
}

/// The calls that are making something under a key.
#[derive(Debug, Clone, Default)]
pub(in crate::operations) struct Making(Arc<Mutex<MakingState>>);

#[derive(Debug, Default)]
struct MakingState {
    calls: HashMap<CallId, Maker>,
    /// Keys that were written before it turned out that nothing was made.
    void: Vec<Write>,
}

#[derive(Debug)]
struct Maker {
    once: OnceKey,
    until_ms: u64,
    /// The tab with which the key was written.
    made: Option<Made>,
}

/// A call that makes a tab under a key, until it is answered.
#[derive(Debug)]
pub(in crate::operations) struct MakingCall {
    making: Making,
    call: CallId,
}

impl Making {
    /// A call is to make a tab. Its key is remembered for this long.
    pub(in crate::operations) fn begin(
        &self,
        call: CallId,
        once: OnceKey,
        window: Duration,
    ) -> MakingCall {
        let until_ms = expiry(window);
        let maker = Maker {
            once,
            until_ms,
            made: None,
        };
        lock(&self.0).calls.insert(call, maker);
        MakingCall {
            making: self.clone(),
            call,
        }
    }

    /// The key of the call that has made this tab, to be written together with the tab.
    pub(super) fn key_of(&self, call: CallId, tab: TabId) -> Option<Write> {
        let mut state = lock(&self.0);
        let maker = state.calls.get_mut(&call)?;
        let made = Made::Tab(tab);
        maker.made = Some(made);
        Some(rows::key(&maker.once, made, maker.until_ms))
    }

    /// Takes out the keys under which nothing was made after all.
    pub(super) fn take_void(&self) -> Vec<Write> {
        std::mem::take(&mut lock(&self.0).void)
    }
}

impl MakingCall {
    /// The call is answered. `is_free`: nothing was made, and the same key may be used again.
    pub(in crate::operations) fn answered(self, is_free: bool) {
        let mut state = lock(&self.making.0);
        if let Some(maker) = state.calls.remove(&self.call)
            && let Some(made) = maker.made.filter(|_| is_free)
        {
            state.void.push(rows::key(&maker.once, made, 0));
        }
    }
}

impl Drop for MakingCall {
    fn drop(&mut self) {
        lock(&self.making.0).calls.remove(&self.call);
    }
}

/// When a key is forgotten that is remembered for this long.
pub(in crate::operations) fn expiry(window: Duration) -> u64 {
    let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
    epoch_ms().saturating_add(window)
}
