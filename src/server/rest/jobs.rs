//! Jobs: requests whose client does not wait for the answer. The only kind so far creates a session once there is a place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use cdp_bridge_protocol::{ErrorCode, ErrorDetails};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::answer;
use super::request::RestRequest;
use super::route::{RestResult, Route};
use super::session::SessionUrls;
use super::sessions::problem;
use crate::clock::epoch_ms;
use crate::lock::lock;
use crate::operations::kept_jobs::{JobState, KeptJob};
use crate::operations::sessions::{EndReason, SessionError, SessionId, SessionOptions};
use crate::operations::{ClientId, OnceKey, Operations, Principal};
use crate::server::problem::{HttpCode, Problem};
use crate::server::state::ServerState;

/// How long the result of a job is kept.
const KEPT: Duration = Duration::from_mins(10);

/// The most jobs of a client, those that are over among them.
const MOST: usize = 64;

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "the words that jobs of later kinds use too")]
pub(crate) enum JobStatus {
    /// It waits.
    Queued,
    /// It is being carried out.
    Running,
    /// Its `result` is there.
    Succeeded,
    /// Its `error` says why not.
    Failed,
    /// Its client has cancelled it.
    Cancelled,
}

/// A job.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Job {
    /// Its id.
    #[serde(rename = "jobId")]
    id: String,
    /// How far it is.
    status: JobStatus,
    /// When it was begun, in milliseconds since 1970.
    created_at: u64,
    /// What it was begun for, once it has succeeded: the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    /// Why it has failed, once it has: a problem document.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

impl Job {
    /// Where it is.
    pub(super) fn path(&self) -> String {
        format!("/v1/jobs/{}", self.id)
    }
}

impl JobStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The jobs of all clients.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Mutex<HashMap<String, KnownJob>>);

#[derive(Debug)]
struct KnownJob {
    client: ClientId,
    job: Job,
    task: Option<AbortHandle>,
    /// When its result is forgotten.
    until: Option<Instant>,
    /// The session that it has created.
    session: Option<SessionId>,
    /// Its client has not read of that session yet.
    is_unread: bool,
    /// Receives the webhook of its end.
    webhook_url: Option<String>,
    /// Deleted: only its id is known, so that a repeated deletion is answered alike.
    is_deleted: bool,
}

impl KnownJob {
    fn kept(&self) -> KeptJob {
        let until = self
            .until
            .map(|at| at.saturating_duration_since(Instant::now()));
        let millis = |left: Duration| u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        KeptJob {
            id: self.job.id.clone(),
            client: self.client.clone(),
            status: self.job.status.as_str().to_owned(),
            created_ms: self.job.created_at,
            until_ms: until.map(|left| epoch_ms().saturating_add(millis(left))),
            state: JobState {
                webhook_url: self.webhook_url.clone(),
                result: self.job.result.clone(),
                error: self.job.error.clone(),
                session: self.session,
                is_unread: self.is_unread,
            },
        }
    }

    fn fail(&mut self, problem: &Problem) {
        self.job.status = JobStatus::Failed;
        let path = self.job.path();
        let document = problem.document(&path, &self.job.id);
        self.job.error = serde_json::to_value(&document).ok();
    }
}

impl Jobs {
    /// Creates a session once there is a place.
    pub(super) async fn start(
        &self,
        state: Arc<ServerState>,
        principal: Principal,
        urls: SessionUrls,
        options: SessionOptions,
        once: Option<OnceKey>,
    ) -> Result<Job, Problem> {
        let job = Job {
            id: format!("{:032x}", fastrand::u128(..)),
            status: JobStatus::Queued,
            created_at: epoch_ms(),
            result: None,
            error: None,
        };
        let kept = self.insert(KnownJob {
            client: principal.scope.client.clone(),
            job: job.clone(),
            task: None,
            until: None,
            session: None,
            is_unread: false,
            webhook_url: options.webhook_url.clone(),
            is_deleted: false,
        })?;
        state.operations().keep_job(&kept).await;
        let id = job.id.clone();
        let mut known = lock(&self.0);
        // It may have been cancelled meanwhile.
        if let Some(known) = known.get_mut(&id) {
            let task = tokio::spawn(run(state, principal, urls, (options, once), id));
            known.task = Some(task.abort_handle());
        }
        Ok(job)
    }

