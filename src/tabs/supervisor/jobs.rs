//! The supervisor's jobs: futures whose results the task receives.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::request::Viewport;
use futures::future::join;
use tokio::time::sleep;

use super::AttachRequest;
use crate::cdp::methods::{
    AttachToTarget, CancelDownload, CreateBrowserContext, CreateTarget, DetachFromTarget,
    DisposeBrowserContext, GetTargetInfo, GrantPermissions, RunIfWaitingForDebugger,
    SetDownloadBehavior,
};
use crate::cdp::{Attachment, Browser, BrowserContextId, CallError, SessionId, TargetId};
use crate::fair_permits::FairPermits;
use crate::tabs::commands::http_auth::AuthRequests;
use crate::tabs::commands::set_up::set_up;
use crate::tabs::commands::target::close;
use crate::tabs::context_proxy::{ContextProxy, ProxyProvider};
use crate::tabs::downloads::file;
use crate::tabs::identity::{ClientId, Scope};
use crate::tabs::page_setup::{PageSetup, TargetSetup};
use crate::tabs::target::{OpenError, OpenRequest};
use crate::timer::remaining;

/// The time limit of calls that no request waits for.
pub(super) const JOB_LIMIT: Duration = Duration::from_secs(10);

/// How long a slow browser may take to return the id of a new context or target. The request times out
/// earlier; but what is created nevertheless must be known, so that it can be removed.
const LATE_LIMIT: Duration = Duration::from_mins(1);

/// How long a page may take to be set up after its id was returned: it is attached before that, and
/// setting it up has a time limit.
const ATTACH_LIMIT: Duration = Duration::from_secs(20);

/// How long after its start the tab of a download may become known.
const UNCLAIMED_LIMIT: Duration = Duration::from_secs(10);

/// Nested frames in other processes.
const MAX_DEPTH: usize = 16;

pub(super) enum ContextFor {
    Client(Scope),
    Tab(OpenRequest),
}

impl ContextFor {
    pub(super) fn scope(&self) -> &Scope {
        match self {
            Self::Client(scope) => scope,
            Self::Tab(request) => &request.scope,
        }
    }
}

pub(super) enum JobResult {
    Context(ContextFor, Result<CreatedContext, OpenError>),
    Target(PendingOpen, Result<TargetId, OpenError>),
    SetUp(PreparedPage, Result<(), CallError>),
    Attached(AttachRequest, Result<SessionId, CallError>),
    /// The time in which this page could have been set up has passed.
    Overdue(TargetId),
    /// A context of this scope is disposed of; or Chromium failed to, and this is its proxy.
    Disposed(Scope, Option<ContextProxy>),
    /// The page of a download.
    Page(String, TargetId),
    /// The time in which a tab could have claimed this download has passed.
    Unclaimed(String),
    /// One more page may be opened, for this request.
    OpenTurn(OpenRequest),
    Nothing,
}

pub(super) struct CreatedContext {
    pub(super) context: BrowserContextId,
    pub(super) proxy: ContextProxy,
    /// Whether its downloads are kept.
    pub(super) keeps_downloads: bool,
}

/// A page that is set up, or is being set up.
pub(super) struct PreparedPage {
    pub(super) attachment: Attachment,
    pub(super) setup: Arc<TargetSetup>,
}

pub(super) struct PendingOpen {
    pub(super) request: OpenRequest,
    /// The tab's own context; `None` in a shared one.
    pub(super) own_context: Option<BrowserContextId>,
}

/// Waits until the page of this request may be opened; not beyond the request.
///
/// An overloaded browser does not refuse to open pages: it opens all of them with growing delays,
/// including those whose requests have timed out and been repeated. New headless stopped responding
/// altogether under such load. So only a few are requested at a time, and a request that is cancelled
/// while it waits never reaches the browser.
pub(super) async fn open_turn(
    permits: FairPermits<ClientId>,
    mut request: OpenRequest,
) -> JobResult {
    let client = request.scope.client.clone();
    tokio::select! {
        biased;
        () = request.reply.closed() => JobResult::Nothing,
        permit = permits.acquire(&client, 1) => {
            request.permit = Some(permit);
            JobResult::OpenTurn(request)
        }
    }
}

