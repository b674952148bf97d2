//! From a text frame to whoever fulfils it, and back to the one answer.

use std::sync::Arc;

use cdp_bridge_protocol::event::{CloseReason, Pong, Tabs};
use cdp_bridge_protocol::request::CreateTab;
use cdp_bridge_protocol::{
    ErrorEvent, Request, RequestBody, RequestId, RequestKind, TabId, TabRef,
};
use tokio::time::Instant;

use super::allowance::Allowance;
use super::answer::Answering;
use super::drain::Phase;
use super::inflight::{InFlight, NotAdmitted, Ticket};
use super::outbox::Outbox;
use super::page_request;
use super::shared::Shared;
use super::wire_error;
use crate::clock::epoch_ms;
use crate::metrics;
use crate::policy::EvaluatePolicy;
use crate::tabs::hands::Look;
use crate::tabs::{
    Capture, CastSpec, Change, NewTab, Reply, Scope, Subscriber, TabHandle, TabMessage, Watcher,
};

/// Takes the requests of one session.
#[derive(Debug)]
pub struct Dispatcher {
    shared: Arc<Shared>,
    scope: Scope,
    outbox: Outbox,
    allowance: Arc<Allowance>,
    inflight: InFlight,
}

/// A request that may not even begin, and its answer.
pub(super) struct Refused(Box<ErrorEvent>);

impl From<ErrorEvent> for Refused {
    fn from(error: ErrorEvent) -> Self {
        Self(Box::new(error))
    }
}

/// What a request needs, found before anything is begun.
enum Task {
    Ping,
    List,
    Create(NewTab),
    Tell(TabHandle, TabJob),
}

pub(super) enum TabJob {
    Change(Change),
    Capture(Capture),
    Look(Look),
    Watch(CastSpec, Option<u8>),
    Unwatch,
    Subscribe,
    Unsubscribe,
    Download(String),
    Close,
}

impl Dispatcher {
    /// A dispatcher for one session.
    pub(super) fn new(
        shared: Arc<Shared>,
        scope: Scope,
        allowance: Arc<Allowance>,
        outbox: Outbox,
        inflight: InFlight,
    ) -> Self {
        Self {
            shared,
            scope,
            outbox,
            allowance,
            inflight,
        }
    }

    /// Takes one text frame. It never waits: the answer comes by way of the outbox.
    pub fn handle(&self, text: &str) {
        let now = Instant::now();
        // Whatever comes uses up a token, so that nonsense is not free.
        let rate = self.allowance.spend(now);
        match Request::parse(text) {
            Ok(request) => {
                let rate = rate.map_err(|too_often| {
                    metrics::client_limit("rate");
                    wire_error::rate_limited(too_often).into()
                });
                self.take(request, rate, now);
            }
            Err(bad) => {
                let answering = self.answering(bad.request_id.clone(), bad.kind, None, now);
                answering.refuse(bad.to_event());
            }
        }
    }

    fn take(&self, request: Request, rate: Result<(), Refused>, now: Instant) {
        let Request {
            request_id,
            timeout,
            idempotency_key,
            body,
        } = request;
        let kind = body.kind();
        let tab = body.tab().and_then(TabRef::id);
        let mut answering = self.answering(request_id.clone(), Some(kind), tab, now);
        let admitted = self
            .admit(request_id.as_ref(), kind)
            .and_then(|ticket| {
                answering.hold(ticket);
                rate
            })
            .and_then(|()| match self.shared.drain.phase() {
                Phase::Serving => Ok(()),
                _ => Err(wire_error::shutting_down(tab).into()),
            });
        if let Err(Refused(error)) = admitted {
            return answering.refuse(*error);
        }
        if let Some(key) = idempotency_key {
            let once = &self.shared.once;
            match once.begin(&self.scope.client, &key, &body, answering, now) {
                Some(first) => answering = first,
                None => return,
            }
        }
        let timeout = timeout.unwrap_or_else(|| self.shared.settings.timeouts.of(kind));
        match self.task(body) {
            Err(Refused(error)) => answering.refuse(*error),
            Ok(Task::Ping) => answering.say(Pong { ts: epoch_ms() }),
            Ok(Task::List) => answering.say(Tabs {
                tabs: self.shared.deps.registry.list(&self.scope),
            }),
            Ok(Task::Create(tab)) => {
                let reply = self.reply(answering, kind, now + timeout);
                self.shared.deps.opener.create(tab, reply);
            }
            Ok(Task::Tell(tab, job)) => {
                let reply = self.reply(answering, kind, now + timeout);
                self.tell(&tab, job, reply);
            }
        }
    }

    /// A place among the unanswered requests.
    fn admit(&self, id: Option<&RequestId>, kind: RequestKind) -> Result<Ticket, Refused> {
        let most = |limit: usize| match kind {
            // Answered at once, so that they are never many.
            RequestKind::Ping | RequestKind::ListTabs => usize::MAX,
            // A client whose requests are all stuck must still be able to close their tabs.
            RequestKind::CloseTab => limit.saturating_mul(2),
            _ => limit,
        };
        self.inflight.admit(id, most).map_err(|error| match error {
            NotAdmitted::Duplicate => wire_error::duplicate(id).into(),
            NotAdmitted::Full(exhausted) => {
                metrics::client_limit("inflight");
                wire_error::too_many(exhausted).into()
            }
        })
    }

