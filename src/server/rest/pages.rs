//! Pages: the tabs of the protocol, under the name that HTTP clients expect.

use axum::http::StatusCode;
use cdp_bridge_protocol::event::TabState;
use cdp_bridge_protocol::request::{Viewport, WaitUntil};
use cdp_bridge_protocol::{ErrorCode, Event, Request, TabId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::request::{Entered, RestRequest};
use super::route::{RestResult, Route};
use super::{answer, command_result, sessions};
use crate::operations::Made;
use crate::operations::pages::PageView;
use crate::operations::sessions::{SessionError, SessionId};
use crate::server::problem::{Problem, ProblemCode};
use crate::server::wire::WireAnswer;

/// A page.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    /// The page: `t1`, `t2`, …; the `tabId` of the protocol.
    #[serde(rename = "pageId")]
    id: TabId,
    /// Chromium's id of the page, once there is one; another one after a rebuild.
    #[serde(skip_serializing_if = "Option::is_none")]
    target_id: Option<String>,
    /// The session that it belongs to.
    session_id: String,
    /// Where it is.
    url: String,
    /// The page's title.
    title: String,
    /// How far it is.
    state: TabState,
    /// The page that opened it, for a popup.
    #[serde(skip_serializing_if = "Option::is_none")]
    opener_id: Option<TabId>,
    /// In milliseconds since 1970.
    created_at: u64,
}

impl From<PageView> for Page {
    fn from(page: PageView) -> Self {
        Self {
            id: page.id,
            target_id: page.target,
            session_id: SessionId::of(&page.scope).to_string(),
            url: page.url,
            title: page.title,
            state: page.state,
            opener_id: page.opener,
            created_at: page.created_at_ms,
        }
    }
}

/// The pages of a session.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PageList {
    /// Oldest first.
    pages: Vec<Page>,
}

/// A page to open.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreatePage {
    /// Where it goes first; `about:blank` without it. Without `waitUntil` the answer does not wait for it, and does not
    /// say if it cannot be loaded: the session's events do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// The size of its window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    viewport: Option<Viewport>,
    /// Whether it has a browser context of its own; the configuration says what holds if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logged_out: Option<bool>,
    /// How far the first document shall be before the answer, which is then an error if it cannot be loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wait_until: Option<WaitUntil>,
    /// Time limit in milliseconds; the configuration says what holds if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 120_000))]
    timeout_ms: Option<u64>,
}

pub(super) fn routes() -> Vec<Route> {
    const TAG: &str = "pages";
    vec![
        Route::post("/sessions/{sessionId}/pages", "createPage", create)
            .summary(TAG, "Open a page in a session")
            .optional_json::<CreatePage>()
            .of_whole_session()
            .answers::<Page>(201, "The page")
            .with_headers(&[("Location", "The path of the page.")]),
        Route::get("/sessions/{sessionId}/pages", "listPages", list)
            .summary(TAG, "The pages of a session")
            .answers::<PageList>(200, "The pages"),
        Route::get("/pages/{pageId}", "getPage", get)
            .summary(TAG, "One page")
            .answers::<Page>(200, "The page"),
        Route::delete("/pages/{pageId}", "closePage", close)
            .summary(TAG, "Close a page")
            .answers_nothing(204, "It is closed, now or before"),
    ]
}

async fn create(mut request: RestRequest) -> RestResult {
    let create: CreatePage = request.json()?;
    let entered = request.in_session()?;
    // Through the parser of the protocol, which knows the rules of each field.
    let mut fields = match serde_json::to_value(&create) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    fields.insert("type".to_owned(), "createTab".into());
    let asked = Request::of_fields(fields)?;
    let id = match request.made {
        Some(Made::Tab(id)) => Some(id),
        _ => opened(&request, &entered, asked).await?,
    };
    let page = id.and_then(|id| page_of(&request, &entered, id));
    // It may be closed again by now.
    let page = page.ok_or_else(|| {
        Problem::protocol(
            ErrorCode::TabClosed,
            "the page was opened, and closed again",
        )
    })?;
    let location = format!("/v1/pages/{}", page.id);
    let mut answer = answer::json(StatusCode::CREATED, &page)?;
    answer::locate(&mut answer, &location);
    Ok(answer)
}

