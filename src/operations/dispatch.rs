//! From each kind of request to the tab, or the supervisor of tabs, that fulfils it. The `match` has no `_`:
//! a new request that is not carried out does not compile.

use cdp_bridge_protocol::event::CloseReason;
use cdp_bridge_protocol::request::{
    Cancel, CreateTab, Evaluate, StartScreencast, Subscribe, Upload, WaitUntil,
};
use cdp_bridge_protocol::{RequestBody, RequestKind, TabId, TabRef};

use super::history::HistoryPlan;
use super::page_action::{self as page, locator};
use super::page_setup as setup;
use super::running_calls::CallPlace;
use super::sessions::{SessionPlan, id_within_reach};
use super::{
    Caller, OperationError, Operations, Reach, Scope, SessionError, SessionId, StreamSinks,
    Success, prompts, raw_input,
};
use crate::clock::epoch_ms;
use crate::policy::EvaluatePolicy;
use crate::tabs::page_actions::PageOperation;
use crate::tabs::{
    Capture, CastSpec, Change, NewTab, Reply, SetupRequest, Subscriber, TabError, TabHandle,
    TabMessage, Watcher, Way,
};

/// How to carry out a request that has been checked.
pub(super) enum Plan {
    /// It is answered at once.
    Answer(Box<Success>),
    /// It is started there, and ends with the reply.
    Start(CallPlace, Box<dyn FnOnce(Reply) + Send>),
    /// It ends another call.
    Cancel(Cancel),
    /// It is about a session.
    Session(SessionPlan),
    /// It is about what was done in a session.
    History(HistoryPlan),
}

type Planned = Result<Plan, OperationError>;

