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
use crate::operations::sessions::{EndReason, SessionId, SessionOptions};
use crate::operations::{ClientId, Principal};
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
    /// The session that it has created, until its client has read of it.
    unread: Option<SessionId>,
    /// Deleted: only its id is known, so that a repeated deletion is answered alike.
    is_deleted: bool,
}

impl Jobs {
    /// Creates a session once there is a place.
    pub(super) fn start(
        &self,
        state: Arc<ServerState>,
        principal: Principal,
        urls: SessionUrls,
        options: SessionOptions,
    ) -> Result<Job, Problem> {
        let job = Job {
            id: format!("{:032x}", fastrand::u128(..)),
            status: JobStatus::Queued,
            created_at: epoch_ms(),
            result: None,
            error: None,
        };
        let client = principal.scope.client.clone();
        let mut known = lock(&self.0);
        forget_old(&mut known);
        let own = known.values();
        let own = own.filter(|it| it.client == client && !it.is_deleted);
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
        let id = job.id.clone();
        let task = tokio::spawn(async move {
            let created = state.operations().create_session(&principal, options).await;
            let mut unread = None;
            let outcome = match created {
                Ok(created) => {
                    unread = created.is_new.then_some(created.view.id);
                    let session = urls.created(&state, &principal, created);
                    Ok(serde_json::to_value(&session).unwrap_or_default())
                }
                Err(error) => Err(problem(error)),
            };
            let is_wanted = state.rest.jobs.finish(&id, unread, outcome);
            if let Some(session) = unread.filter(|_| !is_wanted) {
                end(&state, &principal.scope.client, session).await;
            }
        });
        known.insert(
            job.id.clone(),
            KnownJob {
                client,
                job: job.clone(),
                task: Some(task.abort_handle()),
                until: None,
                unread: None,
                is_deleted: false,
            },
        );
        Ok(job)
    }

    /// Keeps what came of a job. False if it was deleted meanwhile.
    fn finish(&self, id: &str, unread: Option<SessionId>, outcome: Result<Value, Problem>) -> bool {
        let mut known = lock(&self.0);
        let Some(found) = known.get_mut(id).filter(|it| !it.is_deleted) else {
            return false;
        };
        found.task = None;
        found.unread = unread;
        found.until = Some(Instant::now() + KEPT);
        match outcome {
            Ok(result) => {
                found.job.status = JobStatus::Succeeded;
                found.job.result = Some(result);
            }
            Err(problem) => {
                found.job.status = JobStatus::Failed;
                let path = found.job.path();
                let document = problem.document(&path, id);
                found.job.error = serde_json::to_value(&document).ok();
            }
        }
        true
    }

    fn get(&self, client: &ClientId, id: &str) -> Option<Job> {
        let mut known = lock(&self.0);
        forget_old(&mut known);
        let is_theirs = |it: &&mut KnownJob| it.client == *client && !it.is_deleted;
        let found = known.get_mut(id).filter(is_theirs)?;
        found.unread = None;
        Some(found.job.clone())
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
        let unread = job.unread.take();
        forget_oldest_deleted(&mut known, client);
        Ok(unread)
    }
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
    answer::json(StatusCode::OK, &job.ok_or_else(unknown)?)
}

async fn cancel(request: RestRequest) -> RestResult {
    let client = &request.entered()?.access.principal.scope.client;
    let jobs = &request.state.rest.jobs;
    let unread = jobs.cancel(client, request.param("jobId"));
    if let Some(session) = unread? {
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
