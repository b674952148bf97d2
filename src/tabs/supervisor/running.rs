//! The browser that the tabs live in at the moment.

use std::collections::HashMap;
use std::sync::Arc;

use cdp_bridge_protocol::TabId;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use super::downloads::Keeping;
use super::gate::Gate;
use super::jobs::{self, ContextFor, Done, Job, Made, Opening};
use super::opens::Opens;
use super::{AttachRequest, SupervisorHandle};
use crate::cdp::{
    Attachment, Browser, BrowserContextId, CallError, Event, Inbox, SessionId, TargetId,
};
use crate::tabs::contexts::{Contexts, SharedContext};
use crate::tabs::outlet::{Outlet, Outlets};
use crate::tabs::target::{Delivery, OpenError, OpenRequest, Place, Target};

/// A browser that runs, with everything that ends with it.
pub(super) struct Running {
    pub(super) browser: Browser,
    /// Prompts for passwords must be answered.
    pub(super) cancel_auth: bool,
    pub(super) inbox: Inbox,
    pub(super) jobs: FuturesUnordered<Job>,
    pub(super) contexts: Contexts,
    /// The ways out of the contexts.
    outlets: HashMap<BrowserContextId, Outlet>,
    /// Those of contexts that Chromium has not disposed of.
    left: Vec<Outlet>,
    /// Which tab each page belongs to, to find the opener of a popup.
    pub(super) tabs: HashMap<TargetId, TabId>,
    /// Pages that Chromium said it opened, but that are not ready yet.
    pub(super) expected: HashMap<TargetId, Opening>,
    /// Pages that are ready, but nobody has claimed yet.
    pub(super) unclaimed: Vec<Attachment>,
    /// Further sessions to pages of tabs, until whoever asked for them is answered.
    further: HashMap<SessionId, Further>,
    /// Pages that Chromium was asked to open and has not named yet. While there are any, a page
    /// without an opener may be one of them and not a popup.
    pub(super) unnamed: usize,
    /// What is to be opened when others have been.
    pub(super) gate: Gate,
    /// What it was asked to open and has not answered.
    opens: Opens,
    /// What it does with downloads.
    pub(super) keeping: Keeping,
}

/// Half of what it takes to hand over one more session.
enum Further {
    /// It is attached, but nobody has been told its name.
    Attached(Attachment),
    /// Somebody waits for it.
    Asked(AttachRequest),
}

impl Running {
    /// A browser that has been prepared.
    pub(super) fn new(browser: Browser, cancel_auth: bool, inbox: Inbox, keeping: Keeping) -> Self {
        Self {
            browser,
            cancel_auth,
            inbox,
            jobs: FuturesUnordered::new(),
            contexts: Contexts::default(),
            outlets: HashMap::new(),
            left: Vec::new(),
            tabs: HashMap::new(),
            expected: HashMap::new(),
            unclaimed: Vec::new(),
            further: HashMap::new(),
            unnamed: 0,
            gate: Gate::default(),
            opens: Opens::default(),
            keeping,
        }
    }

    /// Has a page opened where the request says, and before it the context, if there is none yet.
    pub(super) fn open(
        &mut self,
        request: OpenRequest,
        in_default_context: bool,
        outlets: &Arc<dyn Outlets>,
    ) {
        match request.place.clone() {
            Place::Shared if in_default_context => {
                self.keeping.default_client = Some(request.scope.clone());
                self.create_target(None, request, None);
            }
            Place::Shared => {
                let scope = request.scope.clone();
                match self.contexts.shared(request) {
                    SharedContext::Ready(context, request) => {
                        self.create_target(Some(context), request, None);
                    }
                    SharedContext::Make => self.make_context(ContextFor::Client(scope), outlets),
                    SharedContext::Wait => {}
                }
            }
            Place::Fresh => self.make_context(ContextFor::Tab(request), outlets),
            Place::Existing(context) => {
                self.create_target(Some(context.clone()), request, Some(context));
            }
        }
    }

    /// Has a page opened in this context; the tab may have one of its own, which is this one.
    pub(super) fn create_target(
        &mut self,
        context: Option<BrowserContextId>,
        request: OpenRequest,
        own_context: Option<BrowserContextId>,
    ) {
        let opening = Opening {
            request,
            own_context,
        };
        if opening.request.reply.is_closed() {
            return self.let_context_go(&opening);
        }
        self.unnamed += 1;
        self.opens.asked(Instant::now());
        self.jobs
            .push(jobs::create_target(self.browser.clone(), context, opening));
    }

    fn make_context(&mut self, purpose: ContextFor, outlets: &Arc<dyn Outlets>) {
        self.opens.asked(Instant::now());
        let browser = self.browser.clone();
        let files = self.keeping.files.as_deref();
        self.jobs
            .push(jobs::make_context(browser, purpose, outlets, files));
    }

    /// A page or a context that was asked for came, or did not.
    pub(super) fn open_ended<T>(&mut self, outcome: Result<&T, Option<&CallError>>) {
        match outcome {
            Ok(_) | Err(Some(CallError::Protocol { .. })) => self.opens.answered(Instant::now()),
            Err(_) => self.opens.given_up(),
        }
    }

