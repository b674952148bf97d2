//! What the supervisor has Chromium do: each a future whose end the task takes in.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::request::Viewport;
use futures::FutureExt as _;
use futures::future::{BoxFuture, join};
use tokio::time::{Instant, sleep};

use super::AttachRequest;
use crate::cdp::events::TargetInfo;
use crate::cdp::methods::{
    AttachToTarget, CancelDownload, CreateBrowserContext, CreateTarget, DetachFromTarget,
    DisposeBrowserContext, GetTargetInfo, GrantPermissions, RunIfWaitingForDebugger,
    SetDownloadBehavior,
};
use crate::cdp::{Attachment, Browser, BrowserContextId, CallError, SessionId, TargetId};
use crate::tabs::commands::close::close;
use crate::tabs::commands::set_up::set_up;
use crate::tabs::downloads::file;
use crate::tabs::identity::Scope;
use crate::tabs::outlet::{Outlet, Outlets};
use crate::tabs::target::{OpenError, OpenRequest};

/// How long Chromium may take for what no client waits for.
pub(super) const JOB_LIMIT: Duration = Duration::from_secs(10);

/// How long a browser that is slow may take to name what it was asked to make. Whoever wanted it
/// gives up earlier; but what is made all the same must be known, so that it can be removed.
const LATE_LIMIT: Duration = Duration::from_mins(1);

/// How long after its page was named an attachment may still be set up: it is attached before it
/// is named, and setting it up is limited.
const ATTACH_LIMIT: Duration = Duration::from_secs(20);

/// How long after a download began it may become known whose it is.
const UNCLAIMED_LIMIT: Duration = Duration::from_secs(10);

/// How many frames of other processes may be inside each other.
const MAX_DEPTH: usize = 16;

/// A job.
pub(super) type Job = BoxFuture<'static, Done>;

/// For whom a context is made.
pub(super) enum ContextFor {
    Client(Scope),
    Tab(OpenRequest),
}

/// How a job ended.
pub(super) enum Done {
    Context(ContextFor, Result<Made, OpenError>),
    Target(Opening, Result<TargetId, CallError>),
    SetUp(Attachment, Result<(), CallError>),
    Attached(AttachRequest, Result<SessionId, CallError>),
    /// If this page has not been set up by now, it never will be.
    Overdue(TargetId),
    /// A context that Chromium did not dispose of, so that its way out must stay taken.
    Left(Outlet),
    /// The page that a download comes from; none if that is told by a tab.
    Page(String, Option<TargetInfo>),
    /// If it is not known by now whose this download is, it never will be.
    Unclaimed(String),
    Nothing,
}

/// A context that was made, and its way out.
pub(super) struct Made {
    pub(super) context: BrowserContextId,
    pub(super) outlet: Outlet,
    /// What is downloaded in it is kept.
    pub(super) keeps_downloads: bool,
}

/// A target that is being opened.
pub(super) struct Opening {
    pub(super) request: OpenRequest,
    /// The context that is the tab's own, if it has one.
    pub(super) own_context: Option<BrowserContextId>,
}

/// Makes a context that has a way out of its own, in which downloads are kept where policy says so
/// and there is a place for them, and in which pages get no permission.
pub(super) fn make_context(
    browser: Browser,
    purpose: ContextFor,
    outlets: &Arc<dyn Outlets>,
    files: Option<&Path>,
) -> Job {
    let (scope, tab) = match &purpose {
        ContextFor::Client(scope) => (scope, None),
        ContextFor::Tab(request) => (&request.scope, Some(request.tab)),
    };
    let opened = outlets.open(scope, tab);
    let files = files
        .filter(|_| outlets.keeps_downloads(scope))
        .map(Path::to_path_buf);
    async move {
        let made = async {
            let outlet = opened.map_err(|error| {
                tracing::error!(%error, "no proxy could be opened for a browser context");
                OpenError::NoWayOut(Arc::new(error))
            })?;
            let proxy_server = outlet.proxy().map(str::to_owned);
            let method = CreateBrowserContext {
                dispose_on_detach: true,
                // Without this, what is for this machine would go past the proxy.
                proxy_bypass_list: proxy_server.is_some().then_some("<-loopback>"),
                proxy_server,
            };
            let context = browser.call(method, LATE_LIMIT).await?.browser_context_id;
            let downloads = downloads(Some(context.clone()), files.as_deref());
            let permissions = GrantPermissions::none(Some(context.clone()));
            let (downloads, permissions) = join(
                browser.call(downloads, JOB_LIMIT),
                browser.call(permissions, JOB_LIMIT),
            )
            .await;
            if let Err(error) = downloads.and(permissions) {
                dispose(browser, context, Some(outlet)).await;
                return Err(error.into());
            }
            Ok(Made {
                context,
                outlet,
                keeps_downloads: files.is_some(),
            })
        };
        Done::Context(purpose, made.await)
    }
    .boxed()
}

/// What becomes of downloads in a context: they are written to this directory, if there is one.
fn downloads(context: Option<BrowserContextId>, files: Option<&Path>) -> SetDownloadBehavior {
    match files {
        Some(dir) => SetDownloadBehavior::keep(context, dir.to_string_lossy().into_owned()),
        None => SetDownloadBehavior::deny(context),
    }
}