/// Creates a context with its own proxy and without permissions. Its downloads are kept if policy
/// allows that and there is a directory for them.
pub(super) fn create_context(
    browser: Browser,
    purpose: ContextFor,
    proxies: &Arc<dyn ProxyProvider>,
    files: Option<&Path>,
) -> impl Future<Output = JobResult> + Send + use<> {
    let (scope, tab) = match &purpose {
        ContextFor::Client(scope) => (scope, None),
        ContextFor::Tab(request) => (&request.scope, Some(request.tab)),
    };
    let opened = proxies.open(scope, tab);
    let files = files
        .filter(|_| proxies.keeps_downloads(scope))
        .map(Path::to_path_buf);
    async move {
        let created = async {
            let proxy = opened.map_err(|error| {
                tracing::error!(%error, "no proxy could be opened for a browser context");
                OpenError::ProxyUnavailable(Arc::new(error))
            })?;
            let proxy_server = proxy.url().map(str::to_owned);
            let method = CreateBrowserContext {
                dispose_on_detach: true,
                // Without this, requests to this machine would bypass the proxy.
                proxy_bypass_list: proxy_server.is_some().then_some("<-loopback>"),
                proxy_server,
            };
            let context = browser.call(method, LATE_LIMIT).await?.browser_context_id;
            let downloads = download_behavior(Some(context.clone()), files.as_deref());
            let permissions = GrantPermissions::none(Some(context.clone()));
            let (downloads, permissions) = join(
                browser.call(downloads, JOB_LIMIT),
                browser.call(permissions, JOB_LIMIT),
            )
            .await;
            if let Err(error) = downloads.and(permissions) {
                // The proxy stays open for as long as pages of the context may connect.
                dispose_of(&browser, context).await;
                return Err(error.into());
            }
            Ok(CreatedContext {
                context,
                proxy,
                keeps_downloads: files.is_some(),
            })
        };
        JobResult::Context(purpose, created.await)
    }
}

/// Keeps downloads in this directory, or denies them.
fn download_behavior(
    context: Option<BrowserContextId>,
    files: Option<&Path>,
) -> SetDownloadBehavior {
    match files {
        Some(dir) => SetDownloadBehavior::keep(context, dir.to_string_lossy().into_owned()),
        None => SetDownloadBehavior::deny(context),
    }
}

pub(super) async fn set_downloads(
    browser: Browser,
    context: Option<BrowserContextId>,
    files: Option<PathBuf>,
) -> JobResult {
    let method = download_behavior(context, files.as_deref());
    let outcome = browser.call(method, JOB_LIMIT).await;
    log_failure(outcome, "change how downloads are handled")
}

/// Cancels a download, which is in one of these contexts.
pub(super) async fn cancel_download(
    browser: Browser,
    contexts: Vec<Option<BrowserContextId>>,
    guid: String,
) -> JobResult {
    for browser_context_id in contexts {
        let cancel = CancelDownload {
            guid: guid.clone(),
            browser_context_id,
        };
        if browser.call(cancel, JOB_LIMIT).await.is_ok() {
            break;
        }
    }
    JobResult::Nothing
}

pub(super) async fn remove_download(dir: PathBuf, guid: String) -> JobResult {
    file::remove(dir, guid).await;
    JobResult::Nothing
}

/// Finds the page of a frame. Frames in other processes are targets, too, and name their parent frame.
pub(super) async fn find_page(browser: Browser, guid: String, frame: TargetId) -> JobResult {
    let mut target_id = frame;
    for _ in 0..MAX_DEPTH {
        let Ok(found) = browser.call(GetTargetInfo { target_id }, JOB_LIMIT).await else {
            break;
        };
        let info = found.target_info;
        match &info.parent_frame_id {
            Some(parent) => target_id = TargetId::from(parent.as_str()),
            None => return JobResult::Page(guid, info.target_id),
        }
    }
    JobResult::Nothing
}

pub(super) async fn unclaimed(guid: String) -> JobResult {
    sleep(UNCLAIMED_LIMIT).await;
    JobResult::Unclaimed(guid)
}