impl Operations {
    /// Finds everything that the request needs, before anything is begun.
    #[expect(clippy::too_many_lines, reason = "an arm for each kind of request")]
    pub(super) fn dispatch(&self, caller: &Caller, body: RequestBody) -> Planned {
        if body.runs_script() && self.settings.evaluate == EvaluatePolicy::Deny {
            return Err(OperationError::ScriptsDisabled { kind: body.kind() });
        }
        let tab = |tab: &TabRef| self.tab(caller, tab);
        Ok(match body {
            RequestBody::Cancel(cancel) => Plan::Cancel(cancel),
            RequestBody::Ping(_) => {
                self.sessions.beat(caller.scope());
                Plan::Answer(Box::new(Success::Pong(epoch_ms())))
            }
            RequestBody::ListTabs(it) => {
                let scope = self.scope_within_reach(caller, it.session_id.as_ref())?;
                let tabs = self.tabs_of(&scope);
                Plan::Answer(Box::new(Success::Tabs(tabs)))
            }
            RequestBody::CreateTab(create) => self.create_tab(caller, &create)?,
            RequestBody::CreateSession(create) => Plan::Session(SessionPlan::create(
                &self.default_session_options(),
                create,
            )?),
            RequestBody::GetSession(get) => {
                Plan::Session(SessionPlan::Get(id_within_reach(caller, &get.session_id)?))
            }
            RequestBody::ListSessions(list) => Plan::Session(SessionPlan::list(list)?),
            RequestBody::EndSession(end) => {
                Plan::Session(SessionPlan::End(id_within_reach(caller, &end.session_id)?))
            }
            RequestBody::GetHistory(get) => {
                let id = Self::history_session(caller, get.session_id.as_ref())?;
                let query = HistoryPlan::query(get).map_err(SessionError::BadOption)?;
                Plan::History(HistoryPlan::Page(id, query))
            }
            RequestBody::GetUsage(get) => {
                let id = Self::history_session(caller, get.session_id.as_ref())?;
                Plan::History(HistoryPlan::Usage(id))
            }
            RequestBody::CloseTab(close) => send(tab(&close.tab_id)?, |reply| {
                TabMessage::Close(CloseReason::Requested, Some(reply))
            }),
            RequestBody::ActivateTab(it) => change(tab(&it.tab_id)?, Change::Activate),
            RequestBody::Navigate(navigate) => {
                let tab = tab(&navigate.tab_id)?;
                let url = self.allowed_url(&tab.scope, &navigate.url)?;
                let until = navigate.wait_until.unwrap_or_default();
                change(tab, Change::Navigate { url, until })
            }
            RequestBody::SetLoggedOutMode(mode) => {
                let enabled = mode.enabled;
                change(tab(&mode.tab_id)?, Change::SetLoggedOut { enabled })
            }
            RequestBody::GoBack(it) => travel(tab(&it.tab_id)?, Way::Back, it.wait_until),
            RequestBody::GoForward(it) => travel(tab(&it.tab_id)?, Way::Forward, it.wait_until),
            RequestBody::Reload(it) => travel(tab(&it.tab_id)?, Way::Reload, it.wait_until),
            RequestBody::GetDomSnapshot(it) => {
                let format = it.format.unwrap_or_default();
                capture(tab(&it.tab_id)?, Capture::Snapshot { format })
            }
            RequestBody::GetScreenshot(it) => capture(tab(&it.tab_id)?, page::screenshot(&it)?),
            RequestBody::PrintToPdf(it) => {
                let tab = tab(&it.tab_id)?;
                capture(tab, Capture::Pdf(Box::new(it)))
            }
            RequestBody::Emulate(it) => {
                let tab = tab(&it.tab_id)?;
                set_up(tab, SetupRequest::Emulate(Box::new(it)))
            }
            RequestBody::SetPermissions(it) => {
                let tab = tab(&it.tab_id)?;
                set_up(tab, setup::permissions(&self.settings.permissions, it)?)
            }
            RequestBody::AddInitScript(it) => {
                let tab = tab(&it.tab_id)?;
                set_up(tab, SetupRequest::AddInitScript(it.script))
            }
            RequestBody::RemoveInitScript(it) => {
                let tab = tab(&it.tab_id)?;
                set_up(tab, SetupRequest::RemoveInitScript(it.script_id))
            }
            RequestBody::StartScreencast(it) => {
                let streams = streams(caller, RequestKind::StartScreencast)?;
                start_screencast(tab(&it.tab_id)?, caller, streams, &it)
            }
            RequestBody::StopScreencast(it) => send(tab(&it.tab_id)?, TabMessage::Unwatch),
            RequestBody::Subscribe(it) => subscribe(tab(&it.tab_id)?, caller, &it)?,
            RequestBody::GetDownload(it) => {
                let (tab, id) = (tab(&it.tab_id)?, it.download_id);
                send(tab, |reply| TabMessage::Download(id, reply))
            }
            RequestBody::WaitFor(it) => {
                look(tab(&it.tab_id)?, PageOperation::wait(page::wait_for(&it)?))
            }
            RequestBody::ListFrames(it) => look(tab(&it.tab_id)?, PageOperation::list_frames()),
            RequestBody::Query(it) => {
                let tab = tab(&it.tab_id)?;
                look(tab, PageOperation::query(locator(&it.selector)?, it.what))
            }
            RequestBody::GetAxSnapshot(it) => {
                let tab = tab(&it.tab_id)?;
                let kept = caller.outlines.of(tab.id);
                look(tab, page::ax_snapshot(it, kept)?)
            }
            RequestBody::GetContent(it) => look(tab(&it.tab_id)?, page::content(&it)?),
            RequestBody::Click(it) => act(tab(&it.tab_id)?, page::click(it)?),
            RequestBody::Hover(it) => act(tab(&it.tab_id)?, page::hover(&it)?),
            RequestBody::Focus(it) => act(tab(&it.tab_id)?, page::focus(&it)?),
            RequestBody::Check(it) => act(tab(&it.tab_id)?, page::check(&it)?),
            RequestBody::Uncheck(it) => act(tab(&it.tab_id)?, page::uncheck(&it)?),
            RequestBody::ScrollIntoView(it) => {
                let locator = locator(&it.selector)?;
                act(tab(&it.tab_id)?, PageOperation::scroll_into_view(locator))
            }
            RequestBody::Fill(it) => act(tab(&it.tab_id)?, page::fill(it)?),
            RequestBody::Type(it) => act(tab(&it.tab_id)?, page::type_text(it)?),
            RequestBody::Press(it) => act(tab(&it.tab_id)?, page::press(&it)?),
            RequestBody::Select(it) => act(tab(&it.tab_id)?, page::select(it)?),
            RequestBody::Scroll(it) => act(tab(&it.tab_id)?, page::scroll(&it)?),
            RequestBody::Mouse(it) => act(tab(&it.tab_id)?, raw_input::mouse(it)),
            RequestBody::Keyboard(it) => act(tab(&it.tab_id)?, raw_input::keyboard(it)?),
            RequestBody::Drag(it) => act(tab(&it.tab_id)?, page::drag(it)?),
            RequestBody::Upload(it) => self.upload(caller, it)?,
            RequestBody::StageFile(it) => {
                let staged = self.staging.stage(caller.scope(), it)?;
                Plan::Answer(Box::new(Success::Staged(staged)))
            }
            RequestBody::AnswerDialog(it) => {
                let (tab, answer) = (tab(&it.tab_id)?, prompts::dialog(it));
                send(tab, |reply| TabMessage::AnswerDialog(answer, reply))
            }
            RequestBody::AnswerAuth(it) => {
                let (tab, answer) = (tab(&it.tab_id)?, prompts::auth(it));
                send(tab, |reply| TabMessage::AnswerAuth(answer, reply))
            }
            RequestBody::SetCredentials(it) => {
                let (tab, credentials) = (tab(&it.tab_id)?, prompts::credentials(it)?);
                send(tab, |reply| TabMessage::SetCredentials(credentials, reply))
            }
            RequestBody::Evaluate(it) => evaluate(tab(&it.tab_id)?, it)?,
        })
    }

