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
    Capture, CastSpec, Change, ClientId, NewTab, Reply, Subscriber, TabHandle, TabMessage, Watcher,
};

/// Takes the requests of one session.
#[derive(Debug)]
pub struct Dispatcher {
    shared: Arc<Shared>,
    client: ClientId,
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
        client: ClientId,
        allowance: Arc<Allowance>,
        outbox: Outbox,
        inflight: InFlight,
    ) -> Self {
        Self {
            shared,
            client,
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
            match once.begin(&self.client, &key, &body, answering, now) {
                Some(first) => answering = first,
                None => return,
            }
        }
        let timeout = timeout.unwrap_or_else(|| self.shared.settings.timeouts.of(kind));
        match self.task(body) {
            Err(Refused(error)) => answering.refuse(*error),
            Ok(task) => {
                let reply = Reply::new(
                    kind,
                    request_id,
                    self.outbox.id(),
                    now,
                    now + timeout,
                    move |outcome| answering.deliver(kind, outcome),
                );
                self.begin(task, reply);
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

    fn begin(&self, task: Task, reply: Reply) {
        match task {
            Task::Ping => reply.event(Pong { ts: epoch_ms() }),
            Task::List => reply.event(Tabs {
                tabs: self.shared.deps.registry.list(&self.client),
            }),
            Task::Create(tab) => self.shared.deps.opener.create(tab, reply),
            Task::Tell(tab, job) => tab.send(match job {
                TabJob::Change(change) => TabMessage::Change(change, reply),
                TabJob::Capture(capture) => TabMessage::Capture(capture, reply),
                TabJob::Look(look) => TabMessage::Look(look, reply),
                TabJob::Watch(spec, max_fps) => {
                    let slot = self.outbox.watch(tab.id);
                    let watcher = Watcher {
                        connection: self.outbox.id(),
                        max_fps,
                        slot,
                    };
                    TabMessage::Watch(spec, watcher, reply)
                }
                TabJob::Unwatch => TabMessage::Unwatch(reply),
                TabJob::Subscribe => {
                    let present = self.outbox.listen(tab.id);
                    let subscriber = Subscriber::new(self.outbox.id(), present);
                    TabMessage::Subscribe(subscriber, reply)
                }
                TabJob::Download(id) => TabMessage::Download(id, reply),
                TabJob::Unsubscribe => TabMessage::Unsubscribe(reply),
                TabJob::Close => TabMessage::Close(CloseReason::Requested, Some(reply)),
            }),
        }
    }

    fn new_tab(&self, create: &CreateTab) -> Result<NewTab, Refused> {
        let url = create.url.as_deref().unwrap_or("about:blank");
        Ok(NewTab {
            client: self.client.clone(),
            url: self.url(url, None)?,
            logged_out: create
                .logged_out
                .unwrap_or(self.shared.settings.logged_out_default),
            viewport: create.viewport,
        })
    }

    fn tab(&self, tab: &TabRef) -> Result<TabHandle, Refused> {
        tab.id()
            .and_then(|id| self.shared.deps.registry.get(&self.client, id))
            .ok_or_else(|| wire_error::unknown_tab(tab).into())
    }

    fn url(&self, url: &str, tab: Option<&TabRef>) -> Result<String, Refused> {
        self.shared
            .deps
            .policy
            .check(&self.client, url)
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
            client: self.client.clone(),
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
