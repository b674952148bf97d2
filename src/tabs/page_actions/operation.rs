//! What a request does in a page.

use std::fmt;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::Instant;

use super::action_mode::ActionMode;
use super::ax_snapshot::RefCounter;
use super::driver::PageDriver;
use super::error::PageActionError;
use crate::tabs::reply::{Acted, AnswerKind};

pub(super) type PageOutcome = Result<AnswerKind, PageActionError>;

type Run = dyn FnOnce(PageDriver, RefCounter, Instant) -> BoxFuture<'static, PageOutcome> + Send;

/// What a request does in a page: an action, or a query or a condition to wait for, which change
/// nothing. Each has its constructor: [`actions`](super::actions), and the modules of the queries.
pub struct PageOperation(Box<Run>);

impl PageOperation {
    /// `run` is called with the page, the next ref number of the tab, and the deadline of the request.
    pub(super) fn new<F>(
        run: impl FnOnce(PageDriver, RefCounter, Instant) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = PageOutcome> + Send + 'static,
    {
        Self(Box::new(|driver, refs, deadline| {
            run(driver, refs, deadline).boxed()
        }))
    }

    /// An action. It may change the page, so it runs in the order of the tab's changes and is never
    /// retried after it may have taken effect.
    pub(super) fn action<F, R>(run: impl FnOnce(PageDriver, Instant) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<R, PageActionError>> + Send + 'static,
        R: Into<Acted>,
    {
        Self::new(async move |driver: PageDriver, _, deadline| {
            driver.emulate_focus(deadline).await?;
            let acted = run(driver, deadline).await?;
            Ok(AnswerKind::Done(acted.into()))
        })
    }

    /// An [action](Self::action) that may be a trial.
    pub(super) fn acting<F, R>(
        mode: ActionMode,
        run: impl FnOnce(PageDriver, Instant) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<R, PageActionError>> + Send + 'static,
        R: Into<Acted>,
    {
        Self::action(async move |driver, deadline| {
            let acted = run(driver, deadline).await?.into();
            Ok(Acted {
                is_trial: mode.trial,
                ..acted
            })
        })
    }

    pub(crate) fn run(
        self,
        driver: PageDriver,
        refs: RefCounter,
        deadline: Instant,
    ) -> BoxFuture<'static, PageOutcome> {
        (self.0)(driver, refs, deadline)
    }
}

impl fmt::Debug for PageOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageOperation").finish_non_exhaustive()
    }
}