/// Says anew what becomes of downloads in a context.
pub(super) fn set_downloads(
    browser: Browser,
    context: Option<BrowserContextId>,
    files: Option<&Path>,
) -> Job {
    let method = downloads(context, files);
    async move {
        let outcome = browser.call(method, JOB_LIMIT).await;
        aside(outcome.map(|_| ()), "change what becomes of downloads")
    }
    .boxed()
}

/// Breaks a download off, in whichever of these contexts it is.
pub(super) fn cancel_download(
    browser: Browser,
    contexts: Vec<Option<BrowserContextId>>,
    guid: String,
) -> Job {
    async move {
        for browser_context_id in contexts {
            let cancel = CancelDownload {
                guid: guid.clone(),
                browser_context_id,
            };
            if browser.call(cancel, JOB_LIMIT).await.is_ok() {
                break;
            }
        }
        Done::Nothing
    }
    .boxed()
}

/// Removes the file of a download.
pub(super) fn remove_download(dir: PathBuf, guid: String) -> Job {
    file::remove(dir, guid).map(|()| Done::Nothing).boxed()
}

/// Finds the page that a frame is in: through frames of other processes, which are targets too.
pub(super) fn find_page(browser: Browser, guid: String, frame: TargetId) -> Job {
    async move {
        let mut target_id = frame;
        for _ in 0..MAX_DEPTH {
            let Ok(found) = browser.call(GetTargetInfo { target_id }, JOB_LIMIT).await else {
                break;
            };
            let info = found.target_info;
            match &info.parent_frame_id {
                Some(parent) => target_id = TargetId::from(parent.as_str()),
                None => return Done::Page(guid, Some(info)),
            }
        }
        Done::Page(guid, None)
    }
    .boxed()
}

/// Says when it must be known whose a download is.
pub(super) fn unclaimed(guid: String) -> Job {
    sleep(UNCLAIMED_LIMIT)
        .map(|()| Done::Unclaimed(guid))
        .boxed()
}

/// Opens a page in a window of its own, so that no other page hides it.
pub(super) fn create_target(
    browser: Browser,
    context: Option<BrowserContextId>,
    opening: Opening,
) -> Job {
    async move {
        let left = opening
            .request
            .deadline
            .saturating_duration_since(Instant::now());
        let method = CreateTarget {
            url: Cow::Borrowed("about:blank"),
            browser_context_id: context,
            new_window: true,
        };
        let created = browser.call(method, left + LATE_LIMIT).await;
        Done::Target(opening, created.map(|created| created.target_id))
    }
    .boxed()
}

/// Says when a page that was named must have been set up.
pub(super) fn overdue(target: TargetId) -> Job {
    sleep(ATTACH_LIMIT).map(|()| Done::Overdue(target)).boxed()
}

/// Makes an attached page ready and lets it run.
pub(super) fn make_ready(attachment: Attachment, viewport: Viewport, cancel_auth: bool) -> Job {
    async move {
        let outcome = set_up(&attachment.session, viewport, cancel_auth, JOB_LIMIT).await;
        Done::SetUp(attachment, outcome)
    }
    .boxed()
}

/// Makes one more session to a page.
pub(super) fn attach(browser: Browser, request: AttachRequest) -> Job {
    async move {
        let method = AttachToTarget {
            target_id: request.target.clone(),
            flatten: true,
        };
        let attached = browser.call(method, JOB_LIMIT).await;
        Done::Attached(request, attached.map(|attached| attached.session_id))
    }
    .boxed()
}

/// Closes a page that nobody wants.
pub(super) fn discard(browser: Browser, target: TargetId) -> Job {
    close(browser, target, JOB_LIMIT)
        .map(|outcome| aside(outcome, "close a page"))
        .boxed()
}

/// Lets a page run that is not the bridge's own, and lets go of it.
pub(super) fn let_go(browser: Browser, attachment: Attachment) -> Job {
    async move {
        let session = attachment.session;
        let session_id = session.id().clone();
        if attachment.waiting_for_debugger {
            let outcome = session.call(RunIfWaitingForDebugger {}, JOB_LIMIT).await;
            aside(outcome.map(|_| ()), "let a page run");
        }
        let outcome = browser
            .call(DetachFromTarget { session_id }, JOB_LIMIT)
            .await;
        aside(outcome.map(|_| ()), "let go of a page")
    }
    .boxed()
}

/// Forgets everything that was stored in a context. Its way out is closed after that: its port may
/// be given to another context's at once, and pages of this one must not go through that.
pub(super) fn dispose(
    browser: Browser,
    browser_context_id: BrowserContextId,
    outlet: Option<Outlet>,
) -> Job {
    async move {
        let outcome = browser
            .call(DisposeBrowserContext { browser_context_id }, JOB_LIMIT)
            .await;
        let is_left = matches!(&outcome, Err(error) if !error.is_already_gone());
        let done = aside(outcome.map(|_| ()), "dispose of a browser context");
        match outlet {
            Some(outlet) if is_left => Done::Left(outlet),
            _ => done,
        }
    }
    .boxed()
}

fn aside(outcome: Result<(), CallError>, what: &'static str) -> Done {
    match outcome {
        Err(error) if !error.is_already_gone() && !matches!(error, CallError::Closed { .. }) => {
            tracing::warn!(%error, "Chromium did not {what}");
        }
        _ => {}
    }
    Done::Nothing
}
