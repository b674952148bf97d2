//! The console of one page as a stream: opened again after a failure for those who subscribed at the
//! page before, and summarised when the page writes too much.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::TabId;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::entry;
use super::frames::{ConsoleReport, listen};
use super::subscriber::Subscriber;
use crate::flow::{Backoff, RateSummary, Summary};
use crate::metrics;
use crate::tabs::fact::{Audience, ConsoleLine, Fact, FactKind, FactSink};
use crate::tabs::feed::{
    Feeds, PageSession, PageStream, StreamError, StreamFactory, StreamListener as _, StreamPage,
    Subscription,
};
use crate::tabs::identity::Scope;
use crate::tabs::reply::Reply;
use crate::tabs::supervisor::SupervisorHandle;
use crate::tabs::target::Target;
use crate::timer::sleep_until_opt;

/// Longer than the time limit of any request, so that it is the request that runs out of time.
const ENABLE_LIMIT: Duration = Duration::from_mins(2);

/// How long to wait before the console of a page is opened again.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(30);

/// At most this many messages of a tab are sent in each [`INTERVAL`].
const MAX_MESSAGES: u32 = 100;
const INTERVAL: Duration = Duration::from_secs(1);

/// How many reports of a page wait for the feed, beside those in the inboxes of its sessions.
const REPORTS: usize = 256;

/// The console subscriptions of one tab.
pub(crate) type ConsoleSubscriptions = Feeds<ConsoleStreams>;

impl ConsoleSubscriptions {
    pub(crate) fn new(
        tab: TabId,
        scope: Scope,
        supervisor: SupervisorHandle,
        facts: Arc<dyn FactSink>,
    ) -> Self {
        let factory = ConsoleStreams {
            tab,
            scope,
            supervisor,
            facts,
        };
        Self::with(tab, factory)
    }

    /// Answered in the same way whether there was a subscription or not.
    pub(crate) fn unsubscribe_from_console(&mut self, tab: TabId, reply: Reply) {
        self.unsubscribe(reply.call.caller, move || Subscriber::confirm(tab, reply));
    }
}

#[derive(Clone)]
pub(crate) struct ConsoleStreams {
    tab: TabId,
    scope: Scope,
    supervisor: SupervisorHandle,
    facts: Arc<dyn FactSink>,
}

impl StreamFactory for ConsoleStreams {
    type Stream = ConsoleStream;
    type Page = Target;
    type Spec = ();

    fn stream(&mut self, (): (), page: &Target, replaces: bool) -> ConsoleStream {
        ConsoleStream {
            source: self.clone(),
            page: StreamPage::new(page, self.supervisor.clone()),
            includes_earlier: replaces,
            session: None,
            reports: mpsc::channel(1).1,
            ration: RateSummary::new(INTERVAL, MAX_MESSAGES),
            backoff: Backoff::new(FIRST_RETRY, LAST_RETRY),
        }
    }
}

pub(crate) struct ConsoleStream {
    source: ConsoleStreams,
    page: StreamPage,
    /// Chromium repeats what was written before the console was enabled. The listeners have missed
    /// that in a page that replaces theirs, unless an earlier attempt has passed it on.
    includes_earlier: bool,
    session: Option<PageSession>,
    reports: mpsc::Receiver<ConsoleReport>,
    ration: RateSummary<ConsoleLine>,
    backoff: Backoff,
}

impl PageStream for ConsoleStream {
    type Listener = Subscriber;
    type Opened = PageSession;

    const FIRST_CALL: &'static str = "Runtime.enable";

    fn open(&mut self) -> BoxFuture<'static, Result<PageSession, StreamError>> {
        let (sender, reports) = mpsc::channel(REPORTS);
        self.reports = reports;
        let (page, includes_earlier) = (self.page.clone(), self.includes_earlier);
        async move {
            let (session, inbox) = page.attach().await?;
            let main = session.session.clone();
            let enabled = listen(main, inbox, includes_earlier, ENABLE_LIMIT, sender);
            enabled.await.map_err(|_| StreamError::PageGone)??;
            Ok(session)
        }
        .boxed()
    }

    fn opened(&mut self, session: PageSession) {
        self.session = Some(session);
        self.backoff.reset();
    }

    fn close(&mut self) {
        self.session = None;
        self.reports = mpsc::channel(1).1;
        self.ration = RateSummary::new(INTERVAL, MAX_MESSAGES);
        self.includes_earlier = false;
    }

    async fn next(
        &mut self,
        listeners: &[Arc<Subscription<Subscriber>>],
    ) -> Result<(), StreamError> {
        tokio::select! {
            biased;
            () = sleep_until_opt(self.ration.next_due()) => {
                if let Some(due) = self.ration.take_due(Instant::now()) {
                    self.publish(due, listeners);
                }
            }
            report = next_report(&mut self.reports, self.session.is_some()) => {
                self.on_report(&report?, listeners);
            }
        }
        Ok(())
    }

    fn retry_after(&mut self, failure: &StreamError) -> Option<Duration> {
        // The subscription of its listeners is confirmed already, so that they would not subscribe
        // again. Only one tab calls this page, so that the pause needs no jitter.
        failure.is_transient().then(|| self.backoff.next(1.0))
    }
}

impl ConsoleStream {
    fn on_report(&mut self, report: &ConsoleReport, listeners: &[Arc<Subscription<Subscriber>>]) {
        self.includes_earlier = false;
        self.ration.lost(report.lost);
        let Some(line) = entry::read(&report.event) else {
            return;
        };
        match self.ration.add(line, Instant::now()) {
            Some(due) => self.publish(due, listeners),
            None => metrics::dropped("consoleMessage", "flood"),
        }
    }

    fn publish(
        &self,
        Summary { item, omitted }: Summary<ConsoleLine>,
        listeners: &[Arc<Subscription<Subscriber>>],
    ) {
        let source = &self.source;
        let present = listeners.iter().filter(|it| !it.is_over());
        let present = present.map(|it| it.listener.caller).collect();
        let line = FactKind::ConsoleMessage(ConsoleLine { omitted, ..item });
        source.facts.publish(Fact {
            audience: Audience::Subscribers(source.scope.clone(), present),
            ..Fact::of_tab(&source.scope, source.tab, line)
        });
    }
}

/// The next report of the page. While the stream is being opened the end of the reports says
/// nothing: the attempt fails by itself.
async fn next_report(
    reports: &mut mpsc::Receiver<ConsoleReport>,
    is_open: bool,
) -> Result<ConsoleReport, StreamError> {
    match reports.recv().await {
        Some(report) => Ok(report),
        None if is_open => Err(StreamError::PageGone),
        None => std::future::pending().await,
    }
}
