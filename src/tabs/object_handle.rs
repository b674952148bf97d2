//! A remote object in a page.

use std::time::Duration;

use crate::cdp::TargetSession;
use crate::cdp::methods::ReleaseObject;
use crate::runtime::spawn_from_drop;

/// The time limit of the release, which no request waits for.
const RELEASE_LIMIT: Duration = Duration::from_secs(30);

/// A remote object. It is released on drop, so that the page's heap does not grow with the number of
/// requests.
#[derive(Debug)]
pub(super) struct ObjectHandle {
    session: TargetSession,
    id: Box<str>,
}

impl ObjectHandle {
    pub(super) fn new(session: TargetSession, id: Box<str>) -> Self {
        Self { session, id }
    }

    /// `Runtime.RemoteObjectId`.
    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for ObjectHandle {
    fn drop(&mut self) {
        let (session, id) = (self.session.clone(), std::mem::take(&mut self.id));
        spawn_from_drop(async move {
            let release = ReleaseObject { object_id: &id };
            // A closed page has released its objects; the error is ignored.
            let _ = session.call(release, RELEASE_LIMIT).await;
        });
    }
}