    /// One more job, unless its client has as many as it may.
    fn insert(&self, job: KnownJob) -> Result<KeptJob, Problem> {
        let mut known = lock(&self.0);
        forget_old(&mut known);
        let own = known.values();
        let own = own.filter(|it| it.client == job.client && !it.is_deleted);
        let own = own.count();
        if own >= MOST {
            let detail =
                format!("{own} jobs of this client are kept, of the {MOST} allowed; delete some");
            let problem = Problem::protocol(ErrorCode::LimitExceeded, detail);
            return Err(problem.with_details(ErrorDetails {
                limit: Some(MOST as u64),
                current: Some(own as u64),
                ..ErrorDetails::default()
            }));
        }
        let kept = job.kept();
        known.insert(job.job.id.clone(), job);
        Ok(kept)
    }

    /// The jobs that an earlier process has left. Those that were not over are now.
    pub(crate) async fn restore(&self, operations: &Operations) {
        for kept in operations.kept_jobs().await {
            let now_ms = epoch_ms();
            let left = kept.until_ms.map(|until| until.saturating_sub(now_ms));
            let mut known = KnownJob {
                job: Job {
                    id: kept.id.clone(),
                    status: JobStatus::Failed,
                    created_at: kept.created_ms,
                    result: kept.state.result,
                    error: kept.state.error,
                },
                client: kept.client,
                task: None,
                until: Some(Instant::now() + left.map_or(KEPT, Duration::from_millis)),
                session: kept.state.session,
                is_unread: kept.state.is_unread,
                webhook_url: kept.state.webhook_url,
                is_deleted: false,
            };
            if known.job.result.is_some() {
                known.job.status = JobStatus::Succeeded;
            } else if known.job.error.is_none() {
                known.fail(&interrupted());
                operations.finish_job(&known.kept()).await;
            }
            lock(&self.0).insert(kept.id, known);
        }
    }

    /// Puts down what came of a job; `None` if it was deleted meanwhile.
    fn finish(
        &self,
        id: &str,
        session: Option<SessionId>,
        is_unread: bool,
        outcome: Result<Value, Problem>,
    ) -> Option<KeptJob> {
        let mut known = lock(&self.0);
        let found = known.get_mut(id).filter(|it| !it.is_deleted)?;
        found.task = None;
        found.session = session;
        found.is_unread = is_unread;
        found.until = Some(Instant::now() + KEPT);
        match outcome {
            Ok(result) => {
                found.job.status = JobStatus::Succeeded;
                found.job.result = Some(result);
            }
            Err(problem) => found.fail(&problem),
        }
        Some(found.kept())
    }

    /// A job of this client; and the same as it is to be kept, if this is the first time that its session is read of.
    fn get(&self, client: &ClientId, id: &str) -> Option<(Job, Option<KeptJob>)> {
        let mut known = lock(&self.0);
        forget_old(&mut known);
        let is_theirs = |it: &&mut KnownJob| it.client == *client && !it.is_deleted;
        let found = known.get_mut(id).filter(is_theirs)?;
        let was_unread = std::mem::take(&mut found.is_unread);
        let kept = was_unread.then(|| found.kept());
        Some((found.job.clone(), kept))
    }

    fn knows(&self, id: &str) -> bool {
        lock(&self.0).get(id).is_some_and(|it| !it.is_deleted)
    }

    /// Ends a job that waits, and forgets one that is over. Says which session it has created that its client does not
    /// know of. One that was deleted before stays deleted.
    fn cancel(&self, client: &ClientId, id: &str) -> Result<Option<SessionId>, Problem> {
        let mut known = lock(&self.0);
        let job = known.get_mut(id).filter(|it| it.client == *client);
        let job = job.ok_or_else(unknown)?;
        if let Some(task) = job.task.take() {
            // The future leaves the queue when it is dropped; a session that it was just given ends.
            task.abort();
        }
        job.is_deleted = true;
        job.job.result = None;
        job.job.error = None;
        job.until = Some(Instant::now() + KEPT);
        job.webhook_url = None;
        let is_unread = std::mem::take(&mut job.is_unread);
        let unread = job.session.filter(|_| is_unread);
        forget_oldest_deleted(&mut known, client);
        Ok(unread)
    }
}

