//! Jobs in the store, so that their clients can ask for them after a restart; and the webhooks of their ends.

use std::time::Duration;

use cdp_bridge_protocol::ErrorCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::sessions::SessionId;
use super::{ClientId, Operations};
use crate::clock::epoch_ms;
use crate::sealing::Sealer;
use crate::store::{JobRow, Sealed, StoreError, Write};
use crate::webhooks::WebhookEvent;

/// The event of a job that is over.
const FINISHED: &str = "job.finished";

/// How long the answer about a job waits for the store.
const WRITE: Duration = Duration::from_secs(5);

/// A job as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptJob {
    pub id: String,
    pub client: ClientId,
    /// How far it is.
    pub status: String,
    pub created_ms: u64,
    /// When its result is forgotten, once it is over.
    pub until_ms: Option<u64>,
    pub state: JobState,
}

/// What is encrypted: a result may have a session's token in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobState {
    /// Receives the webhook of its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// The session that it has made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// Its client has not read of that session yet.
    pub is_unread: bool,
}

impl Operations {
    /// Keeps a job that has begun, where there is a store.
    pub async fn keep_job(&self, job: &KeptJob) {
        if let Err(error) = self.put_job(job).await {
            tracing::warn!(job = job.id, %error, "a job is not kept, and is forgotten with this process");
        }
    }

    /// Keeps the end of a job, and tells of it.
    pub async fn finish_job(&self, job: &KeptJob) {
        // The message is kept first: if the process ends in between, the job is over once more, and the message the same.
        let told = match &job.state.webhook_url {
            Some(url) => self.services.webhooks.keep(finished(job, url)).await,
            None => None,
        };
        self.keep_job(job).await;
        if let Some(told) = told {
            self.services.webhooks.send(told);
        }
    }

    /// Forgets a job.
    pub async fn forget_job(&self, id: &str) {
        let removed = vec![Write::RemoveJob(id.to_owned())];
        if let Err(error) = self.services.store.write(removed).await {
            tracing::warn!(job = id, %error, "a job that is forgotten may be there again after a restart");
        }
    }

    /// The jobs that earlier processes have left, and that are not forgotten yet.
    pub async fn kept_jobs(&self) -> Vec<KeptJob> {
        let Some(sealer) = self.job_sealer() else {
            return Vec::new();
        };
        let store = &self.services.store;
        let rows = store.read_or_nothing(|store| store.jobs()).await;
        let rows = rows.unwrap_or_else(|error| {
            tracing::warn!(%error, "jobs of an earlier run are not known: the store cannot be read");
            Vec::new()
        });
        let now = epoch_ms();
        let known = rows
            .into_iter()
            .filter(|row| row.until_ms.is_none_or(|until| until > now));
        known.filter_map(|row| opened(&sealer, row)).collect()
    }

    async fn put_job(&self, job: &KeptJob) -> Result<(), StoreError> {
        let Some(sealer) = self.job_sealer() else {
            return Ok(());
        };
        let place = place(job.client.as_str(), &job.id);
        let row = JobRow {
            id: job.id.clone(),
            client: job.client.to_string(),
            status: job.status.clone(),
            created_ms: job.created_ms,
            until_ms: job.until_ms,
            state: Sealed::new(&sealer, &place, &job.state)?,
        };
        let written = self.services.store.write(vec![Write::PutJob(row)]);
        let late = || StoreError::Unavailable("it did not answer in time".to_owned());
        timeout(WRITE, written)
            .await
            .unwrap_or_else(|_| Err(late()))
    }

    fn job_sealer(&self) -> Option<Sealer> {
        let key = self.services.master_key.as_ref();
        let key = key.filter(|_| self.services.store.is_on());
        key.map(|key| key.sealer("jobs"))
    }
}

fn place(client: &str, id: &str) -> String {
    format!("jobs/{client}/{id}")
}

fn opened(sealer: &Sealer, row: JobRow) -> Option<KeptJob> {
    let place = place(&row.client, &row.id);
    let state = row.state.read(sealer, &place).ok();
    if state.is_none() {
        tracing::warn!(
            job = row.id,
            "a job cannot be decrypted with the key in use"
        );
    }
    Some(KeptJob {
        client: row.client.as_str().into(),
        id: row.id,
        status: row.status,
        created_ms: row.created_ms,
        until_ms: row.until_ms,
        state: state?,
    })
}

/// Without the result, which may have a session's token in it: every reader of the message could use it.
fn finished(job: &KeptJob, url: &str) -> WebhookEvent {
    let error = job.state.error.as_ref();
    let code = error.map(|error| {
        error
            .get("code")
            .cloned()
            .unwrap_or(json!(ErrorCode::Internal))
    });
    let mut data = json!({
        "jobId": job.id,
        "status": job.status,
        "createdAt": job.created_ms,
        "finishedAt": epoch_ms(),
    });
    if let Some(session) = job.state.session {
        data["sessionId"] = json!(session.to_string());
    }
    if let (Some(error), Some(code)) = (error, code) {
        data["error"] = json!({ "code": code, "detail": error.get("detail"), "retryable": error.get("retryable") });
    }
    WebhookEvent {
        client: job.client.to_string(),
        url: url.to_owned(),
        kind: FINISHED,
        object: job.id.clone(),
        data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_of_a_job_has_no_result() {
        let job = KeptJob {
            id: "j1".to_owned(),
            client: "a".into(),
            status: "succeeded".to_owned(),
            created_ms: 1,
            until_ms: Some(2),
            state: JobState {
                result: Some(json!({"token": "hunter2"})),
                session: Some(SessionId::new(1, 2)),
                is_unread: true,
                ..JobState::default()
            },
        };
        let event = finished(&job, "https://hooks.test/");
        assert_eq!(event.data["sessionId"], SessionId::new(1, 2).to_string());
        assert!(!event.data.to_string().contains("hunter2"));
        assert!(event.data.get("error").is_none());
    }
}
