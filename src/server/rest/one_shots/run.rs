//! Carries a one-shot out in a session of its own, which ends whatever happens.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::{ErrorCode, Event, Request, RequestKind, TabId};
use tokio::time::{sleep, timeout};

use super::bodies::{CookieSameSite, OneShotCookie};
use super::plan::{OneShotPlan, PlannedStep};
use crate::operations::sessions::{EndReason, SessionId, SessionOptions};
use crate::operations::{Caller, Operations, PageCookie, Principal};
use crate::server::problem::{Effect, Problem, ProblemCode};
use crate::server::rest::{command_list, command_result, sessions};
use crate::server::wire::WireAnswer;

/// How long its session lives at most, if nothing else ends it: longer than any one-shot.
const LIFE: Duration = Duration::from_mins(5);

/// A session that ends when this is dropped.
struct OneShotSession {
    operations: Arc<Operations>,
    principal: Principal,
    id: SessionId,
}

impl OneShotSession {
    async fn open(operations: &Arc<Operations>, principal: &Principal) -> Result<Self, Problem> {
        let options = SessionOptions {
            max_duration: LIFE,
            idle_timeout: LIFE,
            is_kept: false,
            ..operations.default_session_options()
        };
        let created = operations.create_session(principal, options).await;
        let id = created.map_err(sessions::problem)?.view.id;
        let entered = operations.enter_session(principal, id);
        let mut session = Self {
            operations: Arc::clone(operations),
            principal: principal.clone(),
            id,
        };
        session.principal = entered.map_err(sessions::problem)?;
        Ok(session)
    }
}

impl Drop for OneShotSession {
    fn drop(&mut self) {
        let (operations, id) = (Arc::clone(&self.operations), self.id);
        let client = self.principal.scope.client.clone();
        // Its tabs and browser contexts are closed on the path on which every session ends.
        tokio::spawn(async move {
            let reason = EndReason::Requested;
            if let Err(error) = operations.end_session(&client, id, reason, false).await {
                tracing::debug!(%error, "the session of a one-shot had ended");
            }
        });
    }
}

/// Carries it out.
pub(crate) async fn run(
    operations: &Arc<Operations>,
    principal: &Principal,
    plan: OneShotPlan,
) -> Result<WireAnswer, Problem> {
    let session = OneShotSession::open(operations, principal).await?;
    let caller = operations.caller("rest", session.principal.clone());
    let limit = plan.limit;
    timeout(limit, carry_out(operations, &caller, plan))
        .await
        .unwrap_or_else(|_| Err(too_slow(limit)))
}

fn too_slow(limit: Duration) -> Problem {
    let detail = format!(
        "the result was not there within {} ms (timeoutMs)",
        limit.as_millis()
    );
    Problem::protocol(ErrorCode::CdpTimeout, detail).with_effect(Effect::ReadsOnly)
}

async fn carry_out(
    operations: &Arc<Operations>,
    caller: &Caller,
    plan: OneShotPlan,
) -> Result<WireAnswer, Problem> {
    let ask = async |request: Request| {
        command_result::run(
            operations,
            caller,
            command_list::paced(caller).await,
            request,
        )
        .await
    };
    let tab = opened(ask(plan.create()?).await?)?;
    if !plan.cookies.is_empty() {
        let cookies = plan.cookies.iter().map(PageCookie::from).collect();
        let set = operations.set_cookies(caller, tab, cookies).await;
        set.map_err(|error| Problem::of_operation(RequestKind::Emulate, &error, None))?;
    }
    for step in plan.steps {
        match step {
            PlannedStep::Pause(time) => sleep(time).await,
            PlannedStep::Request { request, may_fail } => match ask(request.about(tab)?).await {
                Err(problem) if may_fail && is_time_out(&problem) => {}
                outcome => drop(outcome?),
            },
        }
    }
    ask(plan.result.about(tab)?).await
}

fn is_time_out(problem: &Problem) -> bool {
    problem.code() == ProblemCode::Protocol(ErrorCode::CdpTimeout)
}

fn opened(answer: WireAnswer) -> Result<TabId, Problem> {
    if let WireAnswer::Event(event) = answer
        && let Event::TabCreated(created) = *event
    {
        return Ok(created.id);
    }
    let detail = "internal error of the bridge; its log has the details";
    Err(Problem::protocol(ErrorCode::Internal, detail))
}

impl From<&OneShotCookie> for PageCookie {
    fn from(cookie: &OneShotCookie) -> Self {
        Self {
            name: cookie.name.clone(),
            value: cookie.value.clone(),
            url: cookie.url.clone(),
            domain: cookie.domain.clone(),
            path: cookie.path.clone(),
            secure: cookie.secure,
            http_only: cookie.http_only,
            same_site: cookie.same_site.map(|same_site| match same_site {
                CookieSameSite::Strict => "Strict",
                CookieSameSite::Lax => "Lax",
                CookieSameSite::None => "None",
            }),
            expires: cookie.expires,
        }
    }
}