    fn create_tab(&self, caller: &Caller, create: &CreateTab) -> Planned {
        let url = create.url.as_deref().unwrap_or("about:blank");
        let scope = self.scope_within_reach(caller, create.session_id.as_ref())?;
        if scope != *caller.scope()
            && let Some(streams) = &caller.streams
        {
            streams.follow(scope.clone());
        }
        // A session that a client has created has a browser context of its own already.
        let default = self.settings.logged_out_default && SessionId::of(&scope).is_default();
        let tab = NewTab {
            url: self.allowed_url(&scope, url)?,
            scope,
            logged_out: create.logged_out.unwrap_or(default),
            viewport: create.viewport,
            wait_until: create.wait_until,
        };
        let tabs = self.services.tabs.clone();
        let start = Box::new(move |reply| tabs.create(tab, reply));
        Ok(Plan::Start(CallPlace::Supervisor, start))
    }

    fn upload(&self, caller: &Caller, upload: Upload) -> Planned {
        let tab = self.tab(caller, &upload.tab_id)?;
        let staged = |id: &str| self.staging.whole(caller.scope(), id);
        Ok(act(tab, page::upload(upload, staged)?))
    }

    fn tab(&self, caller: &Caller, tab: &TabRef) -> Result<TabHandle, OperationError> {
        tab.id()
            .and_then(|id| self.tab_within_reach(caller, id))
            .ok_or_else(|| OperationError::UnknownTab { tab: tab.clone() })
    }

    /// A tab that the caller may act on.
    pub(super) fn tab_within_reach(&self, caller: &Caller, id: TabId) -> Option<TabHandle> {
        let registry = &self.services.registry;
        match caller.principal.reach {
            Reach::Client => registry.of_client(&caller.scope().client, id),
            Reach::Session => registry.get(caller.scope(), id),
        }
    }

    fn allowed_url(&self, scope: &Scope, url: &str) -> Result<String, OperationError> {
        let checked = self.services.policy.check(scope, url);
        checked.map_err(|denied| TabError::NavDenied(denied).into())
    }
}

fn send(tab: TabHandle, message: impl FnOnce(Reply) -> TabMessage + Send + 'static) -> Plan {
    let place = CallPlace::Tab(tab.clone());
    Plan::Start(place, Box::new(move |reply| tab.send(message(reply))))
}

fn change(tab: TabHandle, change: Change) -> Plan {
    send(tab, |reply| TabMessage::Change(change, reply))
}

fn set_up(tab: TabHandle, request: SetupRequest) -> Plan {
    change(tab, Change::SetUp(Box::new(request)))
}

fn act(tab: TabHandle, action: PageOperation) -> Plan {
    send(tab, |reply| TabMessage::Act(action, reply))
}

fn travel(tab: TabHandle, way: Way, until: Option<WaitUntil>) -> Plan {
    change(tab, Change::Travel(way, until.unwrap_or_default()))
}

fn evaluate(tab: TabHandle, evaluate: Evaluate) -> Planned {
    Ok(if evaluate.read_only == Some(true) {
        look(tab, page::evaluate_read_only(evaluate)?)
    } else {
        act(tab, page::evaluate(evaluate)?)
    })
}

fn capture(tab: TabHandle, capture: Capture) -> Plan {
    send(tab, |reply| TabMessage::Capture(capture, reply))
}

fn look(tab: TabHandle, query: PageOperation) -> Plan {
    send(tab, |reply| TabMessage::Query(query, reply))
}

fn streams(caller: &Caller, kind: RequestKind) -> Result<&dyn StreamSinks, OperationError> {
    let streams = caller.streams.as_deref();
    streams.ok_or(OperationError::NoStreams { kind })
}

fn start_screencast(
    tab: TabHandle,
    caller: &Caller,
    streams: &dyn StreamSinks,
    start: &StartScreencast,
) -> Plan {
    let spec = CastSpec {
        quality: start.quality(),
        max_width: start.max_width,
        max_height: start.max_height,
    };
    let watcher = Watcher {
        caller: caller.id,
        max_fps: start.max_fps,
        slot: streams.frames(tab.id),
    };
    send(tab, move |reply| TabMessage::Watch(spec, watcher, reply))
}

fn subscribe(tab: TabHandle, caller: &Caller, subscribe: &Subscribe) -> Planned {
    // The console is the only event that can be subscribed to.
    if subscribe.events.is_empty() {
        return Ok(send(tab, TabMessage::Unsubscribe));
    }
    let streams = streams(caller, RequestKind::Subscribe)?;
    if tab.scope != *caller.scope() {
        streams.follow(tab.scope.clone());
    }
    let subscriber = Subscriber::new(caller.id, streams.console(tab.id));
    Ok(send(tab, |reply| TabMessage::Subscribe(subscriber, reply)))
}
