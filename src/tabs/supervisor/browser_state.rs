//! The state of the running browser, which is dropped with it.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use tokio::time::Instant;

use super::downloads::BrowserDownloads;
use super::jobs::{self, ContextFor, CreatedContext, JobResult, PendingOpen, PreparedPage};
use super::open_watchdog::OpenWatchdog;
use super::{AttachRequest, SupervisorHandle};
use crate::cdp::methods::BrowserVersion;
use crate::cdp::{
    Attachment, Browser, BrowserContextId, CallError, Inbox, SessionEvent, SessionId, TargetId,
};
use crate::fair_permits::FairPermits;
use crate::tabs::commands::http_auth::AuthRequests;
use crate::tabs::context_proxy::{ContextProxy, ProxyProvider};
use crate::tabs::contexts::{Contexts, SharedContext};
use crate::tabs::identity::{ClientId, Scope, TabKey};
use crate::tabs::target::{ContextChoice, Delivery, OpenError, OpenRequest, Target};
use crate::timer::sleep_until_opt;

/// Pages that are opened at a time. Two cores open four as fast as eight.
const CONCURRENT_OPENS: usize = 10;

/// Those of one client.
const CONCURRENT_OPENS_PER_CLIENT: usize = 8;

pub(super) struct BrowserState {
    pub(super) browser: Browser,
    /// The requests that every page pauses.
    pub(super) auth: AuthRequests,
    /// The major version.
    version: u32,
    pub(super) inbox: Inbox,
    jobs: FuturesUnordered<BoxFuture<'static, JobResult>>,
    pub(super) contexts: Contexts,
    proxies: HashMap<BrowserContextId, ContextProxy>,
    /// The proxies of contexts that Chromium failed to dispose of. They stay open, so that their ports
    /// are not reused for other contexts while pages of these may still connect.
    pub(super) undisposed: Vec<ContextProxy>,
    /// How many contexts of each scope are being created or disposed of.
    context_jobs: HashMap<Scope, usize>,
    /// The tab of each page, to find the opener of a popup.
    pub(super) tabs: HashMap<TargetId, TabKey>,
    /// Pages that Chromium has created, but that are not set up yet.
    pub(super) expected: HashMap<TargetId, PendingOpen>,
    /// Pages that are set up, but belong to no tab yet.
    pub(super) unclaimed: Vec<PreparedPage>,
    pending_attaches: HashMap<SessionId, PendingAttach>,
    /// `Target.createTarget` calls in flight. While there are any, a page without an opener may be
    /// the result of one and not a popup.
    pub(super) creating: usize,
    /// Limits how many pages are opened at a time, see [`jobs::open_turn`].
    pub(super) open_permits: FairPermits<ClientId>,
    open_watchdog: OpenWatchdog,
    pub(super) downloads: BrowserDownloads,
}

/// Another session to a page of a tab: the response to the request and the event arrive in either
/// order.
enum PendingAttach {
    Attached(Attachment),
    Requested(AttachRequest),
}

impl BrowserState {
    pub(super) fn new(
        browser: Browser,
        version: &BrowserVersion,
        auth: AuthRequests,
        inbox: Inbox,
        downloads: BrowserDownloads,
    ) -> Self {
        Self {
            browser,
            auth,
            version: version.major(),
            inbox,
            jobs: FuturesUnordered::new(),
            contexts: Contexts::default(),
            context_jobs: HashMap::new(),
            proxies: HashMap::new(),
            undisposed: Vec::new(),
            tabs: HashMap::new(),
            expected: HashMap::new(),
            unclaimed: Vec::new(),
            pending_attaches: HashMap::new(),
            creating: 0,
            open_permits: FairPermits::new(CONCURRENT_OPENS, CONCURRENT_OPENS_PER_CLIENT),
            open_watchdog: OpenWatchdog::default(),
            downloads,
        }
    }

    /// Runs a job, whose result the task receives.
    pub(super) fn start(&mut self, job: impl Future<Output = JobResult> + Send + 'static) {
        self.jobs.push(job.boxed());
    }

    pub(super) fn close_page(&mut self, target: TargetId) {
        self.start(jobs::close_page(self.browser.clone(), target));
    }

