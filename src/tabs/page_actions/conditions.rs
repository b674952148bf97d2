//! What `waitFor` waits for: conditions, of which one shall hold.

use std::fmt;

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::{LoadState, WaitState};
use futures::future::{BoxFuture, Shared};
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use serde_json::Value;
use tokio::time::Instant;

use super::driver::PageDriver;
use super::error::PageActionError;
use super::operation::PageOperation;
use super::url_pattern::UrlPattern;
use crate::locator::Locator;
use crate::tabs::reply::{Acted, AnswerKind, Waited};

/// Ends once no navigation is under way.
type Settled<'a> = Shared<BoxFuture<'a, Result<(), PageActionError>>>;

/// A condition to wait for.
#[derive(Debug, Clone)]
pub enum Condition {
    Element {
        locator: Locator,
        state: WaitState,
    },
    Load(LoadState),
    Url(UrlPattern),
    /// A text is visible.
    Text(String),
    /// A script of the client has a value that is true.
    Script {
        expression: TypedText,
        args: Vec<Value>,
    },
}

/// Conditions of which one shall hold.
#[derive(Debug, Clone)]
pub struct Conditions {
    /// At least one.
    pub all: Vec<Condition>,
    /// Whether the client asked for any of several, so that the answer says which one holds.
    pub is_any: bool,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Element { locator, .. } => write!(f, "`{}`", locator.as_str()),
            Self::Load(LoadState::DomContentLoaded) => f.write_str("domcontentloaded"),
            Self::Load(LoadState::Load) => f.write_str("load"),
            Self::Load(LoadState::NetworkIdle) => f.write_str("networkidle"),
            Self::Url(_) => f.write_str("the URL"),
            Self::Text(_) => f.write_str("the text"),
            Self::Script { .. } => f.write_str("the expression"),
        }
    }
}

impl PageOperation {
    /// `waitFor`.
    pub fn wait(conditions: Conditions) -> Self {
        Self::new(async move |driver, _, deadline| {
            let waited = driver.wait_in_next_document(&conditions, deadline);
            Ok(AnswerKind::Waited(waited.await?))
        })
    }

    /// An action, and then a wait in the document that comes of it.
    #[must_use]
    pub fn then_wait(self, conditions: Conditions) -> Self {
        Self::new(async move |driver: PageDriver, refs, deadline| {
            let answer = self.run(driver.clone(), refs, deadline).await?;
            let AnswerKind::Done(acted) = answer else {
                return Ok(answer);
            };
            // What a script has done in a document cannot be asked of the next one.
            if driver.input_sent().may_be_sent() {
                driver.input_sent().set();
            }
            let waited = driver.wait_in_next_document(&conditions, deadline).await?;
            Ok(AnswerKind::Done(Acted {
                waited: Some(waited),
                ..acted
            }))
        })
    }
}

impl PageDriver {
    /// Waits until one of the conditions holds, in the document that comes of a navigation under way.
    async fn wait_in_next_document(
        &self,
        conditions: &Conditions,
        deadline: Instant,
    ) -> Result<Waited, PageActionError> {
        let settled: Settled<'_> = self.navigation_ended(deadline).boxed().shared();
        let waits = conditions.all.iter().zip(0_u32..);
        let mut waits: FuturesUnordered<_> = waits
            .map(|(condition, index)| {
                let wait = self.wait(condition, settled.clone(), deadline);
                wait.map(move |outcome| (index, outcome))
            })
            .collect();
        let mut failures = Vec::new();
        while let Some((index, outcome)) = waits.next().await {
            match outcome {
                Ok(value) => {
                    return Ok(Waited {
                        url: self.location().borrow().url.clone(),
                        index: conditions.is_any.then_some(index),
                        value,
                    });
                }
                // The others may still hold.
                Err(error) if conditions.is_any && error.is_of_time() => {
                    failures.push((index, error));
                }
                Err(error) => return Err(error),
            }
        }
        failures.sort_by_key(|(index, _)| *index);
        let told = failures
            .iter()
            .map(|(index, error)| format!("{index}: {error}"));
        Err(PageActionError::NoneHolds {
            failures: told.collect::<Vec<_>>().join("; "),
        })
    }

    /// Waits until a condition holds, once `settled` says that no navigation is under way. Returns the value of a
    /// script.
    async fn wait(
        &self,
        condition: &Condition,
        settled: Settled<'_>,
        deadline: Instant,
    ) -> Result<Option<Value>, PageActionError> {
        if let Condition::Load(LoadState::NetworkIdle) = condition {
            // The requests are counted from now on.
            let wait = self.wait_network_idle(settled, deadline);
            self.within(condition, wait, deadline).await?;
            return Ok(None);
        }
        settled.await?;
        match condition {
            Condition::Element { locator, state } => {
                self.wait_element(locator, *state, deadline).await?;
            }
            Condition::Load(state) => {
                let wait = self.wait_load(*state, deadline);
                self.within(condition, wait, deadline).await?;
            }
            Condition::Url(pattern) => {
                let wait = self.wait_url(pattern);
                self.within(condition, wait, deadline).await?;
            }
            Condition::Text(text) => self.wait_text(text, deadline).await?,
            Condition::Script { expression, args } => {
                let wait = self.wait_script(expression, args, deadline);
                return self.within(condition, wait, deadline).await;
            }
        }
        Ok(None)
    }
}
