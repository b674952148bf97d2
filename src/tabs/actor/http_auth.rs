//! HTTP authentication: with what the client has set beforehand, by asking it, or not at all.

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::event::{AuthOutcome, ClosedBy};
use futures::FutureExt as _;
use tokio::time::Instant;

use super::Actor;
use super::dialogs::millis;
use crate::cdp::methods::{AuthAnswer as CdpAnswer, ContinueWithAuth, EmptyResult};
use crate::cdp::{CallError, TargetSession};
use crate::clock::epoch_ms;
use crate::metrics;
use crate::policy::{AuthPolicy, redact_url};
use crate::tabs::error::TabError;
use crate::tabs::fact::{AskedAuth, FactKind};
use crate::tabs::page::AuthChallenge;
use crate::tabs::prompts::{
    AuthAnswer, Credentials, PendingPrompts, Prompt, PromptAnswer, TabCredentials,
};
use crate::tabs::reply::{Acted, AnswerKind, Reply};
use crate::tabs::unawaited::UNAWAITED_LIMIT;
use crate::timer::remaining;

/// How many servers wait for an answer at a time. Further ones are cancelled.
const MAX_PENDING: usize = 8;

/// The most characters of what a server calls its protected area.
const MAX_REALM: usize = 256;

pub(super) struct HttpAuth {
    credentials: TabCredentials,
    pub(super) pending: PendingPrompts<PausedRequest, AuthOutcome>,
}

/// A request that waits for its authentication.
pub(super) struct PausedRequest {
    session: TargetSession,
    /// `Fetch.RequestId`.
    id: String,
}

impl Default for HttpAuth {
    fn default() -> Self {
        Self {
            credentials: TabCredentials::default(),
            pending: PendingPrompts::new('a'),
        }
    }
}

impl Actor {
    pub(super) fn on_auth_required(&mut self, session: &TargetSession, challenge: AuthChallenge) {
        let request = PausedRequest {
            session: session.clone(),
            id: challenge.request,
        };
        let key = request.key();
        let found = self.auth.credentials.for_request(&challenge.origin, &key);
        if let Some(Credentials {
            username, password, ..
        }) = found.filter(|_| !challenge.is_of_proxy)
        {
            let answer = provide(username, password);
            request.send_unawaited(answer);
            return self.auth.credentials.answers(&key);
        }
        let is_asked = self.ctx.settings.http_auth == AuthPolicy::Ask && !challenge.is_of_proxy;
        if !is_asked {
            return request.send_unawaited(CdpAnswer::CancelAuth);
        }
        let is_storm =
            self.auth.pending.len() >= MAX_PENDING || !self.limits.passwords.allow(Instant::now());
        if is_storm {
            metrics::dropped("authRequired", "storm");
            return request.send_unawaited(CdpAnswer::CancelAuth);
        }
        let limit = self.ctx.settings.answer_timeout;
        let auth = self.auth.pending.ask(request, Instant::now() + limit);
        self.tab.publish(FactKind::AuthRequired(Box::new(AskedAuth {
            auth,
            origin: challenge.origin,
            scheme: challenge.scheme,
            realm: challenge.realm.chars().take(MAX_REALM).collect(),
            url: redact_url(&challenge.url),
            refused: self.auth.credentials.was_refused(&key),
            answer_by_ms: epoch_ms() + millis(limit),
        })));
        if self.is_unattended {
            self.abandon_answers();
        }
    }

    /// `answerAuth`.
    pub(super) fn answer_auth(&mut self, answer: AuthAnswer, reply: Reply) {
        let AuthAnswer { auth, login } = answer;
        let Some(waiting) = self.auth.pending.waiting(&auth) else {
            return reply.fail(self.failure(no_auth(auth)));
        };
        // Not less: Chromium may take an answer that comes late, which the tab would not learn.
        let limit = remaining(reply.deadline).max(UNAWAITED_LIMIT);
        let (verdict, answer) = match &login {
            Some((username, password)) => {
                let key = waiting.about.key();
                self.auth.credentials.answers(&key);
                (AuthOutcome::Answered, provide(username, password))
            }
            None => (AuthOutcome::Cancelled, CdpAnswer::CancelAuth),
        };
        let Some(waiting) = self.auth.pending.waiting(&auth) else {
            return;
        };
        let answer = PromptAnswer {
            verdict,
            by: ClosedBy::Client,
            reply: Some(reply),
            call: waiting.about.send(answer, limit).boxed(),
        };
        self.auth.pending.answer(&auth, answer);
    }