    fn task(&self, body: RequestBody) -> Result<Task, Refused> {
        let tell = |tab: &TabRef, job| Ok(Task::Tell(self.tab(tab)?, job));
        match body {
            RequestBody::Ping(_) => Ok(Task::Ping),
            RequestBody::ListTabs(_) => Ok(Task::List),
            RequestBody::CreateTab(create) => self.new_tab(&create).map(Task::Create),
            RequestBody::CloseTab(close) => tell(&close.tab_id, TabJob::Close),
            RequestBody::ActivateTab(activate) => {
                tell(&activate.tab_id, TabJob::Change(Change::Activate))
            }
            RequestBody::Navigate(navigate) => {
                let tab = self.tab(&navigate.tab_id)?;
                let url = self.url(&navigate.url, Some(&navigate.tab_id))?;
                Ok(Task::Tell(tab, TabJob::Change(Change::Navigate { url })))
            }
            RequestBody::SetLoggedOutMode(mode) => {
                let enabled = mode.enabled;
                tell(
                    &mode.tab_id,
                    TabJob::Change(Change::SetLoggedOut { enabled }),
                )
            }
            RequestBody::GetDomSnapshot(snapshot) => {
                let format = snapshot.format.unwrap_or_default();
                tell(
                    &snapshot.tab_id,
                    TabJob::Capture(Capture::Snapshot { format }),
                )
            }
            RequestBody::GetScreenshot(shot) => {
                let capture = Capture::Screenshot {
                    area: page_request::area(&shot)?,
                    format: shot.format.unwrap_or_default(),
                    quality: shot.quality(),
                };
                tell(&shot.tab_id, TabJob::Capture(capture))
            }
            RequestBody::StartScreencast(start) => {
                let spec = CastSpec {
                    quality: start.quality(),
                    max_width: start.max_width,
                    max_height: start.max_height,
                };
                tell(&start.tab_id, TabJob::Watch(spec, start.max_fps))
            }
            RequestBody::StopScreencast(stop) => tell(&stop.tab_id, TabJob::Unwatch),
            RequestBody::GetDownload(get) => tell(&get.tab_id, TabJob::Download(get.download_id)),
            RequestBody::Subscribe(subscribe) => {
                // There is only one event that can be subscribed to.
                let job = if subscribe.events.is_empty() {
                    TabJob::Unsubscribe
                } else {
                    TabJob::Subscribe
                };
                tell(&subscribe.tab_id, job)
            }
            body => {
                let Some(tab) = body.tab().cloned() else {
                    return Err(wire_error::lost().into());
                };
                let handle = self.tab(&tab)?;
                let may_evaluate = self.shared.settings.evaluate == EvaluatePolicy::Allow;
                let job = page_request::job(body, may_evaluate)?;
                Ok(Task::Tell(handle, job))
            }
        }
    }

    fn reply(&self, answering: Answering, kind: RequestKind, deadline: Instant) -> Reply {
        let call = self.shared.next_call(self.outbox.id().into());
        // A request without an id could not be named in the answer to another one.
        let may_coalesce = answering.request_id.is_some();
        let arrived = answering.arrived;
        Reply::new(
            kind,
            call,
            may_coalesce,
            arrived,
            deadline,
            move |outcome| {
                answering.deliver(kind, outcome);
            },
        )
    }

    fn tell(&self, tab: &TabHandle, job: TabJob, reply: Reply) {
        tab.send(match job {
            TabJob::Change(change) => TabMessage::Change(change, reply),
            TabJob::Capture(capture) => TabMessage::Capture(capture, reply),
            TabJob::Look(look) => TabMessage::Look(look, reply),
            TabJob::Watch(spec, max_fps) => {
                let slot = self.outbox.watch(tab.id);
                let watcher = Watcher {
                    caller: self.outbox.id().into(),
                    max_fps,
                    slot,
                };
                TabMessage::Watch(spec, watcher, reply)
            }
            TabJob::Unwatch => TabMessage::Unwatch(reply),
            TabJob::Subscribe => {
                let present = self.outbox.listen(tab.id);
                let subscriber = Subscriber::new(self.outbox.id().into(), present);
                TabMessage::Subscribe(subscriber, reply)
            }
            TabJob::Download(id) => TabMessage::Download(id, reply),
            TabJob::Unsubscribe => TabMessage::Unsubscribe(reply),
            TabJob::Close => TabMessage::Close(CloseReason::Requested, Some(reply)),
        });
    }

    fn new_tab(&self, create: &CreateTab) -> Result<NewTab, Refused> {
        let url = create.url.as_deref().unwrap_or("about:blank");
        Ok(NewTab {
            scope: self.scope.clone(),
            url: self.url(url, None)?,
            logged_out: create
                .logged_out
                .unwrap_or(self.shared.settings.logged_out_default),
            viewport: create.viewport,
        })
    }

    fn tab(&self, tab: &TabRef) -> Result<TabHandle, Refused> {
        tab.id()
            .and_then(|id| self.shared.deps.registry.get(&self.scope, id))
            .ok_or_else(|| wire_error::unknown_tab(tab).into())
    }

    fn url(&self, url: &str, tab: Option<&TabRef>) -> Result<String, Refused> {
        self.shared
            .deps
            .policy
            .check(&self.scope.client, url)
            .map_err(|denied| wire_error::nav_denied(denied, tab.and_then(TabRef::id)).into())
    }

    fn answering(
        &self,
        request_id: Option<RequestId>,
        kind: Option<RequestKind>,
        tab: Option<TabId>,
        arrived: Instant,
    ) -> Answering {
        Answering {
            client: self.scope.client.clone(),
            outbox: self.outbox.clone(),
            request_id,
            kind,
            tab,
            arrived,
            ticket: None,
            once: None,
            running: self.shared.drain.request(),
        }
    }
}