/// Opens a page in its own window, so that no other page hides it.
pub(super) async fn create_target(
    browser: Browser,
    context: Option<BrowserContextId>,
    opening: PendingOpen,
) -> JobResult {
    let limit = remaining(opening.request.deadline);
    let method = CreateTarget {
        url: Cow::Borrowed("about:blank"),
        browser_context_id: context,
        new_window: true,
    };
    let created = browser.call(method, limit + LATE_LIMIT).await;
    JobResult::Target(
        opening,
        created.map(|it| it.target_id).map_err(OpenError::Call),
    )
}

pub(super) async fn overdue(target: TargetId) -> JobResult {
    sleep(ATTACH_LIMIT).await;
    JobResult::Overdue(target)
}

/// Sets up an attached page with what its documents start with, and lets it run.
pub(super) async fn prepare(
    attachment: Attachment,
    viewport: Viewport,
    setup: PageSetup,
    auth: AuthRequests,
) -> JobResult {
    let session = &attachment.session;
    let target = TargetSetup::new(session.clone(), attachment.info.target_id.clone(), viewport);
    let outcome = set_up(session, &target, &setup, auth, JOB_LIMIT).await;
    let page = PreparedPage {
        attachment,
        setup: target,
    };
    JobResult::SetUp(page, outcome)
}

/// Attaches another session to a page.
pub(super) async fn attach(browser: Browser, request: AttachRequest) -> JobResult {
    let method = AttachToTarget {
        target_id: request.target.clone(),
        flatten: true,
    };
    let attached = browser.call(method, JOB_LIMIT).await;
    JobResult::Attached(request, attached.map(|attached| attached.session_id))
}

pub(super) async fn close_page(browser: Browser, target: TargetId) -> JobResult {
    let outcome = close(browser, target, JOB_LIMIT).await;
    log_failure(outcome, "close a page")
}

/// Closes a popup that has just been attached, after this time. It has to run for that: its opener waits in
/// `window.open` until it does, also if it is closed.
pub(super) async fn refuse(browser: Browser, attachment: Attachment, brake: Duration) -> JobResult {
    sleep(brake).await;
    let run = attachment
        .session
        .call(RunIfWaitingForDebugger {}, JOB_LIMIT);
    let close = close(browser, attachment.info.target_id, JOB_LIMIT);
    let (_, outcome) = join(run, close).await;
    log_failure(outcome, "close a popup")
}

/// Lets a page run that the bridge does not manage, and detaches from it.
pub(super) async fn detach(browser: Browser, attachment: Attachment) -> JobResult {
    let session = attachment.session;
    let session_id = session.id().clone();
    if attachment.waiting_for_debugger {
        let outcome = session.call(RunIfWaitingForDebugger {}, JOB_LIMIT).await;
        log_failure(outcome, "let a page run");
    }
    let outcome = browser
        .call(DetachFromTarget { session_id }, JOB_LIMIT)
        .await;
    log_failure(outcome, "detach from a page")
}

/// Disposes of a context. Its proxy is closed after that: its port may be reused for another context
/// at once, and pages of this one must not connect there.
pub(super) async fn dispose(
    browser: Browser,
    scope: Scope,
    context: BrowserContextId,
    proxy: Option<ContextProxy>,
) -> JobResult {
    let is_disposed = dispose_of(&browser, context).await;
    JobResult::Disposed(scope, proxy.filter(|_| !is_disposed))
}

/// Whether the context is gone.
async fn dispose_of(browser: &Browser, browser_context_id: BrowserContextId) -> bool {
    let outcome = browser
        .call(DisposeBrowserContext { browser_context_id }, JOB_LIMIT)
        .await;
    let is_disposed = outcome
        .as_ref()
        .err()
        .is_none_or(CallError::is_already_gone);
    log_failure(outcome, "dispose of a browser context");
    is_disposed
}

fn log_failure<T>(outcome: Result<T, CallError>, what: &'static str) -> JobResult {
    match outcome {
        Err(error) if !error.is_already_gone() && !matches!(error, CallError::Closed { .. }) => {
            tracing::warn!(%error, "Chromium did not {what}");
        }
        _ => {}
    }
    JobResult::Nothing
}