    /// Opens the page of a request, and first its context if that does not exist yet.
    pub(super) fn open(
        &mut self,
        request: OpenRequest,
        in_default_context: bool,
        proxies: &Arc<dyn ProxyProvider>,
    ) {
        match request.context.clone() {
            ContextChoice::Shared if in_default_context => {
                self.downloads.default_client = Some(request.scope.clone());
                self.create_target(None, request);
            }
            ContextChoice::Shared => {
                let scope = request.scope.clone();
                match self.contexts.shared(request) {
                    SharedContext::Ready(context, request) => {
                        self.create_target(Some(context), request);
                    }
                    SharedContext::Create => {
                        self.create_context(ContextFor::Client(scope), proxies);
                    }
                    SharedContext::Wait => {}
                }
            }
            ContextChoice::New => self.create_context(ContextFor::Tab(request), proxies),
            ContextChoice::Existing(context) => {
                self.create_target(Some(context), request);
            }
        }
    }

    pub(super) fn create_target(
        &mut self,
        context: Option<BrowserContextId>,
        request: OpenRequest,
    ) {
        let is_shared = request.context == ContextChoice::Shared;
        let own_context = context.clone().filter(|_| !is_shared);
        let opening = PendingOpen {
            request,
            own_context,
        };
        if opening.request.reply.is_closed() {
            return self.release_new_context(&opening);
        }
        self.creating += 1;
        self.open_watchdog.sent(Instant::now());
        self.start(jobs::create_target(self.browser.clone(), context, opening));
    }

    fn create_context(&mut self, purpose: ContextFor, proxies: &Arc<dyn ProxyProvider>) {
        self.open_watchdog.sent(Instant::now());
        self.context_job_started(purpose.scope().clone());
        let browser = self.browser.clone();
        let files = self.downloads.files.as_deref();
        let job = jobs::create_context(browser, purpose, proxies, files);
        self.start(job);
    }

    /// A command that opens a page or a context has been answered, or has timed out.
    pub(super) fn open_ended(&mut self, error: Option<&OpenError>) {
        match error {
            None | Some(OpenError::Call(CallError::Protocol { .. })) => {
                self.open_watchdog.answered(Instant::now());
            }
            Some(_) => self.open_watchdog.timed_out(),
        }
    }

    pub(super) fn take_unclaimed(&mut self, target: &TargetId) -> Option<PreparedPage> {
        let mut pages = self.unclaimed.iter();
        let at = pages.position(|page| page.attachment.info.target_id == *target)?;
        Some(self.unclaimed.swap_remove(at))
    }

    /// Delivers a page to the tab that requested it. If the request has timed out, the page is closed.
    pub(super) fn deliver(
        &mut self,
        opening: PendingOpen,
        page: PreparedPage,
        supervisor: &SupervisorHandle,
    ) {
        let request = opening.request;
        let new_context = opening.own_context.clone();
        let new_context = new_context.filter(|_| request.context == ContextChoice::New);
        let target = self.target(page, opening.own_context);
        let tab = request.scope.tab(request.tab);
        self.tabs.insert(target.id.clone(), tab);
        let delivery = Delivery::new(target, new_context, supervisor.clone());
        let _ = request.reply.send(Ok(delivery));
    }

    /// Closes a page that its tab did not accept.
    pub(super) fn close_undelivered(
        &mut self,
        target: TargetId,
        context: Option<&BrowserContextId>,
    ) {
        self.tabs.remove(&target);
        self.close_page(target);
        if let Some(context) = context {
            self.release(context);
        }
    }

    pub(super) fn session_attached(&mut self, attachment: Attachment) {
        let session = attachment.session.id().clone();
        self.pair(session, PendingAttach::Attached(attachment));
    }

    /// On an error the request is dropped, which answers it.
    pub(super) fn session_named(
        &mut self,
        request: AttachRequest,
        session: Result<SessionId, CallError>,
    ) {
        match session {
            Ok(session) => self.pair(session, PendingAttach::Requested(request)),
            Err(error) => {
                tracing::debug!(%error, target = %request.target, "another session to a page could not be attached");
            }
        }
    }

    fn pair(&mut self, session: SessionId, half: PendingAttach) {
        match (self.pending_attaches.remove(&session), half) {
            (Some(PendingAttach::Requested(request)), PendingAttach::Attached(attachment))
            | (Some(PendingAttach::Attached(attachment)), PendingAttach::Requested(request)) => {
                self.deliver_session(request, attachment);
            }
            (_, half) => {
                self.pending_attaches.insert(session, half);
            }
        }
    }