    /// Cancels the authentication of a request that no client answers.
    pub(super) fn cancel_auth(&mut self, auth: &str, by: ClosedBy) {
        let Some(waiting) = self.auth.pending.waiting(auth) else {
            return;
        };
        let answer = PromptAnswer {
            verdict: AuthOutcome::Cancelled,
            by,
            reply: None,
            call: waiting
                .about
                .send(CdpAnswer::CancelAuth, UNAWAITED_LIMIT)
                .boxed(),
        };
        self.auth.pending.answer(auth, answer);
    }

    /// Chromium has taken the answer to a server, or refused it.
    pub(super) fn on_auth_answered(
        &mut self,
        mut auth: Prompt<PausedRequest, AuthOutcome>,
        outcome: Result<EmptyResult, CallError>,
    ) {
        if let Err(CallError::Timeout { .. } | CallError::QueueFull { .. }) = outcome {
            if let Some(reply) = auth.answer.take().and_then(|it| it.reply) {
                let error = reply.timed_out("Fetch.continueWithAuth");
                reply.fail(self.failure(error));
            }
            let deadline = Instant::now() + UNAWAITED_LIMIT;
            return self.auth.pending.put_back(auth, deadline);
        }
        if let Err(error) = outcome {
            tracing::debug!(tab = %self.tab.id, %error, "a request for a password could not be answered");
            return self.auth_gone(auth);
        }
        let Some(answer) = auth.answer else { return };
        let closed = FactKind::AuthClosed {
            auth: auth.id,
            outcome: answer.verdict,
            by: answer.by,
        };
        self.tab.publish_and_answer(answer.reply, closed);
    }

    /// The requests that wait are gone with their page, or, unless `all`, those that were not answered.
    pub(super) fn auths_gone(&mut self, all: bool) {
        let gone = if all {
            self.auth.pending.drain()
        } else {
            self.auth.pending.take_unanswered()
        };
        for auth in gone {
            self.auth_gone(auth);
        }
    }

    fn auth_gone(&mut self, auth: Prompt<PausedRequest, AuthOutcome>) {
        self.tab.publish(FactKind::AuthClosed {
            auth: auth.id.clone(),
            outcome: AuthOutcome::Cancelled,
            by: ClosedBy::Page,
        });
        if let Some(reply) = auth.answer.and_then(|answer| answer.reply) {
            reply.fail(self.failure(no_auth(auth.id)));
        }
    }

    /// `setCredentials`.
    pub(super) fn set_credentials(&mut self, credentials: Vec<Credentials>, reply: Reply) {
        self.auth.credentials.set(credentials);
        self.pause_for_auth();
        reply.answer(self.tab.id, AnswerKind::Done(Acted::default()));
    }

    /// They were meant for the other browser context.
    pub(super) fn forget_credentials(&mut self) {
        self.auth.credentials.set(Vec::new());
    }

    /// The target is new: it pauses what the credentials are for.
    pub(super) fn restore_credentials(&mut self) {
        if self.auth.credentials.origins().next().is_some() {
            self.pause_for_auth();
        }
    }

    fn pause_for_auth(&mut self) {
        if let Some(attached) = &self.attached {
            attached.pause_for_auth(self.auth.credentials.origins());
        }
    }
}

impl PausedRequest {
    /// Names the request among those of all frames.
    fn key(&self) -> String {
        format!("{} {}", self.session.id(), self.id)
    }

    fn send(
        &self,
        answer: CdpAnswer,
        limit: std::time::Duration,
    ) -> impl Future<Output = Result<EmptyResult, CallError>> + Send + use<> {
        let answer = ContinueWithAuth {
            request_id: self.id.clone(),
            auth_challenge_response: answer,
        };
        self.session.start_call(&answer, limit)
    }

    fn send_unawaited(&self, answer: CdpAnswer) {
        tokio::spawn(self.send(answer, UNAWAITED_LIMIT).map(drop));
    }
}

fn provide(username: &TypedText, password: &TypedText) -> CdpAnswer {
    CdpAnswer::ProvideCredentials {
        username: username.expose().to_owned(),
        password: password.expose().to_owned(),
    }
}

fn no_auth(id: String) -> TabError {
    let what = "request for a password";
    TabError::NotAsked { what, id }
}