    /// Waits until the browser has opened nothing for too long.
    async fn hangs(opens: &Opens) {
        match opens.hung_at() {
            Some(hung_at) => sleep_until(hung_at).await,
            None => std::future::pending().await,
        }
    }

    pub(super) fn take_unclaimed(&mut self, target: &TargetId) -> Option<Attachment> {
        let at = self
            .unclaimed
            .iter()
            .position(|page| page.info.target_id == *target)?;
        Some(self.unclaimed.swap_remove(at))
    }

    /// Gives a page to whoever asked for it. If nobody waits any more, it comes back.
    pub(super) fn hand_over(
        &mut self,
        opening: Opening,
        attachment: Attachment,
        supervisor: &SupervisorHandle,
    ) {
        let Opening {
            request,
            own_context,
        } = opening;
        let made_for_it = own_context
            .clone()
            .filter(|_| request.place == Place::Fresh);
        let target = self.target(attachment, own_context);
        self.tabs.insert(target.id.clone(), request.tab);
        let delivery = Delivery::new(target, made_for_it, supervisor.clone());
        let _ = request.reply.send(Ok(delivery));
    }

    /// Closes a page that did not reach its tab.
    pub(super) fn unwanted(&mut self, target: TargetId, context: Option<&BrowserContextId>) {
        self.tabs.remove(&target);
        let discard = jobs::discard(self.browser.clone(), target);
        self.jobs.push(discard);
        if let Some(context) = context {
            self.release(context);
        }
    }

    /// One more session to a page was attached. It is reported, and named in the answer to whoever
    /// asked for it, in either order.
    pub(super) fn further_attached(&mut self, attachment: Attachment) {
        let session = attachment.session.id().clone();
        match self.further.remove(&session) {
            Some(Further::Asked(request)) => self.hand_further(request, attachment),
            _ => {
                self.further.insert(session, Further::Attached(attachment));
            }
        }
    }

    /// The session that was asked for has this name. A request that is dropped is answered by that.
    pub(super) fn further_named(
        &mut self,
        request: AttachRequest,
        session: Result<SessionId, CallError>,
    ) {
        let session = match session {
            Ok(session) => session,
            Err(error) => {
                tracing::debug!(%error, target = %request.target, "no further session to a page");
                return;
            }
        };
        match self.further.remove(&session) {
            Some(Further::Attached(attachment)) => self.hand_further(request, attachment),
            _ => {
                self.further.insert(session, Further::Asked(request));
            }
        }
    }

    fn hand_further(&mut self, request: AttachRequest, attachment: Attachment) {
        if let Err(unwanted) = request.reply.send(attachment) {
            let let_go = jobs::let_go(self.browser.clone(), unwanted);
            self.jobs.push(let_go);
        }
    }

    pub(super) fn target(
        &self,
        attachment: Attachment,
        own_context: Option<BrowserContextId>,
    ) -> Target {
        let Attachment {
            session,
            inbox,
            info,
            ..
        } = attachment;
        let url = if info.url.is_empty() {
            "about:blank".to_owned()
        } else {
            info.url
        };
        Target {
            browser: self.browser.clone(),
            session,
            inbox,
            id: info.target_id,
            own_context,
            url,
        }
    }

    /// A context that was made for a tab which does not come to be.
    pub(super) fn let_context_go(&mut self, opening: &Opening) {
        if opening.request.place == Place::Fresh
            && let Some(context) = &opening.own_context
        {
            self.release(context);
        }
    }

    pub(super) fn release(&mut self, context: &BrowserContextId) {
        if self.contexts.leave(context) {
            self.keeping.gone(context);
            let outlet = self.outlets.remove(context);
            self.jobs
                .push(jobs::dispose(self.browser.clone(), context.clone(), outlet));
        }
    }

    /// A context was made: its way out stays open as long as it is there.
    pub(super) fn keep_outlet(&mut self, made: Made) -> BrowserContextId {
        let Made {
            context,
            outlet,
            keeps_downloads,
        } = made;
        self.keeping.made(&context, keeps_downloads);
        self.outlets.insert(context.clone(), outlet);
        context
    }

    /// The way out of a context that Chromium has not disposed of.
    pub(super) fn keep_left(&mut self, outlet: Outlet) {
        self.left.push(outlet);
    }

    /// One more tab, a popup, uses a context as its own.
    pub(super) fn join(&mut self, context: &BrowserContextId) {
        self.contexts.join(context);
        if let Some(outlet) = self.outlets.get(context) {
            outlet.shared();
        }
    }
}

pub(super) fn refuse(request: OpenRequest, error: impl Into<OpenError>) {
    let _ = request.reply.send(Err(error.into()));
}

/// What a running browser brings.
pub(super) enum News {
    Event(Option<Event>),
    Done(Done),
    /// It answers, but opens nothing any more.
    Hangs,
}

pub(super) async fn news(running: &mut Option<Running>) -> News {
    let Some(Running {
        inbox, jobs, opens, ..
    }) = running
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        biased;
        event = inbox.next() => News::Event(event),
        Some(done) = jobs.next() => News::Done(done),
        () = Running::hangs(opens) => News::Hangs,
    }
}
