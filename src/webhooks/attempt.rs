//! One `POST` of a message.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use url::Url;

use super::message::Kept;
use super::rules::{UrlRefused, WebhookRules};
use super::signature::Signer;
use crate::clock::epoch_ms;
use crate::egress::{OutgoingDialer, OutgoingError};

/// How an attempt ended.
#[derive(Debug)]
pub(super) enum Attempt {
    /// The receiver has it.
    Delivered,
    /// It may succeed later.
    Failed {
        why: Failure,
        /// How long the receiver wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// It is not to be tried again.
    Final(Failure),
}

/// Why a message was not delivered.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Refused(#[from] UrlRefused),
    #[error(transparent)]
    Connect(#[from] OutgoingError),
    #[error("the connection failed: {0}")]
    Http(#[from] hyper::Error),
    #[error("no answer in time")]
    Timeout,
    #[error("the answer is {0}, a redirect, which is not followed")]
    Redirect(StatusCode),
    #[error("the answer is {0}")]
    Status(StatusCode),
}

/// What all attempts share.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) rules: WebhookRules,
    pub(super) signer: Signer,
    pub(super) dialer: OutgoingDialer,
    pub(super) attempt: Duration,
}

impl Sender {
    pub(super) async fn send(&self, kept: &Kept) -> Attempt {
        // The rules may have changed since the URL was given, before a restart.
        let url = match self.rules.check(&kept.content.url) {
            Ok(url) => url,
            Err(refused) => return Attempt::Final(refused.into()),
        };
        let answered = timeout(self.attempt, self.post(kept, &url)).await;
        match answered {
            Err(_) => failed(Failure::Timeout),
            Ok(Err(Failure::Connect(OutgoingError::Denied(denied)))) => {
                Attempt::Final(OutgoingError::Denied(denied).into())
            }
            Ok(Err(failure)) => failed(failure),
            Ok(Ok((status, retry_after))) => judge(status, retry_after),
        }
    }

    async fn post(
        &self,
        kept: &Kept,
        url: &Url,
    ) -> Result<(StatusCode, Option<Duration>), Failure> {
        let stream = self.dialer.dial(self.rules.policy(), url).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let request = self.request(kept, url);
        let answer = sender.send_request(request);
        tokio::pin!(answer);
        // The body of the answer is not read: the connection ends with this call.
        let response = tokio::select! {
            biased;
            response = &mut answer => response?,
            // A receiver that closes it behind its answer ends both at once.
            ended = connection => {
                ended?;
                answer.await?
            }
        };
        let asked = response.headers().get(RETRY_AFTER);
        let seconds = asked.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        Ok((response.status(), seconds.map(Duration::from_secs)))
    }

    fn request(&self, kept: &Kept, url: &Url) -> Request<Full<Bytes>> {
        let body = &kept.content.body;
        let timestamp = epoch_ms() / 1000;
        let signature = self.signer.sign(&kept.id, timestamp, body.as_bytes());
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        #[expect(
            clippy::expect_used,
            reason = "a parsed URL has no character that a request line or a header may not have"
        )]
        Request::post(target)
            .header(HOST, host)
            .header(CONTENT_TYPE, "application/json")
            .header(
                USER_AGENT,
                concat!("cdp-bridge/", env!("CARGO_PKG_VERSION")),
            )
            .header("webhook-id", &kept.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(Full::new(Bytes::from(body.clone())))
            .expect("a request")
    }
}

fn failed(why: Failure) -> Attempt {
    Attempt::Failed {
        why,
        retry_after: None,
    }
}

fn judge(status: StatusCode, retry_after: Option<Duration>) -> Attempt {
    if status.is_success() {
        return Attempt::Delivered;
    }
    // The receiver wants no more of it.
    if status == StatusCode::GONE {
        return Attempt::Final(Failure::Status(status));
    }
    let why = if status.is_redirection() {
        Failure::Redirect(status)
    } else {
        Failure::Status(status)
    };
    Attempt::Failed { why, retry_after }
}
