//! The page that a stream belongs to, and a CDP session that ends with the stream.

use std::time::Duration;

use super::stream::StreamError;
use crate::cdp::methods::DetachFromTarget;
use crate::cdp::{Attachment, Browser, Inbox, TargetId, TargetSession};
use crate::runtime::spawn_from_drop;
use crate::tabs::supervisor::SupervisorHandle;
use crate::tabs::target::Target;

/// The time limit of the detaching, which no request waits for.
const DETACH_LIMIT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub(crate) struct StreamPage {
    target: TargetId,
    browser: Browser,
    supervisor: SupervisorHandle,
}

impl StreamPage {
    pub(crate) fn new(target: &Target, supervisor: SupervisorHandle) -> Self {
        Self {
            target: target.id.clone(),
            browser: target.browser.clone(),
            supervisor,
        }
    }

    /// Attaches one more session to the page, so that a flood in the stream fills no other inbox.
    pub(crate) async fn attach(self) -> Result<(PageSession, Inbox), StreamError> {
        let attached = self.supervisor.attach(self.target).await;
        let Attachment { session, inbox, .. } = attached.ok_or(StreamError::PageGone)?;
        let browser = self.browser;
        Ok((PageSession { browser, session }, inbox))
    }
}

/// A session that is detached when this is dropped. Chromium then ends everything that was enabled
/// in it.
#[derive(Debug)]
pub(crate) struct PageSession {
    browser: Browser,
    pub(crate) session: TargetSession,
}

impl Drop for PageSession {
    fn drop(&mut self) {
        let (browser, session_id) = (self.browser.clone(), self.session.id().clone());
        spawn_from_drop(async move {
            let detach = DetachFromTarget { session_id };
            // It fails if the page is gone, and its sessions with it.
            let _ = browser.call(detach, DETACH_LIMIT).await;
        });
    }
}
