//! The report of a cancellation.

use std::fmt;

type Deliver = Box<dyn FnOnce(bool) + Send>;

/// Reports once whether a call was cancelled. Dropped unused, it reports that there was nothing to cancel.
pub struct CancelReport(Option<Deliver>);

impl CancelReport {
    /// `deliver` must not block.
    pub fn new(deliver: impl FnOnce(bool) + Send + 'static) -> Self {
        Self(Some(Box::new(deliver)))
    }

    pub(super) fn send(mut self, cancelled: bool) {
        if let Some(deliver) = self.0.take() {
            deliver(cancelled);
        }
    }
}

/// The reports that one request owes.
#[derive(Debug, Default)]
pub(super) struct CancelReports(Vec<CancelReport>);

impl CancelReports {
    pub(super) fn push(&mut self, report: CancelReport) {
        self.0.push(report);
    }

    pub(super) fn send(self, cancelled: bool) {
        for report in self.0 {
            report.send(cancelled);
        }
    }
}

impl fmt::Debug for CancelReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelReport").finish_non_exhaustive()
    }
}

impl Drop for CancelReport {
    fn drop(&mut self) {
        if let Some(deliver) = self.0.take() {
            deliver(false);
        }
    }
}