    fn deliver_session(&mut self, request: AttachRequest, attachment: Attachment) {
        if let Err(attachment) = request.reply.send(attachment) {
            self.start(jobs::detach(self.browser.clone(), attachment));
        }
    }

    pub(super) fn target(
        &self,
        page: PreparedPage,
        own_context: Option<BrowserContextId>,
    ) -> Target {
        let PreparedPage { attachment, setup } = page;
        // The default context has no id in commands.
        let context = attachment.info.browser_context_id;
        let context = context.filter(|it| self.contexts.owner(it).is_some());
        let mut url = attachment.info.url;
        if url.is_empty() {
            url.push_str("about:blank");
        }
        Target {
            browser: self.browser.clone(),
            session: attachment.session,
            inbox: attachment.inbox,
            id: attachment.info.target_id,
            setup,
            version: self.version,
            context,
            own_context,
            url,
            auth: self.auth,
        }
    }

    pub(super) fn fail_open(&mut self, opening: PendingOpen, error: impl Into<OpenError>) {
        self.release_new_context(&opening);
        reject(opening.request, error);
    }

    /// Releases the context that was created for a request which has failed.
    fn release_new_context(&mut self, opening: &PendingOpen) {
        if opening.request.context == ContextChoice::New
            && let Some(context) = &opening.own_context
        {
            self.release(context);
        }
    }

    pub(super) fn release(&mut self, context: &BrowserContextId) {
        if let Some(scope) = self.contexts.leave(context) {
            self.dispose(scope, context.clone());
        }
    }

    fn dispose(&mut self, scope: Scope, context: BrowserContextId) {
        self.downloads.keeps_in.remove(&Some(context.clone()));
        let proxy = self.proxies.remove(&context);
        self.context_job_started(scope.clone());
        self.start(jobs::dispose(self.browser.clone(), scope, context, proxy));
    }

    /// Disposes of what is left of the contexts of a scope without tabs. True once that is nothing.
    pub(super) fn dispose_of(&mut self, scope: &Scope) -> bool {
        if let Some(context) = self.contexts.end_shared(scope) {
            self.dispose(scope.clone(), context);
        }
        !self.contexts.has(scope) && !self.context_jobs.contains_key(scope)
    }

    fn context_job_started(&mut self, scope: Scope) {
        *self.context_jobs.entry(scope).or_default() += 1;
    }

    /// A context of this scope was created or disposed of, or could not be.
    pub(super) fn context_job_ended(&mut self, scope: &Scope) {
        if let Some(jobs) = self.context_jobs.get_mut(scope) {
            *jobs -= 1;
            if *jobs == 0 {
                self.context_jobs.remove(scope);
            }
        }
    }

    /// Keeps the proxy open until the context is disposed of.
    pub(super) fn add_context(&mut self, created: CreatedContext) -> BrowserContextId {
        let context = created.context;
        let keeps_in = &mut self.downloads.keeps_in;
        keeps_in.insert(Some(context.clone()), created.keeps_downloads);
        self.proxies.insert(context.clone(), created.proxy);
        context
    }

    /// A popup uses the context of a logged-out tab.
    pub(super) fn join(&mut self, context: &BrowserContextId) {
        self.contexts.join(context);
        if let Some(proxy) = self.proxies.get(context) {
            proxy.mark_shared();
        }
    }
}

pub(super) fn reject(request: OpenRequest, error: impl Into<OpenError>) {
    let _ = request.reply.send(Err(error.into()));
}

pub(super) enum BrowserSignal {
    Event(Option<SessionEvent>),
    JobResult(Box<JobResult>),
    /// It opens no pages any more, although it responds.
    Hung,
}

pub(super) async fn next_signal(state: &mut Option<BrowserState>) -> BrowserSignal {
    let Some(BrowserState {
        inbox,
        jobs,
        open_watchdog,
        ..
    }) = state
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        biased;
        event = inbox.next() => BrowserSignal::Event(event),
        Some(result) = jobs.next() => BrowserSignal::JobResult(Box::new(result)),
        () = sleep_until_opt(open_watchdog.hung_at()) => BrowserSignal::Hung,
    }
}