async fn opened(
    request: &RestRequest,
    entered: &Entered,
    asked: Request,
) -> Result<Option<TabId>, Problem> {
    let operations = request.state.operations();
    let arrival = entered.arrival.clone().under(request.once.clone());
    let answer = command_result::run(operations, &entered.caller, arrival, asked).await?;
    Ok(match answer {
        WireAnswer::Event(event) => match *event {
            Event::TabCreated(created) => Some(created.id),
            _ => None,
        },
        WireAnswer::Payload(..) => None,
    })
}

async fn list(request: RestRequest) -> RestResult {
    let entered = request.in_session()?;
    let pages = request
        .state
        .operations()
        .pages_of(&entered.access.principal);
    let only = entered.access.page();
    let pages = pages
        .into_iter()
        .filter(|page| only.is_none_or(|only| page.id.to_string() == only));
    let pages = pages.map(Page::from).collect();
    answer::json(StatusCode::OK, &PageList { pages })
}

async fn get(request: RestRequest) -> RestResult {
    let name = named(&request)?;
    let entered = request.entered()?;
    let id: Option<TabId> = name.parse().ok();
    let page = id.and_then(|id| page_of(&request, entered, id));
    answer::json(StatusCode::OK, &page.ok_or_else(|| unknown(&name))?)
}

async fn close(request: RestRequest) -> RestResult {
    let name = match find(&request)? {
        Found::Open(name) => name,
        Found::Closed(_) => return answer::nothing(),
    };
    let entered = request.entered()?;
    let fields = [("type", "closeTab"), ("tabId", &name)];
    let fields = fields.map(|(field, value)| (field.to_owned(), Value::from(value)));
    let asked = Request::of_fields(fields.into_iter().collect())?;
    let operations = request.state.operations();
    let (caller, arrival) = (&entered.caller, entered.arrival.clone());
    match command_result::run(operations, caller, arrival, asked).await {
        // Another request has closed it meanwhile.
        Err(problem) if problem.code() == ProblemCode::Protocol(ErrorCode::TabClosed) => {}
        closed => drop(closed?),
    }
    answer::nothing()
}

fn page_of(request: &RestRequest, entered: &Entered, id: TabId) -> Option<Page> {
    let operations = request.state.operations();
    operations
        .page_of(&entered.access.principal, id)
        .map(Page::from)
}

/// The page in the path, as the client wrote it. A token that is limited to one page knows no other.
pub(super) fn named(request: &RestRequest) -> Result<String, Problem> {
    match find(request)? {
        Found::Open(name) => Ok(name),
        Found::Closed(session) => Err(closed(request, session)),
    }
}

/// A page that there is, or was.
enum Found {
    Open(String),
    /// It was closed lately, in this session.
    Closed(SessionId),
}

fn find(request: &RestRequest) -> Result<Found, Problem> {
    let name = request.param("pageId");
    let access = &request.entered()?.access;
    if access.page().is_some_and(|only| only != name) {
        return Err(unknown(name));
    }
    let operations = request.state.operations();
    let id: TabId = name.parse().map_err(|_| unknown(name))?;
    if operations.page_of(&access.principal, id).is_some() {
        return Ok(Found::Open(name.to_owned()));
    }
    let closed = operations.session_of_closed_page(&access.principal, id);
    closed.map(Found::Closed).ok_or_else(|| unknown(name))
}

/// 410 for a page that is gone: with its session, or alone.
fn closed(request: &RestRequest, session: SessionId) -> Problem {
    let ended = || {
        let client = &request.entered().ok()?.access.principal.scope.client;
        let view = request.state.operations().session(client, session).ok()?;
        view.end_reason
    };
    match ended() {
        Some(reason) => sessions::problem(SessionError::Ended {
            id: session,
            reason,
        }),
        None => Problem::protocol(ErrorCode::TabClosed, "the page is closed; open another"),
    }
}

fn unknown(name: &str) -> Problem {
    let shown: String = name.chars().take(64).collect();
    let detail =
        format!("there is no page {shown:?}; GET /v1/sessions/ID/pages lists those there are");
    Problem::protocol(ErrorCode::UnknownTab, detail)
}