/// Creates the session of a job, under its idempotency key, and puts down what came of it.
async fn run(
    state: Arc<ServerState>,
    principal: Principal,
    urls: SessionUrls,
    (options, once): (SessionOptions, Option<OnceKey>),
    id: String,
) {
    let operations = state.operations();
    let created = operations.create_session_once(&principal, options, once);
    let created = created.await;
    let (mut session, mut is_new) = (None, false);
    let outcome = match created {
        Ok(created) => {
            (session, is_new) = (Some(created.view.id), created.is_new);
            let session = urls.created(&state, &principal, created);
            Ok(serde_json::to_value(&session).unwrap_or_default())
        }
        Err(SessionError::ShuttingDown) => Err(interrupted()),
        Err(error) => Err(problem(error)),
    };
    let jobs = &state.rest.jobs;
    let kept = jobs.finish(&id, session, is_new, outcome);
    let Some(kept) = kept else {
        if let Some(session) = session.filter(|_| is_new) {
            end(&state, &principal.scope.client, session).await;
        }
        return;
    };
    operations.finish_job(&kept).await;
    if !jobs.knows(&id) {
        // It was deleted while this was written.
        operations.forget_job(&id).await;
    }
}

/// Why a job has failed that was not over when the bridge stopped.
fn interrupted() -> Problem {
    Problem::http(
        HttpCode::JobInterrupted,
        "the bridge stopped before the job was over; begin it once more",
    )
}

/// Ends a session that its client does not know of.
async fn end(state: &ServerState, client: &ClientId, session: SessionId) {
    let operations = state.operations();
    let ended = operations.end_session(client, session, EndReason::Requested, false);
    // It may have ended by itself, and be forgotten.
    let _ = ended.await;
}

/// Keeps the ids of deleted jobs within the bound of those that are not.
fn forget_oldest_deleted(known: &mut HashMap<String, KnownJob>, client: &ClientId) {
    let deleted = || {
        let own = known.iter().filter(|(_, it)| it.client == *client);
        own.filter(|(_, it)| it.is_deleted)
    };
    if deleted().count() <= MOST {
        return;
    }
    let oldest = deleted().min_by_key(|(_, it)| it.until);
    if let Some(id) = oldest.map(|(id, _)| id.clone()) {
        known.remove(&id);
    }
}

fn forget_old(known: &mut HashMap<String, KnownJob>) {
    let now = Instant::now();
    known.retain(|_, it| it.until.is_none_or(|until| now < until));
}

pub(super) fn routes() -> Vec<Route> {
    const TAG: &str = "jobs";
    vec![
        Route::get("/jobs/{jobId}", "getJob", get)
            .summary(TAG, "How far a job is, and its result for ten minutes")
            .auth(super::route::RouteAuth::Client)
            .answers::<Job>(200, "The job"),
        Route::delete("/jobs/{jobId}", "cancelJob", cancel)
            .summary(TAG, "Cancel a job, or forget its result")
            .auth(super::route::RouteAuth::Client)
            .beyond_rate()
            .answers_nothing(204, "It is cancelled, now or before, and a session that it has created and that was not read of is ended"),
    ]
}

async fn get(request: RestRequest) -> RestResult {
    let client = &request.entered()?.access.principal.scope.client;
    let job = request.state.rest.jobs.get(client, request.param("jobId"));
    let (job, changed) = job.ok_or_else(unknown)?;
    if let Some(kept) = changed {
        request.state.operations().keep_job(&kept).await;
    }
    answer::json(StatusCode::OK, &job)
}

async fn cancel(request: RestRequest) -> RestResult {
    let client = &request.entered()?.access.principal.scope.client;
    let jobs = &request.state.rest.jobs;
    let unread = jobs.cancel(client, request.param("jobId"));
    let unread = unread?;
    let operations = request.state.operations();
    operations.forget_job(request.param("jobId")).await;
    if let Some(session) = unread {
        end(&request.state, client, session).await;
    }
    answer::nothing()
}

fn unknown() -> Problem {
    Problem::http(
        HttpCode::UnknownJob,
        "there is no such job, or it was over ten minutes ago",
    )
}
