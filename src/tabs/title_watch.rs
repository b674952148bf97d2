//! Watches the title of the document that a target shows.

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::sleep;

use super::commands::title_change::title_change;
use super::target::Target;

/// The shortest time between two changes that are noticed.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Default)]
pub(super) struct TitleWatch {
    change: Option<BoxFuture<'static, Option<String>>>,
    /// `document.title` as it was last. Chromium's own title is another where that is empty.
    known: Option<String>,
}

impl TitleWatch {
    /// Watches for a title other than the last one, or this one if there was none. Goes on if it
    /// watches already.
    pub(super) fn watch(&mut self, target: &Target, title: &str) {
        if self.change.is_some() {
            return;
        }
        let (session, frame) = (target.session.clone(), target.id.as_str().to_owned());
        let pause = if self.known.is_some() {
            PAUSE
        } else {
            Duration::ZERO
        };
        let known = self.known.clone().unwrap_or_else(|| title.to_owned());
        let change = async move {
            sleep(pause).await;
            title_change(session, frame, known).await
        };
        self.change = Some(change.boxed());
    }

    /// The document is gone.
    pub(super) fn stop(&mut self) {
        *self = Self::default();
    }

    /// Waits for a change; it is not watched any more then. Never ends while none is watched for.
    pub(super) async fn changed(&mut self) {
        if let Some(change) = &mut self.change {
            let title = change.await;
            self.change = None;
            if title.is_some() {
                self.known = title;
                return;
            }
        }
        std::future::pending::<()>().await;
    }
}
